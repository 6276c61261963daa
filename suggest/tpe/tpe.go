package tpe

import (
	"context"
	"errors"
	"strconv"

	"github.com/afina-hpo/afina/num/qmc"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

// Method returns the description of the tree-structured Parzen estimator.
func Method() suggest.Method {
	return suggest.Method{
		Name:    "tpe",
		Version: "2",
		Doc: "Models where good and where bad trials lie and proposes where the first outweigh the second; fast, for every kind of space, " +
			"a hundred to a hundred thousand trials (Bergstra et al. 2011; Watanabe 2023).",
		Settings: settings,
		New: func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			return &suggester{o: newOptions(p, v)}, nil
		},
	}
}

// suggester keeps the two densities of every group of parameters up to date
// with the history of one study.
type suggester struct {
	o      options
	picker distinct.Picker
	keys   distinct.Keys

	table  table
	groups []*group
	pops   []*population
	seen   int // ended trials taken in
	usable int // of them, those that teach something
	open   []liar
	start  *qmc.Sobol // nil: starts at random
	seed   uint64
	draw   drawing
}

// liar is a trial that has not ended, counted as bad.
type liar struct {
	id     int32
	config space.Config
}

// Suggest implements [suggest.Suggester]. The time for a configuration is
// proportional to the number of candidates, of parameters, and of trials up to
// max_kernels.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.begin(r)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := s.one(ctx, r, i)
		if errors.Is(err, suggest.ErrExhausted) {
			return out, err
		}
		if err != nil {
			return nil, err
		}
		out = append(out, p)
		if i < r.N-1 {
			s.lie(int32(r.First+i), p.Config)
			s.settle()
		}
	}
	return out, nil
}

// begin brings everything up to date with the history.
func (s *suggester) begin(r suggest.Request) {
	h := r.History
	if old := s.table.history; s.groups == nil || !h.Continues(old) || h.Space != old.Space || s.seed != r.Seed {
		s.groups, s.pops = newGroups(h.Space, &s.o)
		s.table = table{}
		s.seen, s.usable, s.open, s.seed, s.start = 0, 0, nil, r.Seed, nil
		if n := h.Space.Len(); s.o.flavour != flavourOptuna5 && n > 0 && n <= qmc.MaxDim {
			s.start, _ = qmc.NewSobol(n, r.Seed) // within its limits
		}
		s.draw = drawing{}
	}
	s.table.history = h
	s.picker.Begin(h, r.Beside...)
	s.draw.begin(s, h)

	// Open trials that have ended, or that never came to be what was proposed,
	// go first, so that a trial is in a density once.
	kept := s.open[:0]
	for _, l := range s.open {
		if int(l.id) < h.Len() {
			if t := h.Trial(int(l.id)); !t.State.Ended() && !known(t) && t.Config.Equal(l.config) {
				kept = append(kept, l)
				continue
			}
		}
		for _, p := range s.pops {
			p.truth(l.id)
		}
	}
	s.open = kept

	for len(s.table.stands) < h.Len() {
		s.table.stands = append(s.table.stands, standing{})
	}
	for ; s.seen < h.EndedLen(); s.seen++ {
		t := h.Ended(s.seen)
		st := stand(t, h.Objectives, &s.o)
		s.table.stands[t.Number] = st
		if st.class == classIgnored {
			continue
		}
		s.usable++
		for _, p := range s.pops {
			if p.holds(t.Config) {
				p.fresh = append(p.fresh, int32(t.Number))
			}
		}
	}
	for _, p := range s.pops {
		p.split(&s.table)
	}
	if s.o.liar {
		k := 0
		for t := range h.Open() {
			for k < len(s.open) && int(s.open[k].id) < t.Number {
				k++
			}
			if (k == len(s.open) || int(s.open[k].id) != t.Number) && !known(t) {
				s.lie(int32(t.Number), t.Config)
			}
		}
	}
	for k, c := range r.Beside {
		s.draw.took(c)
		s.lie(int32(r.First-len(r.Beside)+k), c)
	}
	s.settle()
}

// known reports whether t, which has not ended, is one that no lie is told of: it
// is paused after reports, because it may be worth more. Under a scheduler with
// rungs there are hundreds of such, the better half of all, and they would all
// count as bad for as long as the study lasts.
func known(t *study.Trial) bool { return t.State == study.Paused && len(t.Reports) > 0 }

// lie counts an open trial as bad.
func (s *suggester) lie(id int32, c space.Config) {
	if !s.o.liar {
		return
	}
	k := len(s.open)
	for k > 0 && s.open[k-1].id > id {
		k--
	}
	s.open = append(s.open, liar{})
	copy(s.open[k+1:], s.open[k:])
	s.open[k] = liar{id, c}
	for _, p := range s.pops {
		if p.holds(c) {
			p.lie(id, point{s.table.history.Space, c})
		}
	}
}

// settle makes the densities ready for evaluation.
func (s *suggester) settle() {
	// The trials of the whole study, and not of the branch, as bandwidths hang
	// on their number: those that a branch shares with all others are modelled
	// as sharply there as anywhere else.
	all := 0
	for _, p := range s.pops {
		all = max(all, len(p.order))
	}
	for _, g := range s.groups {
		g.below.settle(all)
		g.above.settle(all)
		s.draw.ids = g.below.weigh(g.pop.good, g.pop.gain, s.draw.ids)
		s.draw.ids = g.above.weigh(nil, nil, s.draw.ids)
	}
}

// one proposes the i-th configuration of a request.
func (s *suggester) one(ctx context.Context, r suggest.Request, i int) (suggest.Proposal, error) {
	rng := r.Rand(i)
	if s.usable < s.o.startup {
		if s.start != nil {
			s.draw.u = s.start.Point(uint64(r.First+i), s.draw.u)
			if c := r.History.Space.Decode(s.draw.u); r.History.Space.Feasible(c) && s.picker.Take(c) {
				return suggest.Proposal{Config: c, Note: `{"start":true}`}, nil
			}
		}
		c, err := s.picker.Draw(ctx, rng)
		return suggest.Proposal{Config: c, Note: `{"start":true}`}, err
	}
	var gain float64
	c, ok := space.Config{}, false
	if len(s.groups) > 0 { // an open space may have no parameters yet
		c, gain, ok = s.draw.propose(s, rng)
	}
	if ok && s.picker.Take(c) {
		s.draw.took(c)
		return suggest.Proposal{Config: c, Note: s.note(gain)}, nil
	}
	c, err := s.picker.Draw(ctx, rng)
	if err == nil {
		s.draw.took(c)
	}
	return suggest.Proposal{Config: c, Note: `{"random":true}`}, err
}

// note says what a proposal rests on: the logarithm of the ratio of the
// densities, and how many trials counted as good, of how many.
func (s *suggester) note(gain float64) string {
	b := make([]byte, 0, 64)
	b = append(b, `{"log_ratio":`...)
	b = strconv.AppendFloat(b, gain, 'g', 6, 64)
	b = append(b, `,"good":`...)
	b = strconv.AppendInt(b, int64(len(s.pops[0].good)), 10)
	b = append(b, `,"of":`...)
	b = strconv.AppendInt(b, int64(s.usable), 10)
	return string(append(b, '}'))
}
