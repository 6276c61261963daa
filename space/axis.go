package space

import "math"

// axis maps one numeric parameter to the unit interval and back: first by a
// monotone warp (the scale, or the prior's distribution function), then
// linearly. Discrete parameters are widened by half a step on either side, so
// that every value owns an interval.
//
// Products are converted to float64 before they are added to something: that
// keeps compilers from fusing the two, which gives other last digits on some
// platforms.
type axis struct {
	warp      func(float64) float64
	unwarp    func(float64) float64
	start     float64 // warp of the lower edge
	width     float64 // warp of the upper edge less start
	low, high float64 // first and last value
	step      float64 // 0 for a continuum
	p         *Param
}

func newAxis(p *Param) axis {
	a := axis{p: p, low: p.Low, high: p.High, step: p.Step}
	if a.step == 0 && p.Kind == Int {
		a.step = 1
	}
	lo, hi := p.Low, p.High
	if a.step > 0 {
		if !math.IsInf(hi, 0) && p.Step > 0 {
			a.high = p.grid(p.steps() - 1)
			hi = a.high
		}
		lo -= a.step / 2
		hi += a.step / 2
	}
	switch {
	case p.Scale == Log:
		if a.step > 0 {
			// Half a step below a low value may be next to zero, where the
			// logarithm would give the first value almost everything: then the
			// first gap is mirrored. For an int from 1 the two agree.
			lo = max(lo, p.Low*(p.Low/(p.Low+a.step)), math.SmallestNonzeroFloat64)
		}
		a.warp, a.unwarp = math.Log, math.Exp
	case p.Scale == ReverseLog:
		// -log(1-x), the reverse logarithmic scale of SageMaker.
		hi = math.Min(hi, (1+a.high)/2)
		a.warp = func(x float64) float64 { return -math.Log1p(-x) }
		a.unwarp = func(t float64) float64 { return -math.Expm1(-t) }
	case p.Prior == Normal:
		a.normal(lo >= p.Mean, func(x float64) float64 { return x }, func(t float64) float64 { return t })
	case p.Prior == LogNormal:
		lo = math.Max(lo, 0)
		a.normal(lo > 0 && math.Log(lo) >= p.Mean, math.Log, math.Exp)
	default:
		a.warp = func(x float64) float64 { return x }
		a.unwarp = a.warp
	}
	a.start = a.warp(lo)
	a.width = a.warp(hi) - a.start
	return a
}

// normal sets the warp to the distribution function of the prior of x, whose
// image under to is normal. In the upper half the probabilities are counted
// from above, as negative numbers: near 0 floats are denser than near 1.
func (a *axis) normal(upper bool, to, from func(float64) float64) {
	mean, sd := a.p.Mean, a.p.SD
	if upper {
		a.warp = func(x float64) float64 { return -phi((mean - to(x)) / sd) }
		a.unwarp = func(u float64) float64 { return from(mean - float64(sd*quantile(-u))) }
		return
	}
	a.warp = func(x float64) float64 { return phi((to(x) - mean) / sd) }
	a.unwarp = func(u float64) float64 { return from(mean + float64(sd*quantile(u))) }
}

// phi is the standard normal distribution function.
func phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// quantile is the inverse of phi, kept finite: the unit cube's corners stand
// for the last representable probabilities.
func quantile(u float64) float64 {
	const tiny = 1.0 / (1 << 53)
	u = math.Min(math.Max(u, tiny), 1-tiny)
	if u > 0.5 {
		return -quantile(1 - u)
	}
	z := -math.Sqrt2 * math.Erfcinv(2*u)
	// math.Erfcinv subtracts from 1, which costs digits far from the middle;
	// a step of Newton's method brings them back.
	return z - float64((phi(z)-u)*math.Sqrt(2*math.Pi)*math.Exp(z*z/2))
}

// encode returns the place of x in [0, 1].
func (a *axis) encode(x float64) float64 {
	if !(a.width > 0) {
		return 0.5
	}
	return clamp01((a.warp(x) - a.start) / a.width)
}

// decode returns the value at u, which is clamped to [0, 1].
func (a *axis) decode(u float64) float64 {
	x := a.low
	if a.width > 0 {
		x = a.unwarp(a.start + float64(clamp01(u)*a.width))
	}
	if a.step > 0 {
		switch k := math.Round((x - a.low) / a.step); {
		case math.IsInf(a.low, 0): // an int without a low bound
			x = math.Round(x)
		case a.p.Step > 0:
			x = a.p.grid(k)
		default:
			x = a.low + k
		}
	}
	x = math.Min(math.Max(x, a.low), a.high)
	// Far out, an unbounded prior has numbers that no float or int can hold.
	most := math.MaxFloat64
	if a.p.Kind == Int {
		most = maxExact
	}
	return math.Min(math.Max(x, -most), most)
}

func clamp01(u float64) float64 { return math.Min(math.Max(u, 0), 1) }

// round15 rounds x to the 15th significant decimal digit of size, a number at
// least as large.
func round15(x, size float64) float64 {
	if size == 0 || math.IsInf(x, 0) || math.IsNaN(x) {
		return x
	}
	e := 14 - int(math.Floor(math.Log10(math.Abs(size))))
	if e < -300 || e > 300 {
		return x
	}
	if e >= 0 {
		m := math.Pow10(e)
		return math.Round(x*m) / m
	}
	m := math.Pow10(-e)
	return math.Round(x/m) * m
}
