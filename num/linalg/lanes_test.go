//go:build amd64 && !purego

package linalg

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestVectorsGiveTheBitsOfGo(t *testing.T) {
	if !vector {
		t.Skip("this machine has no AVX2")
	}
	rapid.Check(t, func(t *rapid.T) {
		n := 4 * rapid.IntRange(0, 7).Draw(t, "groups")
		stride := n + rapid.IntRange(0, 5).Draw(t, "more")
		value := rapid.OneOf(
			rapid.Float64Range(-3, 3),
			rapid.SampledFrom([]float64{0, 1e-200, -1e200, 1e16, math.Inf(1)}),
		)
		slice := func(n int) []float64 { return rapid.SliceOfN(value, n, n).Draw(t, "values") }
		a, x := slice(4*stride+n), slice(2*stride+n)
		same := func(what string, got, want []float64) {
			if !slices.EqualFunc(got, want, func(a, b float64) bool {
				return math.Float64bits(a) == math.Float64bits(b) || math.IsNaN(a) && math.IsNaN(b)
			}) {
				t.Fatalf("%s: %x by vectors, %x by Go", what, got, want)
			}
		}
		var four, fourGo [4]float64
		dots4(&four, a, stride, x[:n])
		dots4Go(&fourGo, a, stride, x[:n])
		same("four products", four[:], fourGo[:])
		var eight, eightGo [8]float64
		dots8(&eight, a, stride, x, stride, n)
		dots8Go(&eightGo, a, stride, x, stride, n)
		same("eight products", eight[:], eightGo[:])
		y := slices.Clone(x)
		subtract4(x[:n], a, stride, &four)
		subtract4Go(y[:n], a, stride, &four)
		same("differences", x, y)
	})
}
