package warp_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/warp"
)

// losses draws samples of many forms: normal, with a tail of any weight, with
// ties.
func losses(t *rapid.T) []float64 {
	tail := rapid.Float64Range(0, 8).Draw(t, "tail")
	ties := rapid.Bool().Draw(t, "ties")
	base := rapid.SampledFrom([]float64{0, 0, 1, -3, 100}).Draw(t, "base")
	y := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) float64 {
		u := rapid.Float64Range(-1, 1).Draw(t, "u")
		if tail > 0.5 {
			u = math.Exp(tail * u)
		}
		if ties {
			u = math.Round(u*4) / 4
		}
		return base + u
	}), 5, 60).Draw(t, "losses")
	return y
}

// fitted draws losses and a map of them; it skips what does not apply.
func fitted(t *rapid.T) ([]float64, *warp.Warp) {
	y := losses(t)
	k := rapid.SampledFrom(kinds).Draw(t, "kind")
	w, ok := warp.Fit(k, y)
	if !ok {
		t.Skip("does not apply")
	}
	slices.Sort(y)
	return y, &w
}

// largest returns the greatest magnitude of sorted losses.
func largest(y []float64) float64 { return max(math.Abs(y[0]), math.Abs(y[len(y)-1])) }

// checkStandard fails unless the warped losses, y being sorted, have the mean
// and the spread that At promises.
func checkStandard(t interface{ Errorf(string, ...any) }, w *warp.Warp, y []float64) {
	n := float64(len(y))
	mean, square, ties := 0.0, 0.0, 0
	for _, v := range y {
		z := w.At(v)
		mean += z / n
		square += z * z / n
		if z == w.At(y[0]) {
			ties++
		}
	}
	tol := 1e-9
	if w.At(y[len(y)-1]) > 3 { // some are bent
		tol = 0.07
	}
	if 17*ties >= 16*len(y) {
		if !(square <= 1+tol) {
			t.Errorf("%v of %v: mean square %v", w.Kind(), y, square)
		}
		return
	}
	if !(math.Abs(mean) <= tol && math.Abs(square-1) <= tol) {
		t.Errorf("%v of %v: mean %v, mean square %v", w.Kind(), y, mean, square)
	}
}

func TestStandardised(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, w := fitted(t)
		checkStandard(t, w, y)
	})
}

func TestIncreasing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, w := fitted(t)
		lo, hi := y[0], y[len(y)-1]
		a := lo + (hi-lo)*rapid.Float64Range(-1, 2).Draw(t, "a")
		b := lo + (hi-lo)*rapid.Float64Range(-1, 2).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		za, zb := w.At(a), w.At(b)
		if za > zb+1e-12*math.Abs(za) || zb > 4 {
			t.Errorf("%v maps %v to %v and %v to %v", w.Kind(), a, za, b, zb)
		}
		// Where the slope says that a rise can be told, there is one.
		rise := (b - a) * math.Exp(min(w.LogSlope(a), w.LogSlope(b)))
		if rise > 1e-6 && za > -1e12 && b-a > 1e-9*largest(y) && za >= zb {
			t.Errorf("%v: no rise from %v to %v", w.Kind(), a, b)
		}
	})
}

func TestInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, w := fitted(t)
		lo, hi := y[0], y[len(y)-1]
		v := lo + (hi-lo)*rapid.Float64Range(-1, 1).Draw(t, "v")
		if rapid.Bool().Draw(t, "one fitted") {
			v = rapid.SampledFrom(y).Draw(t, "v")
		}
		if w.At(v) < -1e12 {
			t.Skip("hardly a loss of this sample")
		}
		// What rounding of z comes to in losses.
		tol := 1e-13*math.Exp(-w.LogSlope(v)) + 1e-12*(largest(y)+math.Abs(v))
		if got := w.Inverse(w.At(v)); !(math.Abs(got-v) <= tol) {
			t.Errorf("%v: the inverse of At(%v) is %v, off by %.2g", w.Kind(), v, got, got-v)
		}
		z := rapid.Float64Range(-4, 3).Draw(t, "z")
		// The loss is right to a rounding: z lies between its neighbours'.
		back, ulp := w.Inverse(z), 1e-14*largest(y)
		lower, upper := w.At(back-ulp)-1e-9, w.At(back+ulp)+1e-9
		if z < w.At(hi) && !(lower <= z && z <= upper) {
			t.Errorf("%v: Inverse(%v) is %v, around which z is %v to %v", w.Kind(), z, back, lower, upper)
		}
	})
}

