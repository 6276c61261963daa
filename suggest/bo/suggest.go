package bo

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
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
	held   held
	model  model
	search search

	pending []float64 // points of trials that have not ended
	numbers []int     // and their numbers
	least   []float64 // of the values drawn for them, by each member
	seed    uint64
	asked   map[string]struct{} // handed out in this request
	x, z    []float64
}

// Suggest implements [suggest.Suggester].
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	if err := s.begin(r); err != nil {
		return nil, err
	}
	defer s.release()
	defer s.forget()
	s.picker.BeginIn(s.held.part, r.History, r.Beside...)
	s.keys.Begin(r.History)
	s.asked = make(map[string]struct{}, r.N)
	for _, c := range r.Beside {
		s.asked[c.Key()] = struct{}{}
	}
	next := r.First
	return distinct.Each(ctx, r, func(i int) (suggest.Proposal, error) { return s.propose(ctx, r, i) }, func(p suggest.Proposal) {
		s.asked[p.Config.Key()] = struct{}{}
		s.wait(next, p.Config)
		next++
	})
}

// begin brings the model up to date with the history of r, turns it to what r
// holds and adds what is known of trials that have not ended. Afterwards forget
// and release undo the latter two.
func (s *suggester) begin(r suggest.Request) error {
	s.follow(r.History)
	if err := s.hold(r); err != nil {
		return err
	}
	s.pending, s.numbers, s.seed = s.pending[:0], s.numbers[:0], r.Seed
	for t := range r.History.Open() {
		s.wait(t.Number, t.Config)
	}
	for i, c := range r.Beside {
		s.wait(r.First-len(r.Beside)+i, c)
	}
	return nil
}

// wait adds the configuration of a trial to those that have not ended.
func (s *suggester) wait(number int, c space.Config) {
	n := s.model.cube.Len()
	s.numbers = append(s.numbers, number)
	s.pending = append(s.pending, make([]float64, n)...)
	s.model.cube.Encode(c, s.pending[len(s.pending)-n:])
}

// follow brings the model up to date with h.
func (s *suggester) follow(h *study.History) {
	m := &s.model
	m.o = &s.o
	old := m.cube
	news := m.memory.follow(h, s.o.belief > 0)
	if m.cube != old {
		m.mark, m.chosen, m.losses, m.early = 0, 0, nil, nil
	}
	if news && m.ready() {
		m.learn()
	}
}

// believe adds the trials that have not ended to the processes, with the
// values that those predict.
func (s *suggester) believe() {
	m := &s.model
	n := m.cube.Len()
	s.z = resize(s.z, m.enc.len())
	for _, bs := range [][]belief{m.losses, m.limits, m.safe} {
		for i := range bs {
			for k, p := range bs[i].members {
				for {
					row := p.Len() - bs[i].sizes[k]
					if row*n >= len(s.pending) {
						break
					}
					m.enc.put(s.pending[row*n:(row+1)*n], s.z)
					v, variance := p.Mean(s.z), 0.0
					if s.o.pending == pendingDraw && bs[i].kind == lossOf {
						v, variance = p.Predict(s.z)
						b := bs[i].base.at(s.z)
						v = s.drawn(s.numbers[row], k, b+v, variance) - b
					}
					if !p.Extend(s.z, v, 1) {
						break
					}
				}
			}
		}
	}
}

// forget takes them out again.
func (s *suggester) forget() {
	m := &s.model
	s.least = s.least[:0]
	for _, bs := range [][]belief{m.losses, m.limits, m.safe} {
		for i := range bs {
			for k, p := range bs[i].members {
				p.Truncate(bs[i].sizes[k])
			}
		}
	}
}

func (s *suggester) propose(ctx context.Context, r suggest.Request, i int) (suggest.Proposal, error) {
	m := &s.model
	d := m.cube.Len()
	if d == 0 || r.First+i < s.o.design(d, m.enc.step >= 0) || !m.able() {
		return s.start(ctx, r, i)
	}
	s.believe()
	rng := r.Rand(i)
	a := s.acquisition(r, rng)
	u, v := rng.Float64(), rng.Float64()
	if a.kind == improvement {
		a.kind = s.rule(u)
	}
	s.search.begin(m, &a, &s.held, rng)
	if a.kind == improvement && v < s.o.local {
		s.search.enter(m.region())
	}
	s.search.run(s.effort(), s.around(rng))
	var got suggest.Proposal
	if s.search.yield(tried, func(c space.Config, at candidate) bool {
		if !s.fresh(c) {
			return false
		}
		got = suggest.Proposal{Config: c, Note: s.note(r.History, &a, at)}
		return true
	}) {
		return got, nil
	}
	c, err := s.picker.Draw(ctx, rng)
	return suggest.Proposal{Config: c, Note: `{"by":"random"}`}, err
}

