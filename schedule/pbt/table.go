package pbt

import (
	"cmp"
	"math"
	"slices"

	"github.com/afina-hpo/afina/schedule/internal/rung"
	"github.com/afina-hpo/afina/study"
)

// maxLevels is how many steps' comparisons are kept. Where members come to more
// steps than that, because a comparison comes after every report and reports
// come whenever they like, those not asked for longest are made anew.
const maxLevels = 128

// table is who the members of a population are and how they stand, brought up
// to date by what has changed. It follows from the history alone.
type table struct {
	size int
	last *study.History

	objective study.Objective
	trials    []*study.Trial // by number, as they are counted
	members   []*study.Trial // the present trial of each, nil where there is none yet
	vacant    int            // the first member without a trial
	busy      int            // members whose trial waits for a worker or runs
	cancelled int            // trials that do not count against a budget of trials
	complete  []int          // how many trials of each member are complete
	never     []bool         // members that will never come to a step that they have not come to
	nevers    int            // how many those are
	waiting   []group        // members that are neither busy nor complete, by step
	levels    []*level       // in no order
	asked     int            // questions about levels
}

// group is the members whose trials may go as far as a step.
type group struct {
	at      float64
	members []int // ascending
}

// level is how the members' trials that have come to a step stood there.
type level struct {
	at    float64
	field []place // those that have not failed, best first
	come  []int   // how many trials of each member have come, the failed ones too
	n     int     // of how many members one has come, or never will
	asked int     // the last question about it
}

// position returns how many of the field are before p.
func (l *level) position(p place) int {
	i, _ := slices.BinarySearchFunc(l.field, p, comparePlaces)
	return i
}

// place is a trial with its loss; of equal losses the older trial is better.
type place struct {
	loss  float64 // +Inf where it is not a number
	trial int
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.loss, b.loss), cmp.Compare(a.trial, b.trial))
}

// member reports whether t is a member's. Trials that run to their end, because
// somebody added them by hand when the population was full, are none.
func (b *table) member(t *study.Trial) bool {
	return t.Until > 0 && t.Bracket >= 0 && t.Bracket < b.size
}

func failed(t *study.Trial) bool { return t.State.Ended() && t.State != study.Complete }

// stands reports whether t has come to step at. A copy that began there or
// later has not.
func stands(t *study.Trial, at float64) bool {
	return t.LastStep() >= at && (t.Copy == nil || t.Copy.Step < at)
}

// stand returns what t, which has come to step at, was there: what it measured
// first at that step or behind it, or where that report had not the objective
// last before; and the step of that report.
func stand(o study.Objective, t *study.Trial, at float64) (place, float64) {
	k, _ := slices.BinarySearchFunc(t.Reports, at, func(r study.Report, at float64) int { return cmp.Compare(r.Step, at) })
	for i := k; i >= 0; i-- {
		if x, ok := t.Reports[i].Values.Get(o.Metric); ok {
			loss := o.Loss(x)
			if math.IsNaN(loss) {
				loss = math.Inf(1)
			}
			return place{loss, t.Number}, t.Reports[k].Step
		}
	}
	return place{math.Inf(1), t.Number}, t.Reports[k].Step
}

// update follows the study to h, in time proportional to what has changed.
func (b *table) update(h *study.History) {
	if h == b.last {
		return
	}
	if !h.Continues(b.last) {
		b.restart(h)
	}
	for t := range h.Changed(b.last) {
		if b.follow(t) {
			continue
		}
		b.restart(h)
		for t := range h.All() {
			b.follow(t)
		}
		break
	}
	b.last = h
}

// restart forgets everything.
func (b *table) restart(h *study.History) {
	*b = table{
		size: b.size, objective: h.Objectives[0], members: make([]*study.Trial, b.size),
		complete: make([]int, b.size), never: make([]bool, b.size),
	}
}

