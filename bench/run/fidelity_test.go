package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func pair(t *testing.T, text string) Pair {
	t.Helper()
	p, err := ParsePair(builtin.Schedule(), builtin.Search(), text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParsePair(t *testing.T) {
	p := pair(t, "asha:reduction=4,resume=false+tpe:n_startup_trials=25")
	if p.Label != "afina-asha:reduction=4,resume=false+tpe:n_startup_trials=25" || p.Schedule.Name != "asha" || len(p.Settings) != 2 ||
		p.Search.Method.Name != "tpe" || len(p.Search.Settings) != 1 {
		t.Errorf("got %+v", p)
	}
	for text, want := range map[string]string{
		"asha":                  "SCHEDULER+SEARCH",
		"tpe+asha":              `no scheduler "tpe"`,
		"asha+guess":            `no search algorithm "guess"`,
		"asha:reduction+random": "KEY=VALUE",
		"asha:speed=3+random":   "setting speed",
	} {
		if _, err := ParsePair(builtin.Schedule(), builtin.Search(), text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want one that says %q", text, err, want)
		}
	}
}

func TestFidelity(t *testing.T) {
	for _, text := range []string{"fixed+random", "asha+tpe", "hyperband+random", "auto+qmc"} {
		for _, workers := range []int{1, 4} {
			for _, restart := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %d workers, restart %v", text, workers, restart), func(t *testing.T) {
					j := FidelityJob{Pair: pair(t, text), Problem: open(t, "mf-hartmann/d3/moderate"), Seed: 2, Budget: 6, Workers: workers, Restart: restart}
					got, err := Fidelity(context.Background(), j)
					if err != nil {
						t.Fatal(err)
					}
					if !got.Fidelity || got.Budget != 6 || len(got.Incumbent) != Marks || strings.HasSuffix(got.Peer, " restart") != restart || got.Version == "" {
						t.Fatalf("got %+v", got)
					}
					for k, v := range got.Incumbent {
						if math.IsNaN(v) || v < j.Problem.Scale().Best {
							t.Fatalf("incumbent %d is %v", k, v)
						}
					}
					if len(got.Decisions) != Marks || !slices.IsSorted(got.Decisions) || got.Decisions[0] < 0 || got.Decisions[Marks-1] == 0 {
						t.Errorf("seconds of decisions: %v", got.Decisions)
					}
					again, err := Fidelity(context.Background(), j)
					if err != nil {
						t.Fatal(err)
					}
					if d := cmp.Diff(got, again, timeless); d != "" {
						t.Errorf("another time:\n%s", d)
					}
				})
			}
		}
	}
}

// With trials that all run to the end the incumbent is one of those that have
// begun and, where one has just ended, the best of those that have ended.
func TestFidelityMarks(t *testing.T) {
	j := FidelityJob{Pair: pair(t, "fixed+random"), Problem: open(t, "mf-hartmann/d6/good"), Seed: 5, Budget: 5}
	got, err := Fidelity(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	var truth []float64
	for n := range j.Budget {
		c, err := j.Problem.Space().Sample(study.Stream(j.Seed, n, study.PurposeSuggest))
		if err != nil {
			t.Fatal(err)
		}
		o, err := j.Problem.True(c)
		if err != nil {
			t.Fatal(err)
		}
		truth = append(truth, o.Values[0])
	}
	for k, v := range got.Incumbent {
		ended := (k + 1) * j.Budget / Marks
		if !slices.Contains(truth[:min(ended+1, j.Budget)], v) {
			t.Errorf("at mark %d it is %v, of none of the trials %v", k, v, truth)
		}
		if (k+1)*j.Budget%Marks == 0 && v != slices.Min(truth[:ended]) {
			t.Errorf("at mark %d it is %v, want the best of the first %d of %v", k, v, ended, truth)
		}
	}
}

// With a clock that goes on by a second whenever it is looked at, each decision
// takes one: the scheduler's orders and judgements, and the suggestions, which
// are inside of no order.
func TestFidelityDecisions(t *testing.T) {
	seconds := 0.0
	clock := Clock{Name: "test", Now: func() float64 { seconds++; return seconds }}
	got, err := Fidelity(context.Background(), FidelityJob{
		Pair: pair(t, "fixed+random"), Problem: open(t, "mf-hartmann/d3/good"), Seed: 5, Budget: 2, Clock: clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Numbers{1, 1}, got.Seconds); d != "" || got.Clock != "test" {
		t.Errorf("clock %q, seconds of suggestions:\n%s", got.Clock, d)
	}
	// Of each trial: an order, a suggestion that is looked at twice more inside,
	// and a judgement a step; the last judgement comes after the last mark.
	if all := got.Decisions[Marks-1]; all != 2*(1+3+81)-1 {
		t.Errorf("all decisions took %v s", all)
	}
}

// A promoted trial that begins again pays again, so less is tried for the same.
func TestRestartCosts(t *testing.T) {
	j := FidelityJob{Pair: pair(t, "asha+random"), Problem: open(t, "mf-hartmann/d3/good"), Seed: 1, Budget: 10}
	resumed, err := Fidelity(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	j.Restart = true
	j.Pair = pair(t, "asha:mode=promotion+random")
	again, err := Fidelity(context.Background(), j)
	if err != nil {
		t.Fatal(err)
	}
	if len(again.Seconds) >= len(resumed.Seconds) {
		t.Errorf("%d trials that begin again, %d that go on", len(again.Seconds), len(resumed.Seconds))
	}
}

func TestFidelityMistakes(t *testing.T) {
	good := FidelityJob{Pair: pair(t, "asha+random"), Problem: open(t, "mf-hartmann/d3/good"), Budget: 2}
	refusing := good
	refusing.Pair.Schedule.New = func(schedule.Problem, setting.Values) (schedule.Scheduler, error) { return nil, errors.New("cannot") }
	whole, several := good, good
	whole.Problem, several.Problem = open(t, "bbob/f1/d5/i1"), open(t, "zdt/1")
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		job  FidelityJob
		want string
	}{
		"scheduler":          {context.Background(), refusing, "cannot"},
		"no steps":           {context.Background(), whole, "steps of training"},
		"several objectives": {context.Background(), several, "one objective"},
		"cancelled":          {cancelled, good, "canceled"},
		"evaluation":         {context.Background(), FidelityJob{Pair: good.Pair, Problem: broken{good.Problem}, Budget: 2}, "no value today"},
	} {
		if _, err := Fidelity(c.ctx, c.job); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
}

// broken is a problem that cannot be evaluated.
type broken struct{ problem.Problem }

func (broken) True(space.Config) (problem.Outcome, error) {
	return problem.Outcome{}, errors.New("no value today")
}
