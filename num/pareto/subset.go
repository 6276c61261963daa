package pareto

import (
	"cmp"
	"container/heap"
	"slices"
)

// Subset returns the indices of k points that together dominate much volume
// within the reference point, in the order of choice: each is the one that adds
// most to those before it, of equals the one with the lower index. The volume
// is at least 1-1/e, or 63 %, of the best that k points can have, usually above
// 99 %; every prefix is the answer for its length. If there are at most k
// points, all are returned, in that order. Points and reference must be finite.
//
// What a point adds only falls as others are chosen, so what it added last time
// bounds what it adds now, and few are computed anew at each choice: at worst
// O(n k) volumes of k points, in practice far fewer.
func Subset(points [][]float64, reference []float64, k int) []int {
	k = min(k, len(points))
	if k <= 0 {
		return nil
	}
	q := make(queue, len(points))
	for i, p := range points {
		if len(p) != len(reference) {
			panic("pareto: a point and the reference are of unequal length")
		}
		q[i] = bound{index: i}
		if below(p, reference) {
			q[i].gain = box(p, reference)
		}
	}
	heap.Init(&q)
	v := newVolume(len(reference), k)
	chosen := make([]int, 0, k)
	var others [][]float64
	for len(chosen) < k {
		top := &q[0]
		if top.gain > 0 && top.after < len(chosen) {
			top.gain = v.exclusive(points[top.index], others, reference)
			top.after = len(chosen)
			heap.Fix(&q, 0)
			continue
		}
		if top.gain > 0 {
			others = append(others, points[top.index])
		}
		chosen = append(chosen, top.index)
		heap.Pop(&q)
	}
	return chosen
}

// bound is what a point added when so many were chosen.
type bound struct {
	index, after int
	gain         float64
}

// queue is a heap with the largest bound on top.
type queue []bound

func (q queue) Len() int      { return len(q) }
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q queue) Less(i, j int) bool {
	return q[i].gain > q[j].gain || q[i].gain == q[j].gain && q[i].index < q[j].index
}

// Push is for package heap alone; nothing is ever added.
func (q *queue) Push(any) {}

// Pop is for package heap.
func (q *queue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// BestSubset returns the indices, in order of the first objective, of the
// points of two objectives that together dominate the most volume of all sets
// of at most k. There may be fewer than k, because no point is returned that is
// dominated or not below the reference. Points and reference must be finite.
// O(n (k + log n)).
//
// The best volume of j points the last of which is i is a maximum over the one
// before it, h, of a function that is linear in the distance of i from the
// reference, with a slope that only h decides: the upper envelope of those
// lines is walked once for each j.
func BestSubset(points [][]float64, reference []float64, k int) []int {
	if len(reference) != 2 {
		panic("pareto: BestSubset is for two objectives")
	}
	var front []int
	for _, i := range Front(points) {
		if below(points[i], reference) {
			front = append(front, i)
		}
	}
	slices.SortStableFunc(front, func(i, j int) int { return cmp.Compare(points[i][0], points[j][0]) })
	front = slices.CompactFunc(front, func(i, j int) bool { return points[i][0] == points[j][0] })
	n := len(front)
	if k = min(k, n); k <= 0 {
		return nil
	}
	width := make([]float64, n) // to the reference, descending
	height := make([]float64, n)
	for a, i := range front {
		width[a], height[a] = reference[0]-points[i][0], reference[1]-points[i][1]
	}
	best := make([]float64, n) // with j points, of which a is the last
	for a := range best {
		best[a] = width[a] * height[a]
	}
	before := make([][]int, k) // before[j][a] is the one before a among j+1
	next := make([]float64, n)
	hull := make([]int, 0, n)
	// value is the volume of the best j points up to h, and one at width w and
	// height 0: what is left out is the same for every h.
	value := func(h int, w float64) float64 { return best[h] - float64(w*height[h]) }
	for j := 1; j < k; j++ {
		before[j] = make([]int, n)
		hull = hull[:0]
		for a := j; a < n; a++ {
			h := a - 1
			for len(hull) >= 2 && useless(best, height, hull[len(hull)-2], hull[len(hull)-1], h) {
				hull = hull[:len(hull)-1]
			}
			hull = append(hull, h)
			// Widths fall, so the best line moves on only.
			for len(hull) >= 2 && value(hull[1], width[a]) >= value(hull[0], width[a]) {
				hull = hull[1:]
			}
			before[j][a] = hull[0]
			next[a] = value(hull[0], width[a]) + float64(width[a]*height[a])
		}
		copy(best[j:], next[j:])
	}
	last := k - 1
	for a := k; a < n; a++ {
		if best[a] > best[last] {
			last = a
		}
	}
	out := make([]int, k)
	for j := k - 1; ; j-- {
		out[j] = front[last]
		if j == 0 {
			return out
		}
		last = before[j][last]
	}
}

// useless reports whether line b, between a and c in order of slope, is nowhere
// above both. Line h has the value best[h] - w·height[h].
func useless(best, height []float64, a, b, c int) bool {
	return float64((best[c]-best[a])*(height[b]-height[a])) >= float64((best[b]-best[a])*(height[c]-height[a]))
}
