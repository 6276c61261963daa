package harvest

import (
	"bytes"
	"strconv"
)

// number reads the number that starts at b[i] and returns the index after it.
// It accepts a sign, decimal digits, a fraction, an exponent, and nan, inf and
// infinity in any case; integer reports digits only. What may follow is the
// caller's business. A value beyond the range of float64 becomes infinite.
func number(b []byte, i int) (v float64, end int, integer, ok bool) {
	start := i
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		i++
	}
	if i >= len(b) {
		return 0, start, false, false
	}
	digits := 0
	switch c := b[i]; {
	case isDigit(c):
		for i < len(b) && isDigit(b[i]) {
			i++
			digits++
		}
		integer = true
	case c == '.':
	default:
		n := nonFinite(b[i:])
		if n == 0 {
			return 0, start, false, false
		}
		i += n
		digits, integer = 1, false
		if v, err := strconv.ParseFloat(string(b[start:i]), 64); err == nil {
			return v, i, false, true
		}
		// ParseFloat takes no sign before nan; printf writes "-nan".
		v, err := strconv.ParseFloat(string(b[start+1:i]), 64)
		return v, i, false, err == nil
	}
	if i < len(b) && b[i] == '.' {
		j := i + 1
		for j < len(b) && isDigit(b[j]) {
			j++
		}
		// "3." is a number only when nothing could be meant but its end;
		// "done in 3." ends a sentence, and both give 3.
		if j > i+1 {
			digits += j - i - 1
			i, integer = j, false
		} else if digits > 0 && j < len(b) && (b[j] == 'e' || b[j] == 'E') {
			i, integer = j, false
		}
	}
	if digits == 0 {
		return 0, start, false, false
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		j := i + 1
		if j < len(b) && (b[j] == '-' || b[j] == '+') {
			j++
		}
		if j < len(b) && isDigit(b[j]) {
			for j < len(b) && isDigit(b[j]) {
				j++
			}
			i, integer = j, false
		}
	}
	// The only error left is one of range, for which v is ±Inf.
	v, _ = strconv.ParseFloat(string(b[start:i]), 64)
	return v, i, integer, true
}

// nonFinite returns the length of a leading nan, infinity or inf.
func nonFinite(b []byte) int {
	switch b[0] | 0x20 {
	case 'n':
		if hasFold(b, "nan") {
			return 3
		}
	case 'i':
		if hasFold(b, "infinity") {
			return 8
		}
		if hasFold(b, "inf") {
			return 3
		}
	}
	return 0
}

// wrappers are printed around a number by libraries whose scalars have their
// own type; the number is the first argument.
var wrappers = [...]string{
	"tensor(", "np.float64(", "np.float32(", "np.float16(", "np.int64(",
	"np.int32(", "numpy.float64(", "Array(", "array(",
}

// value is a number together with what its surroundings say of it.
type value struct {
	v       float64
	end     int // index after the number, its percent sign and its wrapper
	integer bool
	decimal int // digits after the point
	percent bool
}

// valueAt reads a value at b[i] and checks that it ends where a number may
// end, so that "12s", "1.2.3", "10:30", "0x7f" and "1,236" are refused.
func valueAt(b []byte, i int) (value, bool) {
	wrapped := false
	if i < len(b) && (b[i]|0x20 == 't' || b[i]|0x20 == 'n' || b[i]|0x20 == 'a') {
		for _, w := range wrappers {
			if len(b)-i > len(w) && string(b[i:i+len(w)]) == w {
				i += len(w)
				wrapped = true
				break
			}
		}
	}
	v, end, integer, ok := number(b, i)
	if !ok {
		return value{}, false
	}
	out := value{v: v, end: end, integer: integer}
	for k := end - 1; k >= i && isDigit(b[k]); k-- {
		if k > i && b[k-1] == '.' {
			out.decimal = end - k
		}
	}
	if wrapped {
		if end < len(b) && b[end] == '.' { // tensor(3.)
			end++
		}
		if end >= len(b) || b[end] != ')' && b[end] != ',' {
			return value{}, false
		}
		// The rest of the arguments is short; not to search far keeps the
		// cost of a line of such openings linear.
		if n := bytes.IndexByte(b[end:min(len(b), end+256)], ')'); n >= 0 {
			end += n + 1
		}
		out.end = end
		return out, true
	}
	if integer && end+1 < len(b) && b[end] == '/' && isDigit(b[end+1]) {
		return share(b, end)
	}
	if end < len(b) && b[end] == '%' {
		end++
		out.percent = true
	} else if end+1 < len(b) && b[end] == ' ' && b[end+1] == '%' && (end+2 == len(b) || !isName(b[end+2])) {
		end += 2
		out.percent = true
	}
	out.end = end
	return out, endsValue(b, end)
}

// share reads "9408/10000 (94%)", of which the percentage is the value; any
// other fraction is a progress counter.
func share(b []byte, i int) (value, bool) {
	i++
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	if i+2 >= len(b) || b[i] != ' ' || b[i+1] != '(' {
		return value{}, false
	}
	v, end, _, ok := number(b, i+2)
	if !ok || end+1 >= len(b) || b[end] != '%' || b[end+1] != ')' {
		return value{}, false
	}
	return value{v: v, end: end + 2, percent: true}, true
}

// endsValue reports whether a number may end before b[i].
func endsValue(b []byte, i int) bool {
	if i >= len(b) {
		return true
	}
	switch b[i] {
	case ' ', '\t', ';', '|', ')', ']', '}', '>', '"', '\'', '`', '(', '<', '*':
		return true
	case '+': // xgboost's cross-validation: mean+deviation
		return i+1 < len(b) && isDigit(b[i+1])
	case ',', '.', '!':
		// A comma or point followed by a digit continues the number in a way
		// that is ambiguous: thousands, a version, a decimal comma.
		return i+1 >= len(b) || !isNameOrHigh(b[i+1])
	}
	// "0.31±0.02" and box characters end a number, letters do not.
	return b[i] >= 0x80 && !letterAt(b, i)
}

// wholeNumber reads b as one number with an optional percent sign.
func wholeNumber(b []byte) (float64, bool) {
	v, end, _, ok := number(b, 0)
	if ok && end < len(b) && b[end] == '%' {
		end++
	}
	if ok && end == len(b)-1 && b[end] == '.' { // Fortran and numpy write "3."
		end++
	}
	return v, ok && end == len(b)
}
