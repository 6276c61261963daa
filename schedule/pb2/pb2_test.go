package pb2_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/pb2"
	"github.com/afina-hpo/afina/schedule/pbt"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func TestContract(t *testing.T) {
	scheduletest.Run(t, pb2.Method, scheduletest.Options{
		Settings: setting.Values{"population": value.Int(4), "interval": value.Float(7), "quantile": value.Float(0.25)},
		Trials:   20, MaxObjectives: 1,
	})
}

// A space with everything in it: what is explored is always allowed (the
// simulation refuses an order that is not).
func TestMixedSpace(t *testing.T) {
	d := scheduletest.Setup{
		Space: spacetest.Training(), Fidelity: &study.Fidelity{Min: 1, Max: 20}, Seed: 3, Workers: 4, Trials: 100,
		Program: func(n int, c space.Config) scheduletest.Program {
			u := c.Space().Encode(c, nil)
			return scheduletest.Program{Value: func(s float64) float64 { return math.Exp(-s/10) * (1 + u[0]) }}
		},
	}
	s, err := pb2.Method().New(d.Problem(), setting.Values{"interval": value.Float(4), "quantile": value.Float(0.4)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := scheduletest.Simulate(s, d)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Done || r.Log.Book.Len() != 8+3*4 {
		t.Errorf("done: %v; %d trials, want 8 and 3 copies at each of 4 comparisons", r.Done, r.Log.Book.Len())
	}
}

// With a population of four on an optimum that drifts in three dimensions, the
// model finds its way where chance does not: over seeds it gains more.
func TestSmallPopulation(t *testing.T) {
	const steps = 100
	gained := func(method schedule.Method, seed uint64) float64 {
		state := map[int]func(float64) float64{}
		program := func(n int, c space.Config, from, before float64) scheduletest.Program {
			state[n] = func(step float64) float64 {
				sum := before
				for s := from + 1; s <= step; s++ {
					off := 0.0
					for i := range 3 {
						x := c.At(i).AsFloat() - (0.5 + 0.3*math.Sin(3*s/steps+2*float64(i)))
						off += x * x
					}
					sum += 1 - 4*off
				}
				return sum
			}
			return scheduletest.Program{Value: func(step float64) float64 { return -state[n](step) }}
		}
		d := scheduletest.Setup{
			Space: spacetest.Floats(3), Fidelity: &study.Fidelity{Min: 1, Max: steps}, Seed: seed, Workers: 4, Trials: 1000,
			Objectives: []study.Objective{{Metric: "loss", Reduce: study.Reduction{Kind: "last"}, Goal: study.Minimize}},
			Program:    func(n int, c space.Config) scheduletest.Program { return program(n, c, 0, 0) },
			Copied: func(n int, c space.Config, from study.Copy) scheduletest.Program {
				return program(n, c, from.Step, state[from.Trial](from.Step))
			},
		}
		s, err := method.New(d.Problem(), setting.Values{"population": value.Int(4), "interval": value.Float(5), "quantile": value.Float(0.25)})
		if err != nil {
			t.Fatal(err)
		}
		r, err := scheduletest.Simulate(s, d)
		if err != nil {
			t.Fatal(err)
		}
		return -analyze.Best(r.Log.Book.History()).Values[0]
	}
	model, chance, better := 0.0, 0.0, 0
	const seeds = 10
	for seed := range uint64(seeds) {
		a, b := gained(pb2.Method(), seed), gained(pbt.Method(), seed)
		model, chance = model+a/seeds, chance+b/seeds
		if a > b {
			better++
		}
	}
	text := fmt.Sprintf("pb2 gained %.1f on average, pbt %.1f; it was better with %d of %d seeds", model, chance, better, seeds)
	t.Log(text)
	if model <= chance || better < 7 {
		t.Error(text)
	}
}
