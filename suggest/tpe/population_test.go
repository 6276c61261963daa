package tpe

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// held returns the trials in a density, ascending.
func held(p *thinned) []int32 {
	var ids []int32
	for s, id := range p.ids {
		if s > 0 && id >= 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// However the trials came in, the densities hold what a fresh suggester would
// put there.
func TestSplitIsAFunctionOfTheHistory(t *testing.T) {
	s := suggesttest.Space(space.Param{Name: "x", Kind: space.Float, High: 1})
	cs := suggesttest.Drawn(s, 200)
	rapid.Check(t, func(r *rapid.T) {
		o := defaults()
		o.maxKernels = rapid.IntRange(16, 64).Draw(r, "kernels")
		o.goodShare = rapid.Float64Range(0.05, 0.9).Draw(r, "share")
		o.goodMax = rapid.IntRange(1, 100).Draw(r, "most")
		n := rapid.IntRange(1, 200).Draw(r, "trials")
		book := study.NewBook(s, suggesttest.Loss(), nil)
		one := &suggester{o: o}
		one.begin(suggest.Request{History: book.History()})
		for k := range n {
			u := &study.Trial{Number: k, State: study.Complete, Config: cs[k]}
			switch rapid.IntRange(0, 9).Draw(r, "kind") {
			case 0:
				u.State = study.Failed
			case 1:
				u.State = study.Pruned
			case 2:
				u.State = study.Running
			case 3:
				u.Values, u.Violations = []float64{0}, []float64{rapid.Float64Range(-1, 2).Draw(r, "violation")}
			default:
				u.Values = []float64{float64(rapid.IntRange(0, 20).Draw(r, "loss"))}
			}
			book.Put(u)
			if rapid.IntRange(0, 3).Draw(r, "ask") == 0 {
				one.begin(suggest.Request{History: book.History(), First: book.Len()})
			}
		}
		one.begin(suggest.Request{History: book.History(), First: book.Len()})
		fresh := &suggester{o: o}
		fresh.begin(suggest.Request{History: book.History(), First: book.Len()})
		a, b := one.groups[0], fresh.groups[0]
		for _, d := range []string{
			cmp.Diff(b.pop.good, a.pop.good), cmp.Diff(b.pop.order, a.pop.order), cmp.Diff(b.pop.gain, a.pop.gain),
			cmp.Diff(held(b.below), held(a.below)), cmp.Diff(held(b.above), held(a.above)),
		} {
			if d != "" {
				r.Error(d)
			}
		}
		if got, want := len(a.pop.good), o.good(len(a.pop.order)); got != want {
			r.Errorf("%d good trials of %d, want %d", got, len(a.pop.order), want)
		}
		if most := o.maxKernels + len(a.pop.pend); len(held(a.above)) > most || len(held(a.below)) > o.maxKernels {
			r.Errorf("%d and %d trials in densities of %d", len(held(a.below)), len(held(a.above)), o.maxKernels)
		}
	})
}

func TestTrialsStandInOrder(t *testing.T) {
	o := defaults()
	report := func(step, x float64) study.Report {
		return study.Report{Step: step, Values: study.Metrics{{Name: "loss", Value: x}}}
	}
	best := []*study.Trial{
		{State: study.Complete, Values: []float64{1}},
		{State: study.Complete, Values: []float64{2}},
		{State: study.Pruned, Reports: []study.Report{report(1, 0), report(5, 9)}},
		{State: study.Pruned, Reports: []study.Report{report(3, 1)}},
		{State: study.Pruned, Reports: []study.Report{report(3, 2)}},
		{State: study.Pruned},
		{State: study.Complete, Values: []float64{0}, Violations: []float64{-3, 0.5}},
		{State: study.Complete, Values: []float64{-9}, Violations: []float64{0.3, 0.3}},
		{State: study.Failed, Failure: &study.Failure{Class: study.ClassOOM}},
	}
	for k := 1; k < len(best); k++ {
		a, b := stand(best[k-1], suggesttest.Loss(), &o), stand(best[k], suggesttest.Loss(), &o)
		if a.compare(int32(k), b, int32(k-1)) >= 0 {
			t.Errorf("trial %d stands at %+v, before it %+v", k, b, a)
		}
	}
	for _, ignored := range []*study.Trial{
		{State: study.Cancelled},
		{State: study.Failed, Failure: &study.Failure{Class: study.ClassLost}},
	} {
		if got := stand(ignored, suggesttest.Loss(), &o); got.class != classIgnored {
			t.Errorf("%s %v stands at %+v", ignored.State, ignored.Failure, got)
		}
	}
}
