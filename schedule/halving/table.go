package halving

import (
	"cmp"
	"slices"

	"github.com/afina-hpo/afina/schedule/internal/rung"
	"github.com/afina-hpo/afina/study"
)

// table knows which trials have reached which rung and with what value, and
// where each paused trial waits. It follows from the history alone.
type table struct {
	*rung.Table
	steps []float64 // of the rungs
	// grouped keeps the trials of each bracket apart when they wait; else all
	// are in group 0.
	grouped bool
	single  bool // there is one objective

	// groups hold who waits and who is on the way; started counts the trials
	// of each bracket, whose numbers begin at 1.
	groups  [][]cell
	started []int
	busy    int // trials that are neither ended nor paused
	fresh   int // those of them that have no bracket yet and wait for a worker
}

// cell is the trials of a group that may go up to one rung.
type cell struct {
	sent int // all of them, whatever became of them
	busy int // those that have not ended and are not paused
	// waiting are those that are paused: with one objective best first, with
	// several by number.
	waiting []place
}

// place is a trial with its loss; of equal losses the older trial is better.
type place struct {
	loss  float64
	trial int
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.loss, b.loss), cmp.Compare(a.trial, b.trial))
}

func newTable(steps []float64, objectives int, grouped bool) *table {
	return &table{steps: steps, grouped: grouped, single: objectives == 1, Table: rung.NewTable(func(k int) float64 {
		if k < len(steps) {
			return steps[k]
		}
		return inf
	})}
}

// update follows the study to h.
func (b *table) update(h *study.History) {
	b.Update(h, func() { b.groups, b.started, b.busy, b.fresh = nil, nil, 0, 0 },
		func(t *study.Trial) { b.count(t, -1) }, func(t *study.Trial) { b.count(t, +1) })
}

// count adds a trial to its cell, or takes it out. Trials without a bracket
// are not the scheduler's.
func (b *table) count(t *study.Trial, by int) {
	open := !t.State.Ended()
	if open && t.State != study.Paused {
		b.busy += by
	}
	if t.Bracket <= 0 {
		if t.State == study.Queued {
			b.fresh += by
		}
		return
	}
	for len(b.started) <= t.Bracket {
		b.started = append(b.started, 0)
	}
	b.started[t.Bracket] += by
	k, ok := slices.BinarySearch(b.steps, t.Until)
	if !ok {
		return
	}
	g := 0
	if b.grouped {
		g = t.Bracket
	}
	c := b.cell(g, k)
	c.sent += by
	switch {
	case !open:
	case t.State != study.Paused:
		c.busy += by
	case by > 0:
		p := b.waitingPlace(t, k)
		i, _ := slices.BinarySearchFunc(c.waiting, p, comparePlaces)
		c.waiting = slices.Insert(c.waiting, i, p)
	default:
		if i, ok := slices.BinarySearchFunc(c.waiting, b.waitingPlace(t, k), comparePlaces); ok {
			c.waiting = slices.Delete(c.waiting, i, i+1)
		}
	}
}

// waitingPlace is where t stands among those that wait on rung k.
func (b *table) waitingPlace(t *study.Trial, k int) place {
	p := place{trial: t.Number}
	if losses := b.Losses(k, t.Number); b.single && losses != nil {
		p.loss = losses[0]
	}
	return p
}

// cell returns the trials of group g that were sent to rung k.
func (b *table) cell(g, k int) *cell {
	for len(b.groups) <= g {
		b.groups = append(b.groups, make([]cell, len(b.steps)))
	}
	return &b.groups[g][k]
}

// best returns the one of those that wait that has the best place on rung k.
func (b *table) best(c *cell, k int) int {
	first := c.waiting[0].trial
	if b.single {
		return first
	}
	front := b.Front(k, first)
	for _, p := range c.waiting[1:] {
		f := b.Front(k, p.trial)
		if f < front || f == front && b.Position(k, p.trial) < b.Position(k, first) {
			first, front = p.trial, f
		}
	}
	return first
}
