// Package level orders the trials of a study by what they had come to at equal
// resource: one ranking for every step up to which a scheduler lets trials run.
//
// It is for methods that learn from a schedule with rungs, where most trials
// never see the end and a value means something only beside others of the same
// step. It knows no scheduler: the levels are the steps that trials were sent
// to, and the end. It has no opinion on which level to believe.
//
// The one idea: where a trial stands on a level depends on that trial alone, so
// a [Table] is a function of the set of trials and can follow a study by what
// has changed in it.
package level

import (
	"cmp"
	"math"
	"slices"

	"github.com/afina-hpo/afina/study"
)

// class is the first thing by which trials on a level are ordered.
type class uint8

const (
	measured  class = iota
	fell            // ended by the scheduler on its way here
	violating       // measured, and violates an outcome constraint
	broken          // failed on its way here, or has no finite value
)

// Worth is what a trial is worth at a step. The zero Worth is that of a loss
// of 0.
type Worth struct {
	class class
	a, b  float64 // smaller is better; b decides where a is equal
}

// Compare is negative where w is better than o, positive where it is worse,
// and 0 where they are equal.
func (w Worth) Compare(o Worth) int {
	return cmp.Or(cmp.Compare(w.class, o.class), cmp.Compare(w.a, o.a), cmp.Compare(w.b, o.b))
}

// Broken reports whether there is no value because the trial failed.
func (w Worth) Broken() bool { return w.class == broken }

// Loss returns the loss at the step, false where there is none: the trial did
// not get there, or what it had is no number.
func (w Worth) Loss() (float64, bool) { return w.a, w.class == measured }

// Of returns what a trial is worth at a step (+Inf: its end); false where that
// is not known, because it has not come so far or was never meant to.
//
// A trial that has reported from the step on is measured: by what objective o
// makes of its reports up to there. One that is complete is what it is at every
// later step, too. One that was sent to the step or beyond and was pruned or
// has failed before is worse than those that came, if the failure speaks
// against its configuration.
func Of(t *study.Trial, o study.Objective, step float64) (Worth, bool) {
	if loss, ok := reached(t, o, step); ok {
		switch by := violation(t); {
		case math.IsNaN(loss) || math.IsInf(loss, 0):
			return Worth{class: broken}, true
		case by > 0:
			return Worth{class: violating, a: by}, true
		}
		return Worth{a: loss}, true
	}
	if t.Until > 0 && t.Until < step {
		return Worth{}, false
	}
	switch t.State {
	case study.Pruned:
		w := Worth{class: fell, a: -t.LastStep(), b: math.Inf(1)}
		if x, ok := o.Value(t.Reports); ok && !math.IsNaN(x) {
			w.b = o.Loss(x)
		}
		return w, true
	case study.Failed:
		return Worth{class: broken}, t.Failure.Blames()
	case study.Infeasible:
		return Worth{class: broken}, true
	}
	return Worth{}, false
}

// reached returns the loss of a trial at a step, false where it has none.
func reached(t *study.Trial, o study.Objective, step float64) (float64, bool) {
	i, _ := slices.BinarySearchFunc(t.Reports, step, func(r study.Report, s float64) int { return cmp.Compare(r.Step, s) })
	if i < len(t.Reports) {
		if x, ok := o.Value(t.Reports[:i+1]); ok {
			return o.Loss(x), true
		}
	}
	if t.State == study.Complete && len(t.Values) > 0 {
		return o.Loss(t.Values[0]), true
	}
	return 0, false
}

// violation returns by how much outcome constraints are violated in all, +Inf
// where that is not a number.
func violation(t *study.Trial) float64 {
	sum := 0.0
	for _, v := range t.Violations {
		if math.IsNaN(v) {
			return math.Inf(1)
		}
		sum += math.Max(v, 0)
	}
	return sum
}

// Place is a trial on a level.
type Place struct {
	Worth
	Trial int
}

// compare orders places; of equal trials the older is better.
func compare(a, b Place) int {
	return cmp.Or(a.Compare(b.Worth), cmp.Compare(a.Trial, b.Trial))
}

// Table ranks the trials of a study of one objective on all levels. The zero
// Table is ready to use; it is not safe for concurrent use.
type Table struct {
	// Group, if set, splits the trials of every level: it returns the group of
	// one at a step, false where it does not count there. It has to be a
	// function of the trial and the step. Without it all are in group 0.
	Group func(t *study.Trial, step float64) (int, bool)

	last  *study.History
	sent  map[float64]int // how many trials may run up to a step
	steps []float64
	ranks []map[int][]Place // by level and group, best first
	known []mark            // by trial
}

