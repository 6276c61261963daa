package command

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/space/value"
)

// format is how {x:…} writes a number: the part of Python's and Go's formats
// that both agree on.
type format struct {
	src       string
	zero      bool
	width     int
	precision int // -1: not given
	verb      byte
}

// widest bounds width and precision; no number has more digits to show.
const widest = 100

func parseFormat(s string) (*format, error) {
	f := &format{src: s, precision: -1}
	if s == "" {
		return nil, fmt.Errorf("the format is empty")
	}
	f.verb = s[len(s)-1]
	if strings.IndexByte("defg", f.verb) < 0 {
		return nil, fmt.Errorf("the format %q does not end in d, e, f or g", s)
	}
	s = s[:len(s)-1]
	f.zero = strings.HasPrefix(s, "0")
	width, precision, point := strings.Cut(s, ".")
	var err error
	if f.width, err = smallNumber(width); err != nil {
		return nil, err
	}
	if point {
		if precision == "" {
			return nil, fmt.Errorf("the format %q has a point but no precision", f.src)
		}
		if f.verb == 'd' {
			return nil, fmt.Errorf("d takes no precision")
		}
		if f.precision, err = smallNumber(precision); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func smallNumber(s string) (int, error) {
	if s == "" {
		return 0, nil
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, fmt.Errorf("%q is not a number of digits", s)
		}
	}
	n, err := strconv.Atoi(s)
	if err != nil || n > widest {
		return 0, fmt.Errorf("%.20s digits are more than the limit of %d", s, widest)
	}
	return n, nil
}

// apply writes v; the error says that v does not suit the format.
func (f *format) apply(v value.Value) (string, error) {
	if !v.IsNumber() {
		return "", fmt.Errorf("%v is not a number, so the format %s does not apply", v, f.src)
	}
	var s string
	if f.verb == 'd' {
		i, ok := v.AsInt()
		if !ok {
			return "", fmt.Errorf("%v is not a whole number, so the format %s does not apply", v, f.src)
		}
		s = strconv.FormatInt(i, 10)
	} else {
		p := f.precision
		if p < 0 {
			p = 6 // as in C and Python
		}
		s = strconv.FormatFloat(v.AsFloat(), f.verb, p, 64)
	}
	pad := f.width - len(s)
	switch {
	case pad <= 0:
		return s, nil
	case f.zero:
		sign := ""
		if s[0] == '-' || s[0] == '+' {
			sign, s = s[:1], s[1:]
		}
		return sign + strings.Repeat("0", pad) + s, nil
	default:
		return strings.Repeat(" ", pad) + s, nil
	}
}
