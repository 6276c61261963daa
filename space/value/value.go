// Package value holds the scalars that a parameter can take: a number, a
// whole number, a truth value, a text, or null.
//
// A [Value] is small, comparable with ==, and never needs an allocation of
// its own, because a study of a million trials holds ten million of them.
// The zero Value is absent: it stands for a parameter that is inactive in a
// configuration, which is different from null, a choice like any other.
//
// Values are immutable; every function of this package is safe for concurrent
// use.
package value

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Kind tells what a [Value] holds.
type Kind uint8

// The kinds of value. KindAbsent is the zero kind.
const (
	KindAbsent Kind = iota
	KindNull
	KindBool
	KindInt
	KindFloat
	KindString
)

// String returns the kind's name as error messages use it.
func (k Kind) String() string {
	switch k {
	case KindNull:
		return "null"
	case KindBool:
		return "bool"
	case KindInt:
		return "int"
	case KindFloat:
		return "float"
	case KindString:
		return "string"
	default:
		return "absent"
	}
}

// Value is one scalar. Two values of the same kind and content are ==; use
// [Equal] where 1 and 1.0 are to count as the same.
type Value struct {
	kind Kind
	bits uint64 // float bits, int bits, or 0/1
	str  string
}

// Null is the null value.
var Null = Value{kind: KindNull}

// Bool returns a truth value.
func Bool(b bool) Value {
	if b {
		return Value{kind: KindBool, bits: 1}
	}
	return Value{kind: KindBool}
}

// Int returns a whole number.
func Int(i int64) Value { return Value{kind: KindInt, bits: uint64(i)} }

// Float returns a number. Minus zero becomes zero and every NaN the same NaN,
// so that == on values means what a reader expects.
func Float(f float64) Value {
	if f == 0 {
		f = 0 // drops the sign of -0
	}
	if f != f {
		f = math.NaN()
	}
	return Value{kind: KindFloat, bits: math.Float64bits(f)}
}

// String returns a text. The name of the method that prints a value is
// [Value.Text].
func String(s string) Value { return Value{kind: KindString, str: s} }

// Kind returns what v holds.
func (v Value) Kind() Kind { return v.kind }

// IsAbsent reports whether v is the zero Value.
func (v Value) IsAbsent() bool { return v.kind == KindAbsent }

// IsNumber reports whether v is an int or a float.
func (v Value) IsNumber() bool { return v.kind == KindInt || v.kind == KindFloat }

// AsFloat returns v as a number; ints convert, everything else is NaN.
func (v Value) AsFloat() float64 {
	switch v.kind {
	case KindInt:
		return float64(int64(v.bits))
	case KindFloat:
		return math.Float64frombits(v.bits)
	default:
		return math.NaN()
	}
}

// AsInt returns v as a whole number and whether it is one exactly: an int, or
// a float without fraction within ±2^53.
func (v Value) AsInt() (int64, bool) {
	switch v.kind {
	case KindInt:
		return int64(v.bits), true
	case KindFloat:
		f := math.Float64frombits(v.bits)
		if f == math.Trunc(f) && math.Abs(f) <= 1<<53 {
			return int64(f), true
		}
	}
	return 0, false
}

// AsBool returns v's truth value and whether v is one.
func (v Value) AsBool() (b, ok bool) { return v.bits == 1, v.kind == KindBool }

// AsString returns v's text and whether v is one.
func (v Value) AsString() (string, bool) { return v.str, v.kind == KindString }

// Equal reports whether a and b are the same value, numbers by size whatever
// their kind: Equal(Int(1), Float(1)) is true. Absent equals only absent, NaN
// equals NaN.
func Equal(a, b Value) bool {
	if a == b {
		return true
	}
	if a.kind == b.kind || !a.IsNumber() || !b.IsNumber() {
		return false
	}
	order, ok := Compare(a, b)
	return ok && order == 0
}

