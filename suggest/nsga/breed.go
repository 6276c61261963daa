package nsga

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// breeder makes children. Its buffers are good for one child.
type breeder struct {
	cross       crossover
	crossing    float64 // probability
	mutating    float64 // probability for each gene; below 0: one on average
	mutationEta float64
	uniform     bool // mutation draws from the prior

	space  *space.Space
	genome *vary.Genome

	mates  []int // places among the parents
	genes  []float64
	child  []float64   // of the vector crossovers: the numeric genes
	dense  [][]float64 // likewise, of each mate
	scarce []bool      // genes that no mate has
}

// enter prepares for the parameters of s.
func (b *breeder) enter(s *space.Space) {
	if b.space == s {
		return
	}
	b.space, b.genome = s, vary.Of(s)
	b.genes = make([]float64, s.Len())
	b.scarce = make([]bool, s.Len())
	b.child = make([]float64, 0, s.Len())
	b.dense = make([][]float64, b.cross.parents)
}

const (
	// attempts is how many children are made before one is drawn from the
	// prior instead.
	attempts = 32
	// retreats is how often a child that violates a constraint of the space is
	// drawn halfway to its parent.
	retreats = 4
)

// breed returns a child that satisfies the constraints of the space, equals
// none of its parents and is accepted by take, with the places of its parents;
// or false.
func (b *breeder) breed(h *study.History, p *population, trial int, r *rand.Rand, take func(space.Config) bool) (space.Config, []int, bool) {
	parents := p.parents
	for attempt := range attempts {
		// Later attempts meet others, in case these two have no good child.
		b.pair(parents, p.draws, trial+attempt, r)
		b.inherit(parents, r)
		c := b.space.Decode(b.genes)
		if b.copied(h, parents, c) {
			b.force(c, r)
			c = b.space.Decode(b.genes)
		}
		ok := b.space.Feasible(c)
		for range retreats {
			if ok {
				break
			}
			b.genome.Retreat(b.genes, parents[b.mates[0]].genes)
			c = b.space.Decode(b.genes)
			ok = b.space.Feasible(c)
		}
		if ok && !b.copied(h, parents, c) && take(c) {
			return c, b.mates, true
		}
	}
	return space.Config{}, nil, false
}

// pair chooses the parents of the child of a trial, all different, each the
// winner of a tournament of two.
func (b *breeder) pair(parents []member, draws [][]int, trial int, r *rand.Rand) {
	n := 1
	if r.Float64() < b.crossing {
		n = min(b.cross.parents, len(parents))
	}
	b.mates = b.mates[:0]
	for len(b.mates) < n {
		i, j := opponents(draws, len(b.mates), trial)
		k := tournament(parents, i, j, r)
		for met(b.mates, k) {
			k = r.IntN(len(parents))
		}
		b.mates = append(b.mates, k)
	}
}

func met(mates []int, k int) bool {
	for _, m := range mates {
		if m == k {
			return true
		}
	}
	return false
}

// rounds is for how many permutations of the parents each place in a mating
// has tournaments, until they repeat.
const rounds = 2

// draw returns the permutations of n parents that say who meets whom: those of
// the k-th parent of a child are k·rounds and following. As in Deb's code every
// parent enters equally many tournaments, which loses fewer of them by chance
// than independent draws do.
func draw(n, mates int, r *rand.Rand) [][]int {
	out := make([][]int, mates*rounds)
	for i := range out {
		out[i] = r.Perm(n)
	}
	return out
}

// opponents returns who meets for the k-th parent of the child of a trial.
func opponents(draws [][]int, k, trial int) (int, int) {
	pairs := len(draws[0]) / 2
	order := draws[k*rounds+trial/pairs%rounds]
	return order[2*(trial%pairs)], order[2*(trial%pairs)+1]
}

