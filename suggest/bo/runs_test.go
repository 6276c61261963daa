package bo

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/num/gp"
)

func TestFold(t *testing.T) {
	for _, c := range []struct {
		name            string
		place           []int
		values, factors []float64
		y, factor       []float64
		spare           int
		squares         float64
	}{
		{"no repeats", []int{0, 1}, []float64{3, 5}, nil, []float64{3, 5}, nil, 0, 0},
		{"no repeats, with errors", []int{0, 1}, []float64{3, 5}, []float64{2, 0.5}, []float64{3, 5}, []float64{2, 0.5}, 0, 0},
		// 1, 3 and 8 around 4; 5 alone.
		{"three runs", []int{0, 1, 0, 0}, []float64{1, 5, 3, 8}, nil, []float64{4, 5}, []float64{1.0 / 3, 1}, 2, 26},
		// 2 with the weight 1 and 5 with the weight 2 around 4.
		{"runs with errors", []int{0, 0}, []float64{2, 5}, []float64{1, 0.5}, []float64{4}, []float64{1.0 / 3}, 1, 6},
		{"no noise", []int{0, 1, 0, 1}, []float64{0.1, 5, 0.1, 5}, nil, []float64{0.1, 5}, []float64{1, 1}, 0, 0},
		{"no noise, with errors", []int{0, 1, 0}, []float64{0.1, 5, 0.1}, []float64{0.7, 2, 0.3}, []float64{0.1, 5}, []float64{0.7, 2}, 0, 0},
	} {
		points := 0
		for _, k := range c.place {
			points = max(points, k+1)
		}
		b := belief{place: c.place, data: gp.Data{Kinds: []gp.Kind{gp.Numeric}, X: make([]float64, points)}}
		b.fold(c.values, c.factors)
		near := cmpopts.EquateApprox(1e-12, 0)
		if d := cmp.Diff(c.y, b.data.Y, near) + cmp.Diff(c.factor, b.data.Factor, near); d != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, d)
		}
		if b.data.Spare != c.spare || math.Abs(b.data.Squares-c.squares) > 1e-12 {
			t.Errorf("%s: %d spare runs with the squares %v, want %d and %v", c.name, b.data.Spare, b.data.Squares, c.spare, c.squares)
		}
	}
}
