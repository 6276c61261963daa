package bo

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/cube"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func reports(values map[float64]float64) []study.Report {
	var out []study.Report
	for step := 1.0; step <= 81; step++ {
		if v, ok := values[step]; ok {
			out = append(out, study.Report{Step: step, Values: study.MakeMetrics(map[string]float64{"loss": v})})
		}
	}
	return out
}

// Nobody has come to the end in this study, but who is ahead at a ninth of the
// way would be ahead there: the search has to go where they are.
func TestLearnsFromTrialsThatWereStopped(t *testing.T) {
	s := suggesttest.Space(unit2()...)
	f := &study.Fidelity{Min: 1, Max: 27}
	b := study.NewBook(s, []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}}}, f)
	r := rand.New(rand.NewPCG(1, 1))
	for n := range 20 {
		c := s.Random(r)
		x, y := c.At(0).AsFloat()-0.8, c.At(1).AsFloat()-0.2
		v := x*x + y*y
		tr := &study.Trial{Number: n, Config: c, State: study.Pruned, Reports: reports(map[float64]float64{1: v + 0.5, 3: v + 0.3})}
		if n%4 == 0 {
			tr.State = study.Paused
		}
		b.Put(tr)
	}
	one, err := Method().New(suggest.Problem{Objectives: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	near := 0
	for first := 20; first < 28; first++ {
		ps, err := one.Suggest(t.Context(), suggest.Request{History: b.History(), N: 1, First: first, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		x, y := ps[0].Config.At(0).AsFloat()-0.8, ps[0].Config.At(1).AsFloat()-0.2
		if math.Hypot(x, y) < 0.25 {
			near++
		}
	}
	if near < 6 {
		t.Errorf("%d of 8 suggestions are near where the stopped trials were best, want 6", near)
	}
}

func unit2() []space.Param {
	return []space.Param{{Name: "a", Kind: space.Float, Low: 0, High: 1}, {Name: "b", Kind: space.Float, Low: 0, High: 1}}
}

func TestRefits(t *testing.T) {
	for n := 1; n < 3000; n++ {
		for name, f := range map[string]func(int) int{"due": due, "choosing": choosing} {
			mark := f(n)
			if mark > n || mark < f(n-1) || f(mark) != mark {
				t.Fatalf("%s(%d) = %d", name, n, mark)
			}
		}
		if mark := due(n); n-mark > max(2, n/20) {
			t.Fatalf("due(%d) = %d, further behind than a twentieth", n, mark)
		}
	}
	if due(24) != 24 || due(26) != 24 || choosing(5) != 5 {
		t.Error("few trials have to be learned at once")
	}
}

func TestRegion(t *testing.T) {
	for _, c := range []struct {
		name   string
		losses []float64
		want   float64
	}{
		{"at the beginning", nil, 0.8},
		{"three improvements double it", []float64{3, 2, 1}, 1.6},
		{"and no more than that", []float64{9, 8, 7, 6, 5, 4}, 1.6},
		{"four failures halve it", []float64{1, 2, 2, 2, 2}, 0.4},
		{"a failure between makes a run end", []float64{3, 2, 5, 1}, 0.8},
	} {
		m := model{}
		m.cube = newCube(t)
		for _, l := range c.losses {
			m.rows = append(m.rows, row{loss: []float64{l}})
		}
		if got := m.region(); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
	m := model{}
	m.cube = newCube(t)
	for range 1 + 4*7 {
		m.rows = append(m.rows, row{loss: []float64{1}})
	}
	if got := m.region(); got != regionFirst {
		t.Errorf("after it has shrunk to nothing: %v, want a new beginning", got)
	}
}

func newCube(t *testing.T) *cube.Cube {
	t.Helper()
	return cube.New(suggesttest.Space(unit2()...))
}
