package warp

import "math"

// standard is the z-score and the bent bad tail after it.
type standard struct {
	mean, sd, logSD float64
	// top is the z before bending at which inverse stops.
	top float64
}

const (
	knee  = 3.0 // where the bad tail begins to bend
	limit = 4.0 // what it tends to
	// lowest bounds warped losses on the good side, for the sake of floats
	// only.
	lowest = -0x1p500
)

// bend winsorises the bad side: above the knee z becomes 4 - 1/(z-2), which
// has slope 1 there.
func bend(z float64) float64 {
	if z <= knee {
		return z
	}
	return limit - 1/(z-(knee-1))
}

// standardise finds the mean and standard deviation for which the sorted
// numbers g have mean 0 and standard deviation 1 after bending. It reports
// false where g has no finite spread.
//
// There is such a pair unless the least number makes up 16/17 of all: those
// above it, at 4 at most, are then too few to add up to a variance of 1. The
// plain z-score has to do there.
func standardise(g []float64) (standard, bool) {
	var s standard
	s.mean, s.sd = moments(g)
	if !(s.sd > 0) || math.IsInf(s.sd, 1) || math.IsInf(s.mean, 0) {
		return s, false
	}
	least := 1
	for least < len(g) && g[least] == g[0] {
		least++
	}
	worst := g[len(g)-1]
	if (worst-s.mean)/s.sd > knee && 17*least < 16*len(g) {
		// Where a few are worlds apart from the others, start from the scale
		// of these: getting there by the rounds below takes long.
		for k := 1; 17*k < len(g); k++ {
			if mean, sd := moments(g[:len(g)-k]); sd < s.sd/8 {
				s.mean, s.sd = mean, sd
			}
		}
		// A round takes out what bending has left, a constant share of the
		// error. The share comes near 1 where almost 16/17 are almost the
		// same, and what is then left after the last round is a few per cent
		// at most.
		z := make([]float64, len(g))
		for range 1000 {
			for i, v := range g {
				z[i] = bend((v - s.mean) / s.sd)
			}
			mean, sd := moments(z)
			s.mean += float64(s.sd * mean)
			s.sd *= sd
			if math.Abs(mean) < 1e-12 && math.Abs(sd-1) < 1e-12 {
				break
			}
		}
	}
	s.logSD = math.Log(s.sd)
	s.top = max((worst-s.mean)/s.sd, knee) + 1
	return s, s.sd > 0
}

// value returns the warped loss of g.
func (s *standard) value(g float64) float64 {
	return max(bend((g-s.mean)/s.sd), lowest)
}

// inverse returns the g whose warped loss is z.
func (s *standard) inverse(z float64) float64 {
	if z > knee {
		if z >= limit {
			z = s.top
		} else {
			z = min(knee-1+1/(limit-z), s.top)
		}
	}
	return finite(s.mean + float64(s.sd*z))
}

// logSlope returns the logarithm of the slope at g.
func (s *standard) logSlope(g float64) float64 {
	z := (g - s.mean) / s.sd
	if z <= knee {
		return -s.logSD
	}
	return float64(-2*math.Log(finite(z)-(knee-1))) - s.logSD
}

// moments returns the mean and the population standard deviation of xs. The
// numbers are divided by their greatest magnitude first, so that no square
// overflows.
func moments(xs []float64) (mean, sd float64) {
	most := 0.0
	for _, x := range xs {
		most = max(most, math.Abs(x))
	}
	if most == 0 || math.IsInf(most, 1) || math.IsNaN(most) {
		return 0, most
	}
	n := float64(len(xs))
	for _, x := range xs {
		mean += x / most
	}
	mean /= n
	for _, x := range xs {
		d := x/most - mean
		sd += float64(d * d)
	}
	return mean * most, math.Sqrt(sd/n) * most
}
