package diag_test

import (
	"strings"
	"testing"
	"time"

	"github.com/afina-hpo/afina/internal/diag"
)

func TestDidYouMean(t *testing.T) {
	keys := []string{"float", "int", "log", "step", "default", "choice", "when", "weights", "reverse_log"}
	for _, c := range []struct {
		word string
		from []string
		want string
	}{
		{"flaot", keys, `did you mean "float"?`},
		{"defualt", keys, `did you mean "default"?`},
		{"Choice", keys, `did you mean "choice"?`},
		{"choices", keys, `did you mean "choice"?`},
		{"reverseLog", keys, `did you mean "reverse_log"?`},
		{"reverse-log", keys, `did you mean "reverse_log"?`},
		{"lgo", keys, `did you mean "log"?`},
		{"wieght", keys, `did you mean "weights"?`},
		{"prior", keys, "known: choice, default, float, int, log, reverse_log, step, weights, when"},
		{"xy", keys, "known: choice, default, float, int, log, reverse_log, step, weights, when"},
		{"ab", []string{"ba"}, "known: ba"},
		{"", keys, "known: choice, default, float, int, log, reverse_log, step, weights, when"},
		{"cat", []string{"rat", "bat"}, `did you mean "bat"?`},
		{"lr", nil, ""},
		{"unlike", strings.Split("abcdefghijklmnopqrstuvwxy", ""), ""},
		{strings.Repeat("x", 65), []string{strings.Repeat("x", 64)}, "known: " + strings.Repeat("x", 64)},
	} {
		if got := diag.DidYouMean(c.word, c.from); got != c.want {
			t.Errorf("%q: got %q, want %q", c.word, got, c.want)
		}
	}
}

func TestDidYouMeanLeavesCandidatesAlone(t *testing.T) {
	from := []string{"b", "a"}
	diag.DidYouMean("zzz", from)
	if from[0] != "b" {
		t.Error("the candidates were sorted in place")
	}
}

// The bound is generous; without limits on the length this takes hours.
func TestNearestIsBounded(t *testing.T) {
	long := make([]string, 2000)
	for i := range long {
		long[i] = strings.Repeat("ab", 50_000)
	}
	start := time.Now()
	if got := diag.Nearest(strings.Repeat("ba", 50_000), long); got != "" {
		t.Error("a long word has a neighbour")
	}
	if got := diag.Nearest("abab", long); got != "" {
		t.Error("a short word has a long neighbour")
	}
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
}
