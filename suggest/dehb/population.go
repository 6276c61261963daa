package dehb

import (
	"cmp"
	"math"
	"slices"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/internal/ladder"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/level"
	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// place is a family at a step.
type place struct {
	step   float64
	family int
}

// populations is the populations of all steps, a function of the trials.
type populations struct {
	o      options
	seen   *study.History
	levels level.Table
	// children counts those that each family was given, whatever became of
	// them; notes are those of all trials.
	children map[place]int
	notes    []note
	// first is the least step that a trial of each bracket was made for.
	first map[int]float64

	space  *space.Space
	genome *vary.Genome
	width  [][]float64 // of the choices without order, half of each value's interval
	steps  []float64   // at which Hyperband compares; nil without a fidelity
	sizes  []int       // of its brackets
}

// follow brings the populations up to date.
func (p *populations) follow(h *study.History) {
	if !h.Continues(p.seen) {
		p.levels = level.Table{Group: p.family}
		p.children, p.notes, p.first, p.steps, p.sizes = map[place]int{}, p.notes[:0], map[int]float64{}, nil, nil
		if f := h.Fidelity; f != nil && f.Min > 0 && f.Max > f.Min {
			p.steps = foresight.Steps(*f, p.o.reduction)
			p.sizes = ladder.Sizes(len(p.steps), 0, p.o.reduction, p.o.trials)
		}
	}
	if h.Space != p.space {
		p.space, p.genome = h.Space, vary.Of(h.Space)
		p.width = widths(h.Space, p.genome)
	}
	old := p.seen
	p.seen = h
	for len(p.notes) < h.Len() {
		n := noteOf(h.Trial(len(p.notes)))
		if n.Family >= 0 {
			p.children[place{p.at(n.Step), n.Family}]++
		}
		p.notes = append(p.notes, n)
	}
	p.levels.Follow(h)
	for t := range h.Changed(old) {
		if n := p.notes[t.Number]; n != stranger && t.Bracket > 0 {
			if least, has := p.first[t.Bracket]; !has || p.at(n.Step) < least {
				p.first[t.Bracket] = p.at(n.Step)
			}
		}
	}
}

// end returns the step of the last population.
func (p *populations) end() float64 {
	if f := p.seen.Fidelity; f != nil && f.Max > 0 {
		return f.Max
	}
	return math.Inf(1)
}

// at returns the step that a note means.
func (p *populations) at(step float64) float64 {
	if step == 0 {
		return p.end()
	}
	return step
}

// size returns how many members the population of a step has: as many as
// trials the bracket that begins there. Where no trial is sent to any step but
// the end, the schedule is none of rungs, and the population that of plain
// differential evolution.
func (p *populations) size(step float64) int {
	switch {
	case p.o.given > 0:
		return p.o.given
	case p.steps == nil || step == p.end() && p.levels.Len() == 1:
		n := min(max(5*p.genome.Free(), 20), 100)
		if p.o.trials > 0 {
			n = min(n, max(p.o.trials/4, minPopulation))
		}
		return n
	}
	return p.sizes[p.rung(step)]
}

// minPopulation is the least population where there are no rungs: a target and
// three parents.
const minPopulation = 4

// rung returns the number of the highest of Hyperband's steps that is not above
// a step.
func (p *populations) rung(step float64) int {
	k := 0
	for k+1 < len(p.steps) && p.steps[k+1] <= step*(1+1e-9) {
		k++
	}
	return k
}

// member is the best of a family.
type member struct{ family, trial int }

// members returns the population of a step, the best first, at most size.
func (p *populations) members(step float64, size int) []member {
	k, ok := p.levels.Level(step)
	if !ok {
		return nil
	}
	groups := p.levels.Groups(k)
	best := make([]member, 0, len(groups))
	for family, places := range groups {
		if places[0].Broken() {
			continue
		}
		best = append(best, member{family, places[0].Trial})
	}
	slices.SortFunc(best, func(a, b member) int {
		x, y := groups[a.family][0], groups[b.family][0]
		return cmp.Or(x.Compare(y.Worth), cmp.Compare(x.Trial, y.Trial))
	})
	best = best[:min(size, len(best))]
	for i, m := range best {
		for _, one := range groups[m.family][1:] {
			if one.Compare(groups[m.family][0].Worth) != 0 {
				break
			}
			best[i].trial = one.Trial // of equals the youngest
		}
	}
	return best
}

// family returns the family of a trial in the population of a step: the one
// that it was bred for, at the step that it was bred for; else its own. False
// at the steps below, which the trial only passes.
func (p *populations) family(t *study.Trial, step float64) (int, bool) {
	n := p.notes[t.Number]
	switch {
	case n == stranger || t.Until > 0 && t.Until < n.Step:
		// Not proposed here, or not run up to the step that it was made for.
		return t.Number, true
	case n.Family >= 0 && p.at(n.Step) == step:
		return n.Family, true
	}
	return t.Number, n.Step <= step
}

// coming returns how many trials that have not ended will found a family at a
// step.
func (p *populations) coming(step float64) int {
	n := 0
	for t := range p.seen.Open() {
		if until := t.Until; until == step || until == 0 && step == p.end() {
			if family, _ := p.family(t, step); family != t.Number {
				continue
			}
			if _, there := level.Of(t, p.seen.Objectives[0], step); !there {
				n++
			}
		}
	}
	return n
}

// widths returns half of the interval that each value of the choices without
// order has in [0, 1].
func widths(s *space.Space, g *vary.Genome) [][]float64 {
	out := make([][]float64, s.Len())
	for i := range out {
		if g.Trait(i) != vary.Nominal {
			continue
		}
		n, _ := s.Param(i).Count()
		low := 0.0
		for k := range n {
			mid := s.EncodeParam(i, s.Param(i).Nth(k))
			out[i] = append(out[i], mid-low)
			low += 2 * (mid - low)
		}
	}
	return out
}
