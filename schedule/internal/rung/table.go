package rung

import (
	"cmp"
	"math"
	"slices"

	"github.com/afina-hpo/afina/study"
)

// Table is who stands on which rung. Make one with [NewTable].
type Table struct {
	step       func(k int) float64
	objectives []study.Objective
	single     bool // there is one objective

	last  *study.History
	marks []mark // by number of trial
	rungs []level
}

// mark is what the table holds of a trial.
type mark struct {
	trial *study.Trial
	// losses has one number an objective for every rung that was reached.
	losses  []float64
	scanned int // reports that were looked at
}

// level is all that have reached a step.
type level struct {
	// places are in order, best first; with several objectives in no order,
	// and order is made when it is asked for.
	places []place
	order  *Order
	index  map[int]int // of each trial in what order was made of
}

// place is a trial with its loss; of equal losses the older trial is better.
type place struct {
	loss  float64
	trial int
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.loss, b.loss), cmp.Compare(a.trial, b.trial))
}

// NewTable returns a table whose rung k, from 0, is at step(k): an ascending
// function that is +Inf from some number on.
func NewTable(step func(k int) float64) *Table { return &Table{step: step} }

// Update brings the table to h, in time proportional to what has changed since
// the last call. For every trial that has changed it calls leave with what it
// was, while the table still knows its old losses (not for a new one), then
// enter with what it is. Where the table begins anew, restart is called first.
func (b *Table) Update(h *study.History, restart func(), leave, enter func(*study.Trial)) {
	if h == b.last {
		return
	}
	if !h.Continues(b.last) {
		*b = Table{step: b.step, objectives: h.Objectives, single: len(h.Objectives) == 1}
		if restart != nil {
			restart()
		}
	}
	for t := range h.Changed(b.last) {
		for len(b.marks) <= t.Number {
			b.marks = append(b.marks, mark{})
		}
		m := &b.marks[t.Number]
		if m.trial != nil && leave != nil {
			leave(m.trial)
		}
		b.follow(m, t)
		m.trial = t
		if enter != nil {
			enter(t)
		}
	}
	b.last = h
}

// follow brings the losses of a trial up to date.
func (b *Table) follow(m *mark, t *study.Trial) {
	var known []float64
	old := m.losses
	if m.trial != nil && Extends(t.Reports, m.trial.Reports) {
		known = old
	} else {
		m.scanned = 0
	}
	n := len(b.objectives)
	for ; m.scanned < len(t.Reports); m.scanned++ {
		for t.Reports[m.scanned].Step >= b.step(len(known)/n) {
			for _, o := range b.objectives {
				known = append(known, Loss(o, t.Reports[:m.scanned+1]))
			}
		}
	}
	for k := range max(len(old), len(known)) / n {
		was, is := part(old, k, n), part(known, k, n)
		if slices.Equal(was, is) {
			continue
		}
		r := b.level(k)
		if was != nil {
			r.drop(place{was[0], t.Number}, b.single)
		}
		if is != nil {
			r.add(place{is[0], t.Number}, b.single)
		}
	}
	m.losses = known
}

func (b *Table) level(k int) *level {
	for len(b.rungs) <= k {
		b.rungs = append(b.rungs, level{})
	}
	return &b.rungs[k]
}

// part returns the losses of rung k among n an objective, nil where there are
// none.
func part(losses []float64, k, n int) []float64 {
	if len(losses) < (k+1)*n {
		return nil
	}
	return losses[k*n : (k+1)*n]
}

// Extends reports whether all of old is still at the start of now, as far as
// that can be told in no time: trials share reports, and what is shared never
// changes.
func Extends(now, old []study.Report) bool {
	return len(old) == 0 || len(now) >= len(old) && &old[0] == &now[0]
}

// Loss is what an objective makes of some reports, turned so that smaller is
// better. What is not finite, or not there, is the worst, +Inf: a trial that
// ends so has failed.
func Loss(o study.Objective, reports []study.Report) float64 {
	x, ok := o.Value(reports)
	if !ok || math.IsNaN(x) || math.IsInf(x, 0) {
		return math.Inf(1)
	}
	return o.Loss(x)
}

func (r *level) add(p place, single bool) {
	if !single {
		r.places, r.order = append(r.places, place{trial: p.trial}), nil
		return
	}
	i, _ := slices.BinarySearchFunc(r.places, p, comparePlaces)
	r.places = slices.Insert(r.places, i, p)
}

func (r *level) drop(p place, single bool) {
	if !single {
		r.places = slices.DeleteFunc(r.places, func(q place) bool { return q.trial == p.trial })
		r.order = nil
		return
	}
	if i, ok := slices.BinarySearchFunc(r.places, p, comparePlaces); ok {
		r.places = slices.Delete(r.places, i, i+1)
	}
}

// Len returns how many trials have reached rung k.
func (b *Table) Len(k int) int {
	if k >= len(b.rungs) {
		return 0
	}
	return len(b.rungs[k].places)
}

// Top returns the highest rung that a trial has reached, -1 for none.
func (b *Table) Top(trial int) int { return len(b.marks[trial].losses)/len(b.objectives) - 1 }

// Losses returns what a trial had on rung k, a number an objective, nil where
// it has not got there. Do not modify it.
func (b *Table) Losses(k, trial int) []float64 {
	return part(b.marks[trial].losses, k, len(b.objectives))
}

// Position returns how many trials stand before trial on rung k, which it has
// reached. O(log n) with one objective; with several the order is made anew
// when it has changed, see [NewOrder].
func (b *Table) Position(k, trial int) int {
	if b.single {
		i, _ := slices.BinarySearchFunc(b.rungs[k].places, place{b.marks[trial].losses[k], trial}, comparePlaces)
		return i
	}
	r := b.arrange(k)
	return r.order.Position(r.index[trial])
}

// Front returns the front that a trial is on among all on rung k, which it has
// reached; with one objective that is its position.
func (b *Table) Front(k, trial int) int {
	if b.single {
		return b.Position(k, trial)
	}
	r := b.arrange(k)
	return r.order.Front(r.index[trial])
}

// Ranking returns the best trials on rung k, at most limit, best first.
func (b *Table) Ranking(k, limit int) []int {
	n := min(b.Len(k), limit)
	out := make([]int, n)
	if n == 0 {
		return out
	}
	if b.single {
		for i, p := range b.rungs[k].places[:n] {
			out[i] = p.trial
		}
		return out
	}
	r := b.arrange(k)
	for i, j := range r.order.First(n) {
		out[i] = r.places[j].trial
	}
	return out
}

// arrange returns rung k, of several objectives, with its order.
func (b *Table) arrange(k int) *level {
	r := &b.rungs[k]
	if r.order != nil {
		return r
	}
	slices.SortFunc(r.places, func(a, b place) int { return cmp.Compare(a.trial, b.trial) })
	points := make([][]float64, len(r.places))
	r.index = make(map[int]int, len(points))
	for i, p := range r.places {
		points[i] = b.Losses(k, p.trial)
		r.index[p.trial] = i
	}
	r.order = NewOrder(points)
	return r
}
