package gp

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/lbfgs"
)

// Fitter finds hyperparameters. It holds the memory, so that fitting again
// allocates little; the zero Fitter is ready to use, and not safe for
// concurrent use.
type Fitter struct {
	o        objective
	solver   lbfgs.Solver
	lo, hi   []float64
	x, best  []float64
	gradient []float64
}

// Effort bounds the work of a fit.
type Effort struct {
	// Evaluations of the likelihood, at most, from each start.
	Evaluations int
	// Starts, at most: the warm one, if it can be evaluated, the prior's mode,
	// and two more with long length scales and with much noise.
	Starts int
}

// Fit returns the hyperparameters that maximise the posterior density, with
// minus its logarithm up to a constant. The search begins at warm, if that has
// the right length, and at the prior's mode. It is false where not even the
// mode can be evaluated: values that are not finite, or points that repeat
// under a noise too small for that.
func (f *Fitter) Fit(data *Data, prior *Prior, warm []float64, effort Effort) (theta []float64, nll float64, ok bool) {
	f.o.reset(data, prior)
	lay := f.o.lay
	n := lay.len()
	f.lo, f.hi = grow(f.lo, n), grow(f.hi, n)
	f.x, f.best, f.gradient = grow(f.x, n), grow(f.best, n), grow(f.gradient, n)
	lay.bounds(prior, f.lo, f.hi)
	least := math.Inf(1)
	options := lbfgs.Options{Evaluations: effort.Evaluations, Gradient: 1e-2, Decrease: 1e-3}
	try := func() {
		if v := f.solver.Minimize(f.o.value, f.x, f.lo, f.hi, options); v < least {
			least = v
			copy(f.best, f.x)
		}
	}
	starts := max(effort.Starts, 1)
	if len(warm) == n {
		copy(f.x, warm)
		try()
		if !math.IsInf(least, 1) {
			starts--
		}
	}
	for s := range starts {
		lay.mode(prior, f.x)
		switch s {
		case 1: // a function that is nearly linear
			for j := range lay.kinds {
				f.x[j] += 1.5
			}
		case 2: // noise explains much
			f.x[lay.noise()] = math.Log(0.1)
			for j := range lay.kinds {
				f.x[j] += 0.5
			}
		}
		try()
	}
	if math.IsInf(least, 1) {
		return nil, 0, false
	}
	return slices.Clone(f.best), least, true
}

// Mode returns the hyperparameters at the mode of the prior.
func Mode(data *Data, prior *Prior) []float64 {
	lay := data.layout()
	theta := make([]float64, lay.len())
	lay.mode(prior, theta)
	return theta
}
