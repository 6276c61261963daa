package race

import (
	"math"

	"github.com/afina-hpo/afina/num/special"
)

// mostTests is up to how many tests the level is computed for how they hang
// together; more share the error out evenly, which is on the safe side.
const mostTests = 64

// pocock returns the level of each of the tests at first, first+each and so on
// below all samples, such that equal trials pass all of them with probability
// 1 - alpha.
func pocock(first, each, all int, alpha float64) float64 {
	var at []float64
	for n := first; n < all; n += each {
		at = append(at, float64(n)/float64(all))
	}
	if len(at) == 1 {
		return alpha
	}
	if len(at) > mostTests {
		return alpha / float64(len(at))
	}
	// The bound lies between not correcting and sharing out; the logarithm of
	// what exceeds it is nearly a line, so a few steps of the false position
	// suffice.
	low, high := special.Quantile(1-alpha), special.Quantile(1-alpha/float64(len(at)))
	above, below := math.Log(exceeds(at, low)/alpha), math.Log(exceeds(at, high)/alpha)
	for range 8 {
		c := low + (high-low)*above/(above-below)
		switch at := math.Log(exceeds(at, c) / alpha); {
		case math.Abs(at) < 1e-6:
			return special.Phi(-c)
		case at > 0:
			low, above, below = c, at, below/2
		default:
			high, below, above = c, at, above/2
		}
	}
	return special.Phi(-high)
}

// exceeds returns the probability that a Brownian bridge, divided by its
// standard deviation, is above c at one of the moments at, which ascend between
// 0 and 1. Seen there it is a Markov chain of normal variables, so its density
// below c is carried from each to the next (P. Armitage, C. K. McPherson and B.
// C. Rowe, 1969), by Simpson's rule.
func exceeds(at []float64, c float64) float64 {
	const low = -5.5
	step := 0.3
	rho := make([]float64, len(at))
	for i := 1; i < len(at); i++ {
		rho[i] = math.Sqrt(at[i-1] * (1 - at[i]) / (at[i] * (1 - at[i-1])))
		step = min(step, math.Sqrt(1-rho[i]*rho[i])/2)
	}
	n := 2 * int(math.Ceil((c-low)/step/2)) // intervals, even
	step = (c - low) / float64(n)
	x, weight := make([]float64, n+1), make([]float64, n+1)
	density, next := make([]float64, n+1), make([]float64, n+1)
	for i := range x {
		x[i] = low + float64(i)*step
		weight[i] = step / 3
		switch {
		case i == 0 || i == n:
		case i%2 == 1:
			weight[i] *= 4
		default:
			weight[i] *= 2
		}
		density[i] = normal(x[i])
	}
	for k := 1; k < len(at); k++ {
		s := math.Sqrt(1 - rho[k]*rho[k])
		for i := range next {
			// Only what is within seven standard deviations matters.
			from := max(0, int((x[i]/rho[k]-7*s/rho[k]-low)/step))
			to := min(n, int((x[i]/rho[k]+7*s/rho[k]-low)/step)+1)
			sum := 0.0
			for j := from; j <= to; j++ {
				sum += weight[j] * density[j] * normal((x[i]-rho[k]*x[j])/s)
			}
			next[i] = sum / s
		}
		density, next = next, density
	}
	inside := 0.0
	for i, d := range density {
		inside += weight[i] * d
	}
	return 1 - inside
}

func normal(z float64) float64 { return math.Exp(-z*z/2 - special.LogSqrt2Pi) }
