//go:build amd64 && !purego

package gp

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// same fails where two slices differ in a bit; any NaN is as good as another.
func same(t *rapid.T, what string, got, want []float64) {
	for i := range want {
		if math.Float64bits(got[i]) != math.Float64bits(want[i]) && !(math.IsNaN(got[i]) && math.IsNaN(want[i])) {
			t.Fatalf("%s: element %d is %x by vectors, %x by Go", what, i, got[i], want[i])
		}
	}
}

func draw(t *rapid.T, n int, g *rapid.Generator[float64]) []float64 {
	return rapid.SliceOfN(g, n, n).Draw(t, "values")
}

func TestVectorsGiveTheBitsOfGo(t *testing.T) {
	if !vector {
		t.Skip("this machine has no AVX2")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := 4 * rapid.IntRange(1, 6).Draw(t, "groups")
		d := rapid.IntRange(1, 7).Draw(t, "columns")
		numeric := rapid.IntRange(0, d).Draw(t, "numeric")
		value := rapid.OneOf(rapid.Float64Range(-3, 3), rapid.SampledFrom([]float64{0, 1, 1e-200, 1e200, -5}))
		z, x, over := draw(t, n*d, value), draw(t, d, value), draw(t, d, value)
		for c := numeric; c < d; c++ { // some nominal values are equal
			z[4*c] = x[c]
		}
		got, want := make([]float64, n), make([]float64, n)
		distances(got, z, x, over, numeric)
		distancesGo(want, z, x, over, numeric)
		same(t, "distances", got, want)

		h := draw(t, n, value)
		f, s, fWant, sWant := make([]float64, d), make([]float64, d), make([]float64, d), make([]float64, d)
		moments(f, s, h, z, x, numeric)
		momentsGo(fWant, sWant, h, z, x, numeric)
		same(t, "first moments", f, fWant)
		same(t, "second moments", s, sWant)

		k := draw(t, n, rapid.OneOf(
			rapid.Float64Range(0, 20), rapid.Float64Range(0, 2e5),
			rapid.SampledFrom([]float64{0, 5e-324, 1e-300, 708 * 708 / 5., 100252.8, 1e300, math.Inf(1), math.NaN(), -1}),
		))
		kWant, e, eWant := append([]float64(nil), k...), make([]float64, n), make([]float64, n)
		s2, mean := draw(t, 2, value)[0], 0.25
		materns(k, e, s2, mean)
		maternsGo(kWant, eWant, s2, mean)
		same(t, "covariances", k, kWant)
		same(t, "slopes", e, eWant)
	})
}
