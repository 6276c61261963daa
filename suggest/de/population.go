package de

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/merit"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// member holds a slot of the population: a trial, until a child replaces it.
type member struct {
	slot  int // numbered as they come, never used again
	trial int
	merit merit.Merit
	genes []float64 // the point in the unit cube, NaN where inactive
	// tried is how many children of this slot have ended, load that with those
	// that have not.
	tried, load int
}

// population is a function of the trials that have ended, their order, the
// seed and the settings. What has ended since the last request brings it up to
// date.
type population struct {
	o *options

	seen     *study.History
	seed     uint64
	genome   *vary.Genome
	consumed int // ended trials
	// notes is those of the open trials; one without has slot -1.
	notes map[int]note

	first    int      // size at the start
	size     int      // now; there may be fewer members
	members  []member // by slot
	order    []int    // places in members, best first
	slots    int      // used so far
	children int      // ended in this generation
	archive  [][]float64
	memory   memory
}

// update folds in what has ended since the last request. A space that has
// grown begins anew, because the genes have got more.
func (p *population) update(h *study.History, seed uint64) {
	if !h.Continues(p.seen) || h.Space != p.seen.Space || seed != p.seed {
		p.reset(h, seed)
	}
	p.seen = h
	for ; p.consumed < h.EndedLen(); p.consumed++ {
		p.fold(h.Ended(p.consumed))
	}
}

func (p *population) reset(h *study.History, seed uint64) {
	genome := vary.Of(h.Space)
	first := p.o.initial(genome.Free())
	*p = population{
		o: p.o, seed: seed, genome: genome, notes: make(map[int]note),
		first: first, size: first,
		memory: newMemory(p.o.memory, p.o.f, p.o.cr),
	}
}

// fold takes a trial that has ended into account.
func (p *population) fold(t *study.Trial) {
	n, bred := p.notes[t.Number]
	if bred {
		delete(p.notes, t.Number)
		bred = n.Slot >= 0
	} else {
		n, bred = noteOf(t)
	}
	at := -1
	if bred {
		if at = p.find(n.Slot); at >= 0 {
			p.members[at].tried++
		}
	}
	if m, ok := merit.Of(t, p.seen.Objectives[0]); ok {
		switch {
		case at >= 0:
			p.challenge(at, t, m, n)
		case len(p.members) < p.size:
			p.join(t, m)
		default:
			if worst := p.order[len(p.order)-1]; m.Compare(p.members[worst].merit) < 0 {
				p.replace(worst, t, m)
			}
		}
	}
	if bred {
		if p.children++; p.children >= p.size {
			p.turn()
		}
	}
}

