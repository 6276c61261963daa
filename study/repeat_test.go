package study_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/study"
)

func TestRepeatIsReadAsItWasNoted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := study.Repeat{Of: rapid.IntRange(0, 1000).Draw(t, "of"), Run: rapid.IntRange(1, 99).Draw(t, "run")}
		if rapid.Bool().Draw(t, "gain") {
			r.Gain = float64(rapid.IntRange(1, 99).Draw(t, "gain")) / 8
		}
		tr := &study.Trial{Number: r.Of + 1, Origin: &study.Origin{
			Method: rapid.SampledFrom([]string{study.MethodRepeat, study.MethodFinal}).Draw(t, "method"), Note: r.Note(),
		}}
		if got, ok := tr.Repeats(); !ok || got != r {
			t.Fatalf("%s is read as %+v, %v", r.Note(), got, ok)
		}
	})
}

func TestWhatIsNoRepeat(t *testing.T) {
	for name, o := range map[string]*study.Origin{
		"no origin":          nil,
		"another method":     {Method: "auto", Note: `{"of":1,"run":2}`},
		"no note":            {Method: study.MethodRepeat},
		"no JSON":            {Method: study.MethodRepeat, Note: "of 1"},
		"of itself":          {Method: study.MethodRepeat, Note: `{"of":5,"run":2}`},
		"of a later one":     {Method: study.MethodRepeat, Note: `{"of":6,"run":2}`},
		"of a negative one":  {Method: study.MethodFinal, Note: `{"of":-1,"run":2}`},
		"a run that is none": {Method: study.MethodFinal, Note: `{"of":1}`},
	} {
		if r, ok := (&study.Trial{Number: 5, Origin: o}).Repeats(); ok {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

// Repeats of the search have seeds of their own; in the final comparison the
// runs of one number share theirs.
func TestSeedsOfRepeats(t *testing.T) {
	of := func(number int, method string, r study.Repeat) int64 {
		return (&study.Trial{Number: number, Origin: &study.Origin{Method: method, Note: r.Note()}}).Seed(7)
	}
	final := of(30, study.MethodFinal, study.Repeat{Of: 3, Run: 2})
	if other := of(31, study.MethodFinal, study.Repeat{Of: 8, Run: 2}); other != final {
		t.Errorf("run 2 has the seeds %d and %d", final, other)
	}
	if other := of(32, study.MethodFinal, study.Repeat{Of: 3, Run: 3}); other == final {
		t.Errorf("runs 2 and 3 have the seed %d", final)
	}
	for n := range 40 {
		if study.TrialSeed(7, n) == final {
			t.Errorf("trial %d has the seed of the final comparison", n)
		}
	}
	if got, want := of(30, study.MethodRepeat, study.Repeat{Of: 3, Run: 2}), study.TrialSeed(7, 30); got != want {
		t.Errorf("a repeat has the seed %d, not its own, %d", got, want)
	}
}
