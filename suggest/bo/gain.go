package bo

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/special"
)

// gain is the knowledge gradient of one measurement of some alternatives with
// correlated normal beliefs: how much lower the least of their means is
// expected to be once it is known, E[min mean] - E[min (mean + slope·Z)] with Z
// standard normal. Slope is by how much each mean moves when the measurement
// comes out one standard deviation higher (P. Frazier, W. Powell and S. Dayanik,
// "The knowledge-gradient policy for correlated normal beliefs", INFORMS J.
// Computing 21, 599-613, 2009, algorithms 1 and 2).
//
// The least of straight lines is a concave, piecewise linear function of Z. At
// each kink from one line to the next, at z, with the slopes differing by d, the
// expectation falls by d·(φ(z) - |z|·Φ(-|z|)).
func gain(mean, slope []float64) float64 {
	order := make([]int, len(mean))
	for i := range order {
		order[i] = i
	}
	// From the least for Z towards -∞: the steepest line first, of equally
	// steep ones the lowest.
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case slope[a] != slope[b]:
			if slope[a] > slope[b] {
				return -1
			}
			return 1
		case mean[a] < mean[b]:
			return -1
		case mean[a] > mean[b]:
			return 1
		}
		return a - b
	})
	var lines []int     // of the least function, from left to right
	var kinks []float64 // where each begins
	for _, i := range order {
		if n := len(lines); n > 0 && slope[lines[n-1]] == slope[i] {
			continue
		}
		from := math.Inf(-1)
		for len(lines) > 0 {
			last := lines[len(lines)-1]
			from = (mean[i] - mean[last]) / (slope[last] - slope[i])
			if from > kinks[len(kinks)-1] {
				break
			}
			lines, kinks = lines[:len(lines)-1], kinks[:len(kinks)-1]
			from = math.Inf(-1)
		}
		lines, kinks = append(lines, i), append(kinks, from)
	}
	sum := 0.0
	for k := 1; k < len(lines); k++ {
		d, z := slope[lines[k-1]]-slope[lines[k]], kinks[k]
		if math.IsNaN(z) || math.IsInf(z, 0) {
			continue
		}
		sum += float64(d * special.Exp(special.LogEI(-math.Abs(z))))
	}
	return sum
}
