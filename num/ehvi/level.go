package ehvi

import (
	"math"

	"github.com/afina-hpo/afina/num/special"
)

// level is a bound of an objective, z standard deviations above the mean, as
// the standard normal distribution sees it: its density φ, its distribution
// function Φ, and ψ(z) = φ(z) + z Φ(z), the integral of Φ from -Inf to z, which
// is the expected length that the point leaves below the level. All three are
// e^scale times what is kept, so that they do not underflow.
type level struct {
	z, scale         float64
	density, phi, ei float64
}

const (
	tail   = -1.0  // below it values are kept in units of the density
	series = -20.0 // below it ψ/φ by its asymptotic series
)

func levelAt(z float64) level {
	if z > tail {
		density := special.Exp(-z*z/2 - special.LogSqrt2Pi)
		phi := special.Phi(z)
		return level{z: z, density: density, phi: phi, ei: density + float64(z*phi)}
	}
	l := level{
		z: z, scale: -z*z/2 - special.LogSqrt2Pi,
		density: 1, phi: math.Sqrt(math.Pi/2) * special.Erfcx(-z/math.Sqrt2),
	}
	if z > series {
		l.ei = 1 + float64(z*l.phi)
	} else {
		// The terms of 1 + z Φ/φ cancel: what is left of it is of order 1/z².
		t := 1 / float64(z*z)
		l.ei = t * (1 - 3*t*(1-5*t*(1-7*t*(1-9*t*(1-11*t*(1-13*t*(1-15*t*(1-17*t))))))))
	}
	return l
}

// integral holds the integrals over a span of Φ, of its derivative φ, and of
// the derivative of that, in units of the e^scale of the span's upper level.
type integral struct{ ei, phi, density float64 }

// between integrates from one level to another, width standard deviations
// apart. Where that is narrow the difference loses digits, but the sum over
// boxes does not: what is open is open all the way down, so that the boxes
// below the span add at least the term that was subtracted here.
func between(low, high *level, width float64) integral {
	ratio := 1.0 // of the e^scale
	switch {
	case high.z <= tail: // a difference of squares without their rounding
		ratio = special.Exp(width * (high.z + low.z) / 2)
	case low.z <= tail:
		ratio = special.Exp(low.scale)
	}
	return integral{
		ei:      high.ei - float64(ratio*low.ei),
		phi:     high.phi - float64(ratio*low.phi),
		density: high.density - float64(ratio*low.density),
	}
}

// side gives the integral the units of the objective. The expected length is
// E = sd ∫Φ(z) dz over the span, z = (t-mean)/sd; its derivative in the mean is
// -∫φ dz, that in the standard deviation the difference of φ at the ends.
func (i integral) side(sd, scale float64) side {
	if !(i.ei > 0) || math.IsInf(scale, -1) {
		return side{log: math.Inf(-1)}
	}
	by := 1 / float64(i.ei*sd)
	return side{log: math.Log(i.ei) + scale, mean: -i.phi * by, sd: i.density * by}
}
