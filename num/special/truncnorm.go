package special

import "math"

// TruncNorm is the normal distribution with mean Mu and standard deviation
// Sigma (of the parent, before it is cut), restricted to [Low, High]. Sigma
// has to be positive and Low below High. The mean may lie outside the bounds
// by any distance.
type TruncNorm struct{ Mu, Sigma, Low, High float64 }

// LogMass returns the logarithm of the parent's probability between the
// bounds.
func (t TruncNorm) LogMass() float64 {
	return LogPhiDiff((t.Low-t.Mu)/t.Sigma, (t.High-t.Mu)/t.Sigma)
}

// LogPDF returns the logarithm of the density at x, -Inf outside the bounds.
func (t TruncNorm) LogPDF(x float64) float64 {
	if x < t.Low || x > t.High {
		return math.Inf(-1)
	}
	z := (x - t.Mu) / t.Sigma
	return -z*z/2 - LogSqrt2Pi - math.Log(t.Sigma) - t.LogMass()
}

// LogCell returns the logarithm of the probability between a and b, which
// are cut to the bounds; -Inf where nothing is left between them.
func (t TruncNorm) LogCell(a, b float64) float64 {
	a, b = math.Max(a, t.Low), math.Min(b, t.High)
	if a >= b {
		return math.Inf(-1)
	}
	return LogPhiDiff((a-t.Mu)/t.Sigma, (b-t.Mu)/t.Sigma) - t.LogMass()
}

// Quantile returns the x below which the share q in [0, 1] of the probability
// lies. It works in log space from the side of the smaller tail, so that it
// does not lose its digits far out.
func (t TruncNorm) Quantile(q float64) float64 {
	switch {
	case !(q >= 0 && q <= 1):
		return math.NaN()
	case q == 0:
		return t.Low
	case q == 1:
		return t.High
	}
	a, b := (t.Low-t.Mu)/t.Sigma, (t.High-t.Mu)/t.Sigma
	mass := LogPhiDiff(a, b)
	z := LogQuantile(math.Min(LogAddExp(LogPhi(a), math.Log(q)+mass), 0))
	if z > 0 {
		z = -LogQuantile(math.Min(LogAddExp(LogPhi(-b), math.Log1p(-q)+mass), 0))
	}
	return math.Min(math.Max(t.Mu+float64(z*t.Sigma), t.Low), t.High)
}
