package space_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
)

// The configurations of the flat space are ones of the space itself, and those
// of the space within ten standard deviations ones of the flat.
func TestFlatHasTheSameConfigurations(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		flat := s.Flat()
		r := random(rapid.Uint64().Draw(t, "seed"))
		for range 10 {
			c := flat.Random(r).In(s)
			if again, err := s.Config(c.Map()); err != nil || !again.Equal(c) {
				t.Fatalf("%v is none of the space: %v", c, err)
			}
			d := s.Random(r)
			if back := flat.Decode(flat.Encode(d, nil)).In(s); s.Distance(back, d) > 1e-6 {
				t.Fatalf("%v comes back as %v", d, back)
			}
		}
	})
}

func TestFlatScales(t *testing.T) {
	inf := math.Inf(1)
	for name, c := range map[string]struct {
		p    space.Param
		x    float64
		want float64
	}{
		"normal":              {space.Param{Kind: space.Float, Low: 0, High: 10, Prior: space.Normal, Mean: 3, SD: 2}, 7, 0.7},
		"normal, no bounds":   {space.Param{Kind: space.Float, Low: -inf, High: inf, Prior: space.Normal, Mean: 3, SD: 2}, 7, 0.6},
		"normal, one bound":   {space.Param{Kind: space.Float, Low: 3, High: inf, Prior: space.Normal, Mean: 3, SD: 2}, 7, 0.2},
		"log-normal":          {space.Param{Kind: space.Float, Low: 1e-4, High: 1, Prior: space.LogNormal, Mean: -3, SD: 2}, 1e-2, 0.5},
		"log-normal from 0":   {space.Param{Kind: space.Float, Low: 0, High: inf, Prior: space.LogNormal, Mean: -3, SD: 2}, math.Exp(-3), 0.5},
		"int":                 {space.Param{Kind: space.Int, Low: 1, High: 10, Prior: space.Normal, Mean: 3, SD: 2}, 3, 0.25},
		"out of reach":        {space.Param{Kind: space.Float, Low: -1000, High: 1000, Prior: space.Normal, Mean: 3, SD: 2}, 900, 1},
		"log-normal int at 0": {space.Param{Kind: space.Int, Low: 0, High: 1000, Prior: space.LogNormal, Mean: 3, SD: 2}, 0, -1},
	} {
		c.p.Name = "x"
		s, err := space.New(space.Spec{Params: []space.Param{c.p}})
		if err != nil {
			t.Fatal(err)
		}
		flat := s.Flat()
		got := flat.EncodeParam(0, value.Float(c.x))
		want := c.want
		if want < 0 { // as it was
			want = s.EncodeParam(0, value.Float(c.x))
		}
		if math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v stands at %v, want %v", name, c.x, got, want)
		}
	}
	weighted, err := space.New(space.Spec{Params: []space.Param{{Name: "k", Kind: space.Choice, Choices: []space.Value{value.Int(1), value.Int(2)}, Weights: []float64{1, 9}}}})
	if err != nil {
		t.Fatal(err)
	}
	if got := weighted.Flat().EncodeParam(0, value.Int(1)); got != 0.25 {
		t.Errorf("a choice of little weight stands at %v", got)
	}
}
