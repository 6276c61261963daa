package harvest

import (
	"bytes"
	"unicode/utf8"
)

// split cuts a line into cells, trimmed and without quotes.
func split(cells [][]byte, line []byte, delim byte) [][]byte {
	switch delim {
	case ' ':
		for i := 0; i < len(line); {
			if i = skipSpace(line, i); i == len(line) {
				break
			}
			start := i
			for i < len(line) && !isSpace(line[i]) {
				i++
			}
			cells = append(cells, line[start:i])
		}
		return cells
	case '|':
		return splitBox(cells, line)
	}
	for start, i := 0, 0; i <= len(line); i++ {
		if i < len(line) && line[i] == '"' && len(bytes.TrimLeft(line[start:i], " \t")) == 0 {
			// A quoted cell ends at a quote that is not doubled.
			for i++; i < len(line); i++ {
				if line[i] == '"' {
					if i+1 < len(line) && line[i+1] == '"' {
						i++
						continue
					}
					break
				}
			}
			if i >= len(line) {
				return append(cells, trimCell(line[start:]))
			}
			continue
		}
		if i == len(line) || line[i] == delim {
			cells = append(cells, trimCell(line[start:i]))
			start = i + 1
		}
	}
	return cells
}

// splitWide cuts where two or more spaces stand.
func splitWide(cells [][]byte, line []byte) [][]byte {
	for len(line) > 0 {
		i := bytes.Index(line, []byte("  "))
		if i < 0 {
			return append(cells, line)
		}
		if i > 0 {
			cells = append(cells, line[:i])
		}
		line = bytes.TrimLeft(line[i:], " \t")
	}
	return cells
}

func trimCell(c []byte) []byte {
	c = bytes.Trim(c, " \t")
	if len(c) >= 2 && c[0] == '"' && c[len(c)-1] == '"' {
		c = bytes.Trim(c[1:len(c)-1], " \t")
	}
	return c
}

// splitBox cuts at vertical rules. The empty cells outside of the first and
// last rule are not cells.
func splitBox(cells [][]byte, line []byte) [][]byte {
	n := len(cells)
	start := 0
	for i := 0; i < len(line); {
		w := 0
		if line[i] == '|' {
			w = 1
		} else if r, size := utf8.DecodeRune(line[i:]); r == '│' || r == '┃' || r == '║' {
			w = size
		}
		if w == 0 {
			i++
			continue
		}
		cells = append(cells, bytes.Trim(line[start:i], " \t"))
		i += w
		start = i
	}
	cells = append(cells, bytes.Trim(line[start:], " \t"))
	if len(cells) > n && len(cells[n]) == 0 {
		cells = append(cells[:n], cells[n+1:]...)
	}
	if len(cells) > n && len(cells[len(cells)-1]) == 0 {
		cells = cells[:len(cells)-1]
	}
	return cells
}

// boxAt returns the size of a box-drawing character at b[i], or 0.
func boxAt(b []byte, i int) int {
	if b[i] < utf8.RuneSelf {
		return 0
	}
	if r, n := utf8.DecodeRune(b[i:]); r >= 0x2500 && r <= 0x259f {
		return n
	}
	return 0
}

// isRuler reports whether the line only draws a line.
func isRuler(line []byte) bool {
	for i := 0; i < len(line); {
		switch line[i] {
		case '-', '=', '+', '|', ':', ' ', '\t':
			i++
		default:
			n := boxAt(line, i)
			if n == 0 {
				return false
			}
			i += n
		}
	}
	return true
}

// beforeBar cuts off the progress bar that is drawn behind a row.
func beforeBar(line []byte) []byte {
	for i := 0; i+1 < len(line); i++ {
		if line[i] != ':' || !isSpace(line[i+1]) {
			continue
		}
		if _, end, _, ok := number(line, skipSpace(line, i+1)); ok && end < len(line) && line[end] == '%' {
			return line[:i]
		}
	}
	return line
}

// fraction reads the "3" of "3/10".
func fraction(b []byte) (float64, bool) {
	v, end, integer, ok := number(b, 0)
	if !ok || !integer || end >= len(b) || b[end] != '/' {
		return 0, false
	}
	_, end, integer, ok = number(b, end+1)
	return v, ok && integer && end == len(b)
}

// decimalComma reads "0,31" where the comma separates no cells.
func decimalComma(b []byte) (float64, bool) {
	i := bytes.IndexByte(b, ',')
	if i < 0 || len(b) > 64 || bytes.IndexByte(b, '.') >= 0 {
		return 0, false
	}
	var buf [64]byte
	n := copy(buf[:], b)
	buf[i] = '.'
	return wholeNumber(buf[:n])
}
