package tpe

import (
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// population is the trials that have certain parameters, split into good and
// bad ones. Several densities may be built of one population.
type population struct {
	o      *options
	params []int // a trial belongs here if it has one of them
	always bool  // every trial does
	groups []*group

	order []int32 // those that can be good, the worst first
	bad   []int32 // those that cannot
	good  []int32 // ascending
	fresh []int32 // ended since the last split
	pend  []int32 // open ones, counted as bad for the time being, ascending
	gain  []float64

	next, out, in []int32 // scratch
}

// holds reports whether a trial with configuration c belongs here.
func (p *population) holds(c space.Config) bool {
	if p.always {
		return true
	}
	for _, i := range p.params {
		if !c.At(i).IsAbsent() {
			return true
		}
	}
	return false
}

// split takes in the trials that have ended since the last time: the order is
// brought up to date, and the densities by what has changed sides.
func (p *population) split(t *table) {
	if len(p.fresh) == 0 {
		return
	}
	p.rank(t)
	p.next = append(p.next[:0], p.best(t)...)
	slices.Sort(p.next)
	slices.Sort(p.fresh)
	at := t.point
	// Good now and not before; bad before, unless new.
	p.in, p.out = p.in[:0], p.out[:0]
	for _, id := range p.next {
		if !has(p.good, id) {
			p.in = append(p.in, id)
			if !has(p.fresh, id) {
				p.out = append(p.out, id)
			}
		}
	}
	entered, fell := len(p.in), len(p.out)
	for _, id := range p.good {
		if !has(p.next, id) {
			p.out = append(p.out, id) // good before and not now
		}
	}
	for _, id := range p.fresh {
		if !has(p.next, id) {
			p.in = append(p.in, id)
		}
	}
	p.in = append(p.in, p.out[fell:]...)
	p.good, p.next = p.next, p.good
	for _, g := range p.groups {
		g.below.update(p.out[fell:], p.in[:entered], p.eachGood, at)
		g.above.update(p.out[:fell], p.in[entered:], p.eachBad, at)
	}
	p.fresh = p.fresh[:0]
	p.gain = p.gains(t)
}

// rank brings the order up to date.
func (p *population) rank(t *table) {
	worse := func(i, j int32) int { return t.stands[j].compare(j, t.stands[i], i) }
	added := 0
	for _, id := range p.fresh {
		if t.stands[id].class == classBad {
			p.bad = append(p.bad, id)
			continue
		}
		if len(p.fresh) > 32 {
			p.order = append(p.order, id)
			added++
			continue
		}
		k, _ := slices.BinarySearchFunc(p.order, id, worse)
		p.order = slices.Insert(p.order, k, id)
	}
	if added > 0 {
		slices.SortFunc(p.order, worse)
	}
}

// best returns the trials that count as good, in any order. The result is
// valid until the order changes.
func (p *population) best(t *table) []int32 {
	k := p.o.good(len(p.order))
	if p.o.objectives > 1 {
		return p.bestFronts(t, k)
	}
	return p.order[len(p.order)-k:]
}

// gains returns what each good trial is better by than the best of the others,
// in the order of good; nil where that is not asked for or makes no sense.
func (p *population) gains(t *table) []float64 {
	if p.o.weights != weightsImprovement || len(p.good) == 0 {
		return nil
	}
	gain := p.gain[:0]
	if p.o.objectives > 1 {
		return p.contributions(t, gain)
	}
	k := len(p.order) - len(p.good)
	if k == 0 {
		return nil
	}
	limit := t.stands[p.order[k-1]]
	if limit.class != classComplete {
		return nil
	}
	for _, id := range p.good {
		gain = append(gain, limit.a-t.stands[id].a)
	}
	return gain
}

func (p *population) eachGood(yield func(int32)) {
	for _, id := range p.good {
		yield(id)
	}
}

func (p *population) eachBad(yield func(int32)) {
	for _, list := range [][]int32{p.order, p.bad} {
		for _, id := range list {
			if !has(p.good, id) {
				yield(id)
			}
		}
	}
}

// lie adds an open trial to the bad ones until truth takes it out.
func (p *population) lie(id int32, at point) {
	k, found := slices.BinarySearch(p.pend, id)
	if found {
		return
	}
	p.pend = slices.Insert(p.pend, k, id)
	for _, g := range p.groups {
		g.above.add(id, at)
	}
}

// truth takes a trial out of the open ones.
func (p *population) truth(id int32) {
	k, found := slices.BinarySearch(p.pend, id)
	if !found {
		return
	}
	p.pend = slices.Delete(p.pend, k, k+1)
	for _, g := range p.groups {
		g.above.remove(id)
	}
}

// has reports whether an ascending list has id.
func has(list []int32, id int32) bool {
	_, ok := slices.BinarySearch(list, id)
	return ok
}

// table is what is known of all trials.
type table struct {
	history *study.History
	stands  []standing  // by number; of those that have not ended it is empty
	small   [][]float64 // by number, once asked for: see losses
}

// point returns where a trial is.
func (t *table) point(id int32) point {
	return point{t.history.Space, t.history.Trial(int(id)).Config}
}

// losses returns what a complete trial has to make small. Do not modify it.
func (t *table) losses(id int32) []float64 {
	if int(id) >= len(t.small) {
		t.small = append(t.small, make([][]float64, t.history.Len()-len(t.small))...)
	}
	if t.small[id] == nil {
		trial := t.history.Trial(int(id))
		t.small[id] = make([]float64, len(t.history.Objectives))
		for k, o := range t.history.Objectives {
			t.small[id][k] = o.Loss(trial.Values[k])
		}
	}
	return t.small[id]
}
