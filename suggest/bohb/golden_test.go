package bohb

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// golden is testdata/hpbandster.json: densities by statsmodels 0.15.0, quantiles
// of truncated normals by scipy 1.17.1, and the models of three studies by
// hpbandster 0.7.4 (ConfigSpace 1.2.2). They were chosen so that no choice has a
// bandwidth that is cut off here, that all choices occur in the densities, and
// that 85 % of the trials of a level is a whole number.
type golden struct {
	Densities []struct {
		Choices []int
		Data    [][]float64
		BW      []float64 `json:"bw"`
		At      [][]float64
		PDF     []float64 `json:"pdf"`
	}
	Truncated []struct{ Mean, SD, P, X float64 }
	Studies   []struct {
		Trials []struct {
			Config struct {
				A, B float64
				C    string
			}
			Loss1, Loss9 *float64
		}
		Budget  float64
		Good    int
		Bad     int
		GoodBW  []float64 `json:"good_bw"`
		BadBW   []float64 `json:"bad_bw"`
		At      [][]float64
		GoodPDF []float64 `json:"good_pdf"`
		BadPDF  []float64 `json:"bad_pdf"`
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/hpbandster.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Densities) == 0 || len(g.Truncated) == 0 || len(g.Studies) == 0 {
		t.Fatal("the file has nothing")
	}
	return g
}

// near compares up to what different orders of sums come to.
func near(got, want float64) bool { return math.Abs(got-want) <= 1e-10*math.Max(math.Abs(want), 1e-3) }

func TestDensities(t *testing.T) {
	for i, c := range readGolden(t).Densities {
		k := newDensity(c.Choices, c.Data, 1e-3)
		for j := range k.bw {
			if !near(k.bw[j], c.BW[j]) {
				t.Errorf("density %d: bandwidth %d is %v, want %v", i, j, k.bw[j], c.BW[j])
			}
		}
		for n, x := range c.At {
			if got := k.at(x); !near(got, c.PDF[n]) {
				t.Errorf("density %d at %v: %v, want %v", i, x, got, c.PDF[n])
			}
		}
	}
}

func TestTruncated(t *testing.T) {
	for _, c := range readGolden(t).Truncated {
		if got := truncated(c.Mean, c.SD, c.P); math.Abs(got-c.X) > 1e-9 {
			t.Errorf("the %v quantile around %v with %v is %v, want %v", c.P, c.Mean, c.SD, got, c.X)
		}
	}
}

// The model of a history is that of hpbandster: its level, its split, its
// bandwidths and its densities.
func TestModels(t *testing.T) {
	sp := suggesttest.Space(
		space.Param{Name: "a", Kind: space.Float, High: 1},
		space.Param{Name: "b", Kind: space.Float, High: 1},
		space.Param{Name: "c", Kind: space.Choice, Choices: []space.Value{value.String("x"), value.String("y"), value.String("z")}},
	)
	for i, c := range readGolden(t).Studies {
		book := study.NewBook(sp, suggesttest.Loss(), &study.Fidelity{Min: 1, Max: 27})
		for n, one := range c.Trials {
			cfg, err := sp.Config(map[string]space.Value{
				"a": value.Float(one.Config.A), "b": value.Float(one.Config.B), "c": value.String(one.Config.C)})
			if err != nil {
				t.Fatal(err)
			}
			tr := &study.Trial{Number: n, State: study.Paused, Until: 1, Config: cfg}
			report := func(step float64, loss *float64) {
				if loss != nil {
					tr.Until = step
					tr.Reports = append(tr.Reports, study.Report{Step: step, Values: study.Metrics{{Name: "loss", Value: *loss}}})
				}
			}
			report(1, one.Loss1)
			report(9, one.Loss9)
			if one.Loss1 == nil {
				tr.State, tr.Failure = study.Failed, &study.Failure{Class: study.ClassExit}
			}
			book.Put(tr)
		}
		made, err := Method().New(suggest.Problem{Objectives: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := made.(*suggester)
		// The reduction of Loss is the best report; here the last.
		book.Objectives = []study.Objective{{Metric: "loss", Goal: study.Minimize}}
		s.follow(suggest.Request{History: book.History()})
		m := s.model
		if m == nil || m.step != c.Budget || len(m.good.data) != c.Good || len(m.bad.data) != c.Bad {
			t.Fatalf("study %d: model %+v, want %d good and %d bad at %v", i, m, c.Good, c.Bad, c.Budget)
		}
		for j := range c.GoodBW {
			if !near(m.good.bw[j], c.GoodBW[j]) || !near(m.bad.bw[j], c.BadBW[j]) {
				t.Errorf("study %d: bandwidths %v and %v, want %v and %v", i, m.good.bw, m.bad.bw, c.GoodBW, c.BadBW)
				break
			}
		}
		for n, x := range c.At {
			if got, want := m.good.at(x), c.GoodPDF[n]; !near(got, want) {
				t.Errorf("study %d: good density at %v is %v, want %v", i, x, got, want)
			}
			// hpbandster counts the values of a choice that it has seen.
			if got, want := m.bad.at(x), c.BadPDF[n]; !near(got, want) {
				t.Errorf("study %d: bad density at %v is %v, want %v", i, x, got, want)
			}
		}
	}
}

// Equation 3: with the fewest trials that make a model the two sides overlap.
func TestSplit(t *testing.T) {
	for _, c := range []struct{ n, least, good, bad int }{
		{6, 4, 4, 4}, {8, 4, 4, 4}, {9, 4, 4, 5}, {20, 4, 4, 16}, {40, 4, 6, 34}, {1000, 4, 150, 850}, {14, 12, 12, 12},
	} {
		if good, bad := split(c.n, c.least, 0.15); good != c.good || bad != c.bad {
			t.Errorf("%d trials with at least %d: %d and %d, want %d and %d", c.n, c.least, good, bad, c.good, c.bad)
		}
	}
}
