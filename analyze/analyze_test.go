package analyze_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// history returns a study of the given goals and trials, which are numbered in
// order.
func history(t testing.TB, goals []study.Goal, trials []study.Trial) *study.History {
	t.Helper()
	s, err := space.New(space.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	var objectives []study.Objective
	for _, g := range goals {
		objectives = append(objectives, study.Objective{Metric: "m", Goal: g})
	}
	book := study.NewBook(s, objectives, nil)
	for n, one := range trials {
		one.Number = n
		book.Put(&one)
	}
	return book.History()
}

func complete(values ...float64) study.Trial {
	return study.Trial{State: study.Complete, Values: values}
}

func violating(by float64, values ...float64) study.Trial {
	return study.Trial{State: study.Complete, Values: values, Violations: []float64{-1, by}}
}

func numbers(ts []*study.Trial) []int {
	var ns []int
	for _, t := range ts {
		ns = append(ns, t.Number)
	}
	return ns
}

var (
	least    = []study.Goal{study.Minimize}
	most     = []study.Goal{study.Maximize}
	bothLess = []study.Goal{study.Minimize, study.Minimize}
	mixed    = []study.Goal{study.Minimize, study.Maximize}
)

func TestBest(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name   string
		goals  []study.Goal
		trials []study.Trial
		want   int // -1: none
	}{
		{"no trials", least, nil, -1},
		{"the smallest", least, []study.Trial{complete(2), complete(1), complete(3)}, 1},
		{"the largest", most, []study.Trial{complete(2), complete(1), complete(3)}, 2},
		{"of equals the first", least, []study.Trial{complete(2), complete(1), complete(1)}, 1},
		{"a pruned trial does not count", least, []study.Trial{complete(2), {State: study.Pruned, Values: []float64{1}}}, 0},
		{"nor one that runs", least, []study.Trial{{State: study.Running}, complete(2)}, 1},
		{"nor one that violates an outcome", least, []study.Trial{violating(0.1, 1), complete(2)}, 1},
		{"on the edge of an outcome is feasible", least, []study.Trial{violating(0, 1), complete(2)}, 0},
		{"an outcome that is not a number is violated", least, []study.Trial{violating(nan, 1), complete(2)}, 1},
		{"only failures", least, []study.Trial{{State: study.Failed}, {State: study.Cancelled}}, -1},
		{"only violators", least, []study.Trial{violating(1, 1)}, -1},
		{"what is not a number is the worst", most, []study.Trial{complete(nan), complete(-inf)}, 1},
		{"of several objectives the first", mixed, []study.Trial{complete(2, 9), complete(1, 0)}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := -1
			if best := analyze.Best(history(t, c.goals, c.trials)); best != nil {
				got = best.Number
			}
			if got != c.want {
				t.Errorf("trial %d, want %d", got, c.want)
			}
		})
	}
}

func TestFront(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	square := []study.Trial{complete(0, 0), complete(0, 1), complete(1, 0), complete(1, 1)}
	for _, c := range []struct {
		name   string
		goals  []study.Goal
		trials []study.Trial
		want   []int
	}{
		{"no trials", bothLess, nil, nil},
		{"both small", bothLess, square, []int{0}},
		{"one small, one large", mixed, square, []int{1}},
		{"both large", []study.Goal{study.Maximize, study.Maximize}, square, []int{3}},
		{"compromises, in order of number", bothLess, []study.Trial{complete(3, 1), complete(1, 3), complete(3, 3), complete(2, 2)}, []int{0, 1, 3}},
		{"as good in one and worse in the other", bothLess, []study.Trial{complete(1, 2), complete(1, 1), complete(2, 1)}, []int{1}},
		{"equals are all in it", bothLess, []study.Trial{complete(1, 2), complete(2, 1), complete(1, 2)}, []int{0, 1, 2}},
		{"equals that are dominated are not", bothLess, []study.Trial{complete(2, 2), complete(2, 2), complete(1, 1)}, []int{2}},
		{"one objective: all the best", most, []study.Trial{complete(3), complete(1), complete(3)}, []int{0, 2}},
		{"violators dominate nobody", bothLess, []study.Trial{violating(0.1, 0, 0), complete(1, 1)}, []int{1}},
		{"nor do trials that did not complete", bothLess, []study.Trial{{State: study.Pruned, Values: []float64{0, 0}}, complete(1, 1), {State: study.Running}}, []int{1}},
		{"only violators", bothLess, []study.Trial{violating(1, 0, 0)}, nil},
		{"what is not a number is the worst", mixed, []study.Trial{complete(1, nan), complete(1, -1e9), complete(nan, nan)}, []int{1}},
		{"infinite values", mixed, []study.Trial{complete(-inf, 0), complete(0, inf), complete(inf, -inf)}, []int{0, 1}},
		{"three objectives", []study.Goal{study.Minimize, study.Maximize, study.Minimize},
			[]study.Trial{complete(1, 1, 1), complete(1, 2, 1), complete(0, 0, 5), complete(1, 2, 2)}, []int{1, 2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, numbers(analyze.Front(history(t, c.goals, c.trials)))); diff != "" {
				t.Errorf("trials (-want +got):\n%s", diff)
			}
		})
	}
}

// A trial is on the front exactly if no other that counts is at least as good
// everywhere and better somewhere.
func TestFrontIsThatOfTheDefinition(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		goals := rapid.SliceOfN(rapid.SampledFrom([]study.Goal{study.Minimize, study.Maximize}), 1, 5).Draw(r, "goals")
		value := rapid.Map(rapid.IntRange(-3, 3), func(i int) float64 { return float64(i) })
		var trials []study.Trial
		for range rapid.IntRange(0, 25).Draw(r, "trials") {
			trials = append(trials, violating(rapid.SampledFrom([]float64{-1, 0, 0, 2}).Draw(r, "violation"),
				rapid.SliceOfN(value, len(goals), len(goals)).Draw(r, "values")...))
		}
		h := history(t, goals, trials)
		var want []int
		for a := range h.All() {
			beaten := !a.Feasible()
			for b := range h.All() {
				better, worse := false, false
				for i, o := range h.Objectives {
					better = better || o.Better(b.Values[i], a.Values[i])
					worse = worse || o.Better(a.Values[i], b.Values[i])
				}
				beaten = beaten || b.Feasible() && better && !worse
			}
			if !beaten {
				want = append(want, a.Number)
			}
		}
		if diff := cmp.Diff(want, numbers(analyze.Front(h))); diff != "" {
			r.Fatalf("goals %v, trials %v (-want +got):\n%s", goals, trials, diff)
		}
	})
}