// rule returns what a trial maximises whose throw is u.
func (s *suggester) rule(u float64) rule {
	switch {
	case s.o.pending == pendingExplore && len(s.numbers) > 0:
		return unknown
	case u < s.o.explore:
		return bound
	case u >= 1-s.o.sample:
		return sampled
	}
	return improvement
}

// fresh takes c if the study does not hold it and it has not been handed out
// in this request.
func (s *suggester) fresh(c space.Config) bool {
	_, twice := s.asked[c.Key()]
	return !twice && !s.keys.Held(c) && s.picker.Take(c)
}

// effort is how hard the acquisition is searched: less where it costs more.
func (s *suggester) effort() effort {
	e := effort{draws: s.o.candidates, steps: s.o.candidates, screen: 80, starts: s.o.starts, climbs: 15, rounds: 2}
	if s.model.losses[0].members[0].Len() > 100 {
		e.screen, e.climbs = 50, 12
	}
	return e
}

// around is the points near which the search looks, best first.
func (s *suggester) around(r *rand.Rand) [][]float64 {
	m := &s.model
	var out [][]float64
	rows := m.top(5)
	if len(m.losses) > 1 {
		rows = m.front(20)
	} else if m.leader >= 0 && m.rows[m.leader].partial {
		out = append(out, m.point(m.leader))
	}
	for _, i := range rows {
		out = append(out, m.point(i))
	}
	return s.held.moved(m, out, r)
}

// acquisition sets up what is maximised.
func (s *suggester) acquisition(q suggest.Request, r *rand.Rand) acquisition {
	m := &s.model
	a := acquisition{kind: improvement, width: kappa, loss: m.losses[0].members, base: m.losses[0].base}
	if len(m.believed.terms) > 0 {
		a.believed, a.at = &m.believed, m.cube
		a.fade = s.o.belief / float64(max(q.History.EndedLen(), 1))
	}
	if m.costs.process != nil {
		a.cost, a.cool = &m.costs, m.costs.left(q.History)
	}
	switch {
	case m.leader < 0 && !s.held.elsewhere(m):
		a.kind = feasibility
	case len(m.losses) > 1:
		a.kind = hypervolume
		a.many = newSeveral(m.losses, s.points(), s.reference(q.History.Objectives), m.enc.len(), r)
	default:
		if m.leader < 0 {
			a.kind = bound // there is nothing to improve on yet
		}
		for k, p := range a.loss {
			if m.leader >= 0 {
				best := p.Mean(m.final(m.leader)) + a.base.at(m.final(m.leader))
				if k < len(s.least) {
					best = math.Min(best, s.least[k])
				}
				a.best = append(a.best, best)
			}
			a.weight = append(a.weight, math.Log(m.losses[0].weights[k]))
		}
	}
	for i := range m.limits {
		a.limits = append(a.limits, m.limits[i].members)
	}
	if len(m.safe) > 0 {
		a.safe = m.safe[0].members[0]
	}
	return a
}

// points returns the values of the feasible rows, and those believed of trials
// that have not ended.
func (s *suggester) points() [][]float64 {
	m := &s.model
	var out [][]float64
	anew := m.leader < 0 // with values that no trial has had: the others must do
	for i := range m.rows {
		if r := &m.rows[i]; r.whole() || anew && r.other && r.feasible() && !r.pruned && !r.partial {
			p := make([]float64, len(m.losses))
			for k := range p {
				p[k], _ = m.losses[k].value(r)
			}
			out = append(out, p)
		}
	}
	n := m.cube.Len()
	for at := 0; at < len(s.pending); at += n {
		m.enc.put(s.pending[at:at+n], s.z)
		p := make([]float64, len(m.losses))
		for k := range p {
			p[k] = m.losses[k].members[0].Mean(s.z) + m.losses[k].base.at(s.z)
		}
		out = append(out, p)
	}
	return out
}

// reference returns the thresholds of several objectives, as the processes
// learn losses, NaN where there is none.
func (s *suggester) reference(objectives []study.Objective) []float64 {
	out := make([]float64, len(objectives))
	for k, o := range objectives {
		out[k] = math.NaN()
		if t := o.Threshold; t != nil && !math.IsInf(*t, 0) {
			out[k] = s.model.losses[k].warp.at(o.Loss(*t))
		}
	}
	return out
}

