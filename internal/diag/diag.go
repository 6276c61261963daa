// Package diag is how mistakes in a user's input are told: where, what, why
// and what to do, all at once.
//
// Parsers collect [Diagnostic] values in a [List] instead of stopping at the
// first; the list prints with the line concerned and a mark below the place.
// It knows nothing of study files: flags, expressions and logs use it too.
package diag

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// Diagnostic is one mistake.
type Diagnostic struct {
	File string // name as the user gave it; "" for a command line
	Line int    // from 1; 0: not known
	Col  int    // in characters from 1; 0: not known
	Path string // where in the document: "parameters.lr.step"
	// Message says what is wrong, Hint what to do.
	Message string
	Hint    string
}

// Error returns the diagnostic as one line: file:line:column: path: message
// (hint).
func (d Diagnostic) Error() string {
	var b strings.Builder
	if d.File != "" {
		b.WriteString(d.File)
		if d.Line > 0 {
			b.WriteString(":" + strconv.Itoa(d.Line))
			if d.Col > 0 {
				b.WriteString(":" + strconv.Itoa(d.Col))
			}
		}
		b.WriteString(": ")
	}
	if d.Path != "" {
		b.WriteString(d.Path + ": ")
	}
	b.WriteString(d.Message)
	if d.Hint != "" {
		b.WriteString(" (" + d.Hint + ")")
	}
	return b.String()
}

// List is the mistakes of one input. The zero List is ready to use.
type List struct {
	File   string
	Source []byte // the input, for snippets; may be nil
	Found  []Diagnostic
}

// Add notes a mistake at a line and column.
func (l *List) Add(line, col int, path, hint, format string, args ...any) {
	l.Found = append(l.Found, Diagnostic{
		File: l.File, Line: line, Col: col, Path: path,
		Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

// Err returns the list sorted by place as an error, or nil where it is empty.
func (l *List) Err() error {
	if len(l.Found) == 0 {
		return nil
	}
	sort.SliceStable(l.Found, func(i, j int) bool {
		a, b := l.Found[i], l.Found[j]
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Col < b.Col
	})
	return l
}

// maxShown keeps a hopeless file from filling the screen.
const maxShown = 40

// Error returns every mistake with its line and a mark below the place.
func (l *List) Error() string {
	var b strings.Builder
	var lines []string
	if len(l.Source) > 0 {
		lines = strings.Split(string(l.Source), "\n")
	}
	for i, d := range l.Found {
		if i > 0 {
			b.WriteByte('\n')
		}
		if i == maxShown {
			fmt.Fprintf(&b, "… and %d more mistakes", len(l.Found)-i)
			break
		}
		hint := d.Hint
		d.Hint = ""
		b.WriteString(d.Error())
		if d.Line > 0 && d.Line <= len(lines) {
			writeSnippet(&b, lines[d.Line-1], d.Line, d.Col)
		}
		if hint != "" {
			b.WriteString("\n      = " + hint)
		}
	}
	return b.String()
}

// writeSnippet shows a line of the input, or the part around the column of a
// long one, with a mark below the column. The mark stands behind the last
// character where the column is beyond it.
func writeSnippet(b *strings.Builder, line string, n, col int) {
	const width = 100
	runes := []rune(strings.Map(printable, strings.TrimRight(strings.ToValidUTF8(line, "\uFFFD"), "\r")))
	col = min(col, len(runes)+1)
	from := 0
	if col > width {
		from = col - width/2
	}
	shown := runes[from:min(len(runes), from+width)]
	fmt.Fprintf(b, "\n%5d | %s", n, string(shown))
	if col <= 0 {
		return
	}
	cells := 0
	for _, r := range shown[:max(col-1-from, 0)] {
		cells += cellsOf(r)
	}
	fmt.Fprintf(b, "\n      | %s^", strings.Repeat(" ", cells))
}

// printable replaces what would move the cursor: a tab by a space, so that the
// mark stays below its place, and other control characters, which might do
// anything to a terminal.
func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case unicode.IsControl(r):
		return '\uFFFD'
	}
	return r
}

// cellsOf returns how many columns of a terminal r takes: none for a combining
// mark, two for East Asian letters and pictures.
func cellsOf(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul),
		r >= 0x3000 && r <= 0x303e, r >= 0xff01 && r <= 0xff60, r >= 0x1f300 && r <= 0x1faff:
		return 2
	}
	return 1
}
