package simulate

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Cost is what a step takes in seconds, learned from the trials of a study as a
// function of configuration and step. The logarithm is modelled, so that what
// doubles the time of one configuration doubles that of others. It is safe for
// concurrent use.
type Cost struct {
	// Model says what predicted best: "constant", which knows nothing of the
	// configuration, "linear" or "forest".
	Model string `json:"model"`
	// Trials is how many were measured.
	Trials int `json:"trials"`
	// Error is by which part the time of a trial that the model has not seen is
	// missed, typically: 0.1 is a tenth too much or too little.
	Error float64 `json:"error"`
	// PerStep is the mean over all steps that were measured, in seconds;
	// Fastest and Slowest are the mean of the trials at the ends of the middle
	// nine tenths.
	PerStep float64 `json:"seconds_per_step"`
	Fastest float64 `json:"fastest"`
	Slowest float64 `json:"slowest"`
	// Startup is what an attempt takes beside its steps, in seconds.
	Startup float64 `json:"startup"`

	space  *space.Space
	model  predictor
	spread float64 // of the logarithm of a trial's time around what is predicted
}

// span is a stretch of training that was measured.
type span struct {
	trial    int // counted from 0 among those measured
	config   space.Config
	from, to float64 // steps
	seconds  float64
	whole    bool // a whole attempt, with what it took to start
}

// mid is the step that a stretch is modelled at.
func (p span) mid() float64 { return (p.from + p.to) / 2 }

// minMeasured is how many trials it takes to model anything but the mean.
const minMeasured = 8

// Learn returns what steps have taken in the trials of h, as far as s has their
// parameters; false where no attempt has ended that reported steps.
func Learn(h *study.History, s *space.Space) (*Cost, bool) {
	var spans []span
	var overheads []float64
	trials := 0
	for t := range h.All() {
		c, err := carry(t.Config, s)
		if err != nil {
			continue
		}
		before := len(spans)
		for i := range t.Attempts {
			list, overhead, ok := measured(t, &t.Attempts[i])
			if ok {
				overheads = append(overheads, overhead)
			}
			for _, p := range list {
				p.trial, p.config = trials, c
				spans = append(spans, p)
			}
		}
		if len(spans) > before {
			trials++
		}
	}
	if trials == 0 {
		return nil, false
	}
	c := &Cost{Trials: trials, space: s}
	if len(overheads) > 0 {
		slices.Sort(overheads)
		c.Startup = quantile(overheads, 0.5)
	}
	seconds, steps := make([]float64, trials), make([]float64, trials)
	for i := range spans {
		p := &spans[i]
		if p.whole {
			p.seconds -= min(c.Startup, 0.9*p.seconds)
		}
		seconds[p.trial] += p.seconds
		steps[p.trial] += p.to - p.from
	}
	sum, units := 0.0, 0.0
	for t := range seconds {
		sum, units = sum+seconds[t], units+steps[t]
		seconds[t] /= steps[t]
	}
	slices.Sort(seconds)
	c.PerStep, c.Fastest, c.Slowest = sum/units, quantile(seconds, 0.05), quantile(seconds, 0.95)
	c.choose(spans)
	return c, true
}

// maxSpans is how many stretches an attempt is cut into.
const maxSpans = 4

// measured returns the stretches of an attempt whose time is known, and what it
// took beside them, where that can be told: the reports say when they came,
// unless they came all at once at the end.
func measured(t *study.Trial, a *study.Attempt) (list []span, overhead float64, ok bool) {
	took := a.Ended.Sub(a.Started).Seconds()
	if a.Ended.IsZero() || !(took > 0) || !(a.Paid > 0) {
		return nil, 0, false
	}
	var own []study.Report
	for _, r := range t.Reports {
		if r.Attempt == a.Number && !r.At.IsZero() {
			own = append(own, r)
		}
	}
	last := a.Paid
	if n := len(own); n > 0 {
		last = own[n-1].Step
	}
	if n := len(own); n > 1 {
		between := own[n-1].At.Sub(own[0].At).Seconds()
		share := (last - own[0].Step) / a.Paid
		if between >= 0.5*share*took {
			for i, pieces := 0, min(maxSpans, n-1); i < pieces; i++ {
				x, y := own[i*(n-1)/pieces], own[(i+1)*(n-1)/pieces]
				if d := y.At.Sub(x.At).Seconds(); d > 0 && y.Step > x.Step {
					list = append(list, span{from: x.Step, to: y.Step, seconds: d})
				}
			}
			if len(list) > 0 {
				return list, max(0, took-between/share), true
			}
		}
	}
	return []span{{from: max(0, last-a.Paid), to: last, seconds: took, whole: true}}, 0, false
}

// carry returns a configuration as a space has it: what the space does not have
// is left out, what it has besides is in the middle.
func carry(c space.Config, s *space.Space) (space.Config, error) {
	return s.Complete(nil, func(i int, p *space.Param) space.Value {
		if v, ok := c.Get(p.Name); ok {
			if v, err := p.Coerce(v); err == nil {
				return v
			}
		}
		return s.DecodeParam(i, 0.5)
	})
}

// quantile returns the p-quantile of ascending numbers, on the line between
// neighbours.
func quantile(xs []float64, p float64) float64 {
	at := p * float64(len(xs)-1)
	k := int(at)
	if k+1 >= len(xs) {
		return xs[len(xs)-1]
	}
	return xs[k] + float64((at-float64(k))*(xs[k+1]-xs[k]))
}

// Rate returns the seconds that a step of c takes at a step, as predicted.
func (c *Cost) Rate(cfg space.Config, step float64) float64 {
	return math.Exp(c.model.predict(row(c.space, cfg, step)))
}

// pieces is in how many parts a stretch is integrated over.
const pieces = 8

// Time returns the seconds from one step to another, as predicted, without what
// an attempt takes besides.
func (c *Cost) Time(cfg space.Config, from, to float64) float64 {
	sum, width := 0.0, (to-from)/pieces
	for i := range pieces {
		sum += float64(c.Rate(cfg, from+float64(width*(float64(i)+0.5))) * width)
	}
	return sum
}

// apply gives program n of a configuration its times, in units of PerStep. Each
// trial is off what is predicted by a factor of its own.
func (c *Cost) apply(p Program, n int, cfg space.Config, seed uint64) Program {
	off := math.Exp(c.spread*study.Stream(seed, n, "simulate/cost").NormFloat64()) / c.PerStep
	// The rate is smooth in the step; a table of it is enough.
	steps := []float64{1}
	if p.End > 0 {
		steps = nil
		for i := range 2*pieces + 1 {
			steps = append(steps, p.End*float64(i)/(2*pieces))
		}
	}
	rates := make([]float64, len(steps))
	for i, s := range steps {
		rates[i] = float64(off * c.Rate(cfg, max(s, steps[len(steps)-1]/100)))
	}
	p.Startup = c.Startup / c.PerStep
	p.Time = func(from, to float64) float64 { return float64((to - from) * between(steps, rates, (from+to)/2)) }
	return p
}

// between returns y at x on the line through points of ascending x; beyond
// them it is that of the last.
func between(xs, ys []float64, x float64) float64 {
	k, _ := slices.BinarySearch(xs, x)
	switch {
	case k == 0:
		return ys[0]
	case k == len(xs):
		return ys[k-1]
	}
	part := (x - xs[k-1]) / (xs[k] - xs[k-1])
	return ys[k-1] + float64(part*(ys[k]-ys[k-1]))
}
