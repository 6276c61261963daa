package warp

import (
	"math"
	"slices"
)

// Warp is a map fitted to losses. It is immutable and safe for concurrent
// use; a copy shares its tables. The zero value is not usable: make one with
// [Fit].
type Warp struct {
	kind  Kind
	exp   int // losses are multiplied by 2^-exp before anything else
	front front
	curve curve
	std   standard
}

// farthest bounds scaled losses. Those fitted are at most 1, so it is far out;
// it keeps products finite.
const farthest = 0x1p100

// minDistinct is how many distinct losses it takes to estimate an exponent.
const minDistinct = 5

// Fit returns the map of a kind fitted to the losses y, which need not be
// sorted and are not changed. It reports false, and a Warp not to be used,
// where there are fewer than two distinct losses, where one is not finite, and
// where the kind does not apply to them (see the kinds). Distinct means
// distinct after division by the greatest magnitude, so 1e-300 and 2e-300 are
// the same beside 1e300.
//
// The cost is O(n log n), and about fifty passes over the losses for a kind
// with an exponent.
func Fit(kind Kind, y []float64) (Warp, bool) {
	w := Warp{kind: kind}
	most := 0.0
	for _, v := range y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return w, false
		}
		most = max(most, math.Abs(v))
	}
	_, w.exp = math.Frexp(most)
	vs := make([]float64, len(y))
	for i, v := range y {
		vs[i] = math.Ldexp(v, -w.exp) + 0 // no negative zero, which sorts apart
	}
	slices.Sort(vs)
	unique := slices.Compact(slices.Clone(vs))
	if len(unique) < 2 || !w.shape(vs, unique) {
		return w, false
	}
	g := make([]float64, len(vs))
	for i, v := range vs {
		g[i] = w.curve.value(w.front.value(v))
	}
	var ok bool
	w.std, ok = standardise(g)
	return w, ok
}

// shape sets front and curve from the sorted scaled losses and the distinct
// ones among them.
func (w *Warp) shape(vs, unique []float64) bool {
	mid := median(vs)
	spread, ok := goodSpread(unique, mid)
	if !ok {
		return false
	}
	c := curve{shape: line}
	switch w.kind {
	case Identity:
		w.front = straight(mid, 0, 1/spread)
	case Log:
		eps, ok := epsilon(vs, mid)
		if !ok {
			return false
		}
		w.front = straight(vs[0], 1, 1/eps)
		c.shape = logarithm
	case YeoJohnson:
		if len(unique) < minDistinct {
			return false
		}
		w.front = straight(mid, 0, 1/spread)
		c.shape = yeoJohnson
	case BoxCox:
		if len(unique) < minDistinct || vs[0] < 0x1p-1000 {
			return false
		}
		// Around 1 the powers keep their digits.
		w.front = straight(0, 0, 1/mid)
		c.shape = boxCox
	case HalfRank, HalfRankLog:
		if mid >= vs[len(vs)-1] {
			return false
		}
		w.front = halfRanks(unique, mid, spread)
		if w.kind == HalfRankLog {
			w.front.unit(vs[0])
			c.shape = mildLog
		}
	case Rank:
		w.front = ranks(vs, unique)
	default:
		return false
	}
	if c.shape == yeoJohnson || c.shape == boxCox {
		xs := make([]float64, len(vs))
		for i, v := range vs {
			xs[i] = w.front.value(v)
		}
		if c.lambda, ok = exponent(c.shape, xs); !ok {
			return false
		}
	}
	w.curve = c.between(w.front.value(vs[0]), w.front.value(vs[len(vs)-1]))
	return true
}

// Kind returns the kind the map was fitted as.
func (w *Warp) Kind() Kind { return w.kind }

// At returns the warped loss of y. At rises strictly with y but for rounding,
// at any finite y: below the best fitted loss in a straight line, above the
// worst towards 4, which it never exceeds. It is NaN only for NaN, and takes
// infinities for the farthest losses. It allocates nothing; the cost is O(1),
// or O(log n) for the kinds that rank.
//
// Over the losses fitted the values have mean 0 and population standard
// deviation 1: but for rounding where none is above 3, to 1e-9 as a rule where
// some are, to a few per cent where nearly 16 of 17 losses are nearly equal.
// Where 16 of 17 are the very best one both are those of a z-score whose
// values above 3 were then bent, so that the deviation is less than 1.
func (w *Warp) At(y float64) float64 {
	if math.IsNaN(y) {
		return y
	}
	return w.std.value(w.curve.value(w.front.value(w.scaled(y))))
}

// Inverse returns the loss whose warped value is z, so that Inverse(At(y)) is
// y but for rounding, which grows with the square of the distance in the bent
// tail. Since At never gets to 4, Inverse stops at the loss that is one
// standard deviation past the worst fitted, or past z = 3 before bending,
// whichever is more. It is finite for every z but NaN, for which it is NaN. It
// allocates nothing.
func (w *Warp) Inverse(z float64) float64 {
	if math.IsNaN(z) {
		return z
	}
	v := w.front.inverse(w.curve.inverse(w.std.inverse(z)))
	return finite(math.Ldexp(clamp(v, -farthest, farthest), w.exp))
}

// LogSlope returns the natural logarithm of the derivative of At at y, which
// added to a log density over warped losses gives one over losses. It is
// finite for every y but NaN, also where rounding has made At flat. It
// allocates nothing.
//
// Where a front ranks, the derivative jumps at each fitted loss, and that
// between two neighbours says more about their luck than about the losses'
// density: the logarithm of a gap between neighbours is too small by 0.58 on
// average. At a fitted loss the slope is therefore the secant over a few
// neighbours on both sides; anywhere else it is that of the piece. Even so
// ranks flatter themselves: summed over 10 to 200 normal losses the log
// density that HalfRank and Rank give them is 3 to 9 above the true one, that
// of YeoJohnson 1.5.
func (w *Warp) LogSlope(y float64) float64 {
	if math.IsNaN(y) {
		return y
	}
	v := w.scaled(y)
	x := w.front.value(v)
	return w.front.logSlope(v) + w.curve.logSlope(x) +
		w.std.logSlope(w.curve.value(x)) - float64(float64(w.exp)*math.Ln2)
}

// scaled returns y in the units that were fitted.
func (w *Warp) scaled(y float64) float64 {
	return clamp(math.Ldexp(y, -w.exp), -farthest, farthest)
}

// clamp returns the x in [lo, hi] nearest to x.
func clamp(x, lo, hi float64) float64 { return min(max(x, lo), hi) }

// finite returns x with infinities replaced by the greatest floats.
func finite(x float64) float64 { return clamp(x, -math.MaxFloat64, math.MaxFloat64) }

// median returns the median of sorted numbers.
func median(sorted []float64) float64 {
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return sorted[n/2-1]/2 + sorted[n/2]/2
}
