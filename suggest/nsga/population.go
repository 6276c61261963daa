package nsga

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// member is a complete trial as the algorithms see it.
type member struct {
	trial     int
	loss      []float64 // all to be small
	violation float64   // sum of what exceeds the outcome constraints; 0: feasible
	genes     []float64 // the point in the unit cube, NaN where inactive
	// rank and crowding decide tournaments: lower rank, then more distance.
	rank     int
	crowding float64
}

// survivors selects n of the members and sets what tournaments compare. It may
// reorder members.
type survivors func(members []member, n int, r *rand.Rand) []member

// population is the parents of the present generation, a function of the ended
// trials, their order, the seed and the settings. Everything is brought up to
// date by what has ended since the last request.
type population struct {
	size, offspring int
	mates           int // parents of a child
	survive         survivors

	seen       *study.History
	seed       uint64
	consumed   int // ended trials
	generation int
	parents    []member
	draws      [][]int  // who meets whom, of the parents
	brood      []member // since the last selection
	results    int      // likewise, with those that cannot be parents
}

// update brings the population up to date.
func (p *population) update(h *study.History, seed uint64) {
	if !h.Continues(p.seen) || seed != p.seed {
		p.consumed, p.generation, p.parents, p.brood, p.results = 0, 0, nil, nil, 0
	} else if h.Space != p.seen.Space {
		widen(p.parents, h.Space.Len())
		widen(p.brood, h.Space.Len())
	}
	p.seen, p.seed = h, seed
	for ; p.consumed < h.EndedLen(); p.consumed++ {
		p.admit(h.Ended(p.consumed))
	}
}

// widen gives members the genes of parameters that the space has got since:
// their trials do not have them.
func widen(members []member, n int) {
	for i := range members {
		for len(members[i].genes) < n {
			members[i].genes = append(members[i].genes, math.NaN())
		}
	}
}

func (p *population) admit(t *study.Trial) {
	switch {
	case t.State == study.Complete, t.Estimated:
		m, ok := newMember(p.seen.Space, p.seen.Objectives, t)
		if !ok {
			return
		}
		p.brood = append(p.brood, m)
	case t.State == study.Pruned:
	default:
		return
	}
	p.results++
	full := p.offspring
	if p.generation == 0 {
		full = p.size
	}
	if p.results >= full {
		p.turn()
	}
}

// turn ends a generation.
func (p *population) turn() {
	p.generation++
	all := append(p.parents, p.brood...)
	r := study.Stream(p.seed, p.generation, "generation")
	p.parents = p.survive(all, p.size, r)
	p.draws = draw(len(p.parents), p.mates, r)
	p.brood, p.results = p.brood[:0], 0
}

// newMember returns t as a member, false where its values are not finite.
func newMember(s *space.Space, objectives []study.Objective, t *study.Trial) (member, bool) {
	m := member{trial: t.Number}
	if len(t.Values) != len(objectives) {
		return m, false
	}
	k := len(objectives)
	numbers := make([]float64, k+s.Len())
	m.loss, m.genes = numbers[:k:k], numbers[k:]
	for i, x := range t.Values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return m, false
		}
		m.loss[i] = objectives[i].Loss(x)
	}
	for _, v := range t.Violations {
		if math.IsNaN(v) {
			v = math.Inf(1)
		}
		m.violation += max(v, 0)
	}
	s.Encode(t.Config, m.genes)
	return m, true
}
