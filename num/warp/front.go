package warp

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/special"
)

// front is a rising piecewise-linear function of the scaled loss: through
// the knots (u, h), and with a slope of its own before the first and after the
// last.
type front struct {
	u, h []float64 // both strictly increasing, at least one
	// below and above are the slopes outside of the knots.
	below, above float64
	// logs is the logarithm of the slope to report at each knot.
	logs []float64
}

// steepest bounds slopes, so that they stay finite between losses that differ
// in their last digit beside one that is enormous.
const steepest = 0x1p1020

// straight returns the line of the slope given through (u, h).
func straight(u, h, slope float64) front {
	return front{
		u: []float64{u}, h: []float64{h}, below: slope, above: slope,
		logs: []float64{math.Log(slope)},
	}
}

// goodSpread returns the root mean square distance from the median of the
// distinct losses up to it. Where these are all the median itself it is the
// median distance of those above. It reports false where losses are closer
// together than slopes can be steep.
func goodSpread(unique []float64, mid float64) (float64, bool) {
	bad, found := slices.BinarySearch(unique, mid)
	if found {
		bad++
	}
	far := math.Abs(mid - unique[0])
	s := 0.0
	for _, u := range unique[:bad] {
		d := (mid - u) / max(far, 1/steepest)
		s += float64(d * d)
	}
	s = float64(far * math.Sqrt(s/float64(bad)))
	if s == 0 {
		s = median(unique[bad:]) - mid
	}
	return s, s > 1/steepest
}

// halfRanks returns the front of HalfRank: in units of spread from the median,
// the straight line up to it, then quantiles of the distinct losses above. The
// plotting positions are those of Vizier: (rank-1/2)/2 over the number of
// distinct losses above, the median counting for one half where it is a loss.
func halfRanks(unique []float64, mid, spread float64) front {
	first, found := slices.BinarySearch(unique, mid)
	if found {
		first++
	}
	n := len(unique) - first
	denom := float64(n)
	if found {
		denom += 0.5
	}
	f := front{
		u: append([]float64{mid}, unique[first:]...), h: make([]float64, n+1),
		below: 1 / spread,
	}
	for rank := 1; rank <= n; rank++ { // 1 is the worst
		f.h[n+1-rank] = -special.Quantile(0.5 * (float64(rank) - 0.5) / denom)
	}
	f.above = slope(f.h[n], f.u[n]-mid)
	f.smooth()
	f.logs[0] = math.Log(f.below) // the median belongs to the better half
	return f
}

// ranks returns the front of Rank.
func ranks(vs, unique []float64) front {
	f := front{u: unique, h: make([]float64, 0, len(unique))}
	n := len(vs)
	for i := 0; i < n; {
		j := i + 1
		for j < n && vs[j] == vs[i] {
			j++
		}
		// The ranks i+1 to j have the mean (i+1+j)/2.
		f.h = append(f.h, special.Quantile(float64(i+j)/2/float64(n)))
		i = j
	}
	// Half the losses say more about how to go on than the last two.
	last, mid := len(unique)-1, len(unique)/2
	if mid == last { // two
		mid = 0
	}
	f.below = slope(f.h[max(mid, 1)]-f.h[0], unique[max(mid, 1)]-unique[0])
	f.above = slope(f.h[last]-f.h[mid], unique[last]-unique[mid])
	f.smooth()
	return f
}

// slope returns rise over run, within bounds.
func slope(rise, run float64) float64 { return clamp(rise/run, 1/steepest, steepest) }

// smooth sets the logarithms of the slopes at the knots, over a window that
// grows like the root of their number.
func (f *front) smooth() {
	n := len(f.u)
	reach := max(1, int(math.Sqrt(float64(n))/2))
	f.logs = make([]float64, n)
	for i := range f.logs {
		f.logs[i] = f.logSecant(max(i-reach, 0), min(i+reach, n-1))
	}
}

// logSecant returns the logarithm of the slope from knot i to knot j.
func (f *front) logSecant(i, j int) float64 {
	return math.Log(f.h[j]-f.h[i]) - math.Log(f.u[j]-f.u[i])
}

// unit rescales the front's values to be 0 at the loss best and 1 at the last
// knot.
func (f *front) unit(best float64) {
	low := f.value(best)
	k := 1 / (f.h[len(f.h)-1] - low)
	for i := range f.h {
		f.h[i] = float64((f.h[i] - low) * k)
		f.logs[i] += math.Log(k)
	}
	f.below *= k
	f.above *= k
}

// value returns the function at v.
func (f *front) value(v float64) float64 {
	last := len(f.u) - 1
	switch {
	case v <= f.u[0]:
		return finite(f.h[0] + float64(f.below*(v-f.u[0])))
	case v >= f.u[last]:
		return finite(f.h[last] + float64(f.above*(v-f.u[last])))
	}
	i, _ := piece(f.u, v)
	share := (v - f.u[i]) / (f.u[i+1] - f.u[i])
	return f.h[i] + float64(share*(f.h[i+1]-f.h[i]))
}

// inverse returns the v whose value is x.
func (f *front) inverse(x float64) float64 {
	last := len(f.h) - 1
	switch {
	case x <= f.h[0]:
		return finite(f.u[0] + (x-f.h[0])/f.below)
	case x >= f.h[last]:
		return finite(f.u[last] + (x-f.h[last])/f.above)
	}
	i, _ := piece(f.h, x)
	share := (x - f.h[i]) / (f.h[i+1] - f.h[i])
	return f.u[i] + float64(share*(f.u[i+1]-f.u[i]))
}

// logSlope returns the logarithm of the slope at v.
func (f *front) logSlope(v float64) float64 {
	last := len(f.u) - 1
	switch {
	case v < f.u[0]:
		return math.Log(f.below)
	case v > f.u[last]:
		return math.Log(f.above)
	}
	i, found := piece(f.u, v)
	if found {
		return f.logs[i]
	}
	return f.logSecant(i, i+1)
}

// piece returns the index of the last knot that is not above x, which is at
// least the first, and whether x is that knot.
func piece(knots []float64, x float64) (int, bool) {
	i, found := slices.BinarySearch(knots, x)
	if !found {
		i--
	}
	return i, found
}
