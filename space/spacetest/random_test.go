package spacetest_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
)

// The generator is worth what it reaches: every feature has to turn up.
func TestSpacesHaveEveryFeature(t *testing.T) {
	seen := map[string]int{}
	note := func(what string, is bool) {
		if is {
			seen[what]++
		} else {
			seen[what] += 0
		}
	}
	const n = 1000
	for seed := range n {
		s := spacetest.Spaces().Example(seed)
		spec := s.Spec()
		note("constraint", len(spec.Constraints) > 0)
		note("derived", len(spec.Derived) > 0)
		note("open", spec.Open)
		_, ok := s.Default()
		note("default configuration", ok)
		for i, p := range s.Params() {
			note("float", p.Kind == space.Float)
			note("int", p.Kind == space.Int)
			note("bool", p.Kind == space.Bool)
			note("choice", p.Kind == space.Choice)
			note("log float", p.Kind == space.Float && p.Scale == space.Log)
			note("log int", p.Kind == space.Int && p.Scale == space.Log)
			note("reverse log", p.Scale == space.ReverseLog)
			note("stepped float", p.Kind == space.Float && p.Step > 0)
			note("stepped int", p.Kind == space.Int && p.Step > 0)
			note("normal", p.Prior == space.Normal)
			note("log-normal", p.Prior == space.LogNormal)
			note("normal int", p.Kind == space.Int && p.Prior == space.Normal)
			note("infinite", math.IsInf(p.Low, 0) || math.IsInf(p.High, 0))
			note("weights", p.Weights != nil)
			note("ordered", p.Ordered)
			note("default", !p.Default.IsAbsent())
			note("branch", len(p.Branches) == 1)
			note("two branches", len(p.Branches) > 1)
			note("if", p.If != nil)
			note("branch and if", p.If != nil && len(p.Branches) > 0)
			for _, b := range p.Branches {
				note("parent behind its child", s.Lookup(b.Parent) > i)
			}
			note("third level", depth(s, i) == 3)
		}
	}
	for what, k := range seen {
		if k < n/100 {
			t.Errorf("%s: %d times in %d spaces", what, k, n)
		}
	}
}

// depth counts the conditions above parameter i.
func depth(s *space.Space, i int) int {
	d := 0
	p := s.Param(i)
	for _, b := range p.Branches {
		d = max(d, 1+depth(s, s.Lookup(b.Parent)))
	}
	if p.If != nil {
		for _, name := range p.If.Names() {
			d = max(d, 1+depth(s, s.Lookup(name)))
		}
	}
	return d
}

func TestFiniteSpacesAreFinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.FiniteSpaces().Draw(t, "space")
		for _, p := range s.Params() {
			if n, ok := p.Count(); !ok || n > 5 {
				t.Fatalf("%+v has %d values", p, n)
			}
		}
	})
}

func TestFixedHaveNamesAndRoom(t *testing.T) {
	names := map[string]bool{}
	for _, f := range spacetest.Fixed() {
		if f.Name == "" || names[f.Name] {
			t.Errorf("the name %q is empty or there twice", f.Name)
		}
		names[f.Name] = true
		if c := f.Space.Decode(make([]float64, f.Space.Len())); c.IsZero() {
			t.Errorf("%s: no configuration at the corner", f.Name)
		}
	}
	if _, ok := spacetest.Training().Default(); !ok {
		t.Error("the training space has no default configuration")
	}
	if n := spacetest.Floats(7).Len(); n != 7 {
		t.Errorf("%d floats, want 7", n)
	}
}
