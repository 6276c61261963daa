package bo_test

import (
	"context"
	"encoding/json"
	"math"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestContract(t *testing.T) {
	suggesttest.Run(t, bo.Method, suggesttest.Options{
		BatchEqual: true, Every: 12, Trials: 18, Many: 40,
		Settings: setting.Values{"candidates": value.Int(20), "starts": value.Int(1), "ensemble": value.Int(1)},
	})
}

// Draws must not depend on when, or by how many at once, they are asked for.
func TestContractWithDraws(t *testing.T) {
	for _, pending := range []string{"draw", "explore"} {
		t.Run(pending, func(t *testing.T) {
			suggesttest.Run(t, bo.Method, suggesttest.Options{
				BatchEqual: true, Every: 12, Trials: 18, Many: 40,
				Settings: setting.Values{
					"candidates": value.Int(20), "starts": value.Int(1), "ensemble": value.Int(1),
					"sample": value.Float(0.4), "pending": value.String(pending),
				},
			})
		})
	}
}

// run optimises f and returns what came of it.
func run(t *testing.T, s *space.Space, objectives, trials, parallel int, seed uint64, v setting.Values, f func(c space.Config) suggesttest.Outcome) *suggesttest.Result {
	t.Helper()
	one, err := bo.Method().New(suggest.Problem{Objectives: objectives, Parallel: parallel, Trials: trials}, v)
	if err != nil {
		t.Fatal(err)
	}
	setup := suggesttest.Setup{
		Space: s, Trials: trials, Parallel: parallel, Seed: seed,
		Evaluate: func(_ int, c space.Config) suggesttest.Outcome { return f(c) },
	}
	for range objectives {
		setup.Objectives = append(setup.Objectives, study.Objective{Metric: "loss", Goal: study.Minimize})
	}
	result, err := suggesttest.Drive(context.Background(), one, setup)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func losses(x ...float64) suggesttest.Outcome { return suggesttest.Outcome{Values: x} }

func unit(names ...string) []space.Param {
	var ps []space.Param
	for _, n := range names {
		ps = append(ps, space.Param{Name: n, Kind: space.Float, Low: 0, High: 1})
	}
	return ps
}

// Forty trials of random search come within 0.05 of this minimum on average,
// thirty of a process to the fourth digit.
func TestSmoothMinimumIsFound(t *testing.T) {
	s := suggesttest.Space(unit("a", "b", "c")...)
	for _, parallel := range []int{1, 4} {
		for seed := range uint64(3) {
			best := run(t, s, 1, 30, parallel, seed, nil, func(c space.Config) suggesttest.Outcome {
				a, b, d := c.At(0).AsFloat()-0.3, c.At(1).AsFloat()-0.7, c.At(2).AsFloat()-0.55
				return losses(a*a + b*b + d*d + a*b)
			}).Best()
			if limit := 0.002; !(best < limit) {
				t.Errorf("%d at once, seed %d: best loss %v, want below %v", parallel, seed, best, limit)
			}
		}
	}
}

// The better branch is behind a choice, has a parameter of its own, and is
// worse than the other one unless that is set well.
func TestBranchIsFound(t *testing.T) {
	s := suggesttest.Space(
		space.Param{Name: "kind", Kind: space.Choice, Choices: []space.Value{value.String("plain"), value.String("fancy"), value.String("odd")}},
		space.Param{Name: "x", Kind: space.Float, Low: 0, High: 1},
		space.Param{Name: "depth", Kind: space.Float, Low: 0, High: 1, Branches: []space.Branch{{Parent: "kind", Values: []space.Value{value.String("fancy")}}}},
	)
	for seed := range uint64(4) {
		best := run(t, s, 1, 35, 1, seed, nil, func(c space.Config) suggesttest.Outcome {
			x := c.At(1).AsFloat() - 0.4
			if k := c.At(0).Text(); k != "fancy" {
				return losses(1 + x*x)
			}
			d := c.At(2).AsFloat() - 0.8
			return losses(0.2 + x*x + 4*d*d)
		}).Best()
		if !(best < 0.205) {
			t.Errorf("seed %d: best loss %v, want below 0.205", seed, best)
		}
	}
}

// The minimum lies on the boundary of an outcome constraint, and beyond another
// boundary, where it would be better, trials crash.
func TestConstraintAndCrashes(t *testing.T) {
	s := suggesttest.Space(unit("a", "b")...)
	for seed := range uint64(3) {
		result := run(t, s, 1, 25, 1, seed, nil, func(c space.Config) suggesttest.Outcome {
			a, b := c.At(0).AsFloat(), c.At(1).AsFloat()
			if a > 0.85 {
				return suggesttest.Outcome{State: study.Failed}
			}
			return suggesttest.Outcome{Values: []float64{-a - b}, Violations: []float64{a*a + b*b - 1}}
		})
		failed := 0
		best := math.Inf(1)
		for tr := range result.Log.Book.History().All() {
			if tr.State == study.Failed {
				failed++
			}
			if tr.State == study.Complete && tr.Feasible() {
				best = math.Min(best, tr.Values[0])
			}
		}
		if limit := -math.Sqrt2 + 0.02; !(best < limit) {
			t.Errorf("seed %d: best feasible loss %v, want below %v", seed, best, limit)
		}
		if failed > 7 {
			t.Errorf("seed %d: %d of 25 trials crashed, of the space three in twenty", seed, failed)
		}
	}
}

func TestSeveralObjectives(t *testing.T) {
	s := suggesttest.Space(unit("a", "b", "c")...)
	for _, m := range []int{2, 4, 5} {
		result := run(t, s, m, 30, 1, 1, nil, func(c space.Config) suggesttest.Outcome {
			out := make([]float64, m)
			for k := range out {
				for i := range 3 {
					d := c.At(i).AsFloat() - float64(k+1)/float64(m+1)
					out[k] += d * d
				}
			}
			return losses(out...)
		})
		// All of the front has equal coordinates: how near the later trials are.
		sum := 0.0
		h := result.Log.Book.History()
		for n := 15; n < 30; n++ {
			c := h.Trial(n).Config
			a, b, d := c.At(0).AsFloat(), c.At(1).AsFloat(), c.At(2).AsFloat()
			mean := (a + b + d) / 3
			sum += (a-mean)*(a-mean) + (b-mean)*(b-mean) + (d-mean)*(d-mean)
		}
		if rms := math.Sqrt(sum / 15); !(rms < 0.25) { // 0.41 for random points
			t.Errorf("%d objectives: the later trials are %v from the front", m, rms)
		}
	}
}

func TestBeliefs(t *testing.T) {
	s := suggesttest.Space(unit("a", "b")...)
	one, err := bo.Method().New(suggest.Problem{Objectives: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	result := run(t, s, 1, 25, 1, 3, nil, func(c space.Config) suggesttest.Outcome {
		a, b := c.At(0).AsFloat()-0.2, c.At(1).AsFloat()-0.6
		return losses(3 + a*a + b*b)
	})
	h := result.Log.Book.History()
	c, err := s.Config(map[string]space.Value{"a": value.Float(0.5), "b": value.Float(0.5)})
	if err != nil {
		t.Fatal(err)
	}
	mean, se, ok := one.(suggest.Estimator).Estimate(h, c)
	if !ok || math.Abs(mean[0]-3.1) > 0.02 || !(se[0] >= 0 && se[0] < 0.1) {
		t.Errorf("believed %v ± %v (%v) where the loss is 3.1", mean, se, ok)
	}
	out, ok := one.(suggest.Forecaster).Forecast(context.Background(), suggest.Request{History: h, N: 1, First: h.Len()})
	if !ok || !(out.Gain >= 0 && out.Gain < 0.01) || !(out.Regret >= 0 && out.Regret < 0.05) {
		t.Errorf("forecast %+v (%v) after the minimum was found", out, ok)
	}
	var note struct {
		By, Rule            string
		Predicted, SE, Gain float64
	}
	said := h.Trial(20).Origin.Note
	if err := json.Unmarshal([]byte(said), &note); err != nil || note.By != "gp" || note.Rule == "" || math.Abs(note.Predicted-3) > 0.5 {
		t.Errorf("note %s: %v", said, err)
	}
	// Whatever the rule, the note says what was to be gained.
	rules := map[string]bool{}
	for n := 8; n < h.Len(); n++ {
		var note struct {
			By, Rule string
			Gain     *float64
		}
		said := h.Trial(n).Origin.Note
		if err := json.Unmarshal([]byte(said), &note); err != nil || note.By == "gp" && (note.Gain == nil || !(*note.Gain >= 0 && *note.Gain < 1)) {
			t.Errorf("trial %d: note %s: %v", n, said, err)
		}
		rules[note.Rule] = true
	}
	if !rules["improvement"] || !rules["bound"] {
		t.Errorf("rules %v, want both", rules)
	}
}

func TestSettings(t *testing.T) {
	s := suggesttest.Space(unit("a", "b")...)
	for name, v := range map[string]setting.Values{
		"long start":       {"startup": value.Int(12)},
		"one map":          {"warp": value.String("half-rank")},
		"straight, single": {"bend": value.Bool(false), "ensemble": value.Int(0)},
		"always local":     {"local": value.Float(1), "explore": value.Float(0)},
		"always exploring": {"explore": value.Float(1)},
	} {
		best := run(t, s, 1, 25, 1, 5, v, func(c space.Config) suggesttest.Outcome {
			a, b := c.At(0).AsFloat()-0.2, c.At(1).AsFloat()-0.6
			return losses(a*a + b*b)
		}).Best()
		if !(best < 0.01) {
			t.Errorf("%s: best loss %v", name, best)
		}
	}
}

// A sum of parabolas is learned as such: with two trials more than it takes to
// know it, and not with the process alone.
func TestEffectsLearnParabolas(t *testing.T) {
	s := suggesttest.Space(unit("a", "b", "c", "d", "e", "f", "g", "h")...)
	sphere := func(c space.Config) suggesttest.Outcome {
		sum := 0.0
		for i := range s.Len() {
			d := c.At(i).AsFloat() - 0.35 - 0.04*float64(i)
			sum += float64(1+i%3) * d * d
		}
		return losses(sum)
	}
	for seed := range uint64(3) {
		with := run(t, s, 1, 24, 1, seed, nil, sphere).Best()
		without := run(t, s, 1, 24, 1, seed, setting.Values{"effects": value.Bool(false)}, sphere).Best()
		if !(with < 1e-3 && with < without/5) {
			t.Errorf("seed %d: best loss %v after 24 trials, %v without effects", seed, with, without)
		}
	}
}
