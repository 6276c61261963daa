package level_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/level"
)

func objective(goal study.Goal) study.Objective { return study.Objective{Metric: "y", Goal: goal} }

// curve is reports of y at steps 1, 2, …
func curve(ys ...float64) []study.Report {
	list := make([]study.Report, len(ys))
	for i, y := range ys {
		list[i] = study.Report{Step: float64(i + 1), Values: study.Metrics{{Name: "y", Value: y}}}
	}
	return list
}

func TestOf(t *testing.T) {
	lost := &study.Failure{Class: study.ClassLost}
	better := []study.Trial{ // at step 3, best first
		{State: study.Paused, Until: 3, Reports: curve(9, 9, 1)},
		{State: study.Running, Until: 9, Reports: curve(0, 0, 2, 0)},
		{State: study.Complete, Values: []float64{3}, Reports: curve(5, 3)},
		{State: study.Complete, Values: []float64{4}},
		{State: study.Pruned, Until: 9, Reports: curve(1, 1, 5, 1)},
		{State: study.Pruned, Until: 9, Reports: curve(1, 7)},
		{State: study.Pruned, Reports: curve(1, 8)},
		{State: study.Pruned, Reports: curve(1)},
		{State: study.Pruned, Reports: curve(math.NaN())},
		{State: study.Pruned},
		{State: study.Complete, Values: []float64{0}, Violations: []float64{0.5, -1}},
		{State: study.Complete, Values: []float64{0}, Violations: []float64{math.NaN()}},
	}
	for _, goal := range []study.Goal{study.Minimize, study.Maximize} {
		sign := map[study.Goal]float64{study.Minimize: 1, study.Maximize: -1}[goal]
		var worths []level.Worth
		for i := range better {
			one := better[i]
			one.Reports = nil
			for _, r := range better[i].Reports {
				y, _ := r.Values.Get("y")
				one.Reports = append(one.Reports, study.Report{Step: r.Step, Values: study.Metrics{{Name: "y", Value: sign * y}}})
			}
			one.Values = nil
			for _, y := range better[i].Values {
				one.Values = append(one.Values, sign*y)
			}
			w, ok := level.Of(&one, objective(goal), 3)
			if !ok {
				t.Fatalf("%s: trial %d counts for nothing", goal, i)
			}
			worths = append(worths, w)
		}
		for i := range worths {
			for j := range worths {
				if got := worths[i].Compare(worths[j]); got < 0 != (i < j) || got > 0 != (i > j) {
					t.Errorf("%s: trial %d against %d: %d", goal, i, j, got)
				}
			}
		}
	}
	worst := level.Worth{}
	for i, one := range []study.Trial{
		{State: study.Failed, Until: 3},
		{State: study.Failed, Failure: &study.Failure{Class: study.ClassOOM}},
		{State: study.Infeasible},
		{State: study.Running, Reports: curve(1, 1, math.NaN())},
		{State: study.Running, Reports: curve(1, 1, math.Inf(-1))},
	} {
		w, ok := level.Of(&one, objective(study.Minimize), 3)
		if _, finite := w.Loss(); !ok || finite {
			t.Errorf("trial %d without a value is worth %v, %v", i, w, ok)
		}
		if i > 0 && w != worst {
			t.Errorf("trial %d is worth %v, others without a value %v", i, w, worst)
		}
		worst = w
	}
	for i, one := range []study.Trial{
		{State: study.Paused, Until: 1, Reports: curve(1)},
		{State: study.Pruned, Until: 1, Reports: curve(1)},
		{State: study.Failed, Until: 1},
		{State: study.Failed, Failure: lost},
		{State: study.Running, Reports: curve(1, 1)},
		{State: study.Queued},
		{State: study.Cancelled, Reports: curve(1, 1)},
		{State: study.Running, Reports: []study.Report{{Step: 5, Values: study.Metrics{{Name: "other", Value: 1}}}}},
	} {
		if w, ok := level.Of(&one, objective(study.Minimize), 3); ok {
			t.Errorf("trial %d, of which nothing is known at the step, is worth %v", i, w)
		}
	}
}

// A table that has followed a study holds what a new one does, and each level
// in order.
func TestFollow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := &study.Fidelity{Min: 1, Max: 9}
		if rapid.Bool().Draw(t, "no fidelity") {
			f = nil
		}
		book := study.NewBook(nil, []study.Objective{objective(study.Minimize)}, f)
		var followed level.Table
		for range rapid.IntRange(1, 40).Draw(t, "changes") {
			n := rapid.IntRange(0, book.Len()).Draw(t, "trial")
			one := &study.Trial{Number: n}
			if old := book.Trial(n); old != nil {
				if old.State.Ended() {
					continue
				}
				one.Reports = old.Reports[:len(old.Reports):len(old.Reports)]
			}
			one.Until = rapid.SampledFrom([]float64{0, 1, 3, 9}).Draw(t, "until")
			one.State = rapid.SampledFrom([]study.State{study.Running, study.Paused, study.Pruned, study.Failed, study.Complete}).Draw(t, "state")
			for range rapid.IntRange(0, 3).Draw(t, "reports") {
				y := float64(rapid.IntRange(0, 5).Draw(t, "y"))
				one.Reports = append(one.Reports, study.Report{Step: one.LastStep() + 1, Values: study.Metrics{{Name: "y", Value: y}}})
			}
			if one.State == study.Complete {
				one.Values = []float64{1}
			}
			book.Put(one)
			h := book.History()
			var fresh level.Table
			followed.Follow(h)
			fresh.Follow(h)
			if followed.Len() != fresh.Len() {
				t.Fatalf("%d levels, a new table has %d", followed.Len(), fresh.Len())
			}
			for k := range fresh.Len() {
				if a, b := followed.At(k), fresh.At(k); followed.Step(k) != fresh.Step(k) || !slices.Equal(a, b) {
					t.Fatalf("at step %v the table has %v, a new one %v", fresh.Step(k), a, b)
				}
				want := 0
				for t := range h.All() {
					if _, ok := level.Of(t, h.Objectives[0], fresh.Step(k)); ok {
						want++
					}
				}
				if got := fresh.At(k); len(got) != want || !slices.IsSortedFunc(got, func(a, b level.Place) int { return a.Compare(b.Worth) }) {
					t.Fatalf("level %d, of %d trials: %v", k, want, got)
				}
			}
		}
	})
}
