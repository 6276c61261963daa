package diag_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/internal/diag"
)

func TestDiagnosticIsOneLine(t *testing.T) {
	for _, c := range []struct {
		d    diag.Diagnostic
		want string
	}{
		{diag.Diagnostic{Message: "wrong"}, "wrong"},
		{diag.Diagnostic{File: "s.yaml", Message: "wrong"}, "s.yaml: wrong"},
		{diag.Diagnostic{File: "s.yaml", Line: 3, Message: "wrong"}, "s.yaml:3: wrong"},
		{diag.Diagnostic{File: "s.yaml", Line: 3, Col: 7, Path: "parameters.lr", Message: "wrong", Hint: "do this"}, "s.yaml:3:7: parameters.lr: wrong (do this)"},
		{diag.Diagnostic{Line: 3, Col: 7, Path: "--x", Message: "wrong"}, "--x: wrong"},
	} {
		if got := c.d.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestEmptyListIsNoError(t *testing.T) {
	var l diag.List
	if err := l.Err(); err != nil {
		t.Errorf("got %v", err)
	}
}

func TestListIsSortedByPlace(t *testing.T) {
	l := diag.List{File: "s.yaml", Source: []byte("version: 1\nparameters:\n  lr: {float: [1, 0]}\n")}
	l.Add(3, 8, "parameters.lr", "write [0, 1]", "low %d is above high %d", 1, 0)
	l.Add(2, 1, "parameters", "", "first of the line")
	l.Add(0, 0, "", "", "of the whole file")
	l.Add(3, 3, "", "", "earlier in the line")
	l.Add(9, 1, "", "", "beyond the end")
	const want = `s.yaml: of the whole file
s.yaml:2:1: parameters: first of the line
    2 | parameters:
      | ^
s.yaml:3:3: earlier in the line
    3 |   lr: {float: [1, 0]}
      |   ^
s.yaml:3:8: parameters.lr: low 1 is above high 0
    3 |   lr: {float: [1, 0]}
      |        ^
      = write [0, 1]
s.yaml:9:1: beyond the end`
	if d := cmp.Diff(want, l.Err().Error()); d != "" {
		t.Error(d)
	}
}

func TestSnippets(t *testing.T) {
	long := strings.Repeat("0123456789", 30)
	for _, c := range []struct {
		name   string
		source string
		col    int
		want   string
	}{
		{"no column", "abc", 0, "    1 | abc"},
		{"first", "abc", 1, "    1 | abc\n      | ^"},
		{"last", "abc", 3, "    1 | abc\n      |   ^"},
		{"behind the end", "abc", 4, "    1 | abc\n      |    ^"},
		{"far behind the end", "abc", 90, "    1 | abc\n      |    ^"},
		{"tabs", "\tx:\ty", 5, "    1 |  x: y\n      |     ^"},
		{"carriage return", "abc\r\ndef", 3, "    1 | abc\n      |   ^"},
		{"accents", "größe: 1", 8, "    1 | größe: 1\n      |        ^"},
		{"combining mark", "e\u0301x: 1", 5, "    1 | e\u0301x: 1\n      |    ^"},
		{"wide letters", "学习率: 1", 6, "    1 | 学习率: 1\n      |         ^"},
		{"pictures", "🎯: 1", 4, "    1 | 🎯: 1\n      |     ^"},
		{"not UTF-8", "a\xffb", 3, "    1 | a\uFFFDb\n      |   ^"},
		{"escape codes", "a\x1b[31mb", 2, "    1 | a\uFFFD[31mb\n      |  ^"},
		{"empty line", "\nx", 1, "    1 | \n      | ^"},
		{"long, early", long, 100, "    1 | " + long[:100] + "\n      | " + strings.Repeat(" ", 99) + "^"},
		{"long, late", long, 250, "    1 | " + long[200:300] + "\n      | " + strings.Repeat(" ", 49) + "^"},
		{"long, beyond", long, 400, "    1 | " + long[251:] + "\n      | " + strings.Repeat(" ", 49) + "^"},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := diag.List{Source: []byte(c.source)}
			l.Add(1, c.col, "", "", "wrong")
			if d := cmp.Diff("wrong\n"+c.want, l.Error()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestHopelessFileStaysShort(t *testing.T) {
	l := diag.List{Source: []byte(strings.Repeat("x\n", 1000))}
	for i := range 1000 {
		l.Add(i+1, 1, "", "", "wrong")
	}
	text := l.Err().Error()
	if n := strings.Count(text, "wrong"); n != 40 {
		t.Errorf("%d mistakes are shown", n)
	}
	if !strings.HasSuffix(text, "\n… and 960 more mistakes") {
		t.Errorf("ends with %q", text[len(text)-60:])
	}
}
