package tpe

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// golden is testdata/optuna5.json: what the internals of optuna 5.0.0 answer.
// Densities are per unit of the transformed range, bandwidths parts of it. Its
// sort was made stable: of equal observations Optuna leaves it to numpy which
// gets which bandwidth, here the earlier trial stands first.
type golden struct {
	Cases []struct {
		Names   []string
		Obs, At map[string][]float64
		LogPDF  []float64
		Sigma   map[string][]float64
		Weights []float64
	}
	Gamma  [][3]int
	Splits []struct {
		Goals  []study.Goal
		Trials []struct {
			State      study.State
			Value      float64
			Values     []float64
			Reports    [][2]float64
			Violations []float64
			X          float64
		}
		Good []int32
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/optuna5.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// goldenParam returns the parameter that the golden file calls name.
func goldenParam(name string) space.Param {
	list := func(n int) space.Param {
		p := space.Param{Name: name, Kind: space.Choice}
		for k := range n {
			p.Choices = append(p.Choices, value.Int(int64(k)))
		}
		return p
	}
	return map[string]space.Param{
		"f": {Name: name, Kind: space.Float, Low: 0, High: 10},
		"l": {Name: name, Kind: space.Float, Low: 1e-4, High: 1, Scale: space.Log},
		"s": {Name: name, Kind: space.Float, Low: 0, High: 1, Step: 0.25},
		"i": {Name: name, Kind: space.Int, Low: 1, High: 10},
		"k": {Name: name, Kind: space.Int, Low: 2, High: 100, Scale: space.Log},
		"c": list(3),
		"d": list(5),
	}[name]
}

func optuna5(objectives int) options {
	return newOptions(suggest.Problem{Objectives: objectives}, setting.Values{"flavour": value.String(flavourOptuna5)})
}

func TestDensityIsOptunas(t *testing.T) {
	g := readGolden(t)
	if len(g.Cases) < 10 {
		t.Fatalf("%d cases", len(g.Cases))
	}
	for _, c := range g.Cases {
		t.Run(fmt.Sprintf("%v %d", c.Names, len(c.Weights)-1), func(t *testing.T) {
			o := optuna5(1)
			var ps []space.Param
			for _, name := range c.Names {
				ps = append(ps, goldenParam(name))
			}
			s := suggesttest.Space(ps...)
			var axes []*axis
			for i := range ps {
				a := newAxis(s, i, &o)
				axes = append(axes, &a)
			}
			config := func(from map[string][]float64, k int) space.Config {
				vs := map[string]space.Value{}
				for _, name := range c.Names {
					vs[name] = value.Float(from[name][k])
				}
				got, err := s.Config(vs)
				if err != nil {
					t.Fatal(err)
				}
				return got
			}
			p := newParzen(axes, 0, &o)
			n := len(c.Weights) - 1
			for k := range n {
				p.add(int32(k), point{s, config(c.Obs, k)})
			}
			p.settle(n)
			p.weigh(nil, nil, nil)
			for k, want := range c.Weights {
				slot := (k + 1) % len(c.Weights) // the prior's is Optuna's last
				near(t, fmt.Sprintf("weight %d", k), p.wt[slot]/p.total(), want, 1e-12)
				for d, name := range c.Names {
					if axes[d].kind != choice {
						near(t, fmt.Sprintf("bandwidth %d of %s", k, name), p.dims[d].sigma[slot], c.Sigma[name][k], 1e-9)
					}
				}
			}
			x := make([]float64, len(axes))
			for k, want := range c.LogPDF {
				at := point{s, config(c.At, k)}
				for d := range x {
					x[d] = at.coordinate(d)
				}
				got := p.at(x, p.given(x, nil), make([]float64, len(p.norm))) - math.Log(p.total())
				near(t, fmt.Sprintf("log density %d", k), got, want, 1e-8)
			}
		})
	}
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*(1+math.Abs(want))) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

func TestShareOfGoodTrialsIsOptunas(t *testing.T) {
	one, several := optuna5(1), optuna5(2)
	for _, g := range readGolden(t).Gamma {
		if got := [3]int{g[0], one.good(g[0]), several.good(g[0])}; got != g {
			t.Errorf("of %d trials %d (several objectives: %d) are good, want %d (%d)", g[0], got[1], got[2], g[1], g[2])
		}
	}
}

func TestSplitIsOptunas(t *testing.T) {
	for k, g := range readGolden(t).Splits {
		t.Run(fmt.Sprint(k), func(t *testing.T) {
			s := suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1})
			var objectives []study.Objective
			for i, goal := range g.Goals {
				objectives = append(objectives, study.Objective{Metric: fmt.Sprint("f", i), Goal: goal})
			}
			book := study.NewBook(s, objectives, nil)
			for n, trial := range g.Trials {
				u := &study.Trial{Number: n, State: trial.State, Config: s.Decode([]float64{trial.X}), Violations: trial.Violations}
				if u.Values = trial.Values; u.Values == nil && trial.State == study.Complete {
					u.Values = []float64{trial.Value}
				}
				for _, r := range trial.Reports {
					u.Reports = append(u.Reports, study.Report{Step: r[0], Values: study.Metrics{{Name: "f0", Value: r[1]}}})
				}
				book.Put(u)
			}
			one := &suggester{o: optuna5(len(g.Goals))}
			one.begin(suggest.Request{History: book.History(), N: 1, First: book.Len()})
			if d := cmp.Diff(g.Good, one.pops[0].good); d != "" {
				t.Error(d)
			}
		})
	}
}
