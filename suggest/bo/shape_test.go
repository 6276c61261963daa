package bo

import (
	"math"
	"slices"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// rates returns a model of trials of a rate and another number, whose losses are
// a valley in the logarithm of the rate, and which it has learned by steps.
func rates(t *testing.T, scale space.Scale, noise float64, steps ...int) *model {
	t.Helper()
	s := suggesttest.Space(
		space.Param{Name: "rate", Kind: space.Float, Low: 1e-5, High: 1, Scale: scale},
		space.Param{Name: "x", Kind: space.Float, Low: 0, High: 1},
	)
	b := study.NewBook(s, suggesttest.Loss(), nil)
	m := &model{o: &options{warps: maps, bend: true, effects: true}}
	for n := range steps[len(steps)-1] {
		r := study.Stream(5, n, "shape")
		c := s.Decode([]float64{r.Float64(), r.Float64()})
		rate, x := math.Log10(c.At(0).AsFloat())+2.5, c.At(1).AsFloat()-0.3
		b.Put(&study.Trial{Number: n, State: study.Complete, Config: c, Values: []float64{rate*rate + x*x + noise*r.NormFloat64()}})
		if slices.Contains(steps, n+1) {
			m.memory.follow(b.History(), false)
			m.learn()
		}
	}
	return m
}

func TestAForgottenLogarithmIsFound(t *testing.T) {
	for name, noise := range map[string]float64{"no noise": 0, "noise": 0.02} {
		m := rates(t, space.Linear, noise, 30)
		if !m.shapes[0].bent {
			t.Errorf("%s: it is not found", name)
			continue
		}
		if got, want := m.scales(), "rate at its low end"; got != want {
			t.Errorf("%s: the note speaks of %q, want %q", name, got, want)
		}
	}
}

func TestScalesThatAreRightAreKept(t *testing.T) {
	for name, noise := range map[string]float64{"no noise": 0, "noise": 0.2} {
		if m := rates(t, space.Log, noise, 30); m.shapes[0].bent || m.scales() != "" {
			t.Errorf("%s: other scales are found: %q", name, m.scales())
		}
	}
}

func TestBendingIsASetting(t *testing.T) {
	m := rates(t, space.Linear, 0, 30)
	m.o.bend, m.mark, m.chosen, m.losses = false, 0, 0, nil
	m.learn()
	if m.shapes[0].bent || m.losses[0].data.Warped != nil {
		t.Error("scales are learned where bend is false")
	}
}

// Past the trials of which it is asked the answer stays, and is that of an
// instance that comes later.
func TestShapesOfManyTrials(t *testing.T) {
	grown, fresh := rates(t, space.Linear, 0, 30, 100, 121, 150), rates(t, space.Linear, 0, 150)
	if !grown.shapes[0].bent || grown.shapes[0] != fresh.shapes[0] {
		t.Errorf("%+v after growing, %+v at once", grown.shapes[0], fresh.shapes[0])
	}
	if grown.scales() != "rate at its low end" {
		t.Errorf("the note speaks of %q", grown.scales())
	}
}
