package pareto

import (
	"cmp"
	"math"
	"slices"
)

// Contributions returns by how much the hypervolume would shrink without each
// of the points: 0 for those that are dominated, or equal to another, or not
// below the reference in every objective. Of what is infinite the contribution
// is, too, if nothing else has it. O(n log n) for up to two objectives, n times
// the time of [Hypervolume] for more.
func Contributions(points [][]float64, reference []float64) []float64 {
	out := make([]float64, len(points))
	if len(reference) == 0 {
		return out
	}
	// A point that is on neither of the first two fronts lies in what two
	// others dominate, or one and what that one leaves behind.
	var front, second []int
	for i, r := range Ranks(points) {
		switch {
		case !below(points[i], reference):
		case r == 0:
			front = append(front, i)
		case r == 1:
			second = append(second, i)
		}
	}
	v := newVolume(len(reference), len(front)+len(second))
	if len(reference) == 2 {
		v.planeContributions(points, front, second, reference, out)
		return out
	}
	kept := pick(points, append(slices.Clone(front), second...))
	others := make([][]float64, 0, len(kept))
	for at, i := range front {
		others = append(append(others[:0], kept[:at]...), kept[at+1:]...)
		out[i] = v.exclusive(points[i], others, reference)
	}
	return out
}

// planeContributions gives each point of a front of two objectives the
// rectangle between its neighbours, less what points of the second front
// dominate of that.
func (v *volume) planeContributions(points [][]float64, front, second []int, reference, out []float64) {
	byFirst := func(i, j int) int { return cmp.Compare(points[i][0], points[j][0]) }
	slices.SortFunc(front, byFirst)
	slices.SortFunc(second, byFirst)
	var inside [][]float64
	for k, i := range front {
		corner := []float64{reference[0], reference[1]}
		if k > 0 {
			corner[1] = points[front[k-1]][1]
		}
		if k+1 < len(front) {
			corner[0] = points[front[k+1]][0]
		}
		inside = inside[:0]
		for len(second) > 0 && points[second[0]][0] < corner[0] {
			if q := points[second[0]]; q[1] < corner[1] {
				inside = append(inside, q)
			}
			second = second[1:]
		}
		if below(points[i], corner) {
			out[i] = v.exclusive(points[i], inside, corner)
		}
	}
}

// exclusive returns the volume that p dominates and none of the others does.
// All are below the reference.
func (v *volume) exclusive(p []float64, others [][]float64, reference []float64) float64 {
	m := len(reference)
	limited := v.depths[m]
	for len(limited) < len(others) {
		limited = append(limited, make([]float64, m))
	}
	v.depths[m] = limited
	whole := box(p, reference)
	if math.IsInf(whole, 0) {
		if slices.ContainsFunc(others, func(q []float64) bool { return within(q, p) }) {
			return 0
		}
		return whole
	}
	return max(0, whole-v.shared(p, others, limited, reference))
}
