package cmaes

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/linalg"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// The warm start takes the best tenth of the results, the paper's γ, if they
// are warmLeast in all, but at most warmMost, and widens their scatter by
// warmSpread, the paper's α.
const (
	warmLeast  = 20
	warmMost   = 100
	warmSpread = 0.1
)

// purposeStart is the random stream of starting points; its number is the
// run's.
const purposeStart = "cmaes.start"

// start is where a run begins.
type start struct {
	mean []float64
	cov  []float64 // nil: the sphere
	q    [][]float64
}

// firstStart returns the start of the first run: the promising region, top, of
// the results that the study has already; where that is empty, the best of
// early, which are sorted; else the default configuration; else the middle of
// the space. It changes sigma only where top is not empty.
func firstStart(l *layout, seed uint64, early, top []*member, sigma *float64) start {
	s := start{mean: middle(l, seed), q: priors(l)}
	if len(top) > 0 {
		s.warm(l, top, sigma)
		return s
	}
	if len(early) > 0 {
		s.at(early[0])
		return s
	}
	if c, ok := l.space.Default(); ok {
		m := newMember(l)
		l.encode(c, m)
		s.at(m)
	}
	return s
}

// laterStart returns the start of run number run: a random configuration.
func laterStart(l *layout, seed uint64, run int) start {
	s := start{mean: make([]float64, l.n), q: priors(l)}
	c, err := l.space.Sample(study.Stream(seed, run, purposeStart))
	if err != nil { // the constraints leave too little: any place will do
		c = l.space.Random(study.Stream(seed, run, purposeStart))
	}
	m := newMember(l)
	l.encode(c, m)
	copy(s.mean, m.x)
	return s
}

// at moves the start to m: the mean onto its coordinates, half of the
// probability to its choices.
func (s *start) at(m *member) {
	for i, x := range m.x {
		if !m.off[i] {
			s.mean[i] = x
		}
	}
	for i, k := range m.cats {
		if k < 0 {
			continue
		}
		for j := range s.q[i] {
			s.q[i][j] /= 2
		}
		s.q[i][k] += 0.5
	}
}

// warm makes the start from the best results: M. Nomura et al., "Warm Starting
// CMA-ES for Hyperparameter Optimization", AAAI 2021 (arXiv 2012.06932). A
// coordinate that is off counts as the start's own.
func (s *start) warm(l *layout, top []*member, sigma *float64) {
	points := make([][]float64, len(top))
	for k, m := range top {
		points[k] = slices.Clone(m.x)
		for i, off := range m.off {
			if off {
				points[k][i] = s.mean[i]
			}
		}
	}
	if l.n > 0 {
		s.mean, *sigma, s.cov = warmStart(points)
	}
	for i, q := range s.q { // the prior counts as much as one result
		total := 1.0
		for _, m := range top {
			if k := m.cats[i]; k >= 0 {
				q[k]++
				total++
			}
		}
		for j := range q {
			q[j] /= total
		}
	}
}

// warmStart returns the Gaussian around points, widened by warmSpread, with a
// covariance of determinant 1.
func warmStart(points [][]float64) (mean []float64, sigma float64, cov []float64) {
	n, count := len(points[0]), float64(len(points))
	mean, cov = make([]float64, n), make([]float64, n*n)
	for _, p := range points {
		linalg.Axpy(1/count, p, mean)
	}
	d := make([]float64, n)
	for _, p := range points {
		for i := range d {
			d[i] = p[i] - mean[i]
		}
		for i := range d {
			linalg.Axpy(d[i]/count, d, cov[i*n:i*n+n])
		}
	}
	for i := range n {
		cov[i*n+i] += warmSpread * warmSpread
	}
	e := linalg.NewEigen(n)
	e.Decompose(cov) // the points are finite
	sum := 0.0
	for _, x := range e.Values {
		sum += math.Log(math.Max(x, warmSpread*warmSpread/2))
	}
	sigma = math.Exp(sum / 2 / float64(n))
	for i := range cov {
		cov[i] /= float64(sigma * sigma)
	}
	return mean, sigma, cov
}

// middle returns the coordinates of the middle of the cube, or where the
// constraints forbid that, those of a random configuration that they allow.
func middle(l *layout, seed uint64) []float64 {
	x := make([]float64, l.n)
	for i := range x {
		x[i] = 0.5
	}
	u := make([]float64, l.space.Len())
	for i := range u {
		u[i] = 0.5
	}
	var c space.Config
	if c = l.space.Decode(u); l.space.Feasible(c) {
		return x
	}
	c, err := l.space.Sample(study.Stream(seed, 0, purposeStart))
	if err != nil {
		return x
	}
	m := newMember(l)
	l.encode(c, m)
	return m.x
}

func priors(l *layout) [][]float64 {
	q := make([][]float64, len(l.prior))
	for i, p := range l.prior {
		q[i] = slices.Clone(p)
	}
	return q
}
