package cmaes

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

// options are the settings of a study.
type options struct {
	variant    string
	restart    string
	population int // 0: by the number of parameters
	sigma      float64
	adapt      bool
	warm       bool
	margin     bool
}

// fold is the state of the search: a pure function of the options, the seed,
// the space, and the trials in the order in which they ended. Everything in it
// is brought up to date by [fold.advance] alone.
//
// For a trial that was drawn here the fold needs the point that was drawn,
// which the configuration has in part only. It draws it again, at the same
// moment of the history as the trial was drawn, from the same stream.
type fold struct {
	options
	seed   uint64
	last   *study.History
	layout *layout
	draft  *draft
	once   bool // draws never have to be repeated

	consumed int // trials that have ended and are in the state
	next     int // the first trial that has not been looked at

	begun   bool // the first run was made of the first begunAt results
	begunAt int
	started bool // and a trial was drawn from it: it is final

	run      int
	model    *model
	schedule schedule
	record   record
	note     string // of trials drawn from the present model

	pending map[int]*member // drawn, not ended; by number
	own     []*member       // of the present generation, at most lambda
	others  []*member       // results of other origin since the last update
	early   []*member       // the best from before the first run, best first
	earlier int             // how many complete ones there were
	free    []*member
}

// noteMark is in the note of every trial that was drawn from the model: at its
// beginning, unless a portfolio has put the name of the method before it.
const noteMark = `"run":`

// advance brings the state to the moment of h.
func (f *fold) advance(ctx context.Context, h *study.History, seed uint64) error {
	if !h.Continues(f.last) || seed != f.seed || f.layout.space != h.Space || f.late(h) {
		f.reset(h, seed)
	}
	f.last = h
	for f.consumed < h.EndedLen() {
		if f.consumed&255 == 0 {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("replay the history: %w", err)
			}
		}
		f.notice(h)
		f.consume(h.Ended(f.consumed), h.Objectives[0])
		f.consumed++
	}
	f.notice(h)
	return ctx.Err()
}

func (f *fold) reset(h *study.History, seed uint64) {
	l := newLayout(h.Space, f.margin)
	*f = fold{
		options: f.options, seed: seed, layout: l, draft: newDraft(l),
		once:    !l.constrained && !distinct.Finite(h.Space),
		pending: make(map[int]*member),
	}
}

// candidate reports whether t says that it was drawn from the model.
func candidate(t *study.Trial) bool {
	return t.Origin != nil && t.Origin.Stream >= 0 && strings.Contains(t.Origin.Note, noteMark)
}

// late reports whether a trial has appeared that was drawn at a moment which
// the state has left: it cannot be drawn again without going back.
func (f *fold) late(h *study.History) bool {
	for n := f.next; n < h.Len(); n++ {
		if t := h.Trial(n); candidate(t) && t.Origin.SeenEnded < f.consumed {
			return true
		}
	}
	return false
}

// notice looks at the trials that were drawn at the present moment and keeps
// the points that they were. Numbers and moments ascend together.
func (f *fold) notice(h *study.History) {
	for ; f.next < h.Len(); f.next++ {
		t := h.Trial(f.next)
		if !candidate(t) || t.Origin.SeenEnded < f.consumed {
			continue
		}
		if t.Origin.SeenEnded > f.consumed {
			return
		}
		f.begin()
		r := study.Stream(f.seed, t.Origin.Stream, study.PurposeSuggest)
		if !f.draft.draw(f.layout, f.model, r, f.once, func(d *draft) bool { return f.layout.same(t.Config, d.u) }) {
			continue // another origin, whatever it says
		}
		f.started = true
		m := f.member()
		m.number, m.absent = t.Number, false
		m.gen = stamp{f.run, f.model.gauss.gen}
		copy(m.x, f.draft.x)
		copy(m.cats, f.draft.cats)
		f.layout.inactive(t.Config, m)
		f.pending[t.Number] = m
	}
}

// begin makes the first run, and makes it again as long as no trial was drawn
// from it and there are more results to make it from.
func (f *fold) begin() {
	if f.started || f.begun && f.begunAt == f.consumed {
		return
	}
	f.begun, f.begunAt = true, f.consumed
	base := f.population
	if base == 0 {
		base = defaultLambda(f.layout.dims())
	}
	f.schedule = schedule{mode: f.restart, base: base, lambda: base, sigma: f.sigma}
	sigma := f.sigma
	top := f.early[:min(f.earlier/10, len(f.early))]
	if !f.warm || f.earlier < warmLeast {
		top = nil
	}
	s := firstStart(f.layout, f.seed, f.early, top, &sigma)
	f.make(s, sigma)
}

// make sets the model to the start of a run.
func (f *fold) make(s start, sigma float64) {
	n, lambda := f.layout.n, f.schedule.lambda
	separable := f.variant == "separable" || f.variant == "auto" && n > separableAbove && !f.adapt
	r := newRates(n, lambda, separable)
	g := newGaussian(r, separable, s.mean, sigma)
	switch {
	case s.cov != nil && separable:
		for i := range g.c {
			g.c[i] = s.cov[i*n+i]
		}
	case s.cov != nil:
		copy(g.c, s.cov)
	}
	if f.adapt && n > 0 {
		g.adapt = newAdaptation(n)
		g.gap = 1
	}
	f.model = &model{
		gauss:  g,
		margin: newMargin(f.layout.grids, f.layout.discrete()),
		cat:    newCategorical(s.q, f.layout.discrete()),
	}
	f.record = newRecord(n, lambda)
	f.describe()
}

