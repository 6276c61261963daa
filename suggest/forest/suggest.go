package forest

import (
	"context"
	"math"
	"strconv"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
	"github.com/afina-hpo/afina/suggest/qmc"
)

// tried is how many candidates are looked at before one that the study does
// not hold is drawn at random.
const tried = 50

type suggester struct {
	o      options
	design suggest.Suggester // the Sobol sequence
	picker distinct.Picker
	keys   distinct.Keys
	model  model
	search search

	pending []float64           // points of trials that have not ended
	asked   map[string]struct{} // handed out in this request
}

// Suggest implements [suggest.Suggester]. A configuration costs a search of
// some thousand predictions, a few ms, and where trials are running a fit,
// about 1 ms for a thousand trials and each parameter; new results cost
// another fit.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.follow(r.History)
	s.picker.Begin(r.History, r.Beside...)
	s.keys.Begin(r.History)
	s.asked = make(map[string]struct{}, r.N)
	s.pending = s.pending[:0]
	m := &s.model
	for t := range r.History.Open() {
		m.cube.Encode(t.Config, m.point)
		s.pending = append(s.pending, m.point...)
	}
	for _, c := range r.Beside {
		s.asked[c.Key()] = struct{}{}
		m.cube.Encode(c, m.point)
		s.pending = append(s.pending, m.point...)
	}
	return distinct.Each(ctx, r, func(i int) (suggest.Proposal, error) { return s.propose(ctx, r, i) }, func(p suggest.Proposal) {
		s.asked[p.Config.Key()] = struct{}{}
		m.cube.Encode(p.Config, m.point)
		s.pending = append(s.pending, m.point...)
	})
}

// follow brings the model up to date with h.
func (s *suggester) follow(h *study.History) {
	m := &s.model
	m.o = &s.o
	if m.memory.follow(h) && m.enough() {
		m.learn()
	}
}

func (s *suggester) propose(ctx context.Context, r suggest.Request, i int) (suggest.Proposal, error) {
	m := &s.model
	d := m.cube.Len()
	if d == 0 || r.First+i < s.o.design(d) || !m.enough() {
		return qmc.Start(ctx, s.design, r, i, &s.picker)
	}
	rng := r.Rand(i)
	if rng.Float64() < s.o.random {
		c, err := s.picker.Draw(ctx, rng)
		return suggest.Proposal{Config: c, Note: `{"by":"random"}`}, err
	}
	m.believe(s.pending, rng.Uint64())
	var got suggest.Proposal
	left, found := tried, false
	s.search.run(m, rng, func(x []float64, c space.Config, score float64) bool {
		left--
		key := c.Key()
		if _, twice := s.asked[key]; !twice && !s.keys.Held(c) && s.picker.Take(c) {
			y, variance := m.present.Predict(x)
			mean, se := m.target.back(y, math.Sqrt(math.Max(variance, 0)))
			_, gain := m.target.back(y, math.Exp(score))
			got, found = suggest.Proposal{Config: c, Note: note(r.History.Objectives[0].Loss(mean), se, gain)}, true
		}
		return !found && left > 0
	})
	if found {
		return got, nil
	}
	c, err := s.picker.Draw(ctx, rng)
	return suggest.Proposal{Config: c, Note: `{"by":"random"}`}, err
}

// note says what the model believes of its proposal, in units of the objective:
// the mean, its error, and the improvement that is expected. That is the
// logarithm's slope at the mean, where the objective is modelled on that scale.
func note(mean, se, gain float64) string {
	b := append([]byte(nil), `{"by":"forest","mean":`...)
	b = strconv.AppendFloat(b, mean, 'g', 6, 64)
	b = strconv.AppendFloat(append(b, `,"se":`...), se, 'g', 6, 64)
	b = strconv.AppendFloat(append(b, `,"gain":`...), gain, 'g', 6, 64)
	return string(append(b, '}'))
}

// Estimate implements [suggest.Estimator] with the forest of the ended trials.
func (s *suggester) Estimate(h *study.History, c space.Config) (mean, se []float64, ok bool) {
	s.follow(h)
	m := &s.model
	if !m.enough() || m.cube.Len() == 0 {
		return nil, nil, false
	}
	m.cube.Encode(c, m.point)
	y, variance := m.base.Predict(m.point)
	loss, change := m.target.back(y, math.Sqrt(variance))
	return []float64{h.Objectives[0].Loss(loss)}, []float64{change}, true
}