// mark is what the table holds of a trial.
type mark struct {
	until  float64 // counted in sent; 0: not counted
	places []held  // what stands in ranks
}

// held is a place with its level.
type held struct {
	level, group int
	Place
}

// Follow brings the table to h, in time proportional to what has changed since
// the last call times the trials on a level, moved in memory. Where the levels
// are others than before, it begins anew.
func (b *Table) Follow(h *study.History) {
	if h == b.last {
		return
	}
	if !h.Continues(b.last) {
		*b = Table{Group: b.Group, sent: map[float64]int{}}
	}
	for t := range h.Changed(b.last) {
		b.count(t, end(h))
	}
	steps := make([]float64, 0, len(b.sent)+1)
	for s := range b.sent {
		steps = append(steps, s)
	}
	slices.Sort(steps)
	if steps = append(steps, end(h)); !slices.Equal(steps, b.steps) {
		b.last, b.steps, b.ranks = nil, steps, make([]map[int][]Place, len(steps))
		for k := range b.ranks {
			b.ranks[k] = map[int][]Place{}
		}
		for i := range b.known {
			b.known[i].places = nil
		}
	}
	for t := range h.Changed(b.last) {
		b.place(t, h.Objectives[0])
	}
	b.last = h
}

// count notes up to which step below the end a trial may run now.
func (b *Table) count(t *study.Trial, end float64) {
	for len(b.known) <= t.Number {
		b.known = append(b.known, mark{})
	}
	m := &b.known[t.Number]
	until := t.Until
	if until >= end {
		until = 0
	}
	if until == m.until {
		return
	}
	if m.until > 0 {
		if b.sent[m.until]--; b.sent[m.until] == 0 {
			delete(b.sent, m.until)
		}
	}
	if until > 0 {
		b.sent[until]++
	}
	m.until = until
}

// end is the step of the last level.
func end(h *study.History) float64 {
	if h.Fidelity != nil && h.Fidelity.Max > 0 {
		return h.Fidelity.Max
	}
	return math.Inf(1)
}

// place puts a trial where it stands now.
func (b *Table) place(t *study.Trial, o study.Objective) {
	var now []held
	for k, step := range b.steps {
		group, counts := 0, true
		if b.Group != nil {
			group, counts = b.Group(t, step)
		}
		if !counts {
			continue
		}
		if w, ok := Of(t, o, step); ok {
			now = append(now, held{k, group, Place{w, t.Number}})
		}
	}
	m := &b.known[t.Number]
	if slices.Equal(m.places, now) {
		return
	}
	for _, p := range m.places {
		list := b.ranks[p.level][p.group]
		if i, ok := slices.BinarySearchFunc(list, p.Place, compare); ok {
			list = slices.Delete(list, i, i+1)
		}
		if b.ranks[p.level][p.group] = list; len(list) == 0 {
			delete(b.ranks[p.level], p.group)
		}
	}
	for _, p := range now {
		list := b.ranks[p.level][p.group]
		i, _ := slices.BinarySearchFunc(list, p.Place, compare)
		b.ranks[p.level][p.group] = slices.Insert(list, i, p.Place)
	}
	m.places = now
}

// Below returns the highest level below a step, -1 where there is none.
func (b *Table) Below(step float64) int {
	k, _ := slices.BinarySearch(b.steps, step)
	return k - 1
}

// Level returns the level at a step; false where there is none.
func (b *Table) Level(step float64) (int, bool) { return slices.BinarySearch(b.steps, step) }

// Len returns the number of levels; the last is the end.
func (b *Table) Len() int { return len(b.steps) }

// Step returns the step of level k, of the last the fidelity's maximum or,
// without one, +Inf.
func (b *Table) Step(k int) float64 { return b.steps[k] }

// At returns all of group 0 that stand on level k, best first. Do not modify
// it; it is valid until the next call of Follow.
func (b *Table) At(k int) []Place { return b.ranks[k][0] }

// Groups returns the groups that have somebody on level k, each as At. Do not
// modify them.
func (b *Table) Groups(k int) map[int][]Place { return b.ranks[k] }