// tournament returns the better of parents i and j; of equals one at random.
func tournament(parents []member, i, j int, r *rand.Rand) int {
	a, b := &parents[i], &parents[j]
	switch {
	case a.rank != b.rank:
		if a.rank < b.rank {
			return i
		}
		return j
	case a.crowding != b.crowding:
		if a.crowding > b.crowding {
			return i
		}
		return j
	case r.Uint64()&1 == 0:
		return i
	}
	return j
}

// inherit makes the genes of a child of the chosen parents.
func (b *breeder) inherit(parents []member, r *rand.Rand) {
	first := parents[b.mates[0]].genes
	copy(b.genes, first)
	if len(b.mates) > 1 {
		b.recombine(parents, r)
	}
	active := 0
	for i, x := range b.genes {
		b.scarce[i] = math.IsNaN(x)
		if b.scarce[i] {
			b.genes[i] = r.Float64()
		} else if b.genome.Trait(i) != vary.Fixed {
			active++
		}
	}
	p := b.mutating
	if p < 0 {
		p = 1 / float64(max(active, 1))
	}
	for i, x := range b.genes {
		if !b.scarce[i] && r.Float64() < p {
			b.genes[i] = b.mutate(i, x, r)
		}
	}
}

// recombine crosses the genes of the chosen parents. Genes that none of them
// has stay NaN.
func (b *breeder) recombine(parents []member, r *rand.Rand) {
	if b.cross.vector != nil && len(b.mates) == b.cross.parents {
		b.recombineVectors(parents, r)
		return
	}
	b.genome.Cross(b.genes, parents[b.mates[1]].genes, b.cross.gene, r)
}

// recombineVectors crosses all numeric genes at once. A gene that a parent
// lacks is taken to be the mean of those that have it.
func (b *breeder) recombineVectors(parents []member, r *rand.Rand) {
	for k := range b.dense {
		b.dense[k] = b.dense[k][:0]
	}
	for i := range b.genes {
		sum, n := 0.0, 0
		for _, m := range b.mates {
			if x := parents[m].genes[i]; !math.IsNaN(x) {
				sum += x
				n++
			}
		}
		switch {
		case n == 0:
		case b.genome.Trait(i) == vary.Nominal:
			pick := r.IntN(n)
			for _, m := range b.mates {
				if x := parents[m].genes[i]; !math.IsNaN(x) {
					if pick == 0 {
						b.genes[i] = x
					}
					pick--
				}
			}
		default:
			for k, m := range b.mates {
				x := parents[m].genes[i]
				if math.IsNaN(x) {
					x = sum / float64(n)
				}
				b.dense[k] = append(b.dense[k], x)
			}
		}
	}
	b.child = b.child[:len(b.dense[0])]
	if len(b.child) == 0 {
		return
	}
	b.cross.vector(b.child, b.dense, r)
	at := 0
	for i := range b.genes {
		if b.genome.Trait(i) == vary.Nominal {
			continue
		}
		for _, m := range b.mates {
			if !math.IsNaN(parents[m].genes[i]) {
				b.genes[i] = vary.Mirror(b.child[at])
				at++
				break
			}
		}
	}
}

// copied reports whether c is the configuration of one of the chosen parents.
func (b *breeder) copied(h *study.History, parents []member, c space.Config) bool {
	for _, m := range b.mates {
		if c.Equal(h.Trial(parents[m].trial).Config) {
			return true
		}
	}
	return false
}

// force mutates one gene that is active in c and has more than one value.
func (b *breeder) force(c space.Config, r *rand.Rand) {
	n := 0
	chosen := -1
	for i := range b.genes {
		if b.genome.Trait(i) == vary.Fixed || c.At(i).IsAbsent() {
			continue
		}
		if n++; r.IntN(n) == 0 {
			chosen = i
		}
	}
	if chosen >= 0 {
		b.genes[chosen] = b.mutate(chosen, b.genes[chosen], r)
	}
}

// mutate returns another value of gene i, which is x.
func (b *breeder) mutate(i int, x float64, r *rand.Rand) float64 {
	if b.uniform {
		return b.genome.Reset(i, x, r)
	}
	return b.genome.Mutate(i, x, b.mutationEta, r)
}
