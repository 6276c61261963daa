package afina_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina"
)

// away is a bowl whose bottom is at the given place in every parameter.
func away(at float64) func(*afina.Trial) (float64, error) {
	return func(t *afina.Trial) (float64, error) {
		sum := 0.0
		for _, name := range []string{"a", "b", "c", "d"} {
			x := t.Params().Float(name) - at
			sum += x * x
		}
		return sum, nil
	}
}

func four() afina.Space {
	return afina.Space{afina.Float("a", 0, 1), afina.Float("b", 0, 1), afina.Float("c", 0, 1), afina.Float("d", 0, 1)}
}

// What a study has learned of an earlier one stays what it was when the study
// was made: after a restart, and when the earlier study has gone on or is gone,
// the same trials follow.
func TestWarmStartIsKept(t *testing.T) {
	dir := t.TempDir()
	old := filepath.Join(dir, "old.db")
	earlier := func(name string, trials int) {
		s := open(t, four(), afina.Store(old), afina.Name(name), afina.Seed(1), afina.Trials(trials))
		if _, err := s.Optimize(t.Context(), away(0.7)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	earlier("old", 25)
	run := func(file string, trials int) []string {
		s := open(t, four(), afina.Store(filepath.Join(dir, file)), afina.WarmStart(old+"#old"), afina.Seed(3), afina.Trials(trials))
		if _, err := s.Optimize(t.Context(), away(0.72)); err != nil {
			t.Fatal(err)
		}
		got := make([]string, 0, trials)
		for _, r := range s.Trials() {
			got = append(got, r.Params.String())
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return got
	}
	want := run("whole.db", 12)
	run("parts.db", 3)
	earlier("old", 40) // goes on
	earlier("other", 5)
	run("parts.db", 7)
	for _, suffix := range []string{"", "-wal", "-shm", ".lock"} {
		if err := os.Remove(old + suffix); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(want, run("parts.db", 12)); d != "" {
		t.Errorf("trials without and with interruptions:\n%s", d)
	}
}

// A study learns from one that is open in the same program, or was.
func TestWarmStartFrom(t *testing.T) {
	old := open(t, four(), afina.Seed(1), afina.Trials(30))
	if _, err := old.Optimize(t.Context(), away(0.7)); err != nil {
		t.Fatal(err)
	}
	best := old.Best().Params.String()
	if err := old.Close(); err != nil {
		t.Fatal(err)
	}
	s := open(t, four(), afina.Name("new"), afina.WarmStartFrom(old), afina.Seed(2), afina.Trials(10))
	if _, err := s.Optimize(t.Context(), away(0.7)); err != nil {
		t.Fatal(err)
	}
	if got := s.Trials()[0].Params.String(); got != best {
		t.Errorf("the first trial is %s, the best earlier one is %s", got, best)
	}
	if got := s.Best().Value; got > old.Best().Value {
		t.Errorf("after ten trials the best is %v, before it was %v", got, old.Best().Value)
	}
}

// A program that defines its space as it runs starts warm, too, once its
// parameters are known.
func TestWarmStartByRun(t *testing.T) {
	objective := func(t *afina.Trial) (float64, error) {
		x, y := t.Float("x", 0, 1)-0.3, t.Float("y", 0, 1)-0.8
		return x*x + y*y, nil
	}
	file := filepath.Join(t.TempDir(), "old.db")
	if _, err := afina.Optimize(t.Context(), objective, afina.Store(file), afina.Seed(1), afina.Trials(30)); err != nil {
		t.Fatal(err)
	}
	s := open(t, nil, afina.WarmStart(file), afina.Seed(5), afina.Trials(8))
	if _, err := s.Optimize(t.Context(), objective); err != nil {
		t.Fatal(err)
	}
	if got := s.Best().Value; got > 1e-2 {
		t.Errorf("after eight trials the best is %v", got)
	}
}

func TestWarmStartRefused(t *testing.T) {
	dir := t.TempDir()
	two := filepath.Join(dir, "two.db")
	for _, name := range []string{"first", "second"} {
		s := open(t, four(), afina.Store(two), afina.Name(name), afina.Trials(2))
		if _, err := s.Optimize(t.Context(), away(0.5)); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	many := make([]string, 11)
	for i := range many {
		many[i] = two + "#first"
	}
	for _, tt := range []struct {
		name    string
		options []afina.Option
		want    string
	}{
		{"no name", []afina.Option{afina.WarmStart(" ")}, "an earlier study has no name"},
		{"nil", []afina.Option{afina.WarmStartFrom(nil)}, "the earlier study is nil"},
		{"too many", []afina.Option{afina.WarmStart(many...)}, "more than 10 earlier studies"},
		{"no file", []afina.Option{afina.WarmStart(filepath.Join(dir, "none.db"))}, "there is no study in"},
		{"which", []afina.Option{afina.WarmStart(two)}, "holds several studies: first, second (say which, as in " + two + "#first)"},
		{"no such study", []afina.Option{afina.WarmStart(two + "#third")}, `holds no study "third"`},
		{"other goal", []afina.Option{afina.WarmStart(two + "#first"), afina.Maximize()}, "has to minimize value, and this one has to maximize it"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := afina.Open(t.Context(), four(), tt.options...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
	// The list is part of what a study is.
	file := filepath.Join(dir, "s.db")
	s := open(t, four(), afina.Store(file), afina.WarmStart(two+"#first"))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := afina.Open(t.Context(), four(), afina.Store(file)); err == nil || !strings.Contains(err.Error(), "warm_start: was") {
		t.Errorf("going on without the earlier study: %v", err)
	}
}