// Compare orders two values of comparable kinds: numbers by size (exactly, an
// int with a float too), strings by bytes, false before true. ok is false for
// any other pair, and where a NaN is involved.
func Compare(a, b Value) (order int, ok bool) {
	switch {
	case a.IsNumber() && b.IsNumber():
		x, y := a.AsFloat(), b.AsFloat()
		switch {
		case x != x || y != y:
			return 0, false
		case a.kind == KindInt && b.kind == KindInt:
			return cmp.Compare(int64(a.bits), int64(b.bits)), true
		case a.kind == KindInt:
			return compareIntFloat(int64(a.bits), y), true
		case b.kind == KindInt:
			return -compareIntFloat(int64(b.bits), x), true
		}
		return cmp.Compare(x, y), true
	case a.kind == KindString && b.kind == KindString:
		return strings.Compare(a.str, b.str), true
	case a.kind == KindBool && b.kind == KindBool:
		return cmp.Compare(a.bits, b.bits), true
	}
	return 0, false
}

// compareIntFloat compares without turning i into a float, which would lose
// digits beyond 2^53.
func compareIntFloat(i int64, f float64) int {
	switch {
	case f >= 1<<63:
		return -1
	case f < -1<<63:
		return 1
	}
	whole := math.Trunc(f)
	if order := cmp.Compare(i, int64(whole)); order != 0 {
		return order
	}
	return cmp.Compare(0, f-whole)
}

// Text returns v as a command line shows it: a float in the shortest form that
// reads back the same, a string as it is, null as "null", absent as "".
func (v Value) Text() string {
	switch v.kind {
	case KindNull:
		return "null"
	case KindBool:
		return strconv.FormatBool(v.bits == 1)
	case KindInt:
		return strconv.FormatInt(int64(v.bits), 10)
	case KindFloat:
		return FormatFloat(v.AsFloat())
	case KindString:
		return v.str
	default:
		return ""
	}
}

// String makes %v print v's JSON form, so that a text and a number that look
// alike can be told apart in a message.
func (v Value) String() string {
	if v.kind == KindAbsent {
		return "(absent)"
	}
	return string(v.AppendJSON(nil))
}

// FormatFloat returns the shortest decimal text that reads back as f: plain
// digits between 1e-4 and 1e15, an exponent without padding elsewhere, and
// "NaN", "Infinity", "-Infinity".
func FormatFloat(f float64) string { return string(appendFloat(nil, f)) }

func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if abs := math.Abs(f); abs == 0 || abs >= 1e-4 && abs < 1e15 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	n := len(dst)
	dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
	// 1e-05 → 1e-5, 1e+20 → 1e20: the form people write.
	if i := bytes.IndexByte(dst[n:], 'e'); i >= 0 {
		j := n + i + 1
		if dst[j] == '+' {
			dst = append(dst[:j], dst[j+1:]...)
		} else {
			j++
		}
		for j < len(dst)-1 && dst[j] == '0' {
			dst = append(dst[:j], dst[j+1:]...)
		}
	}
	return dst
}

// AppendJSON appends v's JSON form to dst. A float without fraction keeps a
// ".0" (or its exponent) so that it reads back as a float, and non-finite
// numbers become the strings "NaN", "Infinity" and "-Infinity", as everywhere
// in afina. Absent appends null.
func (v Value) AppendJSON(dst []byte) []byte {
	switch v.kind {
	case KindFloat:
		return AppendJSONFloat(dst, v.AsFloat(), true)
	case KindString:
		return appendJSONString(dst, v.str)
	case KindAbsent:
		return append(dst, "null"...)
	default:
		return append(dst, v.Text()...)
	}
}

// AppendJSONFloat appends f as JSON, non-finite numbers as strings. With
// point, a whole number is written with ".0".
func AppendJSONFloat(dst []byte, f float64, point bool) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		dst = append(dst, '"')
		dst = appendFloat(dst, f)
		return append(dst, '"')
	}
	n := len(dst)
	dst = appendFloat(dst, f)
	if point && !bytes.ContainsAny(dst[n:], ".e") {
		dst = append(dst, ".0"...)
	}
	return dst
}

func appendJSONString(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < 0x20 || c >= 0x7f || c == '"' || c == '\\' {
			b, err := json.Marshal(s)
			if err != nil { // a string always marshals
				panic(err)
			}
			return append(dst, b...)
		}
	}
	dst = append(dst, '"')
	dst = append(dst, s...)
	return append(dst, '"')
}

// MarshalJSON implements [json.Marshaler]; see [Value.AppendJSON].
func (v Value) MarshalJSON() ([]byte, error) { return v.AppendJSON(nil), nil }

