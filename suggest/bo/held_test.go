package bo_test

import (
	"context"
	"math"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// What is learned in some contexts helps in one that is new: where the best x
// moves with the context, the first suggestion for a context that was never
// tried is close to its own best, not to that of the others.
func TestContextsTeachEachOther(t *testing.T) {
	s := suggesttest.Space(unit("context", "x", "y")...)
	loss := func(c space.Config) float64 {
		x, y := c.At(1).AsFloat()-0.2-0.6*c.At(0).AsFloat(), c.At(2).AsFloat()-0.4
		return x*x + y*y
	}
	in := func(v float64) map[string]space.Value { return map[string]space.Value{"context": value.Float(v)} }
	one, err := bo.Method().New(suggest.Problem{Objectives: 1, Parallel: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	book := study.NewBook(s, suggesttest.Loss(), nil)
	ask := func(context float64) float64 {
		r := suggest.Request{History: book.History(), N: 1, First: book.Len(), Seed: 4, Fixed: in(context)}
		ps, err := one.Suggest(t.Context(), r)
		if err != nil || len(ps) != 1 {
			t.Fatalf("%v, %v", ps, err)
		}
		v := loss(ps[0].Config)
		book.Put(&study.Trial{Number: book.Len(), State: study.Complete, Config: ps[0].Config, Values: []float64{v}})
		return v
	}
	for range 6 {
		for _, context := range []float64{0.1, 0.4, 0.9} {
			ask(context)
		}
	}
	best := math.Inf(1)
	for range 3 {
		best = math.Min(best, ask(0.65))
	}
	if best > 0.005 { // of 24 Sobol points of the plane the best is 0.01 away
		t.Errorf("the best of three trials in a new context has loss %v", best)
	}
}

// With several objectives, too, the held values come back, and the search goes
// on where no trial has had them.
func TestHeldWithSeveralObjectives(t *testing.T) {
	s := suggesttest.Space(append(unit("x", "y"), space.Param{Name: "k", Kind: space.Bool})...)
	two := []study.Objective{{Metric: "a", Goal: study.Minimize}, {Metric: "b", Goal: study.Minimize}}
	log, err := suggesttest.Fold(s, two, suggesttest.Drawn(s, 15), suggesttest.Mixed(2, suggesttest.Bowl(s)))
	if err != nil {
		t.Fatal(err)
	}
	h := log.Book.History()
	for _, values := range []map[string]space.Value{
		{"k": value.Bool(true)}, {"x": value.Float(0.123)}, {"x": value.Float(0.123), "y": value.Float(0.5), "k": value.Bool(true)},
	} {
		one, err := bo.Method().New(suggest.Problem{Objectives: 2, Parallel: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		r := suggest.Request{History: h, N: 1, First: h.Len(), Seed: 3, Fixed: values}
		ps, err := one.Suggest(context.Background(), r)
		if err != nil || len(ps) != 1 || !ps[0].Config.Agrees(values) {
			t.Errorf("with %v: %v, %v", values, ps, err)
		}
	}
}
