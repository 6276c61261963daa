package cmaes

import (
	"math"

	"github.com/afina-hpo/afina/study"
)

// Limits of the step size and of convergence, in units of the cube.
const (
	// tolX is the standard deviation below which a run has converged: values
	// that differ by less are the same for every purpose.
	tolX = 1e-11
	// leastSigma and mostSigma keep the distribution between what floats can
	// resolve and what the cube is wide.
	leastSigma = 1e-13
	mostSigma  = 1
	// tolFun is the relative range of values that is no progress.
	tolFun = 1e-12
	// maxCondition is the condition number of C at which arithmetic ends.
	maxCondition = 1e14
	// maxLambda bounds populations that double at every restart.
	maxLambda = 1 << 16
)

// schedule says which run follows which.
type schedule struct {
	mode         string // none, ipop or bipop
	base         int    // population of the first run
	lambda       int    // of the present run
	sigma        float64
	larges       int // runs with a doubled population
	small        bool
	spent, spare int // results used by large and by small runs
}

// purposeSmall is the random stream of small runs; its number is the run's.
const purposeSmall = "cmaes.small"

// next sets population and step size for run number run.
//
// IPOP doubles the population (A. Auger and N. Hansen, CEC 2005). BIPOP (N.
// Hansen, GECCO workshop 2009) puts runs with small populations and step sizes
// between those, as long as they have used fewer results than the large ones.
func (s *schedule) next(seed uint64, run int, sigma float64) {
	s.sigma, s.small = sigma, false
	if s.mode == "bipop" && run > 1 && s.spare < s.spent {
		s.small = true
		r := study.Stream(seed, run, purposeSmall)
		u, v := r.Float64(), r.Float64()
		half := math.Max(float64(s.large())/float64(2*s.base), 1)
		s.lambda = max(int(float64(s.base)*math.Pow(half, u*u)), s.base)
		s.sigma = sigma * math.Pow(10, -2*v)
		return
	}
	s.larges++
	s.lambda = s.large()
}

// large is the population of a large run.
func (s *schedule) large() int {
	lambda := s.base
	for range s.larges {
		if lambda >= maxLambda {
			return lambda
		}
		lambda *= 2
	}
	return lambda
}

// count takes n results used by the present run into account.
func (s *schedule) count(n int) {
	if s.small {
		s.spare += n
	} else {
		s.spent += n
	}
}

// record is the best and worst values of the last generations of a run.
type record struct {
	values []float64
	next   int
	full   bool
}

func newRecord(n, lambda int) record {
	return record{values: make([]float64, 2*(10+(30*n+lambda-1)/lambda))}
}

// add takes a generation, best first, into account.
func (r *record) add(points []*member) {
	for _, m := range []*member{points[0], points[len(points)-1]} {
		v := m.loss
		if m.class != classComplete {
			v = math.NaN() // never flat
		}
		r.values[r.next] = v
		r.next++
	}
	if r.next == len(r.values) {
		r.next, r.full = 0, true
	}
}

// flat reports whether the values of all those generations are the same.
func (r *record) flat() bool {
	if !r.full {
		return false
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range r.values {
		if math.IsNaN(v) {
			return false
		}
		low, high = math.Min(low, v), math.Max(high, v)
	}
	return high-low <= tolFun*math.Max(math.Abs(low), math.Abs(high))
}

// ended reports whether the run can make no more progress, by the criteria of
// Hansen's tutorial, appendix B.3.
func (m *model) ended(l *layout, r *record) bool {
	if r.flat() {
		return true
	}
	g := m.gauss
	if g.n == 0 {
		return false
	}
	g.decompose()
	low, high := math.Inf(1), 0.0
	for _, d := range g.d {
		low, high = math.Min(low, d), math.Max(high, d)
	}
	if !(high*high <= maxCondition*low*low) {
		return true
	}
	small, continuous := true, false
	for i, box := range l.box {
		if !box {
			continue
		}
		continuous = true
		sd := float64(g.sigma*g.scale[i]) * math.Sqrt(g.variance(i))
		if g.mean[i]+float64(0.2*sd) == g.mean[i] {
			return true
		}
		small = small && sd < tolX && float64(g.sigma*math.Abs(g.pc[i])) < tolX
	}
	return continuous && small
}

// bound keeps the step size within its limits.
func (m *model) bound() {
	g := m.gauss
	most := 0.0
	for i := range g.n {
		most = math.Max(most, g.variance(i))
	}
	if most = math.Sqrt(most); most > 0 {
		g.sigma = math.Min(math.Max(g.sigma, leastSigma/most), mostSigma/most)
	}
}
