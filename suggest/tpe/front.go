package tpe

import (
	"math"

	"github.com/afina-hpo/afina/num/pareto"
)

// maxSubset is the size of a front up to which hypervolume decides which of it
// are good; of a larger one, with more than two objectives, crowding does.
const maxSubset = 200

// bestFronts is best for several objectives: whole fronts of complete trials
// while there is room, and of the front that does not fit those that dominate
// most volume together. Where there are too few complete trials the others
// follow in their order.
func (p *population) bestFronts(t *table, k int) []int32 {
	var complete, out []int32
	for i := len(p.order) - 1; i >= 0; i-- {
		if id := p.order[i]; t.stands[id].class == classComplete {
			complete = append(complete, id)
		}
	}
	rest := p.order[:len(p.order)-len(complete)]
	if len(complete) <= k {
		out = append(out, complete...)
		return append(out, rest[len(rest)-(k-len(complete)):]...)
	}
	losses := make([][]float64, len(complete))
	for i, id := range complete {
		losses[i] = t.losses(id)
	}
	ranks := pareto.Ranks(losses)
	var front []int
	for rank := 0; len(out) < k; rank++ {
		front = front[:0]
		for i, r := range ranks {
			if r == rank {
				front = append(front, i)
			}
		}
		if len(out)+len(front) > k {
			break
		}
		for _, i := range front {
			out = append(out, complete[i])
		}
	}
	if len(out) == k {
		return out
	}
	points := make([][]float64, len(front))
	for i, f := range front {
		points[i] = losses[f]
	}
	var chosen []int
	if p.o.objectives > 2 && len(front) > maxSubset {
		chosen = pareto.Thin(points, k-len(out))
	} else {
		chosen = pareto.Subset(points, reference(points), k-len(out))
	}
	for _, i := range chosen {
		out = append(out, complete[front[i]])
	}
	return out
}

// reference returns a point a little worse than the worst of points in every
// objective.
func reference(points [][]float64) []float64 {
	r := append([]float64(nil), points[0]...)
	for _, x := range points[1:] {
		for k := range r {
			r[k] = math.Max(r[k], x[k])
		}
	}
	for k, x := range r {
		if r[k] = math.Max(1.1*x, 0.9*x); r[k] == 0 {
			r[k] = 1e-12
		}
		r[k] = math.Min(r[k], math.MaxFloat64)
	}
	return r
}

// contributions returns the hypervolume that each good trial adds to the
// others, 0 for those that are not complete.
func (p *population) contributions(t *table, gain []float64) []float64 {
	if p.o.objectives > 3 || len(p.good) > maxSubset {
		return nil // too dear, and too alike to matter
	}
	var points [][]float64
	for _, id := range p.good {
		if t.stands[id].class != classComplete {
			return nil
		}
		points = append(points, t.losses(id))
	}
	volumes := pareto.Contributions(points, reference(points))
	top := 0.0
	for _, v := range volumes {
		top = math.Max(top, v)
	}
	if !(top > 0) || math.IsInf(top, 1) {
		return nil
	}
	for _, v := range volumes {
		// A dominated trial of the good ones is still better than the rest.
		gain = append(gain, math.Max(v/top, 1e-3))
	}
	return gain
}
