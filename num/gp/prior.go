package gp

import (
	"math"

	"github.com/afina-hpo/afina/num/special"
)

// Kind is how the values of a column are compared.
type Kind uint8

// The kinds of column.
const (
	Numeric Kind = iota // by distance
	Nominal             // by equality alone
)

// Prior is what is believed of the hyperparameters: independent normal
// distributions of their logarithms.
type Prior struct {
	// Length is the mean of ln l, LengthSD its standard deviation.
	Length, LengthSD float64
	// Nominal is added to the mean for nominal columns, where the distance of
	// two values is 1 and not that of two random points.
	Nominal float64
	// Signal is the standard deviation of ln s², whose mean is 0.
	Signal float64
	// Noise is the mean of ln σ², NoiseSD its standard deviation, and Floor the
	// least σ².
	Noise, NoiseSD, Floor float64
	// Warp is the standard deviation of ln a and ln b, whose means are 0.
	Warp float64
	// Share is the standard deviation of ln φ/(1-φ), whose mean is 0.
	Share float64
	// Mean is the variance v of the constant m.
	Mean float64
}

// DefaultPrior returns the prior for points of which depth coordinates matter
// at a time.
//
// The length scales grow with the square root of depth, as the distances do
// (C. Hvarfner, E. O. Hellsten and L. Nardi, "Vanilla Bayesian optimization
// performs great in high dimensions", ICML 2024). Their prior is
// LogNormal(√2 + ln(depth)/2, √3) as a density of l; as one of ln l, which is
// what is maximised here, its mode moves down by the variance, 3. Here it is
// 0.7 above that, and noise is expected to be less and less sure of itself than
// theirs: both measured on the development tasks of the benchmarks.
func DefaultPrior(depth float64) Prior {
	return Prior{
		Length: math.Sqrt2 + float64(math.Log(math.Max(depth, 1))/2) - 2.3, LengthSD: math.Sqrt(3),
		Nominal: math.Ln2 / 2,
		Signal:  0.6,
		Noise:   -6, NoiseSD: 2, Floor: 1e-6,
		Warp:  0.25,
		Share: 2,
		Mean:  1,
	}
}

// The bounds of the logarithms.
var (
	lengthLow, lengthHigh = math.Log(0.025), math.Log(100)
	signalLow, signalHigh = math.Log(0.02), math.Log(50)
	noiseHigh             = math.Log(2)
	warpLow, warpHigh     = math.Log(0.2), math.Log(5)
	shareMost             = 10.0
)

// layout says where in a vector of hyperparameters what lies: the logarithms
// of the length scales, of s², of σ², then of a and b of each warped column,
// and last, where there are effects, of φ/(1-φ).
type layout struct {
	kinds  []Kind
	warped []int
	shared bool
}

func (l layout) signal() int { return len(l.kinds) }
func (l layout) noise() int  { return len(l.kinds) + 1 }
func (l layout) a(k int) int { return len(l.kinds) + 2 + 2*k }
func (l layout) b(k int) int { return len(l.kinds) + 3 + 2*k }
func (l layout) share() int  { return len(l.kinds) + 2 + 2*len(l.warped) }

func (l layout) len() int {
	if l.shared {
		return l.share() + 1
	}
	return l.share()
}

// split returns the variances of the Matérn process and of the effects.
func (l layout) split(theta []float64) (process, effects float64) {
	s2 := special.Exp(theta[l.signal()])
	if !l.shared {
		return s2, 0
	}
	φ := 1 / (1 + special.Exp(-theta[l.share()]))
	return float64(s2 * (1 - φ)), float64(s2 * φ)
}

// mode writes the mode of the prior to theta.
func (l layout) mode(p *Prior, theta []float64) {
	for j, kind := range l.kinds {
		theta[j] = p.Length
		if kind == Nominal {
			theta[j] += p.Nominal
		}
	}
	theta[l.signal()], theta[l.noise()] = 0, p.Noise
	for k := range l.warped {
		theta[l.a(k)], theta[l.b(k)] = 0, 0
	}
	if l.shared {
		theta[l.share()] = 0
	}
}

// bounds writes the bounds of each hyperparameter.
func (l layout) bounds(p *Prior, lo, hi []float64) {
	for j := range l.kinds {
		lo[j], hi[j] = lengthLow, lengthHigh
	}
	lo[l.signal()], hi[l.signal()] = signalLow, signalHigh
	lo[l.noise()], hi[l.noise()] = math.Log(p.Floor), noiseHigh
	for k := range l.warped {
		lo[l.a(k)], hi[l.a(k)] = warpLow, warpHigh
		lo[l.b(k)], hi[l.b(k)] = warpLow, warpHigh
	}
	if l.shared {
		lo[l.share()], hi[l.share()] = -shareMost, shareMost
	}
}

// penalty returns minus the logarithm of the prior's density, without its
// constant, and adds the gradient to g, unless that is nil.
func (l layout) penalty(p *Prior, theta, g []float64) float64 {
	sum := 0.0
	add := func(i int, mean, sd float64) {
		z := (theta[i] - mean) / sd
		sum += float64(z * z / 2)
		if g != nil {
			g[i] += z / sd
		}
	}
	for j, kind := range l.kinds {
		mean := p.Length
		if kind == Nominal {
			mean += p.Nominal
		}
		add(j, mean, p.LengthSD)
	}
	add(l.signal(), 0, p.Signal)
	add(l.noise(), p.Noise, p.NoiseSD)
	for k := range l.warped {
		add(l.a(k), 0, p.Warp)
		add(l.b(k), 0, p.Warp)
	}
	if l.shared {
		add(l.share(), 0, p.Share)
	}
	return sum
}
