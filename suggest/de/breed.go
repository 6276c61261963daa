package de

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

const (
	// attempts is how many children a target gets before a configuration is
	// drawn from the prior instead.
	attempts = 32
	// retreats is how often a child that violates a constraint is pulled
	// halfway to its target.
	retreats = 4
	// forceEta is the distribution index of the mutation of a child that would
	// be its target again.
	forceEta = 20
)

// breeder makes children. Its buffers are good for one child.
type breeder struct {
	p     *population
	child []float64
	f, cr float64
	// The mutant is base + F (toward - base) + F (plus - minus); toward is nil
	// in rand1bin.
	target, base, toward, plus, minus []float64
}

// breed returns a child of the member with the fewest, which satisfies the
// constraints of the space, differs from its target and is accepted by take;
// or false.
func (b *breeder) breed(r *rand.Rand, take func(space.Config) bool) (suggest.Proposal, bool) {
	p := b.p
	if len(b.child) != p.genome.Len() {
		b.child = make([]float64, p.genome.Len())
	}
	h := p.seen
	at := p.target()
	target := &p.members[at]
	old := h.Trial(target.trial).Config
	for range attempts {
		b.f, b.cr = p.o.f, p.o.cr
		if p.o.variant == variantLShade {
			b.f, b.cr = p.memory.draw(r)
		}
		b.choose(at, r)
		b.cross(r)
		c := h.Space.Decode(b.child)
		if c.Equal(old) {
			if i := p.genome.Pick(target.genes, r); i >= 0 {
				b.child[i] = p.genome.Mutate(i, b.child[i], forceEta, r)
			}
			c = h.Space.Decode(b.child)
		}
		ok := h.Space.Feasible(c)
		for k := 0; k < retreats && !ok; k++ {
			p.genome.Retreat(b.child, target.genes)
			c = h.Space.Decode(b.child)
			ok = h.Space.Feasible(c)
		}
		if ok && !c.Equal(old) && take(c) {
			target.load++
			n := note{Slot: target.slot, Parent: target.trial, F: b.f, CR: b.cr}
			return suggest.Proposal{Config: c, Note: n.String()}, true
		}
	}
	return suggest.Proposal{}, false
}

// choose draws the vectors that the mutant of the member at a place is made
// of. There are at least minMembers.
func (b *breeder) choose(at int, r *rand.Rand) {
	p := b.p
	n := len(p.members)
	b.target = p.members[at].genes
	other := func(most, not1, not2 int) int {
		for {
			if k := r.IntN(most); k != at && k != not1 && k != not2 {
				return k
			}
		}
	}
	r1 := other(n, -1, -1)
	if p.o.variant == variantRand {
		r2 := other(n, r1, -1)
		r3 := other(n, r1, r2)
		b.base, b.toward = p.members[r1].genes, nil
		b.plus, b.minus = p.members[r2].genes, p.members[r3].genes
		return
	}
	r2 := other(n+len(p.archive), r1, -1)
	best := p.order[r.IntN(p.o.best(n))]
	b.base, b.toward = b.target, p.members[best].genes
	b.plus = p.members[r1].genes
	if r2 < n {
		b.minus = p.members[r2].genes
	} else {
		b.minus = p.archive[r2-n]
	}
}

// cross makes the child of the target and the mutant by binomial crossover.
func (b *breeder) cross(r *rand.Rand) {
	p := b.p
	always := p.genome.Pick(b.target, r)
	for i, x := range b.target {
		switch {
		case math.IsNaN(x):
			b.child[i] = b.borrow(i, r)
		case i == always || r.Float64() < b.cr:
			b.child[i] = b.mutant(i, x, r)
		default:
			b.child[i] = x
		}
	}
}

// borrow returns the coordinate of a parameter that the target does not have:
// that of the first who does, else one from the prior.
func (b *breeder) borrow(i int, r *rand.Rand) float64 {
	for _, from := range [][]float64{b.toward, b.base, b.plus, b.minus} {
		if from != nil && !math.IsNaN(from[i]) {
			return from[i]
		}
	}
	return r.Float64()
}

// mutant returns the mutant's coordinate i, where the target's is x.
func (b *breeder) mutant(i int, x float64, r *rand.Rand) float64 {
	v := b.base[i]
	if math.IsNaN(v) {
		v = x
	}
	if b.p.genome.Trait(i) == vary.Nominal {
		return b.nominal(i, v, r)
	}
	step := 0.0
	if b.toward != nil {
		step = difference(b.toward[i], v)
	}
	step += difference(b.plus[i], b.minus[i])
	v += float64(b.f * step)
	// Out of bounds: halfway between the bound and the target, as in JADE and
	// L-SHADE.
	if v < 0 {
		return x / 2
	}
	if v > 1 {
		return (1 + x) / 2
	}
	return v
}

// difference returns a - b, and 0 where one of them is inactive.
func difference(a, b float64) float64 {
	if d := a - b; !math.IsNaN(d) {
		return d
	}
	return 0
}

// nominal returns the mutant's choice, where the base has v. A difference is
// that two members disagree.
func (b *breeder) nominal(i int, v float64, r *rand.Rand) float64 {
	if b.toward != nil && !math.IsNaN(b.toward[i]) && r.Float64() < b.f {
		v = b.toward[i]
	}
	if plus, minus := b.plus[i], b.minus[i]; !math.IsNaN(plus) && plus != minus && r.Float64() < b.f {
		v = plus
	}
	if r.IntN(len(b.p.members)) == 0 {
		v = b.p.genome.Reset(i, v, r)
	}
	return v
}
