package pb2

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/pbt"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var settings = func() []setting.Setting {
	list := pbt.Settings()
	for i := range list {
		if list[i].Name == "population" {
			list[i].Default = value.Int(8)
		}
	}
	return list
}()

// Method returns the description of population-based bandits.
func Method() schedule.Method {
	return schedule.Method{
		Name:     "pb2",
		Version:  "1",
		Doc:      "Population-based training whose copies take the values that a time-varying model expects most from; for small populations (Parker-Holder et al. 2020).",
		Rungs:    true,
		Copies:   true,
		Settings: settings,
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			all := setting.Values{"population": v.Get(settings, "population")}
			for name, x := range v {
				all[name] = x
			}
			e := explorer{seed: p.Seed}
			if p.Fidelity != nil {
				e.last = p.Fidelity.Max
			}
			return pbt.New("population-based bandits", p, all, e.explore)
		},
	}
}

const (
	// fewest gains of which a model is made; before, values change at random.
	fewest = 4
	// most gains of which one is made, the newest: it costs their cube.
	most = 200
	// candidates at random, and near the best of them.
	wide, near = 400, 200
)

type explorer struct {
	seed uint64
	last float64
}

// gain is what a trial gained in an interval.
type gain struct {
	config     space.Config
	begin, end float64 // steps
	loss       float64 // at the beginning
	by         float64 // what the loss fell by, a step
}

// explore returns the values with the greatest upper confidence bound.
func (e explorer) explore(h *study.History, of *study.Trial, at float64, n int) space.Config {
	r := study.Stream(e.seed, n, "pb2")
	known, pending := gains(h, at)
	m, ok := e.fit(h.Space, known)
	if !ok {
		return pbt.Perturb(h.Space, of.Config, 0.25, 1.2, r)
	}
	for _, g := range pending {
		x := m.row(g.config, g.begin, g.loss)
		if !m.posterior.Extend(x, m.posterior.Mean(x), 1) {
			break
		}
	}
	loss, _ := lossAt(h.Objectives[0], of, at)
	// The bound of the paper's experiments, with the interval's number as time.
	kappa := math.Sqrt(math.Max(0.2+math.Log(0.4*float64(2+len(known)/2)), 0.2))
	return m.best(of.Config, at, loss, kappa, r)
}

// gains returns what trials gained from one pause to the next, and those that
// are under way from step at, of which it is not known yet.
func gains(h *study.History, at float64) (known, pending []gain) {
	o := h.Objectives[0]
	for t := range h.All() {
		if t.Until == 0 { // no member
			continue
		}
		g := gain{config: t.Config}
		has := false
		if t.Copy != nil { // it begins as good as what it is a copy of
			g.begin = t.Copy.Step
			g.loss, has = lossAt(o, h.Trial(t.Copy.Trial), g.begin)
			if has && g.begin >= at && len(t.Reports) == 0 && finite(g.loss) {
				pending = append(pending, g)
			}
		}
		for i, r := range t.Reports {
			x, ok := r.Values.Get(o.Metric)
			switch x = o.Loss(x); {
			case !ok:
			case !has:
				g.begin, g.loss, has = r.Step, x, true
			case i+1 == len(t.Reports) || t.Reports[i+1].Attempt != r.Attempt:
				g.end, g.by = r.Step, (g.loss-x)/(r.Step-g.begin)
				if finite(g.loss) && finite(g.by) {
					known = append(known, g)
				}
				g.begin, g.loss = r.Step, x
			}
		}
	}
	return known, pending
}

func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

// lossAt returns the last loss of t up to a step, NaN where there is none.
func lossAt(o study.Objective, t *study.Trial, step float64) (loss float64, ok bool) {
	loss = math.NaN()
	for _, r := range t.Reports {
		if r.Step > step {
			break
		}
		if x, has := r.Values.Get(o.Metric); has {
			loss, ok = o.Loss(x), true
		}
	}
	return loss, ok
}

// model is the fitted process with what brings its columns to scale.
type model struct {
	space      *space.Space
	last       float64
	low, width float64 // of losses
	mean, sd   float64 // of gains
	posterior  *gp.Posterior
}

