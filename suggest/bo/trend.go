package bo

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/num/special"
)

// Real trainings are noisier where they are worse: a process with one noise for
// all smooths over the good region for the bad one's sake. With a trend the
// logarithm of the noise is linear in the predicted loss. That is found in two
// steps, as in K. Kersting et al., "Most likely heteroscedastic Gaussian process
// regression", ICML 2007, with one parameter in the place of their second
// process: a process with even noise says what is predicted, and each of a few
// slopes is fitted with the noise that it gives. The one is taken under which
// the trials predict one another best, where that is clearly better than
// without.

// slopes are what is tried: by how much ln σ² grows with a standard deviation of
// the losses, as the processes learn them.
var slopes = [...]float64{0.7, 1.5, 2.5}

const (
	// trendPoints is how many points it takes before a trend is looked for.
	trendPoints = 15
	// trendNoise is the least σ² for which it is.
	trendNoise = 2e-3
	// trendGain is by how much the leave-one-out log density has to be better.
	trendGain = 2
	// trendReach is how far from the mean losses are followed.
	trendReach = 2
)

// trend is how the noise of a belief grows with what is predicted.
type trend struct {
	even  *gp.Posterior // predicts, with even noise
	slope float64
	mean  float64 // of the predictions at its points, where the factor is 1
}

// at is what the noise at z is multiplied by.
func (t *trend) at(z []float64) float64 {
	return special.Exp(float64(t.slope * (clampTo(t.even.Mean(z), trendReach) - t.mean)))
}

func clampTo(x, most float64) float64 { return math.Min(math.Max(x, -most), most) }

// leaning is what the noise at z is multiplied by.
func (b *belief) leaning(z []float64) float64 {
	if b.trend == nil {
		return 1
	}
	return b.trend.at(z)
}

// lean multiplies the noise of the points by what the trend says. What repeats
// say of it stays theirs: their squares are divided by the mean of the factors.
func (b *belief) lean() {
	if b.trend == nil {
		return
	}
	d := &b.data
	k, n := len(d.Kinds), len(d.Y)
	factors := make([]float64, n)
	sum := 0.0
	for i := range factors {
		f := b.trend.at(d.X[i*k : (i+1)*k])
		sum += f
		factors[i] = f
		if d.Factor != nil {
			factors[i] = float64(f * d.Factor[i])
		}
	}
	d.Factor = factors
	if d.Spare > 0 {
		d.Squares /= sum / float64(n)
	}
}

// incline looks for a trend of the noise of b, whose hyperparameters have been
// found without one, and finds them anew where there is one. Where earlier
// studies say what to expect, the process learns what is left of that, which
// says nothing of how bad a configuration is.
func (m *model) incline(b *belief) {
	if !m.o.trend || m.o.several || b.base != nil || b.kind != lossOf || len(b.data.Y) < trendPoints {
		return
	}
	theta := b.samples[0].Theta
	even, ok := gp.New(&b.data, &b.prior, theta)
	if !ok || even.Noise() < trendNoise {
		return
	}
	n, k := len(b.data.Y), len(b.data.Kinds)
	mean := 0.0
	for i := range n {
		mean += clampTo(even.Mean(b.data.X[i*k:(i+1)*k]), trendReach) / float64(n)
	}
	plain, squares := slices.Clone(b.data.Factor), b.data.Squares
	most := leftOut(even, b.data.Y) + trendGain
	var best *trend
	for _, slope := range slopes {
		b.trend = &trend{even, slope, mean}
		b.data.Factor, b.data.Squares = plain, squares
		b.lean()
		t, _, ok := m.fitter.Fit(&b.data, &b.prior, theta, gp.Effort{Evaluations: fitEvaluations, Starts: 1})
		if !ok {
			continue
		}
		if p, ok := gp.New(&b.data, &b.prior, t); ok {
			if v := leftOut(p, b.data.Y); v > most {
				most, best = v, b.trend
			}
		}
	}
	b.trend = best
	b.data.Factor, b.data.Squares = plain, squares
	if best != nil {
		b.lean()
		m.hyper(b)
		b.data.Factor, b.data.Squares = plain, squares
	}
}

// leftOut is the logarithm of the leave-one-out density of the points of p, up
// to a constant.
func leftOut(p *gp.Posterior, y []float64) float64 {
	mean, variance := make([]float64, len(y)), make([]float64, len(y))
	p.LeaveOneOut(mean, variance)
	sum := 0.0
	for i, v := range y {
		z := v - mean[i]
		sum -= float64(z*z)/(2*variance[i]) + math.Log(variance[i])/2
	}
	return sum
}
