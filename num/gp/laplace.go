package gp

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/num/linalg"
)

// Sample is a vector of hyperparameters with its share of the belief.
type Sample struct {
	Theta  []float64
	Weight float64
}

// curvature is the least second derivative that is believed: where the density
// is flatter a draw would leave every bound.
const curvature = 0.3

// Around returns theta, which [Fitter.Fit] found for data, and count draws
// from the posterior of the hyperparameters around it: from the normal
// distribution with the same mode and curvature (Laplace's approximation),
// each weighted by how much more or less likely it really is. The weights add
// up to 1. The time is that of 2·len(theta) + count likelihoods.
func (f *Fitter) Around(data *Data, prior *Prior, theta []float64, count int, r *rand.Rand) []Sample {
	f.o.reset(data, prior)
	n := f.o.lay.len()
	f.lo, f.hi = grow(f.lo, n), grow(f.hi, n)
	f.x, f.gradient, f.best = grow(f.x, n), grow(f.gradient, n), grow(f.best, n)
	f.o.lay.bounds(prior, f.lo, f.hi)
	mode := f.o.value(theta, f.gradient)
	alone := []Sample{{Theta: theta, Weight: 1}}
	if math.IsInf(mode, 0) || math.IsNaN(mode) {
		return alone
	}
	hessian := make([]float64, n*n)
	copy(f.x, theta)
	for i := range n {
		const h = 1e-3
		f.x[i] = theta[i] + h
		f.o.value(f.x, f.gradient)
		f.x[i] = theta[i] - h
		f.o.value(f.x, f.best)
		f.x[i] = theta[i]
		for j := range n {
			d := (f.gradient[j] - f.best[j]) / (4 * h)
			hessian[i*n+j] += d
			hessian[j*n+i] += d
		}
	}
	e := linalg.NewEigen(n)
	if !e.Decompose(hessian) {
		return alone
	}
	out := alone
	for range count {
		draw := append([]float64(nil), theta...)
		half := 0.0
		for k, λ := range e.Values {
			z := r.NormFloat64()
			half += float64(z * z / 2)
			linalg.Axpy(z/math.Sqrt(math.Max(λ, curvature)), e.Vectors[k*n:(k+1)*n], draw)
		}
		for i := range draw {
			draw[i] = math.Min(math.Max(draw[i], f.lo[i]), f.hi[i])
		}
		v := f.o.value(draw, nil)
		if w := math.Exp(math.Min(mode-v+half, 1)); w > 1e-3 {
			out = append(out, Sample{Theta: draw, Weight: w})
		}
	}
	sum := 0.0
	for _, s := range out {
		sum += s.Weight
	}
	for i := range out {
		out[i].Weight /= sum
	}
	return out
}
