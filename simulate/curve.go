package simulate

import (
	"math"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Curves says how the programs of a study behave.
type Curves interface {
	// Program returns the behaviour of trial n with configuration c.
	Program(n int, c space.Config) Program
}

// Invented is curves of a study of which nothing is known: losses fall
// exponentially, each towards a value that depends on how far its configuration
// is from a hidden one, the farther the slower or faster at random. They tell
// how a scheduler spends, not how good its trials will be.
type Invented struct {
	Space      *space.Space
	Objectives []study.Objective
	Fidelity   *study.Fidelity
	Seed       uint64
}

// Program implements [Curves].
func (v Invented) Program(_ int, c space.Config) Program {
	r := study.Stream(v.Seed, 0, "simulate")
	u := v.Space.Encode(c, nil)
	far := 0.0
	for i, x := range u {
		at, weight := r.Float64(), r.ExpFloat64()
		if math.IsNaN(x) {
			x = 0.5
		}
		if p := v.Space.Param(i); !p.IsNumeric() && !p.Ordered {
			at = math.Round(at) // another choice is as far as it gets
		}
		far += float64(weight * (x - at) * (x - at))
	}
	// The pace belongs to the configuration, too, whoever tries it.
	pace := 0.0
	for i, x := range u {
		if !math.IsNaN(x) {
			pace += math.Sin(7*x + float64(i))
		}
	}
	p := v.steps()
	quality := far / (far + float64(len(u))/6)
	length := p.End / 6 * math.Exp(pace/math.Sqrt(float64(len(u)+1)))
	for i, o := range v.Objectives {
		final := quality
		if i%2 == 1 { // the price of the one before
			final = 1 - quality
		}
		curve := func(step float64) float64 { return 0.1 + 0.9*(final+(1-final)*math.Exp(-step/length)) }
		if v.Fidelity.Sampled() {
			curve = v.sampled(final, pace+float64(i))
		}
		if o.Goal == study.Maximize {
			loss := curve
			curve = func(step float64) float64 { return 1 - loss(step) }
		}
		if i == 0 {
			p.Value = curve
		} else {
			p.More = append(p.More, curve)
		}
	}
	return p
}

// sampled returns the values of a configuration on samples, each of which is
// harder or easier for all, and a little for this one.
func (v Invented) sampled(final, own float64) func(step float64) float64 {
	return func(step float64) float64 {
		all := study.Stream(v.Seed, int(step), "simulate:sample").NormFloat64()
		mine := study.Stream(v.Seed^math.Float64bits(own), int(step), "simulate:own").NormFloat64()
		return 0.1 + 0.9*final + 0.1*all + 0.05*mine
	}
}

// steps returns a program with the steps of a fidelity, without its values.
func (v Invented) steps() Program {
	if v.Fidelity == nil {
		return Program{End: 1, Every: 1}
	}
	p := Program{End: v.Fidelity.Max, Every: 1}
	switch {
	case v.Fidelity.Sampled():
		return p
	case v.Fidelity.Levels != nil: // one result at the level
		p.Every = p.End
		return p
	}
	if p.End < 10 && p.End != math.Trunc(p.End) || p.End <= 1 || p.End > 1000 { // a part of the data, samples
		p.Every = p.End / 100
	}
	return p
}

// Recorded is curves that another study's trials have shown: a trial behaves
// like that of the other study whose configuration is nearest.
type Recorded struct {
	space      *space.Space
	objectives []study.Objective
	trials     []*study.Trial
	longest    *study.Trial
}

// Record returns the curves of the trials of h that have reported, as far as s
// has their parameters; false where there are none.
func Record(h *study.History, s *space.Space) (*Recorded, bool) {
	rec := &Recorded{space: s, objectives: h.Objectives}
	for t := range h.All() {
		if _, ok := h.Objectives[0].Value(t.Reports); !ok || t.LastStep() <= 0 {
			continue
		}
		c, err := carry(t.Config, s)
		if err != nil {
			continue
		}
		copied := *t
		copied.Config = c
		rec.add(&copied)
	}
	return rec, len(rec.trials) > 0
}

func (v *Recorded) add(t *study.Trial) {
	v.trials = append(v.trials, t)
	if v.longest == nil || t.LastStep() > v.longest.LastStep() {
		v.longest = t
	}
}

// Resample returns the curves of as many trials, drawn with replacement: what
// else the study might have recorded.
func (v *Recorded) Resample(seed uint64) *Recorded {
	r := study.Stream(seed, 0, "simulate/resample")
	out := &Recorded{space: v.space, objectives: v.objectives}
	for range v.trials {
		out.add(v.trials[r.IntN(len(v.trials))])
	}
	return out
}

// Len returns how many trials were recorded.
func (v *Recorded) Len() int { return len(v.trials) }

// Program implements [Curves].
func (v *Recorded) Program(_ int, c space.Config) Program {
	best, least := v.trials[0], math.Inf(1)
	for _, t := range v.trials {
		if d := v.space.Distance(c, t.Config); d < least {
			best, least = t, d
		}
	}
	p := Program{Every: best.LastStep() / float64(len(best.Reports))}
	if best.State == study.Complete {
		p.End = best.LastStep()
	}
	for i, o := range v.objectives {
		curve := func(step float64) float64 { return v.at(best, o.Metric, step) }
		if i == 0 {
			p.Value = curve
		} else {
			p.More = append(p.More, curve)
		}
	}
	return p
}

// at returns a metric of a trial at a step. What a trial would have come to
// that was ended early is what it had, moved on as the longest trial moved.
func (v *Recorded) at(t *study.Trial, metric string, step float64) float64 {
	x, last := at(t.Reports, metric, step), t.LastStep()
	if step <= last || t.State == study.Complete || v.longest.LastStep() <= last {
		return x
	}
	if moved := at(v.longest.Reports, metric, step) - at(v.longest.Reports, metric, last); !math.IsNaN(moved) && !math.IsInf(moved, 0) {
		x += moved
	}
	return x
}

// at returns a metric at a step, between reports on the line through both.
func at(reports []study.Report, metric string, step float64) float64 {
	before, value, has := 0.0, math.NaN(), false
	for _, r := range reports {
		x, ok := r.Values.Get(metric)
		switch {
		case !ok:
			continue
		case r.Step < step || !has && r.Step >= step:
			before, value, has = r.Step, x, true
			if r.Step >= step {
				return value
			}
		case r.Step == step || math.IsNaN(x) || math.IsNaN(value):
			return x
		default:
			part := (step - before) / (r.Step - before)
			return value + float64(part*(x-value))
		}
	}
	return value
}
