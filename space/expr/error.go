package expr

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/afina-hpo/afina/space/value"
)

// Error says what is wrong with an expression, and where. Compilation and
// evaluation return it as *Error.
type Error struct {
	Offset  int    // of the offending part, in bytes from the start, 0-based
	Message string // what is wrong
	Hint    string // what to do, or empty
}

// Error returns the place, the message and the hint in one line.
func (e *Error) Error() string {
	s := "expression, byte " + strconv.Itoa(e.Offset) + ": " + e.Message
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// kindSet is a set of kinds of value: those that a node can give, or those
// that an operator takes.
type kindSet uint8

const (
	kindNull kindSet = 1 << iota
	kindBool
	kindInt
	kindFloat
	kindString

	kindNumber = kindInt | kindFloat
	kindAny    = kindNull | kindBool | kindNumber | kindString
)

// kindOf returns v's kind as a set of one; absent counts as null.
func kindOf(v value.Value) kindSet {
	switch v.Kind() {
	case value.KindBool:
		return kindBool
	case value.KindInt:
		return kindInt
	case value.KindFloat:
		return kindFloat
	case value.KindString:
		return kindString
	default:
		return kindNull
	}
}

// String lists the kinds as a message names them: "a number or a string".
func (s kindSet) String() string {
	var parts []string
	add := func(k kindSet, name string) {
		if s&k == k {
			parts = append(parts, name)
			s &^= k
		}
	}
	add(kindNumber, "a number")
	add(kindInt, "an int")
	add(kindFloat, "a float")
	add(kindString, "a string")
	add(kindBool, "true or false")
	add(kindNull, "null")
	return strings.Join(parts, " or ")
}

// needs is the error for an operand of op that is none of the kinds want, nor
// null, which every operator takes. got describes the operand.
func needs(offset int32, op string, want kindSet, got string) *Error {
	e := &Error{Offset: int(offset), Message: op + " needs " + want.String() + ", but this is " + got}
	switch {
	case want == kindInt:
		e.Hint = "int(...) drops the fraction"
	case op == "+" && strings.HasPrefix(got, "a string"):
		e.Hint = "strings cannot be joined; compare them with == or in"
	case want == kindBool:
		e.Hint = "compare it with something, as in x > 0"
	}
	return e
}

// describe names a value in a message, long strings cut.
func describe(v value.Value) string {
	if s, ok := v.AsString(); ok {
		const most = 40
		if len(s) > most {
			cut := most
			for !utf8.RuneStart(s[cut]) {
				cut--
			}
			s = s[:cut] + "..."
		}
		return "a string, " + strconv.Quote(s)
	}
	if v.IsNumber() {
		return kindOf(v).String() + ", " + v.Text()
	}
	return v.Text()
}

// nearest returns the word of words that s is most likely a slip for, or "".
func nearest(s string, words []string) string {
	best, least := "", 3
	s = strings.ToLower(s)
	if len(s) > 16 { // no word is near, and the distance costs length squared
		return ""
	}
	for _, w := range words {
		if d := distance(s, w); d < least && d < len(w) {
			best, least = w, d
		}
	}
	return best
}

// distance is the Levenshtein distance between a and b in bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d++
			}
			diagonal = row[j+1]
			row[j+1] = min(d, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
