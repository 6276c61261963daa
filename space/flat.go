package space

import (
	"math"
	"slices"
)

// FlatReach is how many standard deviations from its mean a number with a prior
// can be in a flat space, where its bounds do not end before.
const FlatReach = 10

// Flat returns s without its priors and weights: a number with a normal prior
// is on the linear scale, one with a log-normal prior on the logarithmic, both
// within their bounds and [FlatReach] standard deviations of the mean, and
// choices are alike. So the unit interval says how far two numbers are apart
// and not how likely what is between them was held to be, and a search that
// knows better than the prior has room. A discrete number with a log-normal
// prior that can be 0 stays as it is, for it is on no scale.
//
// The parameters are those of s at the same places, so that configurations of
// the one are those of the other ([Config.In]); one that is out of reach
// encodes as the end of the interval. A space without priors and weights is
// returned itself.
func (s *Space) Flat() *Space {
	flat := s
	change := func() {
		if flat == s {
			c := *s
			flat = &c
			flat.spec.Params = slices.Clone(s.spec.Params)
			flat.axes, flat.cells = slices.Clone(s.axes), slices.Clone(s.cells)
		}
	}
	for i := range s.spec.Params {
		switch p := &s.spec.Params[i]; {
		case p.Weights != nil:
			change()
			q := &flat.spec.Params[i]
			q.Weights = nil
			flat.cells[i] = cells(q)
		case p.Prior != Uniform:
			if q, ok := p.flat(); ok {
				change()
				flat.spec.Params[i] = q
				flat.axes[i] = newAxis(&flat.spec.Params[i])
			}
		}
	}
	return flat
}

// flat returns p, which has a prior, without it.
func (p *Param) flat() (Param, bool) {
	q := *p
	q.Prior, q.Mean, q.SD, q.Default = Uniform, 0, 0, Value{}
	low, high := p.Mean-float64(FlatReach*p.SD), p.Mean+float64(FlatReach*p.SD)
	if p.Prior == LogNormal {
		q.Scale = Log
		low, high = math.Exp(low), math.Exp(high)
	}
	q.Low, q.High = math.Max(p.Low, low), math.Min(p.High, high)
	if p.Kind == Int {
		q.Low, q.High = math.Max(math.Ceil(q.Low), -maxExact), math.Min(math.Floor(q.High), maxExact)
	}
	if p.Step > 0 {
		q.Low = p.grid(math.Ceil((q.Low - p.Low) / p.Step))
	}
	if p.Prior == LogNormal && p.Low <= 0 && (p.Kind == Int || p.Step > 0) {
		return q, false
	}
	return q, !math.IsInf(q.Low, 0) && !math.IsInf(q.High, 0) && q.Low < q.High && len(q.problems()) == 0
}
