// Package vary makes new points out of old ones: the crossover and mutation
// operators of evolutionary search, chosen by the type of each parameter.
//
// It works on the unit cube of package space, one coordinate (a gene) a
// parameter, NaN for one that is inactive. It selects nothing, keeps no
// population, and looks at no objective: that is the business of the methods
// that use it.
//
// The one idea: numbers are recombined and perturbed by distance, choices
// without order by exchange alone, and numbers with countably many values like
// continuous ones, except that a mutation always reaches another value. The
// formulas ([SBX], [Blend], [Polynomial]) take the quantile as an argument, so
// they can be checked against other implementations without their random
// numbers; a [Genome] applies them to the parameters of a space.
//
// K. Deb and R. B. Agrawal, "Simulated binary crossover for continuous search
// space", Complex Systems 9, 115–148, 1995; L. J. Eshelman and J. D. Schaffer,
// "Real-coded genetic algorithms and interval-schemata", FOGA 2, 187–202, 1993
// (BLX-α); K. Deb and D. Deb, "Analysing mutation schemes for real-parameter
// genetic algorithms", IJAISC 4, 1–28, 2014.
package vary

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
)

// Trait is how a gene may be varied.
type Trait uint8

// The traits.
const (
	Continuous Trait = iota // a number with more values than can be counted
	Stepped                 // a number with countably many values, or an ordered choice
	Nominal                 // a choice without order
	Fixed                   // has one value
)

// Genome says how the genes of one space are varied. It is read-only and safe
// for concurrent use.
type Genome struct {
	space  *space.Space
	traits []Trait
	free   int
}

// Of returns the genome of s.
func Of(s *space.Space) *Genome {
	g := &Genome{space: s, traits: make([]Trait, s.Len())}
	for i := range g.traits {
		p := s.Param(i)
		n, countable := p.Count()
		switch {
		case countable && n == 1:
			g.traits[i] = Fixed
		case !p.IsNumeric() && !p.Ordered:
			g.traits[i] = Nominal
		case countable:
			g.traits[i] = Stepped
		}
		if g.traits[i] != Fixed {
			g.free++
		}
	}
	return g
}

// Len returns the number of genes.
func (g *Genome) Len() int { return len(g.traits) }

// Free returns how many genes have more than one value.
func (g *Genome) Free() int { return g.free }

// Trait returns the trait of gene i.
func (g *Genome) Trait(i int) Trait { return g.traits[i] }

// Level returns the place of the value at x among those of gene i, which must
// be [Stepped] or [Nominal].
func (g *Genome) Level(i int, x float64) int {
	p, v := g.space.Param(i), g.space.DecodeParam(i, x)
	if !p.IsNumeric() {
		return p.Index(v)
	}
	step := p.Step
	if step == 0 {
		step = 1
	}
	return int(math.Round((v.AsFloat() - p.Low) / step))
}

// Pick returns one of the genes that have more than one value and are not NaN
// in u, each with the same probability, or -1.
func (g *Genome) Pick(u []float64, r *rand.Rand) int {
	n, chosen := 0, -1
	for i, x := range u {
		if g.traits[i] == Fixed || math.IsNaN(x) {
			continue
		}
		if n++; r.IntN(n) == 0 {
			chosen = i
		}
	}
	return chosen
}

// Active returns how many of the genes that have more than one value are not
// NaN in u.
func (g *Genome) Active(u []float64) int {
	n := 0
	for i, x := range u {
		if g.traits[i] != Fixed && !math.IsNaN(x) {
			n++
		}
	}
	return n
}

// Fill draws the genes that are NaN from the prior.
func Fill(u []float64, r *rand.Rand) {
	for i, x := range u {
		if math.IsNaN(x) {
			u[i] = r.Float64()
		}
	}
}

// Retreat moves u halfway towards the point to, and takes all of its choices:
// the cheap repair of a point that violates a constraint which to satisfies.
// Genes that are NaN in to stay.
func (g *Genome) Retreat(u, to []float64) {
	for i, y := range to {
		switch {
		case math.IsNaN(y):
		case g.traits[i] == Nominal || math.IsNaN(u[i]):
			u[i] = y
		default:
			u[i] = (u[i] + y) / 2
		}
	}
}
