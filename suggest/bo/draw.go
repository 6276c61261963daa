package bo

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"

	"github.com/afina-hpo/afina/num/linalg"
	"github.com/afina-hpo/afina/study"
)

// How a trial that has not ended counts.
const (
	// pendingMean: as one that ended with the mean predicted for it.
	pendingMean = "mean"
	// pendingDraw: as one that ended with a value drawn from what is predicted,
	// another for each vector of hyperparameters, and the best that is improved
	// on is the best of what is drawn. The mean over the vectors is then the
	// noisy expected improvement of B. Letham et al., "Constrained Bayesian
	// optimization with noisy experiments", Bayesian Analysis 14, 2019, with as
	// many draws as there are vectors.
	pendingDraw = "draw"
	// pendingExplore: as for the mean, but while any runs the trial goes where
	// least is known, as long as that may be better than the best (E. Contal et
	// al., "Parallel Gaussian process optimization with upper confidence bound
	// and pure exploration", ECML 2013).
	pendingExplore = "explore"
)

// purposeBelieve is the random stream of what is drawn for a trial that has
// not ended: one of its own number, so that it is the same whenever somebody
// asks.
const purposeBelieve = "bo/believe"

// drawn returns a value for the loss of trial number at row z, by member k.
func (s *suggester) drawn(number, k int, mean, variance float64) float64 {
	r := study.Stream(s.seed, number, purposeBelieve+"/"+strconv.Itoa(k))
	v := mean + float64(math.Sqrt(variance)*r.NormFloat64())
	for len(s.least) <= k {
		s.least = append(s.least, math.Inf(1))
	}
	s.least[k] = math.Min(s.least[k], v)
	return v
}

// sample puts the pool in the order of one draw of the loss from what member k
// of the processes predicts at its points: Thompson's rule (W. R. Thompson,
// Biometrika 25, 1933). The probabilities of success and of the constraints
// are taken along.
func (s *search) sample(k int, r *rand.Rand) {
	n, d := len(s.pool), s.m.enc.len()
	s.rows = resize(s.rows, n*d)
	for i := range s.pool {
		s.m.enc.put(s.pool[i].x, s.rows[i*d:(i+1)*d])
	}
	mean, cov := make([]float64, n), make([]float64, n*n)
	s.a.loss[k].Joint(s.rows, mean, cov)
	for i := range mean {
		mean[i] += s.a.base.at(s.rows[i*d : (i+1)*d])
	}
	if !draw(mean, cov, r) {
		return // the points are too alike to tell apart; the order stands
	}
	for i := range s.pool {
		s.pool[i].value = s.a.allowed(s.rows[i*d:(i+1)*d], nil) - mean[i]
	}
	slices.SortStableFunc(s.pool, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
}

// draw replaces mean by a draw from the normal distribution of that mean and
// the covariance cov, which is lost; false, and nothing changed, where that is
// not a covariance even with a ten-thousandth of the largest variance added.
func draw(mean, cov []float64, r *rand.Rand) bool {
	n := len(mean)
	most := 0.0
	for i := range n {
		most = math.Max(most, cov[i*n+i])
	}
	l := make([]float64, n*n)
	for _, jitter := range [...]float64{1e-10, 1e-7, 1e-4} {
		copy(l, cov)
		for i := range n {
			l[i*n+i] += float64(jitter * most)
		}
		if !linalg.Cholesky(l, n) {
			continue
		}
		z := make([]float64, n)
		for i := range z {
			z[i] = r.NormFloat64()
		}
		for i := range mean {
			mean[i] += linalg.Dot(l[i*n:i*n+i+1], z[:i+1])
		}
		return true
	}
	return false
}
