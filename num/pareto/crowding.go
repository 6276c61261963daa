package pareto

import (
	"cmp"
	"math"
	"slices"
)

// Crowding returns the crowding distance of the points of one front: the sum,
// over the objectives, of the distance between a point's two neighbours as a
// share of the range; infinite for the first and last in an objective. Of equal
// values the earlier index counts as smaller. An objective in which all points
// are equal adds nothing and singles nobody out. Infinite values count as the
// largest finite ones. O(m n log n).
func Crowding(points [][]float64) []float64 {
	if len(points) == 0 {
		return nil
	}
	c := newCrowd(points)
	out := make([]float64, len(points))
	for i := range out {
		out[i] = c.distance(i)
	}
	return out
}

// Thin returns the indices, ascending, of k points that stand for all of one
// front: the point with the least crowding distance is dropped until k are
// left, and distances are measured anew after each, without which a whole
// cluster may go at once. Of equals the later index is dropped. O(n² m) at
// worst, so for populations, not archives.
func Thin(points [][]float64, k int) []int {
	if k <= 0 || len(points) == 0 {
		return nil
	}
	left := make([]int, len(points))
	for i := range left {
		left[i] = i
	}
	if len(points) <= k {
		return left
	}
	c := newCrowd(points)
	distance := make([]float64, len(points))
	for i := range distance {
		distance[i] = c.distance(i)
	}
	for len(left) > k {
		worst := 0
		for at, i := range left {
			if distance[i] <= distance[left[worst]] {
				worst = at
			}
		}
		i := left[worst]
		left = slices.Delete(left, worst, worst+1)
		for j := range c.axes {
			a := &c.axes[j]
			before, behind := a.before[i], a.behind[i]
			if before >= 0 {
				a.behind[before] = behind
			}
			if behind >= 0 {
				a.before[behind] = before
			}
		}
		for j := range c.axes {
			for _, n := range []int{c.axes[j].before[i], c.axes[j].behind[i]} {
				if n >= 0 {
					distance[n] = c.distance(n)
				}
			}
		}
	}
	return left
}

// crowd is a set of points linked to their neighbours in every objective.
type crowd struct{ axes []axis }

// axis is one objective: its values as shares of the range, and of each point
// the neighbours, -1 where there is none.
type axis struct {
	share          []float64
	before, behind []int
}

func newCrowd(points [][]float64) crowd {
	var c crowd
	order := make([]int, len(points))
	for j := range dimension(points) {
		share := make([]float64, len(points))
		// Halves, because the whole range may be too large for a float.
		low, high := math.Inf(1), math.Inf(-1)
		for i, p := range points {
			share[i] = min(max(p[j], -math.MaxFloat64), math.MaxFloat64) / 2
			low, high = min(low, share[i]), max(high, share[i])
		}
		if low == high {
			continue
		}
		for i := range share {
			share[i] = (share[i] - low) / (high - low)
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int {
			if c := cmp.Compare(points[a][j], points[b][j]); c != 0 {
				return c
			}
			return cmp.Compare(a, b)
		})
		a := axis{share: share, before: make([]int, len(points)), behind: make([]int, len(points))}
		for t, i := range order {
			a.before[i], a.behind[i] = -1, -1
			if t > 0 {
				a.before[i] = order[t-1]
			}
			if t+1 < len(order) {
				a.behind[i] = order[t+1]
			}
		}
		c.axes = append(c.axes, a)
	}
	return c
}

func (c crowd) distance(i int) float64 {
	sum := 0.0
	for _, a := range c.axes {
		if a.before[i] < 0 || a.behind[i] < 0 {
			return math.Inf(1)
		}
		sum += a.share[a.behind[i]] - a.share[a.before[i]]
	}
	return sum
}
