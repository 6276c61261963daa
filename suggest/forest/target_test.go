package forest

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// The scale keeps the order, does not depend on the loss's unit or on a
// constant added to it, and is undone by back below the cut.
func TestTarget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		losses := rapid.SliceOfN(rapid.Float64Range(-100, 100), 2, 40).Draw(t, "losses")
		how := rapid.SampledFrom([]string{transformAuto, transformNone, transformLog}).Draw(t, "transform")
		unit := math.Ldexp(1, rapid.IntRange(-20, 20).Draw(t, "unit"))
		y, z := make([]float64, len(losses)), make([]float64, len(losses))
		scaled := make([]float64, len(losses))
		for i, l := range losses {
			scaled[i] = l * unit
		}
		var s, other target
		spare := s.learn(losses, how, y, nil)
		other.learn(scaled, how, z, spare)
		spread := 0.0
		for _, l := range losses {
			spread = math.Max(spread, math.Abs(l))
		}
		for i, l := range losses {
			if y[i] != z[i] {
				t.Fatalf("%v is at %v, in another unit at %v", l, y[i], z[i])
			}
			for j, k := range losses {
				if l < k && y[i] > y[j] {
					t.Fatalf("%v is at %v, %v at %v", l, y[i], k, y[j])
				}
			}
			if math.Ldexp(l, -s.exponent) < s.cut {
				if back, _ := s.back(y[i], 0); math.Abs(back-l) > 1e-9*(1+spread) {
					t.Fatalf("%v came back as %v", l, back)
				}
			}
		}
	})
}

func TestLogarithmWhereItHelps(t *testing.T) {
	skewed, even := make([]float64, 40), make([]float64, 40)
	for i := range skewed {
		even[i] = float64(i)
		skewed[i] = math.Exp(float64(i) / 8)
	}
	y := make([]float64, 40)
	var s target
	if s.learn(skewed, transformAuto, y, nil); !s.log {
		t.Error("exponential losses are learned as they are")
	}
	if s.learn(even, transformAuto, y, nil); s.log {
		t.Error("even losses are learned as logarithms")
	}
}
