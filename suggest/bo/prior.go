package bo

import (
	"math"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// What a user believes before the first trial, the priors of numbers and the
// weights of choices, is added to the acquisition as the logarithm of its
// density, in the proportion of belief to the number of trials that have ended
// (C. Hvarfner et al., "πBO: Augmenting acquisition functions with user beliefs
// for Bayesian optimization", ICLR 2022, equation 6). So it decides at first
// and is forgotten as trials say something else.
//
// The process therefore works in the flat space, in which coordinates tell how
// far numbers are apart, and not how likely what is between them is: in the
// distribution function of a prior that is wrong everything that matters would
// stand in the last hundredth.

// prior is the logarithm of the density of what is believed, relative to that
// of the flat space.
type prior struct {
	terms []term
}

// term is what is believed of one parameter.
type term struct {
	column int
	flag   int // the column that says whether the parameter exists; -1: it always does
	// Of a number: at the coordinate u its standard score is zero + slope·u.
	zero, slope float64
	log         float64   // the logarithm of the density where that is 0
	logs        []float64 // of a choice, by the number of the value; nil: of a number
}

// newPrior returns what is believed of the parameters of whole, whose cube is
// that of its flat space. It has no terms where that is nothing.
func newPrior(whole *space.Space, e *encoding) prior {
	var out prior
	flat := e.cube.Space()
	for i := range whole.Len() {
		p, q := whole.Param(i), flat.Param(i)
		t := term{column: i, flag: e.flagOf(i)}
		switch {
		case p.Weights != nil:
			sum := 0.0
			for _, w := range p.Weights {
				sum += w
			}
			for _, w := range p.Weights {
				t.logs = append(t.logs, math.Log(w/sum*float64(len(p.Weights))))
			}
		case p.Prior == space.Uniform || q.Prior != space.Uniform:
			continue // a prior that the flat space has, too, is in its coordinates
		default:
			t.score(p, flat, i)
		}
		out.terms = append(out.terms, t)
	}
	return out
}

// score sets a term of a number up.
func (t *term) score(p *space.Param, flat *space.Space, i int) {
	score := func(x float64) float64 {
		if p.Prior == space.LogNormal {
			x = math.Log(x)
		}
		return (x - p.Mean) / p.SD
	}
	// The scale is that of the prior, so two points give the line.
	low, high := flat.DecodeParam(i, 0), flat.DecodeParam(i, 1)
	u, v := flat.EncodeParam(i, low), flat.EncodeParam(i, high)
	t.slope = (score(high.AsFloat()) - score(low.AsFloat())) / (v - u)
	t.zero = score(low.AsFloat()) - float64(t.slope*u)
	mass := phi(t.zero+t.slope) - phi(t.zero)
	t.log = math.Log(t.slope/math.Sqrt(2*math.Pi)) - math.Log(math.Max(mass, 1e-300))
}

// phi is the standard normal distribution function.
func phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// value returns the logarithm of the density at the row z, times weight, and
// adds its gradient to g where that is not nil.
func (p *prior) value(c *cube.Cube, z, g []float64, weight float64) float64 {
	sum := 0.0
	for k := range p.terms {
		t := &p.terms[k]
		if t.flag >= 0 && z[t.flag] == 0 {
			continue // it does not exist
		}
		u := z[t.column]
		if t.logs != nil {
			sum += t.logs[level(c, t.column, u)]
			continue
		}
		s := t.zero + float64(t.slope*u)
		sum += t.log - float64(s*s)/2
		if g != nil {
			g[t.column] -= float64(weight * s * t.slope)
		}
	}
	return float64(weight * sum)
}
