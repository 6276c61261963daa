package rung

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/pareto"
)

// maxSubset is the largest front that is put in order by the volume that its
// points add; larger ones are by their distance from each other.
const maxSubset = 64

// Order is an order of vectors of losses, best first: by fronts, so that no
// point comes behind one that it dominates, and within a front so that every
// prefix stands well for the whole of it. Points that are not finite come last.
// Of equals the lower index comes first. It is not safe for concurrent use,
// because a front is put in order when somebody asks for it.
type Order struct {
	points [][]float64
	front  []int   // of each point
	fronts [][]int // the points of each; the last are those that are not finite
	before []int   // how many points are on fronts before each
	place  []int   // of a point on its front, where that is in order
	sorted []bool
}

// NewOrder returns the order of points, which must not change. The time is that
// of finding the fronts, O(n log n) with two objectives.
func NewOrder(points [][]float64) *Order {
	o := &Order{points: points, front: make([]int, len(points)), place: make([]int, len(points))}
	var finite [][]float64
	var index, bad []int
	for i, p := range points {
		if slices.ContainsFunc(p, func(x float64) bool { return math.IsInf(x, 0) }) {
			bad = append(bad, i)
			continue
		}
		finite, index = append(finite, p), append(index, i)
	}
	for i, r := range pareto.Ranks(finite) {
		for len(o.fronts) <= r {
			o.fronts = append(o.fronts, nil)
		}
		o.fronts[r] = append(o.fronts[r], index[i])
	}
	o.fronts = append(o.fronts, bad)
	n := 0
	for f, members := range o.fronts {
		o.before = append(o.before, n)
		n += len(members)
		for i, k := range members {
			o.front[k], o.place[k] = f, i
		}
	}
	o.sorted = make([]bool, len(o.fronts))
	o.sorted[len(o.fronts)-1] = true
	return o
}

// Front returns the front that point i is on, from 0.
func (o *Order) Front(i int) int { return o.front[i] }

// Position returns how many points come before point i.
func (o *Order) Position(i int) int {
	o.sort(o.front[i])
	return o.before[o.front[i]] + o.place[i]
}

// First returns the indices of the first n points, or of all if they are fewer.
func (o *Order) First(n int) []int {
	n = min(n, len(o.points))
	out := make([]int, 0, n)
	for f := 0; len(out) < n; f++ {
		o.sort(f)
		members := slices.Clone(o.fronts[f])
		for _, k := range o.fronts[f] {
			members[o.place[k]] = k
		}
		out = append(out, members[:min(len(members), n-len(out))]...)
	}
	return out
}

// sort puts a front in order.
func (o *Order) sort(f int) {
	if o.sorted[f] {
		return
	}
	o.sorted[f] = true
	these := make([][]float64, len(o.fronts[f]))
	for i, k := range o.fronts[f] {
		these[i] = o.points[k]
	}
	for position, i := range spread(these) {
		o.place[o.fronts[f][i]] = position
	}
}

// spread orders the points of one front.
func spread(front [][]float64) []int {
	if len(front) <= maxSubset {
		return pareto.Subset(front, reference(front), len(front))
	}
	distance := pareto.Crowding(front)
	out := make([]int, len(front))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(a, b int) int {
		switch {
		case distance[a] > distance[b]:
			return -1
		case distance[a] < distance[b]:
			return 1
		}
		return 0
	})
	return out
}

// reference returns a point a little beyond the worst of each objective, so
// that the ends of the front count, too.
func reference(front [][]float64) []float64 {
	ref := slices.Clone(front[0])
	low := slices.Clone(front[0])
	for _, p := range front {
		for i, x := range p {
			ref[i], low[i] = max(ref[i], x), min(low[i], x)
		}
	}
	for i := range ref {
		width := ref[i] - low[i]
		if width == 0 || math.IsInf(width, 0) {
			width = max(1, math.Abs(ref[i]))
		}
		ref[i] = min(ref[i]+float64(0.1*width), math.MaxFloat64)
	}
	return ref
}
