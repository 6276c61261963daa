package pareto

import (
	"cmp"
	"math"
	"slices"
)

// Hypervolume returns the volume of what the points dominate within the
// reference point: the union of the boxes between each and it. Points that are
// not below the reference in every objective add nothing. It is infinite where
// a point that counts, or the reference, is. O(n log n) for up to three
// objectives, O(n^(m-2) log n) at worst for m, where m = 4 and 5 are practical
// up to thousands of points, m = 10 up to a hundred.
func Hypervolume(points [][]float64, reference []float64) float64 {
	if len(reference) == 0 {
		return 0
	}
	inside := make([][]float64, 0, len(points))
	for _, p := range points {
		if len(p) != len(reference) {
			panic("pareto: a point and the reference are of unequal length")
		}
		if !below(p, reference) {
			continue
		}
		if unbounded(p, reference) {
			return math.Inf(1)
		}
		inside = append(inside, p)
	}
	if len(reference) > 3 {
		inside = pick(inside, Front(inside))
	}
	v := newVolume(len(reference), len(inside))
	return v.of(inside, reference)
}

// below reports whether p is below the reference in every objective.
func below(p, reference []float64) bool {
	for i, x := range p {
		if !(x < reference[i]) {
			return false
		}
	}
	return true
}

// unbounded reports whether the box between p, which is below the reference,
// and the reference is infinite.
func unbounded(p, reference []float64) bool {
	for i, x := range p {
		if math.IsInf(reference[i]-x, 0) {
			return true
		}
	}
	return false
}

func pick(points [][]float64, at []int) [][]float64 {
	out := make([][]float64, len(at))
	for k, i := range at {
		out[k] = points[i]
	}
	return out
}

// box returns the volume between p and the reference.
func box(p, reference []float64) float64 {
	v := 1.0
	for i, x := range p {
		v *= reference[i] - x
	}
	return v
}

// volume computes hypervolumes and keeps the memory that takes.
type volume struct {
	stairs staircase
	order  [][]float64
	depths [][][]float64 // of each number of objectives above 3: the limited points
}

func newVolume(m, n int) *volume {
	return &volume{depths: make([][][]float64, max(m+1, 4)), order: make([][]float64, 0, n), stairs: make(staircase, 0, n)}
}

// of returns the hypervolume of points, all of which are below the reference.
// It may reorder them.
func (v *volume) of(points [][]float64, reference []float64) float64 {
	if len(points) == 0 {
		return 0
	}
	switch len(reference) {
	case 1:
		best := points[0][0]
		for _, p := range points {
			best = min(best, p[0])
		}
		return reference[0] - best
	case 2:
		return v.plane(points, reference)
	case 3:
		return v.sweep(points, reference)
	}
	return v.slices(points, reference)
}

// plane adds up the rectangles of a staircase.
func (v *volume) plane(points [][]float64, reference []float64) float64 {
	v.order = append(v.order[:0], points...)
	slices.SortFunc(v.order, func(a, b []float64) int { return cmp.Compare(a[0], b[0]) })
	sum, top := 0.0, reference[1]
	for _, p := range v.order {
		if p[1] < top {
			sum += float64((reference[0] - p[0]) * (top - p[1]))
			top = p[1]
		}
	}
	return sum
}

// sweep goes up the third objective and keeps the front, and the area, of the
// first two of what it has met.
func (v *volume) sweep(points [][]float64, reference []float64) float64 {
	v.order = append(v.order[:0], points...)
	slices.SortFunc(v.order, func(a, b []float64) int { return cmp.Compare(a[2], b[2]) })
	v.stairs = v.stairs[:0]
	sum, area := 0.0, 0.0
	for i, p := range v.order {
		if i > 0 {
			sum += float64(area * (p[2] - v.order[i-1][2]))
		}
		if v.stairs.covers(p[0], p[1]) {
			continue
		}
		area += v.stairs.gain(p[0], p[1], reference[0], reference[1])
		v.stairs.add(p[0], p[1])
	}
	return sum + float64(area*(reference[2]-v.order[len(v.order)-1][2]))
}

// gain returns the area that (y, z), not covered, adds to what the steps
// dominate within (top, right).
func (s staircase) gain(y, z, top, right float64) float64 {
	from, to := s.span(y, z)
	ceiling := right
	if from > 0 {
		ceiling = s[from-1].z
	}
	sum, at := 0.0, y
	for _, t := range s[from:to] {
		sum += float64((t.y - at) * (ceiling - z))
		at, ceiling = t.y, t.z
	}
	end := top
	if to < len(s) {
		end = s[to].y
	}
	return sum + float64((end-at)*(ceiling-z))
}

// slices is the method of While, Bradstreet and Barone with its slicing: in
// descending order of the last objective, a point adds its box less what the
// points behind it dominate of it. Those are not above it in the last, so that
// of the difference only the other objectives are left to compute.
func (v *volume) slices(points [][]float64, reference []float64) float64 {
	last := len(reference) - 1
	slices.SortFunc(points, func(a, b []float64) int { return cmp.Compare(b[last], a[last]) })
	limited := v.depths[last]
	for len(limited) < len(points) {
		limited = append(limited, make([]float64, last))
	}
	v.depths[last] = limited
	sum := 0.0
	for i, p := range points {
		base := box(p[:last], reference[:last]) - v.shared(p, points[i+1:], limited, reference[:last])
		sum += float64(base * (reference[last] - p[last]))
	}
	return sum
}

// shared returns the volume, in the objectives of the reference, of what both p
// and any of the others dominate. It writes into limited.
func (v *volume) shared(p []float64, others, limited [][]float64, reference []float64) float64 {
	n := 0
	for _, q := range others {
		l := limited[n]
		for j := range l {
			l[j] = max(p[j], q[j])
		}
		// Points behind one that they cover, or that covers them, cost time in
		// every deeper level; looking for them costs once.
		if len(reference) > 3 {
			covered := false
			for k := 0; k < n; k++ {
				if within(limited[k], l) {
					covered = true
					break
				}
				if within(l, limited[k]) {
					n--
					limited[k], limited[n] = limited[n], limited[k]
					limited[n], limited[n+1] = limited[n+1], limited[n]
					l = limited[n]
					k--
				}
			}
			if covered {
				continue
			}
		}
		n++
	}
	return v.of(limited[:n], reference)
}
