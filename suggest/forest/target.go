package forest

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/special"
)

// target is the scale on which the losses are learned: first a power of two
// that makes the largest about 1, then a cut, perhaps a logarithm, and last
// the standard score. Everything is increasing, and strictly so up to the cut.
type target struct {
	exponent int
	cut      float64
	log      bool
	low, add float64 // of the logarithm: log(x - low + add)
	mean, sd float64
}

// learn sets the scale by the given losses, of which there must be one, and
// writes their places on it to y. It works in memory that scratch has, and
// returns it.
func (s *target) learn(losses []float64, transform string, y, scratch []float64) []float64 {
	most := 0.0
	for _, l := range losses {
		most = math.Max(most, math.Abs(l))
	}
	*s = target{cut: math.Inf(1), sd: 1}
	_, s.exponent = math.Frexp(most)
	sorted := scratch[:0]
	for _, l := range losses {
		sorted = append(sorted, math.Ldexp(l, -s.exponent))
	}
	slices.Sort(sorted)
	n := len(sorted)
	low, middle, upper := sorted[0], sorted[(n-1)/2], sorted[(n-1)*3/4]
	if upper > low {
		s.cut = upper + 3*(upper-low)
	}
	for i := range sorted {
		sorted[i] = math.Min(sorted[i], s.cut)
	}
	s.low, s.add = low, 0.1*(middle-low)
	if !(s.add > 1e-12*(sorted[n-1]-low)) {
		s.add = 0.01 * (sorted[n-1] - low)
	}
	if s.add > 0 && transform != transformNone {
		plain := skewness(sorted)
		for i, x := range sorted {
			sorted[i] = math.Log(x - s.low + s.add)
		}
		s.log = transform == transformLog || math.Abs(skewness(sorted)) < math.Abs(plain)
	}
	s.mean, s.sd = 0, 1
	for i, l := range losses {
		y[i] = s.at(l)
	}
	mean, sd := moments(y[:n])
	s.mean = mean
	if sd > 0 {
		s.sd = sd
	}
	for i := range losses {
		y[i] = (y[i] - s.mean) / s.sd
	}
	return sorted
}

// at returns the place of a loss on the scale.
func (s *target) at(loss float64) float64 {
	x := math.Min(math.Ldexp(loss, -s.exponent), s.cut)
	if s.log {
		x = math.Log(math.Max(x-s.low, 0) + s.add)
	}
	return (x - s.mean) / s.sd
}

// back returns the loss at the place y, and by how much it changes where y
// changes by d.
func (s *target) back(y, d float64) (loss, change float64) {
	x, change := s.mean+float64(y*s.sd), d*s.sd
	if s.log {
		e := special.Exp(x)
		x, change = s.low+(e-s.add), change*e
	}
	const most = math.MaxFloat64
	loss = math.Ldexp(x, s.exponent)
	return math.Min(math.Max(loss, -most), most), math.Min(math.Ldexp(change, s.exponent), most)
}

func moments(xs []float64) (mean, sd float64) {
	for i, x := range xs {
		mean += (x - mean) / float64(i+1)
	}
	sum := 0.0
	for _, x := range xs {
		sum += float64((x - mean) * (x - mean))
	}
	return mean, math.Sqrt(sum / float64(len(xs)))
}

// skewness returns the third standardised moment, 0 where all xs are equal.
func skewness(xs []float64) float64 {
	mean, sd := moments(xs)
	if sd == 0 {
		return 0
	}
	sum := 0.0
	for _, x := range xs {
		z := (x - mean) / sd
		sum += float64(float64(z*z) * z)
	}
	return sum / float64(len(xs))
}
