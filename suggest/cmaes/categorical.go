package cmaes

import (
	"math"
	"math/rand/v2"
)

// categorical is the product of one discrete distribution a categorical
// parameter, moved along the natural gradient with a step that adapts to the
// signal-to-noise ratio: Y. Akimoto et al., "Adaptive stochastic natural
// gradient method", ICML 2019; with the margin of R. Hamano et al.,
// "CatCMA", GECCO 2024 (arXiv 2405.09962).
type categorical struct {
	q     [][]float64 // probabilities of the choices
	least []float64   // below which none of them falls

	trust float64 // Δ: the larger, the shorter the steps
	delta float64 // the next step's length
	gamma float64
	path  []float64 // s, in the coordinates of the Fisher information

	grad [][]float64
	root []float64
}

// snrChoice is the signal-to-noise ratio that the step adapts to.
const snrChoice = 1.5

// newCategorical returns the distribution with probabilities q, which it
// keeps, in a space of that many discrete parameters.
func newCategorical(q [][]float64, discrete int) *categorical {
	c := &categorical{q: q, trust: 1, delta: 1}
	free := 0
	for _, row := range q {
		c.least = append(c.least, leastChange(discrete)/float64(len(row)-1))
		c.grad = append(c.grad, make([]float64, len(row)))
		free += len(row) - 1
	}
	c.path, c.root = make([]float64, free), make([]float64, free)
	c.bound()
	return c
}

// draw writes a choice of every parameter to dst.
func (c *categorical) draw(dst []int, r *rand.Rand) {
	for i, row := range c.q {
		u, sum := r.Float64(), 0.0
		dst[i] = len(row) - 1 // where the sum is rounded below u
		for k, p := range row {
			if sum += p; u < sum {
				dst[i] = k
				break
			}
		}
	}
}

// update moves the distribution towards the choices of the points, which are
// sorted, best first; weights has one weight for each of the better half. A
// parameter that is inactive in a point, -1, is not moved by it.
func (c *categorical) update(points []*member, weights []float64) {
	if len(c.q) == 0 {
		return
	}
	at, norm := 0, 0.0
	for i, row := range c.q {
		grad := c.grad[i]
		clear(grad)
		for k, w := range weights {
			one := points[k].cats[i]
			if one < 0 {
				continue
			}
			for j, p := range row {
				grad[j] -= float64(w * p)
			}
			grad[one] += w
		}
		last := len(row) - 1
		sum := 0.0
		for _, x := range grad[:last] {
			sum += x
		}
		for j, x := range grad[:last] {
			root := math.Sqrt(row[j])
			s := x/root + float64(root*sum)/(row[last]+math.Sqrt(row[last]))
			c.root[at] = s
			norm += float64(s * s)
			at++
		}
	}
	norm = math.Sqrt(norm)
	step := c.delta / (norm + tiny)
	for i, row := range c.q {
		for j, x := range c.grad[i] {
			row[j] += float64(step * x)
		}
	}
	c.adapt(norm)
	c.bound()
}

// adapt sets the length of the next step.
func (c *categorical) adapt(norm float64) {
	c.delta = 1 / c.trust
	// The paper's rate leaves (0, 1] where trust has fallen far below 1.
	beta := math.Min(c.delta/math.Sqrt(float64(len(c.path))), 1)
	square := 0.0
	for i, s := range c.path {
		unit := 0.0
		if norm > 0 {
			unit = c.root[i] / norm
		}
		c.path[i] = float64((1-beta)*s) + float64(math.Sqrt(beta*(2-beta))*unit)
		square += float64(c.path[i] * c.path[i])
	}
	c.gamma = float64((1-beta)*(1-beta)*c.gamma) + float64(beta*(2-beta))
	c.trust *= math.Exp(beta * (c.gamma - square/snrChoice))
}

// bound lifts every probability to the least, and takes the sum back to 1 from
// what the others have above it.
func (c *categorical) bound() {
	for i, row := range c.q {
		least, sum := c.least[i], 0.0
		for j, p := range row {
			row[j] = math.Max(p, least)
			sum += row[j]
		}
		excess, room, total := sum-1, sum-float64(least*float64(len(row))), 0.0
		for j, p := range row {
			row[j] -= float64(excess*(p-least)) / room
			total += row[j]
		}
		for j := range row {
			row[j] /= total
		}
	}
}