// follow puts t in the place of what the table knew by its number. It returns
// false where a member has lost a trial, which only a restart can follow.
func (b *table) follow(t *study.Trial) bool {
	for len(b.trials) <= t.Number {
		b.trials = append(b.trials, nil)
	}
	old := b.trials[t.Number]
	if old != nil && b.member(old) && (!b.member(t) || t.Bracket != old.Bracket) {
		return false
	}
	b.trials[t.Number] = t
	if t.State == study.Cancelled {
		b.cancelled++
	}
	if old != nil && old.State == study.Cancelled {
		b.cancelled--
	}
	if !b.member(t) {
		return true
	}
	if old != nil && !b.member(old) {
		old = nil
	}
	m := t.Bracket
	if present := b.members[m]; present == nil || present.Number <= t.Number {
		if present != nil {
			b.count(present, -1)
		}
		b.members[m] = t
		b.count(t, +1)
		for b.vacant < b.size && b.members[b.vacant] != nil {
			b.vacant++
		}
	}
	if t.State == study.Complete {
		b.complete[m]++
	}
	if old != nil && old.State == study.Complete {
		b.complete[m]--
	}
	for _, l := range b.levels {
		b.move(l, old, t)
	}
	b.setNever(m, b.complete[m] > 0 || failed(b.members[m]))
	return true
}

// count adds the present trial of a member to those that are busy or wait, or
// takes it out.
func (b *table) count(t *study.Trial, by int) {
	switch {
	case t.State == study.Running || t.State == study.Queued:
		b.busy += by
	case t.State == study.Complete:
	case by > 0:
		k, ok := b.search(t.Until)
		if !ok {
			b.waiting = slices.Insert(b.waiting, k, group{at: t.Until})
		}
		g := &b.waiting[k]
		i, _ := slices.BinarySearch(g.members, t.Bracket)
		g.members = slices.Insert(g.members, i, t.Bracket)
	default:
		k, _ := b.search(t.Until)
		g := &b.waiting[k]
		i, _ := slices.BinarySearch(g.members, t.Bracket)
		if g.members = slices.Delete(g.members, i, i+1); len(g.members) == 0 {
			b.waiting = slices.Delete(b.waiting, k, k+1)
		}
	}
}

func (b *table) search(at float64) (int, bool) {
	return slices.BinarySearchFunc(b.waiting, at, func(g group, at float64) int { return cmp.Compare(g.at, at) })
}

// setNever says whether member m counts as come wherever it has not.
func (b *table) setNever(m int, never bool) {
	if b.never[m] == never {
		return
	}
	b.never[m] = never
	by := -1
	if never {
		by = 1
	}
	b.nevers += by
	for _, l := range b.levels {
		if l.come[m] == 0 {
			l.n += by
		}
	}
}

// move takes old, what was known of a trial, out of a level and puts t in.
// Either may have no place there; old may be nil.
func (b *table) move(l *level, old, t *study.Trial) {
	was, is := old != nil && stands(old, l.at), stands(t, l.at)
	if was && is && failed(old) == failed(t) && rung.Extends(t.Reports, old.Reports) {
		return // what was reported there is what it was
	}
	if was {
		b.come(l, t.Bracket, -1)
		if !failed(old) {
			p, _ := stand(b.objective, old, l.at)
			i := l.position(p)
			l.field = slices.Delete(l.field, i, i+1)
		}
	}
	if is {
		b.come(l, t.Bracket, +1)
		if !failed(t) {
			p, _ := stand(b.objective, t, l.at)
			l.field = slices.Insert(l.field, l.position(p), p)
		}
	}
}

// come counts a trial of member m that has come to a level.
func (b *table) come(l *level, m, by int) {
	before := l.come[m]
	if l.come[m] += by; !b.never[m] && (before == 0) != (l.come[m] == 0) {
		l.n += by
	}
}

// level returns how the members stood at a step.
func (b *table) level(at float64) *level {
	b.asked++
	oldest := 0
	for i, l := range b.levels {
		if l.at == at {
			l.asked = b.asked
			return l
		}
		if l.asked < b.levels[oldest].asked {
			oldest = i
		}
	}
	l := &level{at: at, come: make([]int, b.size), n: b.nevers, asked: b.asked}
	for _, t := range b.trials {
		if !b.member(t) || !stands(t, at) {
			continue
		}
		b.come(l, t.Bracket, +1)
		if !failed(t) {
			p, _ := stand(b.objective, t, at)
			l.field = append(l.field, p)
		}
	}
	slices.SortFunc(l.field, comparePlaces)
	if len(b.levels) < maxLevels {
		b.levels = append(b.levels, l)
	} else {
		b.levels[oldest] = l
	}
	return l
}
