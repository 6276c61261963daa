package special

import "math"

// LogEI returns log(φ(z) + z Φ(z)): the logarithm of the expected improvement
// of a normal variable that stands z standard deviations better than the best
// so far, in units of its standard deviation. To the expectation itself add
// the logarithm of the standard deviation.
//
// The sum loses all its digits where z is far below 0, and both its terms
// underflow below about -38; so there it is φ(z) (1 - |z| Φ(z)/φ(z)), with the
// ratio in its scaled form, and still farther out the asymptotic series of the
// bracket (S. Ament et al., "Unexpected improvements to expected improvement
// for Bayesian optimization", NeurIPS 2023, equation 9 and appendix A).
func LogEI(z float64) float64 {
	const far = -50
	switch {
	case z > -1:
		return math.Log(math.Exp(-z*z/2-LogSqrt2Pi) + float64(z*Phi(z)))
	case z > far:
		ratio := math.Sqrt(math.Pi/2) * Erfcx(-z/math.Sqrt2) * -z
		return -z*z/2 - LogSqrt2Pi + math.Log1p(-ratio)
	case math.IsInf(z, -1):
		return z
	}
	t := 1 / float64(z*z)
	return -z*z/2 - LogSqrt2Pi + math.Log(t) + math.Log1p(-3*t*(1-5*t*(1-7*t*(1-9*t))))
}
