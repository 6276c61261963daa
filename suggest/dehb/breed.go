package dehb

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/internal/ladder"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// tries is how often a child that may not be proposed is bred again.
const tries = 10

// breeder makes the children of one request.
type breeder struct {
	p       *populations
	step    float64
	members []member // of the population of step
	load    []int    // how many children each has, those of this request included
	pool    []int    // trials that parents are taken from
	all     []int    // trials in any population
}

// begin prepares a request for children at a step.
func (b *breeder) begin(s *suggester, r suggest.Request, step float64, members []member) {
	p := &s.populations
	*b = breeder{p: p, step: step, members: members}
	for _, m := range members {
		b.load = append(b.load, p.children[place{step, m.family}])
	}
	from, n := members, len(members)
	if below := p.levels.Below(step); below >= 0 && p.steps != nil {
		if first, known := p.first[r.Bracket]; known && first < step {
			from = p.members(p.levels.Step(below), p.size(p.levels.Step(below)))
			k := p.rung(first)
			n = ladder.Shrink(p.sizes[k], p.o.reduction, p.rung(step)-k)
		}
	}
	for _, m := range from[:min(n, len(from))] {
		b.pool = append(b.pool, m.trial)
	}
}

// breed returns the child of the member with the fewest children, the best of
// several. False where nothing that take accepts was found.
func (b *breeder) breed(rng *rand.Rand, take func(space.Config) bool) (suggest.Proposal, bool) {
	k := 0
	for i, n := range b.load {
		if n < b.load[k] {
			k = i
		}
	}
	target := b.members[k]
	h := b.p.seen
	for range tries {
		x := b.point(target.trial, rng)
		v := cross(x, b.mutant(b.parents(target.trial, rng), rng), b.p.o.cr, rng)
		c := h.Space.Decode(v)
		for range 2 {
			if !h.Space.Feasible(c) {
				b.p.genome.Retreat(v, x)
				c = h.Space.Decode(v)
			}
		}
		if c.Equal(h.Trial(target.trial).Config) {
			continue // the mutant's coordinates stand for the same values
		}
		if h.Space.Feasible(c) && take(c) {
			b.load[k]++
			return suggest.Proposal{Config: c, Note: note{Step: finite(b.step), Family: target.family, Parent: target.trial}.String()}, true
		}
	}
	return suggest.Proposal{}, false
}

// parents returns the points that three are chosen from, at least three.
func (b *breeder) parents(target int, rng *rand.Rand) [][]float64 {
	var list [][]float64
	for _, t := range b.pool {
		if t != target || len(b.pool) == 1 {
			list = append(list, b.point(t, rng))
		}
	}
	if len(list) < 3 {
		if all := b.everybody(); len(all) >= 3 {
			global := make([][]float64, len(all))
			for i, t := range all {
				global[i] = b.point(t, rng)
			}
			for len(list) < 4 {
				list = append(list, b.mutant(global, rng))
			}
		}
	}
	for len(list) < 3 {
		x := make([]float64, b.p.genome.Len())
		for i := range x {
			x[i] = rng.Float64()
		}
		list = append(list, x)
	}
	return list
}

// everybody returns the trials that are a member of some population.
func (b *breeder) everybody() []int {
	if b.all == nil {
		seen := map[int]bool{}
		for k := range b.p.levels.Len() {
			step := b.p.levels.Step(k)
			for _, m := range b.p.members(step, b.p.size(step)) {
				if !seen[m.trial] {
					seen[m.trial] = true
					b.all = append(b.all, m.trial)
				}
			}
		}
	}
	return b.all
}

// mutant is a + F (b - c) of three of the points.
func (b *breeder) mutant(of [][]float64, rng *rand.Rand) []float64 {
	i, j, k := three(len(of), rng)
	return differ(of[i], of[j], of[k], b.p.o.f)
}

// three returns three different numbers below n, which is at least 3.
func three(n int, rng *rand.Rand) (i, j, k int) {
	i, j, k = rng.IntN(n), rng.IntN(n-1), rng.IntN(n-2)
	if j >= i {
		j++
	}
	if k >= min(i, j) {
		k++
	}
	if k >= max(i, j) {
		k++
	}
	return i, j, k
}

// differ returns a + f (b - c).
func differ(a, b, c []float64, f float64) []float64 {
	v := make([]float64, len(a))
	for i := range v {
		v[i] = a[i] + float64(f*(b[i]-c[i]))
	}
	return v
}

// cross returns the binomial crossover of a target and a mutant; what is not in
// [0, 1] is drawn anew.
func cross(target, mutant []float64, rate float64, rng *rand.Rand) []float64 {
	v := make([]float64, len(target))
	taken := false
	for i := range v {
		v[i] = target[i]
		if rng.Float64() < rate {
			v[i], taken = mutant[i], true
		}
	}
	if !taken && len(v) > 0 {
		i := rng.IntN(len(v))
		v[i] = mutant[i]
	}
	for i, x := range v {
		if !(x >= 0 && x <= 1) {
			v[i] = rng.Float64()
		}
	}
	return v
}

// point returns where a trial stands in the unit cube: anywhere in the interval
// of its value where that is a choice without order, and anywhere at all where
// the parameter is inactive.
func (b *breeder) point(trial int, rng *rand.Rand) []float64 {
	return b.p.point(b.p.seen.Trial(trial), rng)
}

func (p *populations) point(t *study.Trial, rng *rand.Rand) []float64 {
	u := p.space.Encode(t.Config, nil)
	for i, w := range p.width {
		if w != nil && !math.IsNaN(u[i]) {
			u[i] += float64(w[p.genome.Level(i, u[i])] * (2*rng.Float64() - 1))
		}
	}
	vary.Fill(u, rng)
	return u
}
