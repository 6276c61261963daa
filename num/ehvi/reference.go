package ehvi

import (
	"math"

	"github.com/afina-hpo/afina/num/pareto"
)

// Reference returns a reference for points of which no better one is known:
// behind the worst value that each objective has on their front, by a tenth of
// the objective's range there. So the ends of the front count, but little.
//
// Where all of the front has one value of an objective (the front may be a
// single point) the range is that of all points; where these have one value,
// too, it is the size of the value, and 1 where that is 0. The reference is
// always above the front. Points with a value that is not finite are left out;
// nil is returned where that leaves none.
func Reference(points [][]float64) []float64 {
	var finite [][]float64
	for _, p := range points {
		if isFinite(p) {
			finite = append(finite, p)
		}
	}
	if len(finite) == 0 {
		return nil
	}
	var front [][]float64
	for _, i := range pareto.Front(finite) {
		front = append(front, finite[i])
	}
	reference := make([]float64, len(finite[0]))
	for j := range reference {
		low, high := extent(front, j)
		worst := high
		if low == high {
			low, high = extent(finite, j)
		}
		behind := 0.1*high - 0.1*low
		if low == high {
			behind = 0.1 * math.Abs(worst)
		}
		if behind == 0 {
			behind = 0.1
		}
		// Next to nothing is lost in a sum with a large value.
		above := math.Nextafter(worst, math.Inf(1))
		reference[j] = min(max(worst+behind, above), math.MaxFloat64)
	}
	return reference
}

func isFinite(p []float64) bool {
	for _, x := range p {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// extent returns the least and the largest value of objective j.
func extent(points [][]float64, j int) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range points {
		low, high = min(low, p[j]), max(high, p[j])
	}
	return low, high
}
