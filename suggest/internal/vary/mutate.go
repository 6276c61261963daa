package vary

import (
	"math"
	"math/rand/v2"
)

// Mutate returns another value of gene i, which is x: a number near x by
// [Polynomial] with distribution index eta, of a stepped one at least the
// neighbour; any other choice, all alike.
func (g *Genome) Mutate(i int, x, eta float64, r *rand.Rand) float64 {
	switch g.traits[i] {
	case Fixed:
		return x
	case Nominal:
		return g.Reset(i, x, r)
	}
	return g.elsewhere(i, x, Polynomial(x, eta, r.Float64()))
}

// Reset returns another value of gene i, which is x, without regard to how far
// it is: a number from the prior, of a stepped one at least the neighbour; any
// other choice, all alike.
func (g *Genome) Reset(i int, x float64, r *rand.Rand) float64 {
	switch g.traits[i] {
	case Fixed:
		return x
	case Nominal:
		p := g.space.Param(i)
		k := (g.Level(i, x) + 1 + r.IntN(len(p.Choices)-1)) % len(p.Choices)
		return g.space.EncodeParam(i, p.Choices[k])
	}
	return g.elsewhere(i, x, r.Float64())
}

// elsewhere returns y, a number that gene i may have instead of x; where both
// are the same value of a stepped one, the neighbour of x in its direction.
func (g *Genome) elsewhere(i int, x, y float64) float64 {
	if g.traits[i] != Stepped {
		return y
	}
	k := g.Level(i, x)
	if g.Level(i, y) != k {
		return y
	}
	p := g.space.Param(i)
	if n, _ := p.Count(); k == 0 || y > x && k < n-1 {
		k++
	} else {
		k--
	}
	return g.space.EncodeParam(i, p.Nth(k))
}

// Polynomial returns the bounded polynomial mutation of x at the quantile u:
// the step δ has the density (η+1)(1-|δ|)^η/2, cut off at the bounds of
// [0, 1].
func Polynomial(x, eta, u float64) float64 {
	room, sign := 1-x, 1.0
	if u > 0.5 {
		u, room, sign = 1-u, x, -1
	}
	q := 2*u + float64((1-2*u)*math.Pow(room, eta+1))
	return clamp(x + float64(sign*(math.Pow(q, 1/(eta+1))-1)))
}
