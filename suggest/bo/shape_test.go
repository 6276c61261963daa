package bo

import (
	"math"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// rates returns a model of thirty trials of a rate and another number, whose
// losses are a valley in the logarithm of the rate.
func rates(t *testing.T, scale space.Scale, noise float64) *model {
	t.Helper()
	s := suggesttest.Space(
		space.Param{Name: "rate", Kind: space.Float, Low: 1e-5, High: 1, Scale: scale},
		space.Param{Name: "x", Kind: space.Float, Low: 0, High: 1},
	)
	b := study.NewBook(s, suggesttest.Loss(), nil)
	for n := range 30 {
		r := study.Stream(5, n, "shape")
		c := s.Decode([]float64{r.Float64(), r.Float64()})
		rate, x := math.Log10(c.At(0).AsFloat())+2.5, c.At(1).AsFloat()-0.3
		b.Put(&study.Trial{Number: n, State: study.Complete, Config: c, Values: []float64{rate*rate + x*x + noise*r.NormFloat64()}})
	}
	m := &model{o: &options{warps: maps, bend: true, effects: true}}
	m.memory.follow(b.History(), false)
	m.learn()
	return m
}

func TestAForgottenLogarithmIsFound(t *testing.T) {
	for name, noise := range map[string]float64{"no noise": 0, "noise": 0.02} {
		m := rates(t, space.Linear, noise)
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
		if m := rates(t, space.Log, noise); m.shapes[0].bent || m.scales() != "" {
			t.Errorf("%s: other scales are found: %q", name, m.scales())
		}
	}
}

func TestBendingIsASetting(t *testing.T) {
	m := rates(t, space.Linear, 0)
	m.o.bend, m.mark, m.chosen, m.losses = false, 0, 0, nil
	m.learn()
	if m.shapes[0].bent || m.losses[0].data.Warped != nil {
		t.Error("scales are learned where bend is false")
	}
}