// UnmarshalJSON implements [json.Unmarshaler]. A number written without point
// and exponent that fits 64 bits is an int, any other a float. Objects and
// arrays are refused.
func (v *Value) UnmarshalJSON(b []byte) error {
	got, err := ParseJSON(b)
	if err != nil {
		return err
	}
	*v = got
	return nil
}

// ParseJSON reads one JSON scalar.
func ParseJSON(b []byte) (Value, error) {
	b = bytes.TrimSpace(b)
	if len(b) == 0 {
		return Value{}, fmt.Errorf("empty value")
	}
	switch b[0] {
	case 'n', 't', 'f', '"':
		var x any
		if err := json.Unmarshal(b, &x); err != nil {
			return Value{}, fmt.Errorf("bad value %.40q: %w", b, err)
		}
		switch x := x.(type) {
		case nil:
			return Null, nil
		case bool:
			return Bool(x), nil
		case string:
			return String(x), nil
		}
	case '{':
		return Value{}, fmt.Errorf("an object is not a parameter value; use a number, a string, true, false or null")
	case '[':
		return Value{}, fmt.Errorf("a list is not a parameter value; use a number, a string, true, false or null")
	}
	if !json.Valid(b) {
		return Value{}, fmt.Errorf("bad value %.40q", b)
	}
	return parseNumber(string(b))
}

func parseNumber(s string) (Value, error) {
	if !strings.ContainsAny(s, ".eE") {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return Int(i), nil
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return Value{}, fmt.Errorf("number %.40q is out of range", s)
	}
	return Float(f), nil
}

// ParseFloat reads a number as afina writes it in JSON: a JSON number, or one
// of the strings NaN, Infinity, -Infinity (inf and nan in any case too).
func ParseFloat(b []byte) (float64, error) {
	b = bytes.TrimSpace(b)
	if len(b) > 0 && b[0] == '"' {
		var s string
		if err := json.Unmarshal(b, &s); err != nil {
			return 0, fmt.Errorf("bad number %.40q", b)
		}
		switch strings.ToLower(strings.TrimPrefix(s, "+")) {
		case "nan":
			return math.NaN(), nil
		case "infinity", "inf":
			return math.Inf(1), nil
		case "-infinity", "-inf":
			return math.Inf(-1), nil
		}
		return 0, fmt.Errorf("%.40q is not a number", s)
	}
	v, err := ParseJSON(b)
	if err != nil {
		return 0, err
	}
	if !v.IsNumber() {
		return 0, fmt.Errorf("%.40s is not a number", b)
	}
	return v.AsFloat(), nil
}

// FromAny converts a Go scalar: bool, any integer or float type, string, nil,
// [json.Number] or a Value. Anything else is an error.
func FromAny(x any) (Value, error) {
	switch x := x.(type) {
	case Value:
		return x, nil
	case nil:
		return Null, nil
	case bool:
		return Bool(x), nil
	case string:
		return String(x), nil
	case int:
		return Int(int64(x)), nil
	case int8:
		return Int(int64(x)), nil
	case int16:
		return Int(int64(x)), nil
	case int32:
		return Int(int64(x)), nil
	case int64:
		return Int(x), nil
	case uint:
		return fromUint(uint64(x))
	case uint8:
		return Int(int64(x)), nil
	case uint16:
		return Int(int64(x)), nil
	case uint32:
		return Int(int64(x)), nil
	case uint64:
		return fromUint(x)
	case float32:
		return Float(float64(x)), nil
	case float64:
		return Float(x), nil
	case json.Number:
		if v, err := ParseJSON([]byte(x)); err == nil && v.IsNumber() {
			return v, nil
		}
		return Value{}, fmt.Errorf("%.40q is not a number, or out of range", x.String())
	}
	return Value{}, fmt.Errorf("a %T is not a parameter value; use a number, a string, a bool or nil", x)
}

func fromUint(u uint64) (Value, error) {
	if u > math.MaxInt64 {
		return Value{}, fmt.Errorf("%d is out of range", u)
	}
	return Int(int64(u)), nil
}

// Any returns v as a Go scalar: nil for null and absent, bool, int64, float64
// or string.
func (v Value) Any() any {
	switch v.kind {
	case KindBool:
		return v.bits == 1
	case KindInt:
		return int64(v.bits)
	case KindFloat:
		return v.AsFloat()
	case KindString:
		return v.str
	default:
		return nil
	}
}
