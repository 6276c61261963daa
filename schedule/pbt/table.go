package pbt

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/study"
)

// standing is what a member's trial was at a step.
type standing struct {
	trial int
	loss  float64 // +Inf where it is not a number
	step  float64 // at which it was measured: not before the step
}

// before orders standings, of equals the earlier trial first.
func (a standing) before(b standing) int {
	switch {
	case a.loss < b.loss:
		return -1
	case a.loss > b.loss:
		return 1
	}
	return a.trial - b.trial
}

// table is what the population is like, brought up to date by the trials that
// have changed. It is a function of the history.
type table struct {
	last      *study.History
	members   []*study.Trial // the present trial of each member, nil: none yet
	bracket   []int          // of each trial, -1: it is no member
	cancelled int            // trials that do not count against a budget
	gone      []bool         // of each trial: it is one of these
	rungs     map[float64]*rung
}

// rung is who has come to a step.
type rung struct {
	at    float64
	field []standing // in order
	come  int        // members that have, or will never
	by    []int      // of each member, how many of its trials say so
	parts []part     // of each trial
}

// part is what a trial adds to a rung.
type part struct {
	member int // whose coming it counts for, -1: nobody's
	stands bool
	at     standing
}

// follow brings the table up to date. Trials that run to their end, because
// somebody added them by hand when the population was full, are no members.
func (s *population) follow(h *study.History) {
	b := &s.table
	if !h.Continues(b.last) {
		*b = table{members: make([]*study.Trial, s.size), rungs: map[float64]*rung{}}
	}
	old := b.last
	b.last = h
	for t := range h.Changed(old) {
		for len(b.bracket) <= t.Number {
			b.bracket, b.gone = append(b.bracket, -1), append(b.gone, false)
		}
		if gone := t.State == study.Cancelled; gone != b.gone[t.Number] {
			b.gone[t.Number] = gone
			b.cancelled += map[bool]int{true: 1, false: -1}[gone]
		}
		is := -1
		if s.member(t) {
			is = t.Bracket
		}
		if was := b.bracket[t.Number]; was >= 0 && was != is { // never by this scheduler
			b.last = nil
			s.table = table{}
			s.follow(h)
			return
		}
		b.bracket[t.Number] = is
		var replaced *study.Trial
		if is >= 0 {
			if m := b.members[is]; m == nil || m.Number <= t.Number {
				if m != nil && m.Number < t.Number {
					replaced = h.Trial(m.Number)
				}
				b.members[is] = t
			}
		}
		for _, r := range b.rungs {
			s.enter(r, t)
			if replaced != nil {
				s.enter(r, replaced)
			}
		}
	}
}

// rung returns who has come to step at.
func (s *population) rung(h *study.History, at float64) *rung {
	if r := s.table.rungs[at]; r != nil {
		return r
	}
	r := &rung{at: at, by: make([]int, s.size)}
	for t := range h.All() {
		s.enter(r, t)
	}
	s.table.rungs[at] = r
	return r
}

// enter puts what t is now in the place of what it was on a rung.
func (s *population) enter(r *rung, t *study.Trial) {
	for len(r.parts) <= t.Number {
		r.parts = append(r.parts, part{member: -1})
	}
	now := part{member: -1}
	if s.member(t) {
		come := stands(t, r.at)
		if now.stands = come && !failed(t); now.stands {
			now.at = stand(s.objective, t, r.at)
		}
		present := s.table.members[t.Bracket]
		if come || t.State == study.Complete || failed(t) && present != nil && present.Number == t.Number {
			now.member = t.Bracket
		}
	}
	was := r.parts[t.Number]
	if was == now {
		return
	}
	r.parts[t.Number] = now
	if was.member != now.member {
		if was.member >= 0 {
			if r.by[was.member]--; r.by[was.member] == 0 {
				r.come--
			}
		}
		if now.member >= 0 {
			if r.by[now.member]++; r.by[now.member] == 1 {
				r.come++
			}
		}
	}
	if was.stands {
		if i, ok := slices.BinarySearchFunc(r.field, was.at, standing.before); ok {
			r.field = slices.Delete(r.field, i, i+1)
		}
	}
	if now.stands {
		i, _ := slices.BinarySearchFunc(r.field, now.at, standing.before)
		r.field = slices.Insert(r.field, i, now.at)
	}
}

// stand returns what t, which has come to step at, was there: what it measured
// first at that step or behind it, or where that report had not the objective
// last before.
func stand(o study.Objective, t *study.Trial, at float64) standing {
	loss, step := math.Inf(1), 0.0
	for _, r := range t.Reports {
		if x, ok := r.Values.Get(o.Metric); ok {
			loss = o.Loss(x)
			if math.IsNaN(loss) {
				loss = math.Inf(1)
			}
		}
		if step = r.Step; step >= at {
			break
		}
	}
	return standing{t.Number, loss, step}
}
