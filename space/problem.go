package space

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a [Spec].
type Problem struct {
	// Param is the parameter (or derived value) concerned; "" where a
	// constraint or the whole space is.
	Param string
	// Field is the key of the study file that is wrong, or "".
	Field string
	// Index is the place of a constraint in its list; -1 elsewhere.
	Index int
	// Offset is the byte in the expression where it goes wrong; -1 elsewhere.
	Offset  int
	Message string
	Hint    string
}

// Error returns the problem as one line.
func (p Problem) Error() string {
	var b strings.Builder
	switch {
	case p.Param != "":
		b.WriteString("parameter " + p.Param + ": ")
	case p.Index >= 0:
		fmt.Fprintf(&b, "constraint %d: ", p.Index+1)
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Problems is every mistake found in a [Spec], in the order of the Spec.
type Problems []Problem

// Error returns the problems a line each.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// check collects the problems of one parameter.
type check struct {
	path  string
	found []Problem
}

// add notes a problem. The format's verbs take args first, the hint's what is
// left of them.
func (c *check) add(field, format, hint string, args ...any) {
	n := strings.Count(format, "%") - 2*strings.Count(format, "%%")
	h := hint
	if rest := args[n:]; len(rest) > 0 {
		h = fmt.Sprintf(hint, rest...)
	}
	c.found = append(c.found, Problem{
		Param: c.path, Field: field, Index: -1, Offset: -1,
		Message: fmt.Sprintf(format, args[:n]...), Hint: h,
	})
}
