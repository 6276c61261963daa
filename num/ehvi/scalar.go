package ehvi

import "math"

// least is the smallest weight, relative to the largest: with a weight of 0 an
// objective would not count at all, and its value might be anything.
const least = 1e-6

// Weights turns independent standard normal numbers into weights for
// [Hypervolume]: a direction of the positive orthant, drawn evenly. They are of
// length 1 and none is below about a millionth; numbers that are all 0 give
// equal weights. It writes to dst, which may be the numbers themselves and must
// be as long.
func Weights(dst, normal []float64) {
	top := 0.0
	for _, z := range normal {
		top = max(top, math.Abs(z))
	}
	if top == 0 {
		top = 1
		normal = dst
		fill(dst, 1)
	}
	sum := 0.0
	for j, z := range normal {
		dst[j] = max(math.Abs(z)/top, least)
		sum += float64(dst[j] * dst[j])
	}
	for j := range dst {
		dst[j] /= math.Sqrt(sum)
	}
}

// Hypervolume is the scalarisation whose mean over evenly drawn directions is
// the hypervolume: for m objectives, the volume that a set of points dominates
// is π^(m/2) / (2^m Γ(m/2+1)) times the mean over weights of the largest value
// that a point of the set has (Zhang and Golovin). It is safe for concurrent
// use as long as nobody changes its fields.
type Hypervolume struct {
	// Reference is the worst corner, a value for each objective.
	Reference []float64
	// Weights are those of [Weights], all positive.
	Weights []float64
}

// Depth returns how far one gets from the reference in the direction of the
// weights before leaving what y dominates: the least of (reference - y)/weight
// over the objectives, to be maximised. It is negative where y is not below the
// reference, so that a search finds its way there. Where grad is not nil it
// gets the derivatives in y, all but one of which are 0; of objectives that tie
// the first counts.
func (s Hypervolume) Depth(y, grad []float64) float64 {
	depth, at := math.Inf(1), 0
	for j, x := range y {
		if d := (s.Reference[j] - x) / s.Weights[j]; d < depth {
			depth, at = d, j
		}
	}
	if len(grad) > 0 {
		fill(grad, 0)
		grad[at] = -1 / s.Weights[at]
	}
	return depth
}

// Value returns the scalarisation of Zhang and Golovin, to be maximised: the
// depth, which counts as 0 where it is negative, to the power of the number of
// objectives.
func (s Hypervolume) Value(y []float64) float64 {
	return math.Pow(max(0, s.Depth(y, nil)), float64(len(y)))
}

// Tchebycheff is the augmented Tchebycheff scalarisation of ParEGO (Knowles):
// the largest weighted objective, plus a twentieth of the weighted sum, which
// sets points apart that tie in the largest. Nearly every point of a front is
// the best for some weights. It is safe for concurrent use as long as nobody
// changes its fields.
type Tchebycheff struct {
	// Weights are at least 0 and sum to 1; those of pareto.Directions do.
	Weights []float64
	// Best and Range put each objective on the scale (y - Best)/Range. A range
	// that is not positive counts as 1.
	Best, Range []float64
}

// rho is the share of the weighted sum that Knowles gives.
const rho = 0.05

// NewTchebycheff returns the scalarisation with the given weights in which
// every objective of the points goes from 0, the best, to 1, the worst. Points
// with a value that is not finite are left out, and at least one must be left,
// or it panics.
func NewTchebycheff(points [][]float64, weights []float64) Tchebycheff {
	s := Tchebycheff{Weights: weights, Best: make([]float64, len(weights)), Range: make([]float64, len(weights))}
	var finite [][]float64
	for _, p := range points {
		if isFinite(p) {
			finite = append(finite, p)
		}
	}
	if len(finite) == 0 {
		panic("ehvi: no finite point to scale objectives by")
	}
	for j := range weights {
		low, high := extent(finite, j)
		s.Best[j], s.Range[j] = low, high-low
	}
	return s
}

// Value returns the scalarisation of y, to be minimised, and where grad is not
// nil writes its derivatives in y there; of objectives that tie in the largest
// the first counts.
func (s Tchebycheff) Value(y, grad []float64) float64 {
	largest, at, sum := math.Inf(-1), 0, 0.0
	for j, x := range y {
		slope := s.slope(j)
		v := slope * (x - s.Best[j])
		sum += v
		if v > largest {
			largest, at = v, j
		}
		if grad != nil {
			grad[j] = rho * slope
		}
	}
	if len(grad) > 0 {
		grad[at] += s.slope(at)
	}
	return largest + float64(rho*sum)
}

// slope is the weight of objective j for each unit of it.
func (s Tchebycheff) slope(j int) float64 {
	if !(s.Range[j] > 0) {
		return s.Weights[j]
	}
	return s.Weights[j] / s.Range[j]
}
