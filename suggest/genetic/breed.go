package genetic

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// Values of breeder.mutating that are no probability.
const (
	mutateOneInMean = -1 // one over the number of active genes
	mutateOne       = -2 // exactly one gene
)

const (
	// attempts is how many children are made before one is drawn from the
	// prior instead.
	attempts = 32
	// retreats is how often a child that violates a constraint is pulled
	// halfway to its parent.
	retreats = 4
)

// breeder makes children.
type breeder struct {
	tournament  int
	crossing    float64 // probability of a second parent
	recombine   vary.Recombine
	mutating    float64 // probability for every gene, or one of the constants
	mutationEta float64

	child []float64
}

// breed returns a child that satisfies the constraints of the space, equals
// none of its parents and is accepted by take; or false.
func (b *breeder) breed(h *study.History, p *population, r *rand.Rand, take func(space.Config) bool) (suggest.Proposal, bool) {
	if len(b.child) != p.genome.Len() {
		b.child = make([]float64, p.genome.Len())
	}
	for range attempts {
		first := &p.members[b.winner(p, r)]
		second := first
		if len(p.members) > 1 && r.Float64() < b.crossing {
			second = &p.members[b.winner(p, r)]
		}
		b.inherit(p.genome, first, second, r)
		// Genes that are active in the child alone are drawn from the prior.
		vary.Fill(b.child, r)
		c := h.Space.Decode(b.child)
		old1, old2 := h.Trial(first.trial).Config, h.Trial(second.trial).Config
		if c.Equal(old1) || c.Equal(old2) {
			if i := p.genome.Pick(first.genes, r); i >= 0 {
				b.child[i] = p.genome.Mutate(i, b.child[i], b.mutationEta, r)
			}
			c = h.Space.Decode(b.child)
		}
		ok := h.Space.Feasible(c)
		for k := 0; k < retreats && !ok; k++ {
			p.genome.Retreat(b.child, first.genes)
			c = h.Space.Decode(b.child)
			ok = h.Space.Feasible(c)
		}
		if !ok || c.Equal(old1) || c.Equal(old2) || !take(c) {
			continue
		}
		parents := []int{first.trial, second.trial}
		if first == second {
			parents = parents[:1]
		}
		return suggest.Proposal{Config: c, Note: note(parents)}, true
	}
	return suggest.Proposal{}, false
}

// winner returns the place of the best of a random sample, with replacement as
// in Real et al.; of equals the one that was drawn first.
func (b *breeder) winner(p *population, r *rand.Rand) int {
	best := r.IntN(len(p.members))
	for range b.tournament - 1 {
		k := r.IntN(len(p.members))
		if p.members[k].merit.Compare(p.members[best].merit) < 0 {
			best = k
		}
	}
	return best
}

// inherit makes the child's genes. Those that no parent has stay NaN.
func (b *breeder) inherit(g *vary.Genome, first, second *member, r *rand.Rand) {
	copy(b.child, first.genes)
	if second != first {
		g.Cross(b.child, second.genes, b.recombine, r)
	}
	rate := b.mutating
	switch rate {
	case mutateOne:
		if i := g.Pick(b.child, r); i >= 0 {
			b.child[i] = g.Mutate(i, b.child[i], b.mutationEta, r)
		}
		return
	case mutateOneInMean:
		rate = 1 / float64(max(g.Active(b.child), 1))
	}
	for i, x := range b.child {
		if !math.IsNaN(x) && r.Float64() < rate {
			b.child[i] = g.Mutate(i, x, b.mutationEta, r)
		}
	}
}