// separableAbove is the number of Gaussian parameters beyond which the full
// covariance would cost more than it can learn in the trials that there are.
const separableAbove = 100

// describe makes the note of the present generation.
func (f *fold) describe() {
	g := f.model.gauss
	f.note = fmt.Sprintf(`{%s%d,"generation":%d,"sigma":%s}`, noteMark, f.run, g.gen, value.FormatFloat(g.sigma))
}

// consume takes one trial that has ended into account.
func (f *fold) consume(t *study.Trial, o study.Objective) {
	m, drawn := f.pending[t.Number]
	delete(f.pending, t.Number)
	if t.State == study.Cancelled { // says nothing
		if drawn {
			f.free = append(f.free, m)
		}
		return
	}
	if !drawn {
		m = f.member()
		m.number = t.Number
		f.layout.encode(t.Config, m)
	}
	m.classify(t, o)
	switch {
	case !f.started:
		f.keepEarly(m)
	case drawn && m.gen.run == f.run:
		if f.own = append(f.own, m); len(f.own) == f.schedule.lambda {
			f.close()
		}
	default:
		m.absent = true
		f.others = append(f.others, m)
		if most := 4*f.schedule.lambda + 64; len(f.others) > most {
			slices.SortFunc(f.others, (*member).before)
			keep := f.schedule.lambda / 2
			f.free = append(f.free, f.others[keep:]...)
			f.others = f.others[:keep]
		}
	}
}

// keepEarly takes a result from before the first run into account.
func (f *fold) keepEarly(m *member) {
	if m.class != classComplete {
		f.free = append(f.free, m)
		return
	}
	f.earlier++
	at, _ := slices.BinarySearchFunc(f.early, m, (*member).before)
	f.early = slices.Insert(f.early, at, m)
	if len(f.early) > warmMost {
		f.free = append(f.free, f.early[warmMost])
		f.early = f.early[:warmMost]
	}
}

// close ends a generation: the lambda results that were drawn in this run, in
// whatever generation. A result of another origin takes part if it is among
// the best, and takes the place of a result in the middle: it can attract the
// distribution, never repel it. What was not drawn from the present
// distribution is clipped.
func (f *fold) close() {
	g := f.model.gauss
	slices.SortFunc(f.own, (*member).before)
	slices.SortFunc(f.others, (*member).before)
	ranked := make([]*member, 0, g.lambda)
	i, j := 0, 0
	for len(ranked) < g.mu {
		if j < len(f.others) && f.others[j].class == classComplete && f.others[j].before(f.own[i]) < 0 {
			ranked = append(ranked, f.others[j])
			j++
		} else {
			ranked = append(ranked, f.own[i])
			i++
		}
	}
	ranked = append(ranked, f.own[len(f.own)-(g.lambda-g.mu):]...)
	now := stamp{f.run, g.gen}
	for _, m := range ranked {
		if m.gen != now || m.absent {
			g.clip(m.x, m.off)
		}
	}
	f.record.add(ranked)
	f.model.tell(ranked)
	f.model.bound()
	f.schedule.count(len(f.own))
	f.free = append(append(f.free, f.own...), f.others...)
	f.own, f.others = f.own[:0], f.others[:0]
	if f.restart != "none" && f.model.ended(f.layout, &f.record) {
		f.run++
		f.schedule.next(f.seed, f.run, f.sigma)
		f.make(laterStart(f.layout, f.seed, f.run), f.schedule.sigma)
		return
	}
	f.describe()
}

// classify sets class and loss of a trial that has ended.
func (m *member) classify(t *study.Trial, o study.Objective) {
	valued := len(t.Values) > 0 && !math.IsNaN(t.Values[0]) && !math.IsInf(t.Values[0], 0)
	m.class, m.loss = classFailed, 0
	switch {
	case t.Cut() && !valued:
		m.class = classUnvalued
	case t.State != study.Complete && t.State != study.Pruned || !valued:
	case !t.Feasible():
		m.class = classViolating
		for _, v := range t.Violations {
			if !(v <= 0) {
				m.loss += v
			}
		}
		if math.IsNaN(m.loss) {
			m.loss = math.Inf(1)
		}
	default:
		if t.Cut() {
			m.class = classPruned
		} else {
			m.class = classComplete
		}
		m.loss = o.Loss(t.Values[0])
	}
}

// member returns an empty result.
func (f *fold) member() *member {
	if k := len(f.free) - 1; k >= 0 {
		m := f.free[k]
		f.free = f.free[:k]
		m.gen = stamp{}
		return m
	}
	return newMember(f.layout)
}

func newMember(l *layout) *member {
	return &member{x: make([]float64, l.n), off: make([]bool, l.n), cats: make([]int, len(l.choices))}
}
