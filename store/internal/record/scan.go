package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/space/value"
)

var errEnd = errors.New("the text ends too early")

// scanner walks over one JSON text. It checks what it needs to split the text;
// the pieces are checked by who reads them.
type scanner struct {
	s string
	i int
}

// peek skips blanks and returns the next byte, 0 at the end.
func (p *scanner) peek() byte {
	for ; p.i < len(p.s); p.i++ {
		switch c := p.s[p.i]; c {
		case ' ', '\t', '\n', '\r':
		default:
			return c
		}
	}
	return 0
}

// expect skips blanks and the byte c.
func (p *scanner) expect(c byte) error {
	if got := p.peek(); got == 0 {
		return errEnd
	} else if got != c {
		return fmt.Errorf("%q instead of %q at byte %d", got, c, p.i)
	}
	p.i++
	return nil
}

// raw returns the text of the next value.
func (p *scanner) raw() (string, error) {
	c := p.peek()
	start, depth := p.i, 0
	switch c {
	case 0:
		return "", errEnd
	case '"':
		if err := p.skipString(); err != nil {
			return "", err
		}
	case '{', '[':
		for {
			if p.i == len(p.s) {
				return "", errEnd
			}
			switch p.s[p.i] {
			case '"':
				if err := p.skipString(); err != nil {
					return "", err
				}
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			p.i++
			if depth == 0 {
				break
			}
		}
	default:
		for p.i < len(p.s) && !strings.ContainsRune(",:]} \t\n\r", rune(p.s[p.i])) {
			p.i++
		}
		if p.i == start {
			return "", fmt.Errorf("%q instead of a value at byte %d", c, p.i)
		}
	}
	return p.s[start:p.i], nil
}

// skipString goes behind the string that begins here.
func (p *scanner) skipString() error {
	for i := p.i + 1; i < len(p.s); i++ {
		switch p.s[i] {
		case '\\':
			i++
		case '"':
			p.i = i + 1
			return nil
		}
	}
	return errEnd
}

// object calls f with every member of the object that s is.
func object(s string, f func(key, raw string) error) error {
	return list(s, '{', '}', func(p *scanner) error {
		if p.peek() != '"' {
			return fmt.Errorf("no key at byte %d", p.i)
		}
		key, err := p.raw()
		if err != nil {
			return err
		}
		if err := p.expect(':'); err != nil {
			return err
		}
		raw, err := p.raw()
		if err != nil {
			return err
		}
		name, err := text(key)
		if err != nil {
			return err
		}
		return f(name, raw)
	})
}

// array calls f with every element of the array that s is.
func array(s string, f func(raw string) error) error {
	return list(s, '[', ']', func(p *scanner) error {
		raw, err := p.raw()
		if err != nil {
			return err
		}
		return f(raw)
	})
}

func list(s string, open, end byte, item func(*scanner) error) error {
	p := scanner{s: s}
	if err := p.expect(open); err != nil {
		return err
	}
	if p.peek() == end {
		p.i++
	} else {
		for {
			if err := item(&p); err != nil {
				return err
			}
			if p.peek() == end {
				p.i++
				break
			}
			if err := p.expect(','); err != nil {
				return err
			}
		}
	}
	if p.peek() != 0 || p.i < len(s) {
		return fmt.Errorf("something follows the end at byte %d", p.i)
	}
	return nil
}

// text reads a JSON string. It shares the memory of raw where it can.
func text(raw string) (string, error) {
	if len(raw) < 2 || raw[0] != '"' || raw[len(raw)-1] != '"' {
		return "", fmt.Errorf("%.40q is not a string", raw)
	}
	inner := raw[1 : len(raw)-1]
	plain := true
	for i := range len(inner) {
		if c := inner[i]; c < 0x20 || c == '\\' || c == '"' || c >= 0x80 {
			plain = false
			break
		}
	}
	if plain {
		return inner, nil
	}
	var s string
	if err := json.Unmarshal([]byte(raw), &s); err != nil {
		return "", fmt.Errorf("%.40q is not a string", raw)
	}
	return s, nil
}

// number reads a float; unlike a general reader it keeps the sign of -0.
func number(raw string) (float64, error) {
	switch raw {
	case `"NaN"`:
		return math.NaN(), nil
	case `"Infinity"`:
		return math.Inf(1), nil
	case `"-Infinity"`:
		return math.Inf(-1), nil
	}
	if !numeric(raw) {
		return 0, fmt.Errorf("%.40q is not a number", raw)
	}
	x, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is not a number", raw)
	}
	return x, nil
}

func whole(raw string) (int64, error) {
	n, err := strconv.ParseInt(raw, 10, 64)
	if err != nil || !numeric(raw) {
		return 0, fmt.Errorf("%.40q is not a whole number", raw)
	}
	return n, nil
}

// numeric reports whether raw has only the characters of a JSON number, which
// keeps out the other things that strconv reads.
func numeric(raw string) bool {
	for i := range len(raw) {
		switch c := raw[i]; {
		case '0' <= c && c <= '9', c == '-', c == '.', c == 'e', c == 'E', c == '+' && i > 0:
		default:
			return false
		}
	}
	return raw != ""
}

// scalar reads the value of a parameter.
func scalar(raw string) (value.Value, error) {
	switch raw {
	case "null":
		return value.Null, nil
	case "true":
		return value.Bool(true), nil
	case "false":
		return value.Bool(false), nil
	}
	if raw != "" && raw[0] == '"' {
		s, err := text(raw)
		return value.String(s), err
	}
	if !strings.ContainsAny(raw, ".eE") {
		if n, err := whole(raw); err == nil {
			return value.Int(n), nil
		}
	}
	x, err := number(raw)
	return value.Float(x), err
}