// find returns the place of the member that holds a slot, or -1.
func (p *population) find(slot int) int {
	lo, hi := 0, len(p.members)
	for lo < hi {
		if mid := (lo + hi) / 2; p.members[mid].slot < slot {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(p.members) && p.members[lo].slot == slot {
		return lo
	}
	return -1
}

// join gives a trial a new slot.
func (p *population) join(t *study.Trial, m merit.Merit) {
	tried := 0 // a newcomer has no arrears
	for i := range p.members {
		if k := p.members[i].tried; i == 0 || k < tried {
			tried = k
		}
	}
	p.members = append(p.members, member{
		slot: p.slots, trial: t.Number, merit: m, tried: tried,
		genes: p.seen.Space.Encode(t.Config, nil),
	})
	p.slots++
	p.insert(len(p.members) - 1)
}

// challenge lets a child compete for the slot of its target.
func (p *population) challenge(at int, t *study.Trial, m merit.Merit, n note) {
	old := p.members[at].merit
	c := m.Compare(old)
	if c > 0 {
		return
	}
	if c == 0 {
		p.put(at, t, m) // drifts on a plateau, but is no success
		return
	}
	overtaken := p.replace(at, t, m)
	if p.o.variant != variantLShade {
		return
	}
	s := success{f: n.F, cr: n.CR, weight: float64(overtaken)}
	if p.o.improves {
		s.weight = math.NaN()
		if gain, ok := m.Gain(old); ok {
			s.weight = gain
		}
	}
	p.memory.successes = append(p.memory.successes, s)
}

// replace gives the slot at a place to a better trial and keeps the old genes
// in the archive. It returns how many members the newcomer is better than and
// the old one was not, the old one included.
func (p *population) replace(at int, t *study.Trial, m merit.Merit) int {
	p.remember(p.members[at].genes, study.Stream(p.seed, t.Number, "archive"))
	before := p.remove(at)
	p.put(at, t, m)
	return before - p.insert(at) + 1
}

func (p *population) put(at int, t *study.Trial, m merit.Merit) {
	one := &p.members[at]
	one.trial, one.merit = t.Number, m
	one.genes = p.seen.Space.Encode(t.Config, one.genes)
}

// insert enters the member at a place into the order, behind its equals, and
// returns its rank.
func (p *population) insert(at int) int {
	m := p.members[at].merit
	lo, hi := 0, len(p.order)
	for lo < hi {
		if mid := (lo + hi) / 2; m.Compare(p.members[p.order[mid]].merit) < 0 {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	p.order = append(p.order, 0)
	copy(p.order[lo+1:], p.order[lo:])
	p.order[lo] = at
	return lo
}

// remove takes the member at a place out of the order and returns the rank it
// had.
func (p *population) remove(at int) int {
	for rank, k := range p.order {
		if k == at {
			p.order = append(p.order[:rank], p.order[rank+1:]...)
			return rank
		}
	}
	panic("de: a member has no rank")
}

// remember puts genes into the archive, over a random entry where it is full.
func (p *population) remember(genes []float64, r *rand.Rand) {
	switch most := p.archiveSize(); {
	case most == 0:
	case len(p.archive) < most:
		p.archive = append(p.archive, append([]float64(nil), genes...))
	default:
		copy(p.archive[r.IntN(len(p.archive))], genes)
	}
}

func (p *population) archiveSize() int {
	if p.o.variant == variantRand {
		return 0
	}
	return int(p.o.archive*float64(p.size) + 0.5)
}

// turn ends a generation: the memory learns, the population shrinks by its
// worst.
func (p *population) turn() {
	p.children = 0
	p.memory.turn()
	size := p.o.size(p.first, p.consumed+1)
	if size >= p.size {
		return
	}
	p.size = size
	for len(p.members) > size {
		at := p.order[len(p.order)-1]
		p.order = p.order[:len(p.order)-1]
		p.members = append(p.members[:at], p.members[at+1:]...)
		for rank, k := range p.order {
			if k > at {
				p.order[rank]--
			}
		}
	}
	r := study.Stream(p.seed, p.consumed, "archive shrinks")
	for most := p.archiveSize(); len(p.archive) > most; {
		k, last := r.IntN(len(p.archive)), len(p.archive)-1
		p.archive[k] = p.archive[last]
		p.archive = p.archive[:last]
	}
}

// count sets the load of every member and returns how many open trials have no
// target, so that they may join the population.
func (p *population) count() (strangers int) {
	for i := range p.members {
		p.members[i].load = p.members[i].tried
	}
	for t := range p.seen.Open() {
		n, ok := p.notes[t.Number]
		if !ok {
			if n, ok = noteOf(t); !ok {
				n.Slot = -1
			}
			p.notes[t.Number] = n
		}
		if n.Slot < 0 {
			strangers++
		} else if at := p.find(n.Slot); at >= 0 {
			p.members[at].load++
		}
	}
	return strangers
}

// target returns the place of the member with the fewest children, of several
// that with the lowest slot.
func (p *population) target() int {
	at := 0
	for i := range p.members {
		if p.members[i].load < p.members[at].load {
			at = i
		}
	}
	return at
}
