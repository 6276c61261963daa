package analyze

import (
	"math"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Trials that fall by 1 between the first two rungs of 1, 3 and 9, and one that
// is paused on the first of them but leads there.
func TestForeseen(t *testing.T) {
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1}}})
	if err != nil {
		t.Fatal(err)
	}
	make := func(goal study.Goal, objectives int, f *study.Fidelity, curves [][]float64) *study.History {
		o := study.Objective{Metric: "y", Goal: goal, Reduce: study.Reduction{Kind: "last"}}
		list := []study.Objective{o, {Metric: "z", Goal: goal}}[:objectives]
		b := study.NewBook(s, list, f)
		for n, curve := range curves {
			c, err := s.Sample(study.Stream(1, n, "foreseen"))
			if err != nil {
				t.Fatal(err)
			}
			tr := &study.Trial{Number: n, Config: c, State: study.Paused}
			for k, y := range curve {
				tr.Reports = append(tr.Reports, study.Report{Step: math.Pow(3, float64(k)), Values: study.MakeMetrics(map[string]float64{"y": o.Loss(y)})})
			}
			if len(curve) == 3 {
				tr.State, tr.Values = study.Complete, []float64{o.Loss(curve[2])}
			}
			b.Put(tr)
		}
		return b.History()
	}
	f := &study.Fidelity{Step: "epoch", Min: 1, Max: 9}
	curves := [][]float64{{5, 4, 3.5}, {5.2, 4.2}, {5.4, 4.4}, {5.6, 4.6}, {4.5}, {7}, {math.NaN()}}
	for _, goal := range []study.Goal{study.Minimize, study.Maximize} {
		h := make(goal, 1, f, curves)
		got, ok := Foreseen(h)
		if !ok || got.Trial.Number != 4 || math.Abs(h.Objectives[0].Loss(got.Expected)-3) > 0.25 || !(got.SD > 0) {
			t.Errorf("%v: got %+v, want trial 4 at about 3", goal, got)
		}
		if best := Best(h); best.Number != 0 {
			t.Errorf("%v: the best measured is %d", goal, best.Number)
		}
	}
	if got, ok := Foreseen(make(study.Minimize, 1, f, curves[:1])); !ok || got.Trial.Number != 0 || got.Expected != 3.5 || got.SD != 0 {
		t.Errorf("one complete trial: %+v, %v", got, ok)
	}
	for name, h := range map[string]*study.History{
		"two objectives": make(study.Minimize, 2, f, nil),
		"no fidelity":    make(study.Minimize, 1, nil, curves),
		"no steps":       make(study.Minimize, 1, &study.Fidelity{Min: 9, Max: 9}, curves),
		"no trial":       make(study.Minimize, 1, f, nil),
		"nothing finite": make(study.Minimize, 1, f, curves[6:]),
	} {
		if got, ok := Foreseen(h); ok {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
