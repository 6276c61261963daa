package harvest

import (
	"bytes"
	"unicode/utf8"
)

// clean removes what a terminal would interpret and returns valid UTF-8.
// Colours and erasures vanish; what moves the cursor, and every other control
// character, becomes a space, because text on its two sides does not belong
// together. The result is line itself when there is nothing to do, else it
// lies in buf, which is returned for reuse.
func clean(line, buf []byte) (cleaned, reuse []byte) {
	dirty, high := false, false
	for _, c := range line {
		if c < ' ' && c != '\t' || c == 0x7f {
			dirty = true
			break
		}
		high = high || c >= utf8.RuneSelf
	}
	if !dirty && (!high || utf8.Valid(line)) {
		return line, buf
	}
	buf = buf[:0]
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == 0x1b:
			n, moves := escape(line[i:])
			if moves {
				buf = append(buf, ' ')
			}
			i += n
		case c == '\t' || c >= ' ' && c < 0x7f:
			buf = append(buf, c)
			i++
		case c < utf8.RuneSelf:
			buf = append(buf, ' ')
			i++
		default:
			r, n := utf8.DecodeRune(line[i:])
			buf = utf8.AppendRune(buf, r) // U+FFFD for what is not valid
			i += n
		}
	}
	return buf, buf
}

// escape measures the escape sequence at b[0]==ESC (ECMA-48, and the OSC form
// that xterm added) and reports whether it moves the cursor. A sequence that
// does not end, ends with the line.
func escape(b []byte) (n int, moves bool) {
	if len(b) < 2 {
		return len(b), false
	}
	switch c := b[1]; {
	case c == '[':
		for i := 2; i < len(b); i++ {
			if b[i] >= 0x40 && b[i] <= 0x7e {
				return i + 1, b[i] != 'm' && b[i] != 'K' && b[i] != 'h' && b[i] != 'l'
			}
			if b[i] < ' ' { // broken off by another control character
				return i, true
			}
		}
		return len(b), true
	case c == ']' || c == 'P' || c == 'X' || c == '^' || c == '_':
		end := bytes.IndexByte(b, 0x07)
		if st := bytes.Index(b[2:], []byte("\x1b\\")); st >= 0 && (end < 0 || st+2 < end) {
			return st + 4, false
		}
		if end >= 0 {
			return end + 1, false
		}
		return len(b), false
	case c >= ' ' && c <= '/': // designates a character set
		return min(3, len(b)), false
	case c >= 0x30 && c <= 0x7e:
		return 2, false
	}
	return 1, true
}