// Between two fitted losses, where no map has a corner but at the median, the
// reported slope is that of small differences.
func TestLogSlopeIsTheDerivative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y, w := fitted(t)
		i := rapid.IntRange(0, len(y)-2).Draw(t, "i")
		gap := y[i+1] - y[i]
		if gap < 1e-7*largest(y) {
			t.Skip("too close together")
		}
		v := y[i] + gap*rapid.Float64Range(0.1, 0.45).Draw(t, "share")
		h := gap * 1e-3
		rise := w.At(v+h) - w.At(v-h)
		if rise < 1e-9 {
			t.Skip("too flat")
		}
		want := math.Log(rise / (2 * h))
		if got := w.LogSlope(v); !(math.Abs(got-want) < 2e-3) {
			t.Errorf("%v: the slope at %v is e^%v, want e^%v", w.Kind(), v, got, want)
		}
	})
}

// Multiples of 1/1024 keep all their digits under whole shifts and powers of
// two, so the warped losses have to be the same to the last digit.
func TestUnitsAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := losses(t)
		for i := range y {
			y[i] = math.Round(y[i]*1024) / 1024
		}
		k := rapid.SampledFrom(kinds).Draw(t, "kind")
		shift := float64(rapid.IntRange(-5000, 5000).Draw(t, "shift"))
		if k == warp.BoxCox {
			shift = 0
		}
		exp := rapid.IntRange(-200, 200).Draw(t, "exponent")
		other := make([]float64, len(y))
		for i, v := range y {
			other[i] = math.Ldexp(v+shift, exp)
		}
		w, ok := warp.Fit(k, y)
		x, okx := warp.Fit(k, other)
		if ok != okx {
			t.Fatalf("%v: applies: %v and %v", k, ok, okx)
		}
		if !ok {
			return
		}
		for i := range y {
			if a, b := w.At(y[i]), x.At(other[i]); a != b {
				t.Errorf("%v: %v and %v", k, a, b)
			}
			a := w.LogSlope(y[i])
			if b := x.LogSlope(other[i]) + float64(exp)*math.Ln2; !(math.Abs(a-b) < 1e-11) {
				t.Errorf("%v: logs of slopes %v and %v", k, a, b)
			}
		}
	})
}

func TestAnyUnit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := losses(t)
		factor := rapid.Float64Range(0.1, 10).Draw(t, "factor")
		other := make([]float64, len(y))
		for i := range y {
			y[i] = math.Round(y[i]*1024) / 1024
			other[i] = y[i] * factor
		}
		for _, k := range []warp.Kind{
			warp.Identity, warp.YeoJohnson, warp.BoxCox, warp.HalfRank, warp.HalfRankLog, warp.Rank,
		} {
			tol := 1e-8
			if k == warp.YeoJohnson || k == warp.BoxCox {
				tol = 0.03 // rounding may decide between two exponents
			}
			w, ok := warp.Fit(k, y)
			x, okx := warp.Fit(k, other)
			if ok != okx {
				t.Fatalf("%v: applies: %v and %v", k, ok, okx)
			}
			for i := 0; ok && i < len(y); i++ {
				if a, b := w.At(y[i]), x.At(other[i]); !(math.Abs(a-b) < tol) {
					t.Errorf("%v: %v and %v", k, a, b)
				}
			}
		}
	})
}

func TestOrderDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := losses(t)
		other := rapid.Permutation(y).Draw(t, "order")
		for _, k := range kinds {
			w, ok := warp.Fit(k, y)
			x, okx := warp.Fit(k, other)
			if ok != okx {
				t.Fatalf("%v: applies: %v and %v", k, ok, okx)
			}
			for i := 0; ok && i < len(y); i++ {
				if a, b := w.At(y[i]), x.At(y[i]); a != b {
					t.Errorf("%v: %v and %v", k, a, b)
				}
			}
		}
	})
}
