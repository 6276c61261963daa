package rbf

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The scale keeps the order, takes what it was learned from to [0, 1], and is
// undone by back below the cut.
func TestScale(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 30).Draw(t, "values")
		if rapid.Bool().Draw(t, "wide") {
			for i, v := range values {
				values[i] = math.Copysign(math.Expm1(math.Abs(v)/1e5), v)
			}
		}
		slices.Sort(values)
		var s scale
		s.learn(values)
		last := math.Inf(-1)
		for _, v := range values {
			y := s.at(v)
			if y < last || y < 0 || y > 1 {
				t.Fatalf("%v of %v is at %v, the one before at %v", v, values, y, last)
			}
			last = y
			back, _ := s.back(y, 0)
			if below := math.Ldexp(v, -s.exponent) < s.cut; below && math.Abs(back-v) > 1e-6*(values[len(values)-1]-values[0]) {
				t.Fatalf("%v came back as %v", v, back)
			}
		}
	})
}
