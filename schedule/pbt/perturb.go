package pbt

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
)

// perturbTries is how many changed configurations are drawn before the one
// that is copied is taken as it is, where constraints refuse them.
const perturbTries = 100

// Perturb returns c with every value changed a little, or with the probability
// resample drawn anew:
//
//   - a number by the factor or by its inverse distance below 1 (1.2 and 0.8),
//     on its scale: a log one itself, a reverse-log one in its distance to 1, a
//     linear one as well, but by at least a fiftieth of its range, so that it
//     does not stick at 0; a whole or stepped one to the neighbour at least;
//   - an ordered choice to a neighbour;
//   - other choices are only drawn anew.
//
// Parameters that become active are drawn. The configuration satisfies the
// space's constraints where c does.
func Perturb(s *space.Space, c space.Config, resample, factor float64, r *rand.Rand) space.Config {
	for range perturbTries {
		d, err := s.Complete(nil, func(i int, p *space.Param) space.Value {
			old := c.At(i)
			if old.IsAbsent() || r.Float64() < resample {
				return s.DecodeParam(i, r.Float64())
			}
			return nudge(p, old, factor, r)
		})
		if err == nil && s.Feasible(d) {
			return d
		}
	}
	return c
}

// nudge returns a value of p near old.
func nudge(p *space.Param, old space.Value, factor float64, r *rand.Rand) space.Value {
	up := r.Uint64()&1 == 0
	if !p.IsNumeric() {
		if !p.Ordered {
			return old
		}
		k := p.Index(old)
		if up {
			k++
		} else {
			k--
		}
		if k < 0 || k >= len(p.Choices) {
			return old
		}
		return p.Choices[k]
	}
	x := old.AsFloat()
	y := shift(p, x, factor-1, up)
	v := snap(p, y)
	if v == old {
		step := p.Step
		if step == 0 && p.Kind == space.Int {
			step = 1
		}
		if !up {
			step = -step
		}
		v = snap(p, x+step)
	}
	return v
}

// shift moves x by a part of itself, on the scale of p.
func shift(p *space.Param, x, part float64, up bool) float64 {
	grow := func(x float64) float64 {
		if up {
			return x * (1 + part)
		}
		return x * math.Max(0, 1-part)
	}
	switch {
	case p.Scale == space.Log || p.Prior == space.LogNormal:
		return grow(x)
	case p.Scale == space.ReverseLog:
		up = !up                      // nearer to 1 is more
		return 1 - float64(grow(1-x)) // not fused, which would give other bits elsewhere
	}
	width := p.High - p.Low
	if p.Prior == space.Normal && math.IsInf(width, 0) {
		width = 4 * p.SD
	}
	by := math.Max(math.Abs(float64(x*part)), width/50)
	if !up {
		by = -by
	}
	return x + by
}

// snap returns the value of p that is nearest to x.
func snap(p *space.Param, x float64) space.Value {
	x = math.Min(math.Max(x, p.Low), p.High)
	switch {
	case p.Step > 0:
		return p.Nth(int(math.Round((x - p.Low) / p.Step)))
	case p.Kind == space.Int:
		return space.Value(value.Int(int64(math.Round(x))))
	}
	return space.Value(value.Float(x))
}