// fit makes a model of gains; false where they are too few, or all the same.
func (e explorer) fit(s *space.Space, list []gain) (*model, bool) {
	if len(list) < fewest {
		return nil, false
	}
	list = newest(list)
	m := &model{space: s, last: e.last}
	low, high, sum, squares := math.Inf(1), math.Inf(-1), 0.0, 0.0
	for _, g := range list {
		low, high = math.Min(low, g.loss), math.Max(high, g.loss)
		sum += g.by
	}
	m.low, m.width, m.mean = low, high-low, sum/float64(len(list))
	for _, g := range list {
		squares += float64((g.by - m.mean) * (g.by - m.mean))
	}
	m.sd = math.Sqrt(squares / float64(len(list)))
	if !(m.sd > 0) || math.IsInf(m.sd, 0) || math.IsInf(m.width, 0) || math.IsNaN(m.width) {
		return nil, false
	}
	data := &gp.Data{Kinds: m.kinds()}
	for _, g := range list {
		data.X = append(data.X, m.row(g.config, g.begin, g.loss)...)
		data.Y = append(data.Y, (g.by-m.mean)/m.sd)
	}
	prior := gp.DefaultPrior(float64(len(data.Kinds)))
	var fitter gp.Fitter
	theta, _, ok := fitter.Fit(data, &prior, nil, gp.Effort{Evaluations: 60, Starts: 2})
	if !ok {
		return nil, false
	}
	m.posterior, ok = gp.New(data, &prior, theta)
	return m, ok
}

// newest returns the gains of the latest intervals.
func newest(list []gain) []gain {
	slices.SortStableFunc(list, func(a, b gain) int { return cmp.Compare(a.end, b.end) })
	return list[max(0, len(list)-most):]
}

// kinds returns the kinds of the model's columns: one a parameter, one for
// whether it exists where it may not, the time, and the loss.
func (m *model) kinds() []gp.Kind {
	var kinds []gp.Kind
	for i := range m.space.Params() {
		p := m.space.Param(i)
		kind := gp.Numeric
		if !p.IsNumeric() && !p.Ordered {
			kind = gp.Nominal
		}
		kinds = append(kinds, kind)
		if p.Conditional() {
			kinds = append(kinds, gp.Numeric)
		}
	}
	return append(kinds, gp.Numeric, gp.Numeric)
}

// row returns the columns for a configuration from a step on, at a loss.
func (m *model) row(c space.Config, at, loss float64) []float64 {
	row := make([]float64, 0, m.space.Len()+4)
	for i := range m.space.Params() {
		p := m.space.Param(i)
		u := m.space.EncodeParam(i, c.At(i))
		there := 1.0
		if math.IsNaN(u) {
			u, there = 0.5, 0
		}
		row = append(row, u)
		if p.Conditional() {
			row = append(row, there)
		}
	}
	level := 0.5
	if m.width > 0 && !math.IsNaN(loss) {
		level = math.Min(math.Max((loss-m.low)/m.width, -1), 2)
	}
	return append(row, at/math.Max(m.last, 1), level)
}

// best returns the configuration with the greatest bound among random ones,
// changes of c, and changes of the best of both.
func (m *model) best(c space.Config, at, loss, kappa float64, r *rand.Rand) space.Config {
	best, bound := c, math.Inf(-1)
	try := func(d space.Config) {
		mean, variance := m.posterior.Predict(m.row(d, at, loss))
		if b := mean + kappa*math.Sqrt(math.Max(variance, 0)); b > bound {
			best, bound = d, b
		}
	}
	try(c)
	for i := range wide {
		d := c
		if i%2 == 0 {
			if s, err := m.space.Sample(r); err == nil {
				d = s
			}
		} else {
			d = pbt.Perturb(m.space, c, 0.25, 1.2, r)
		}
		try(d)
	}
	for range near {
		try(pbt.Perturb(m.space, best, 0.05, 1+0.2*r.Float64(), r))
	}
	return best
}
