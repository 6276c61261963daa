package afina_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina"
)

func TestDefineByRun(t *testing.T) {
	s := open(t, nil, afina.Trials(60), afina.Seed(4))
	if _, err := s.Optimize(t.Context(), network); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, r := range s.Trials() {
		want := []string{"lr", "layers", "opt"}
		for i := range r.Params.Int("layers") {
			want = append(want, "units"+string(rune('0'+i)))
		}
		if r.Params.Text("opt") == "sgd" {
			want = append(want, "momentum")
		} else {
			want = append(want, "amsgrad")
			if r.Params.Bool("amsgrad") {
				want = append(want, "eps")
			}
		}
		var got []string
		for name := range r.Params.All() {
			got = append(got, name)
			seen[name] = true
		}
		slices.Sort(want)
		slices.Sort(got)
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("trial %d holds other parameters than it asked for:\n%s", r.Number, d)
		}
		if m := r.Params; m.Has("momentum") && r.Number == 0 && m.Float("momentum") != 0.9 {
			t.Errorf("the first trial has momentum %v and not its default", m.Float("momentum"))
		}
	}
	if len(seen) != 10 {
		t.Errorf("60 trials met the parameters %v, not all 10", seen)
	}
}

// The first trial takes defaults, later ones do not.
func TestDefaultsFirst(t *testing.T) {
	s := open(t, nil, afina.Trials(20))
	_, err := s.Optimize(t.Context(), func(t *afina.Trial) (float64, error) {
		return t.Float("x", 0, 1, afina.Default(0.25)) + float64(t.Int("n", 1, 100, afina.Default(7))), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defaults := 0
	for _, r := range s.Trials() {
		if r.Params.Float("x") == 0.25 && r.Params.Int("n") == 7 {
			defaults++
			if r.Number != 0 {
				t.Errorf("trial %d has the defaults", r.Number)
			}
		}
	}
	if defaults != 1 {
		t.Errorf("%d trials have the defaults", defaults)
	}
}

func TestAskTwice(t *testing.T) {
	_, err := afina.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
		x := tr.Float("x", 0, 1, afina.Log(), afina.Step(0))
		if x == 0 {
			return 0, errors.New("not reached")
		}
		return 0, nil
	}, afina.Trials(1))
	if err == nil || !errors.Is(err, afina.ErrDefinition) {
		t.Fatalf("a log scale from 0 gives %v", err)
	}
	best, err := afina.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
		a, b := tr.Float("x", 0, 1), tr.Float("x", 0, 1, afina.Default(0.5))
		return a - b, nil
	}, afina.Trials(10))
	if err != nil || best.Value != 0 {
		t.Fatalf("asked twice, the values differ: %v, %v", best, err)
	}
}

func TestConflicts(t *testing.T) {
	tests := []struct {
		name string
		ask  func(*afina.Trial)
		want string
	}{
		{"range within a trial", func(t *afina.Trial) { t.Float("x", 0, 1); t.Float("x", 0, 2) }, "parameter x: was float [0, 1], is float [0, 2]"},
		{"range between trials", func(t *afina.Trial) { t.Int("n", 1, 10+t.Number()) }, "parameter n: was int [1, 10], is int [1, 11]"},
		{"kind", func(t *afina.Trial) { t.Float("x", 0, 1); t.Bool("x") }, "parameter x: was float [0, 1], is bool"},
		{"scale", func(t *afina.Trial) { t.Float("x", 1, 2); t.Float("x", 1, 2, afina.Log()) }, "is float [1, 2] log"},
		{"choices", func(t *afina.Trial) { t.Choice("c", "a", "b"); t.Choice("c", "a") }, `was choice ["a", "b"], is choice ["a"]`},
		{"empty range", func(t *afina.Trial) { t.Float("x", 2, 1) }, "low 2 is above high 1"},
		{"later wrong range", func(t *afina.Trial) { t.Float("x", 1, 2); t.Float("x", 2, 1) }, "low 2 is above high 1"},
		{"no choices", func(t *afina.Trial) { t.Choice("c") }, "the list of choices is empty"},
		{"bad name", func(t *afina.Trial) { t.Bool("a b") }, "invalid parameter name"},
		{"bad default", func(t *afina.Trial) { t.Float("x", 0, 1, afina.Default(2)) }, "2 is outside [0, 1]"},
		{"strange default", func(t *afina.Trial) { t.Float("x", 0, 1, afina.Default([]int{1})) }, "a []int is not a parameter value"},
		{"condition", func(t *afina.Trial) { t.Float("x", 0, 1, afina.When("c", "a")) }, "an if statement is the condition"},
		{"broken condition", func(t *afina.Trial) { t.Float("x", 0, 1, afina.If("(")) }, `the condition "("`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			best, err := afina.Optimize(t.Context(), func(tr *afina.Trial) (float64, error) {
				calls++
				tt.ask(tr)
				if tr.Err() != nil && !tr.ShouldStop() {
					t.Error("a trial that went wrong should stop")
				}
				return 1, nil
			})
			if !errors.Is(err, afina.ErrDefinition) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want an ErrDefinition with %q", err, tt.want)
			}
			if calls > 2 {
				t.Errorf("the study went on for %d trials", calls)
			}
			if best != nil && best.Number != 0 {
				t.Errorf("the best is %v", best)
			}
		})
	}
}

// The same seed gives the same configurations, whatever interrupts the study
// and, for random search, however many trials run at once.
func TestSameSeed(t *testing.T) {
	run := func(t *testing.T, options ...afina.Option) []string {
		s := open(t, nil, options...)
		if _, err := s.Optimize(t.Context(), network); err != nil {
			t.Fatal(err)
		}
		return configs(s.Trials())
	}
	for _, search := range []string{"random", "qmc"} {
		t.Run(search, func(t *testing.T) {
			all := []afina.Option{afina.Search(search), afina.Seed(11)}
			with := func(more ...afina.Option) []afina.Option { return append(slices.Clone(all), more...) }
			want := run(t, with(afina.Trials(40))...)
			if d := cmp.Diff(want, run(t, with(afina.Trials(40))...)); d != "" {
				t.Errorf("run again:\n%s", d)
			}
			path := filepath.Join(t.TempDir(), "study.db")
			for _, n := range []int{13, 14, 40} {
				s, err := afina.Open(t.Context(), nil, with(afina.Trials(n), afina.Store(path))...)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := s.Optimize(t.Context(), network); err != nil {
					t.Fatal(err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				if n == 40 {
					if d := cmp.Diff(want, configs(s.Trials())); d != "" {
						t.Errorf("in three parts:\n%s", d)
					}
				}
			}
			if search == "random" {
				if d := cmp.Diff(want, run(t, with(afina.Trials(40), afina.Parallel(8))...)); d != "" {
					t.Errorf("eight at once:\n%s", d)
				}
			}
		})
	}
}
