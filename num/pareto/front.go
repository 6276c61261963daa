package pareto

import (
	"cmp"
	"slices"
)

// Dominates reports whether a is nowhere larger than b and somewhere smaller.
func Dominates(a, b []float64) bool {
	smaller := false
	for i, x := range a {
		if x > b[i] {
			return false
		}
		smaller = smaller || x < b[i]
	}
	return smaller
}

// within reports whether a is nowhere larger than b.
func within(a, b []float64) bool {
	for i, x := range a {
		if x > b[i] {
			return false
		}
	}
	return true
}

// Front returns the indices of the points that no other dominates, ascending.
// Of equal points either all are in it or none. The time is O(n log n) for n
// points of up to three objectives, and O(n·f) for a front of f points of more.
func Front(points [][]float64) []int {
	if len(points) == 0 {
		return nil
	}
	m := dimension(points)
	order := lexical(points)
	front := make([]int, 0, len(points))
	var stairs staircase // of the second and third objective
	for k, i := range order {
		p := points[i]
		if k > 0 && slices.Equal(p, points[order[k-1]]) {
			// As its equal: on the front exactly if that one was put there last.
			if n := len(front); n > 0 && front[n-1] == order[k-1] {
				front = append(front, i)
			}
			continue
		}
		// Whatever dominates p stands before it in lexical order.
		var beaten bool
		switch {
		case m < 2:
			beaten = len(front) > 0
		case m <= 3:
			y, z := p[1], 0.0
			if m == 3 {
				z = p[2]
			}
			if beaten = stairs.covers(y, z); !beaten {
				stairs.add(y, z)
			}
		default:
			beaten = slices.ContainsFunc(front, func(f int) bool { return within(points[f], p) })
		}
		if !beaten {
			front = append(front, i)
		}
	}
	slices.Sort(front)
	return front
}

// lexical returns the indices of the points in order of the first objective,
// of equals the second, and so on; equal points in order of index.
func lexical(points [][]float64) []int {
	order := make([]int, len(points))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int {
		if c := slices.Compare(points[i], points[j]); c != 0 {
			return c
		}
		return cmp.Compare(i, j)
	})
	return order
}

// dimension returns the common length of the points.
func dimension(points [][]float64) int {
	m := len(points[0])
	for _, p := range points {
		if len(p) != m {
			panic("pareto: points of unequal length")
		}
	}
	return m
}

// staircase is the front of a set of points in the plane: y ascends and z
// descends strictly.
type staircase []step

type step struct{ y, z float64 }

// after returns the place of the first step whose y is above the given one.
func (s staircase) after(y float64) int {
	lo, hi := 0, len(s)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); s[mid].y <= y {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// covers reports whether a step is nowhere larger than (y, z).
func (s staircase) covers(y, z float64) bool {
	k := s.after(y)
	return k > 0 && s[k-1].z <= z
}

// add puts (y, z), which must not be covered, in and what it covers out.
func (s *staircase) add(y, z float64) {
	from, to := s.span(y, z)
	*s = slices.Replace(*s, from, to, step{y, z})
}

// span returns the steps [from, to) that (y, z), not covered itself, covers.
func (s staircase) span(y, z float64) (from, to int) {
	from = s.after(y)
	if from > 0 && s[from-1].y == y {
		from--
	}
	for to = from; to < len(s) && s[to].z >= z; to++ {
	}
	return from, to
}
