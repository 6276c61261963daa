package special

import "math"

// LogSqrt2Pi is log √(2π), the normaliser of the standard normal density.
const LogSqrt2Pi = 0.918938533204672741780329736405617639861397473637783412817

// Erfcx returns e^(x²)·erfc(x), the scaled complementary error function: what
// is left of erfc once its underflow is taken out. It is +Inf below about
// -26.6.
func Erfcx(x float64) float64 {
	switch {
	case x < 25:
		// x² needs more digits than a float has, or its rounding would be
		// multiplied by x².
		hi := x * x
		lo := math.FMA(x, x, -hi)
		return math.Exp(hi) * (1 + lo) * math.Erfc(x)
	case math.IsNaN(x):
		return x
	}
	// The asymptotic series, Abramowitz and Stegun 7.1.23.
	t := 1 / (2 * float64(x*x))
	return (1 - t*(1-3*t*(1-5*t*(1-7*t*(1-9*t*(1-11*t)))))) / (x * math.Sqrt(math.Pi))
}

// Phi returns the standard normal distribution function at z.
func Phi(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// LogPhi returns the logarithm of the standard normal distribution function
// at z, in both tails with all its digits.
func LogPhi(z float64) float64 {
	switch {
	case z > 0:
		return math.Log1p(-0.5 * math.Erfc(z/math.Sqrt2))
	case z > -5:
		return math.Log(0.5 * math.Erfc(-z/math.Sqrt2))
	case math.IsInf(z, -1):
		return z
	}
	return -z*z/2 + math.Log(0.5*Erfcx(-z/math.Sqrt2))
}

// LogPhiDiff returns log(Φ(b) - Φ(a)), the logarithm of the standard normal
// mass between a and b: -Inf where they are equal, NaN where a > b. Where both
// lie in one tail it is the mass of the small tail that is computed. The
// relative error grows where a and b are so close that b - a loses digits.
func LogPhiDiff(a, b float64) float64 {
	switch {
	case a > b || math.IsNaN(a) || math.IsNaN(b):
		return math.NaN()
	case a > 0: // mirror the right tail to the left
		a, b = -b, -a
	}
	if b > 0 { // on both sides of 0
		if b-a < 1 {
			return math.Log(0.5 * (math.Erf(b/math.Sqrt2) - math.Erf(a/math.Sqrt2)))
		}
		return math.Log1p(-0.5 * (math.Erfc(-a/math.Sqrt2) + math.Erfc(b/math.Sqrt2)))
	}
	if b > -5 && b-a < 0.5 {
		// Close together next to 0 two logarithms would cancel.
		return math.Log(0.5 * (math.Erfc(-b/math.Sqrt2) - math.Erfc(-a/math.Sqrt2)))
	}
	return LogSubExp(LogPhi(b), LogPhi(a))
}

// Quantile returns the z with Φ(z) = p: -Inf at 0, +Inf at 1, NaN outside.
func Quantile(p float64) float64 {
	switch {
	case !(p >= 0 && p <= 1):
		return math.NaN()
	case p > 0.5:
		return -Quantile(1 - p)
	case p == 0:
		return math.Inf(-1)
	case p == 0.5:
		return 0
	}
	return LogQuantile(math.Log(p))
}

// LogQuantile returns the z with log Φ(z) = lp, for lp from -Inf to 0: the
// quantile of probabilities that no float can hold. It is Newton's method on
// [LogPhi], which is concave and so converges from everywhere; the start is
// the quantile's asymptotic form in the tail and that of the logistic
// distribution, which resembles the normal, elsewhere.
func LogQuantile(lp float64) float64 {
	switch {
	case lp > 0 || math.IsNaN(lp):
		return math.NaN()
	case lp == 0:
		return math.Inf(1)
	case math.IsInf(lp, -1):
		return lp
	case lp > -math.Ln2: // the upper half, from its small tail
		return -LogQuantile(Log1mExp(lp))
	}
	var z float64
	if lp < -5 {
		z = -math.Sqrt(-2 * (lp + LogSqrt2Pi))
	} else {
		z = -(math.Sqrt(3) / math.Pi) * math.Log(math.Expm1(-lp))
	}
	for range 50 {
		f := LogPhi(z)
		// φ/Φ, the derivative of log Φ.
		step := (f - lp) / math.Exp(-z*z/2-LogSqrt2Pi-f)
		z -= step
		if math.Abs(step) <= 1e-14*(1+math.Abs(z)) {
			break
		}
	}
	return z
}
