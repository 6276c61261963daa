package halving

import (
	"slices"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
)

// rounds is synchronous halving: brackets of a fixed size, one after the
// other, in which nobody is promoted before all have reached the rung. A slot
// for which the brackets have no use begins the next one, so none is idle.
type rounds struct {
	o     options
	table *table
	plans []plan
	// promoting is how many brackets, from the first, promote trials; those
	// after them make new ones for every rung. 0: all promote.
	promoting int
}

func (s *rounds) plan(bracket int) plan { return s.plans[(bracket-1)%len(s.plans)] }

// Next promotes in the oldest bracket that can, else fills the one that has
// begun, else begins another. The time is that of a look at every bracket.
func (s *rounds) Next(h *study.History) schedule.Order { return s.next(h, s.o.spent(h)) }

// Close is Next for a study to which no trials are added: a bracket that is
// not full is complete.
func (s *rounds) Close(h *study.History) schedule.Order { return s.next(h, true) }

func (s *rounds) next(h *study.History, closed bool) schedule.Order {
	s.table.update(h)
	closed = closed && s.table.fresh == 0 // what was made by hand has a place, too
	next := len(s.table.started)
	for b := 1; b < len(s.table.started); b++ {
		p := s.plan(b)
		if s.evolves(b) {
			switch i := s.vacant(b); {
			case closed || i < 0:
			case i == 0:
				next = min(next, b)
			default:
				return schedule.Order{Action: schedule.Start, CopyFrom: -1, Until: s.table.steps[p.first+i], Bracket: b}
			}
			continue
		}
		n := p.sizes[0]
		if s.table.started[b] < n {
			next = min(next, b)
			if !closed {
				continue
			}
			p = makePlan(max(1, s.table.started[b]), p.first, len(s.table.steps), s.o.reduction)
		}
		if k := s.promotable(b, p); k >= 0 {
			n := s.table.best(s.table.cell(b, k), k)
			return schedule.Order{Action: schedule.Resume, Trial: n, CopyFrom: -1,
				From: s.o.from(h.Trial(n)), Until: s.table.steps[k+1], Bracket: b}
		}
	}
	next = max(next, 1)
	return schedule.Order{Action: schedule.Start, CopyFrom: -1, Until: s.table.steps[s.plan(next).first], Bracket: next}
}

// promotable returns the rung of bracket b from which a trial goes up now, -1
// where there is none: the rung is complete, and not as many went up as the
// plan says.
func (s *rounds) promotable(b int, p plan) int {
	last := len(s.table.steps) - 1
	higher := 0
	for k := p.first; k <= last; k++ {
		higher += s.table.cell(b, k).sent
	}
	for k := p.first; k < last; k++ {
		c := s.table.cell(b, k)
		if c.busy > 0 {
			return -1
		}
		higher -= c.sent
		if len(c.waiting) > 0 && higher < p.sizes[k+1-p.first] {
			return k
		}
	}
	return -1
}

// Judge pauses a trial that has come as far as it may, or prunes it where
// those that are better already fill the next rung of its bracket.
func (s *rounds) Judge(h *study.History, t *study.Trial) study.Verdict {
	s.table.update(h)
	last := len(s.table.steps) - 1
	k, known := slices.BinarySearch(s.table.steps, t.Until)
	if t.Bracket <= 0 || !known || k == last {
		return study.VerdictContinue
	}
	if s.evolves(t.Bracket) {
		return retire(t)
	}
	v := pauseAtUntil(t)
	if v == study.VerdictPause && s.table.single {
		p := s.plan(t.Bracket)
		ahead, _ := slices.BinarySearchFunc(s.table.cell(t.Bracket, k).waiting, s.table.waitingPlace(t, k), comparePlaces)
		for above := k + 1; above <= last; above++ {
			ahead += s.table.cell(t.Bracket, above).sent
		}
		if ahead >= p.sizes[k+1-p.first] {
			return study.VerdictPrune
		}
	}
	return v
}
