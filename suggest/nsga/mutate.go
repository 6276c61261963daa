package nsga

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
)

// trait is how a parameter is inherited and mutated.
type trait uint8

const (
	continuous trait = iota
	stepped          // a number with countably many values, or an ordered choice
	nominal          // a choice without order
	fixed            // has one value
)

// traits returns the trait of every parameter.
func traits(s *space.Space) []trait {
	out := make([]trait, s.Len())
	for i := range out {
		p := s.Param(i)
		n, countable := p.Count()
		switch {
		case countable && n == 1:
			out[i] = fixed
		case !p.IsNumeric() && !p.Ordered:
			out[i] = nominal
		case countable:
			out[i] = stepped
		}
	}
	return out
}

// mutate returns another value of gene i, which is x.
func (b *breeder) mutate(i int, x float64, r *rand.Rand) float64 {
	switch b.traits[i] {
	case fixed:
		return x
	case nominal:
		choices := b.space.Param(i).Choices
		k := b.level(i, x)
		k = (k + 1 + r.IntN(len(choices)-1)) % len(choices)
		return b.space.EncodeParam(i, choices[k])
	}
	y := 0.0
	if b.uniform {
		y = r.Float64()
	} else {
		y = polynomial(x, b.mutationEta, r.Float64())
	}
	if b.traits[i] == stepped {
		y = b.step(i, x, y)
	}
	return y
}

// step returns y, or the neighbour of x in its direction where both are the
// same value.
func (b *breeder) step(i int, x, y float64) float64 {
	k := b.level(i, x)
	if b.level(i, y) != k {
		return y
	}
	n, _ := b.space.Param(i).Count()
	if k == 0 || y > x && k < n-1 {
		k++
	} else {
		k--
	}
	return b.space.EncodeParam(i, b.space.Param(i).Nth(k))
}

// level returns the place of the value at x among those of parameter i, which
// are countable.
func (b *breeder) level(i int, x float64) int {
	p, v := b.space.Param(i), b.space.DecodeParam(i, x)
	if !p.IsNumeric() {
		return p.Index(v)
	}
	step := p.Step
	if step == 0 {
		step = 1
	}
	return int(math.Round((v.AsFloat() - p.Low) / step))
}

// polynomial returns the bounded polynomial mutation of x at the quantile u:
// the step δ has the density (η+1)(1-|δ|)^η/2, cut off at the bounds of [0, 1].
func polynomial(x, eta, u float64) float64 {
	if u <= 0.5 {
		v := 2*u + float64((1-2*u)*math.Pow(1-x, eta+1))
		return clamp(x + math.Pow(v, 1/(eta+1)) - 1)
	}
	v := 2*(1-u) + float64((2*u-1)*math.Pow(x, eta+1))
	return clamp(x + 1 - math.Pow(v, 1/(eta+1)))
}