// start returns a configuration that needs no model: the middle of the space,
// then Sobol points, drawn at random where there are none.
func (s *suggester) start(ctx context.Context, r suggest.Request, i int) (suggest.Proposal, error) {
	m := &s.model
	d := m.cube.Len()
	if d > 0 && r.First+i == 0 {
		s.x = resize(s.x, d)
		c := s.held.middle(m)
		if r.History.Space.Feasible(c) && s.fresh(c) {
			return suggest.Proposal{Config: c, Note: `{"by":"centre"}`}, nil
		}
	}
	return qmc.Start(ctx, s.design, r, i, &s.picker)
}

// predict returns mean and standard deviation at the point x, in the map of
// the losses.
func (s *suggester) predict(objective int, x []float64) (mean, sd float64) {
	m := &s.model
	s.z = resize(s.z, m.enc.len())
	m.enc.put(x, s.z)
	var whole, sum, squares, variance float64
	b := &m.losses[objective]
	for k, p := range b.members {
		mu, v := p.Predict(s.z)
		w := b.weights[k]
		whole += w
		sum += float64(w * mu)
		squares += float64(w * mu * mu)
		variance += float64(w * v)
	}
	mean = sum / whole
	return mean + b.base.at(s.z), math.Sqrt(math.Max(variance/whole+squares/whole-mean*mean, 0))
}

// note says what the model believes of its proposal, in the objective's own
// units where there is one: what measuring it will give, with the noise, and
// what it is expected to gain.
func (s *suggester) note(h *study.History, a *acquisition, c candidate) string {
	number := func(b []byte, key string, v float64) []byte {
		return strconv.AppendFloat(append(b, key...), v, 'g', 6, 64)
	}
	b := []byte(`{"by":"gp"`)
	if len(s.model.losses) == 1 {
		mean, sd := s.predict(0, c.x)
		w := &s.model.losses[0].warp
		b = number(b, `,"predicted":`, h.Objectives[0].Loss(w.back(mean)))
		b = number(b, `,"se":`, spread(w.back, mean, math.Sqrt(float64(sd*sd)+s.noise())))
		if x, ok := s.promised(a, c); ok {
			b = number(b, `,"gain":`, x)
		}
	}
	if l := s.model.learnedFrom(); l != "" {
		b = value.String(l).AppendJSON(append(b, `,"earlier":`...))
	}
	if l := s.model.scales(); l != "" {
		b = value.String(l).AppendJSON(append(b, `,"finer":`...))
	}
	return string(append(b, `,"rule":"`+a.kind.String()+`"}`...))
}

// promised returns what c is expected to gain over the best predicted loss,
// whatever the rule was that chose it; false where there is nothing yet to
// improve on.
func (s *suggester) promised(a *acquisition, c candidate) (float64, bool) {
	if a.kind == improvement {
		return s.gain(c.value - s.beside(a, c.x)), true
	}
	if len(a.best) == 0 {
		return 0, false
	}
	e := *a
	e.kind = improvement
	s.model.enc.put(c.x, s.z)
	return s.gain(e.allowed(s.z, nil) + e.promise(s.z, nil)), true
}

// beside returns what is in the acquisition at x beside what is promised.
func (s *suggester) beside(a *acquisition, x []float64) float64 {
	s.model.enc.put(x, s.z)
	return a.beside(s.z, nil)
}

// noise returns the variance of a measurement, in the map of the losses.
func (s *suggester) noise() float64 {
	b := &s.model.losses[0]
	sum := 0.0
	for k, p := range b.members {
		sum += float64(b.weights[k] * p.Noise())
	}
	return sum
}

// gain returns the expected improvement with the logarithm l in the units of
// the loss.
func (s *suggester) gain(l float64) float64 {
	b := &s.model.losses[0]
	mean, _ := s.predict(0, s.model.point(s.model.leader))
	return math.Max(b.warp.back(mean)-b.warp.back(mean-math.Exp(l)), 0)
}

// spread is half the distance of what lies one standard deviation above and
// below the mean.
func spread(back func(float64) float64, mean, sd float64) float64 {
	return math.Min(back(mean+sd)/2-back(mean-sd)/2, math.MaxFloat64)
}

// Estimate implements [suggest.Estimator]: the mean of the losses' map taken
// back, which is their median, and half the distance between what lies one
// standard deviation to both sides.
func (s *suggester) Estimate(h *study.History, c space.Config) (mean, se []float64, ok bool) {
	s.follow(h)
	m := &s.model
	if !m.able() {
		return nil, nil, false
	}
	s.x = resize(s.x, m.cube.Len())
	m.cube.Encode(c, s.x)
	for k := range m.losses {
		mu, sd := s.predict(k, s.x)
		w := &m.losses[k].warp
		mean = append(mean, h.Objectives[k].Loss(w.back(mu)))
		se = append(se, spread(w.back, mu, sd))
	}
	return mean, se, true
}
