package rbf

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

// tried is how many candidates are looked at before a configuration that the
// study does not hold is drawn at random.
const tried = 50

// patience is how many cycles without improvement refining goes on for.
const patience = 3

type suggester struct {
	o      options
	picker distinct.Picker
	keys   distinct.Keys
	model  model
	ready  bool // the model has learned
	search search
	design design

	others []float64 // embedded points of trials that have not ended
	asked  map[string]struct{}
	bent   spline
	wide   []float64 // points and values of bent
	values []float64
}

// Suggest implements [suggest.Suggester]. A configuration costs some thousand
// evaluations of the spline, about 20 ms for two hundred trials of ten
// parameters; new results cost a fit, n³/6 multiplications for n trials.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.follow(r.History)
	s.picker.Begin(r.History, r.Beside...)
	s.keys.Begin(r.History)
	s.asked = make(map[string]struct{}, r.N)
	s.others = s.others[:0]
	x := make([]float64, s.model.cube.Len())
	note := func(c space.Config) {
		m := &s.model
		m.cube.Encode(c, x)
		n := len(s.others)
		s.others = append(s.others, make([]float64, m.embed.dim)...)
		m.embed.put(x, s.others[n:])
	}
	for t := range r.History.Open() {
		note(t.Config)
	}
	for _, c := range r.Beside {
		s.asked[c.Key()] = struct{}{}
		note(c)
	}
	return distinct.Each(ctx, r, func(i int) (suggest.Proposal, error) { return s.propose(ctx, r, i) }, func(p suggest.Proposal) {
		s.asked[p.Config.Key()] = struct{}{}
		note(p.Config)
	})
}

// follow brings the model up to date with h.
func (s *suggester) follow(h *study.History) {
	s.model.o = &s.o
	if s.model.follow(h, &s.o) {
		s.ready = s.model.cube.Len() > 0 && s.model.learn()
	}
}

func (s *suggester) propose(ctx context.Context, r suggest.Request, i int) (suggest.Proposal, error) {
	m := &s.model
	d := m.cube.Len()
	turn := r.First + i - m.base
	size := s.o.design(d)
	if d > 0 && turn >= 0 && turn < size {
		c := m.cube.Decode(s.design.point(m, r.Seed, size, turn))
		if r.History.Space.Feasible(c) && s.fresh(c) {
			return suggest.Proposal{Config: c, Note: `{"by":"design"}`}, nil
		}
		c, err := s.picker.Draw(ctx, r.Rand(i))
		return suggest.Proposal{Config: c, Note: `{"by":"design"}`}, err
	}
	rng := r.Rand(i)
	if d > 0 && s.ready && turn >= 0 {
		var got suggest.Proposal
		step := ""
		take := func(c space.Config, v float64) bool {
			if !s.fresh(c) {
				return false
			}
			loss, _ := m.scale.back(v, 0)
			got = suggest.Proposal{Config: c, Note: note(step, r.History.Objectives[0].Loss(loss))}
			return true
		}
		if s.step((turn-size)%s.o.cycle(), rng, &step, take) {
			return got, nil
		}
	}
	c, err := s.picker.Draw(ctx, rng)
	return suggest.Proposal{Config: c, Note: `{"by":"random"}`}, err
}

// fresh takes c if the study does not hold it and it has not been handed out
// in this request.
func (s *suggester) fresh(c space.Config) bool {
	_, twice := s.asked[c.Key()]
	return !twice && !s.keys.Held(c) && s.picker.Take(c)
}

// step makes the given step of the cycle, and reports whether take took a
// candidate. The name of the step is in name before take is called.
func (s *suggester) step(k int, r *rand.Rand, name *string, take func(space.Config, float64) bool) bool {
	m, q, d := &s.model, &s.search, s.model.cube.Len()
	q.m, q.r, q.others, q.bent = m, r, s.others, nil
	idle := (m.consumed - m.improved) / s.o.cycle()
	if k > s.o.globals && idle >= patience {
		k = idle % s.o.globals // refining has come to its end for now
	}
	if k < s.o.globals {
		*name = "global"
		if s.o.gutmann {
			s.bend()
			q.gutmann(k)
		} else {
			q.weighted(math.Max(1-float64(k+1)/float64(s.o.globals), leastWeight), box{})
		}
		return q.yield(tried, take)
	}
	// The best trial as the spline has it: with a ridge not always the one
	// with the lowest value.
	row := int(m.set[m.lowest])
	centre := m.x[row*d : (row+1)*d]
	radius := boxRadius
	if k == s.o.globals {
		*name = "local"
		if q.lowest(box{}, centre) < m.low-worthwhile && q.yield(1, take) {
			return true
		}
		q.weighted(leastWeight, box{centre: centre, radius: radius})
		return q.yield(tried, take)
	}
	*name = "refine"
	radius = math.Ldexp(radius, -idle)
	within := box{centre: centre, radius: radius, fixed: true}
	if q.lowest(within, centre); q.yield(1, take) {
		return true
	}
	within.fixed = false
	q.weighted(0.3, within)
	return q.yield(tried, take)
}

// bend fits the spline that the power function is taken of: through the trials
// that have not ended, too, with the values that the spline has there, which
// leaves it as it is.
func (s *suggester) bend() {
	m := &s.model
	k := m.embed.dim
	if len(s.others) == 0 {
		return
	}
	s.wide, s.values = append(s.wide[:0], m.z...), append(s.values[:0], m.f...)
	for i := 0; i < len(s.others); i += k {
		z := s.others[i : i+k]
		close := false
		for j := 0; j < len(s.wide) && !close; j += k {
			close = distance2(z, s.wide[j:j+k]) < nearest*nearest
		}
		if !close {
			s.wide, s.values = append(s.wide, z...), append(s.values, m.spline.at(z))
		}
	}
	s.bent.fit(s.wide, len(s.values), k, s.values, m.kernel, m.ridge)
	s.search.bent = &s.bent
}

func note(step string, loss float64) string {
	b := append([]byte(nil), `{"by":"`...)
	b = append(append(b, step...), `","predicted":`...)
	return string(append(strconv.AppendFloat(b, loss, 'g', 6, 64), '}'))
}

// Estimate implements [suggest.Estimator]: the spline, with the root mean
// square of its leave-one-out errors.
func (s *suggester) Estimate(h *study.History, c space.Config) (mean, se []float64, ok bool) {
	s.follow(h)
	m := &s.model
	if !s.ready {
		return nil, nil, false
	}
	x, z := make([]float64, m.cube.Len()), make([]float64, m.embed.dim)
	m.cube.Encode(c, x)
	m.embed.put(x, z)
	m.loo = m.spline.leaveOneOut(m.loo)
	sum, count := 0.0, 0.0
	for _, e := range m.loo {
		if !math.IsNaN(e) {
			sum += float64(e * e)
			count++
		}
	}
	if count == 0 {
		return nil, nil, false
	}
	loss, change := m.scale.back(m.spline.at(z), math.Sqrt(sum/count))
	return []float64{h.Objectives[0].Loss(loss)}, []float64{change}, true
}
