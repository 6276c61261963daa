package warp

import "math"

const (
	// lambdaLow and lambdaHigh bound exponents. They lie symmetrically about
	// 1, which changes nothing; a sample that asks for more is not one that a
	// power mends.
	lambdaLow, lambdaHigh = -3, 5
	// lambdaSteps is how finely an exponent is estimated, in steps to the
	// unit: far finer than a sample of any size that a Gaussian process takes
	// can tell, and coarse beside the last digit of a logarithm.
	lambdaSteps = 1024
)

// exponent returns the exponent of greatest likelihood for the numbers xs
// under a power curve. It reports false where no exponent has a finite
// likelihood.
func exponent(s shape, xs []float64) (float64, bool) {
	logs := make([]float64, len(xs))
	total := 0.0
	for i, x := range xs {
		if s == boxCox {
			logs[i] = math.Log(x)
		} else {
			logs[i] = signedLog1p(x)
		}
		total += logs[i]
	}
	g := make([]float64, len(xs))
	// The profile likelihood: mean and variance are those of the curve's
	// values, and the Jacobian is (λ-1) times the sum of the logarithms.
	likelihood := func(step int) float64 {
		c := curve{shape: s, lambda: float64(step) / lambdaSteps}
		for i, l := range logs {
			if s == yeoJohnson && l < 0 {
				g[i] = -power(-l, 2-c.lambda)
			} else {
				g[i] = power(l, c.lambda)
			}
		}
		_, sd := moments(g)
		if !(sd > 0) || math.IsInf(sd, 1) {
			return math.Inf(-1)
		}
		return float64((c.lambda-1)*total) - float64(float64(len(g))*math.Log(sd))
	}
	const coarse = lambdaSteps / 4
	best, top := 0, math.Inf(-1)
	try := func(step int) {
		if step < lambdaLow*lambdaSteps || step > lambdaHigh*lambdaSteps {
			return
		}
		if l := likelihood(step); l > top {
			best, top = step, l
		}
	}
	// Coarse steps find the right hill, then halving ones its summit.
	for step := lambdaLow * lambdaSteps; step <= lambdaHigh*lambdaSteps; step += coarse {
		try(step)
	}
	for width := coarse / 2; width >= 1; width /= 2 {
		centre := best
		try(centre - width)
		try(centre + width)
	}
	return float64(best) / lambdaSteps, !math.IsInf(top, -1)
}

// epsilon returns the constant of the shifted logarithm ln(d + eps), d being
// the sorted losses less the best, and whether the logarithm is sensible.
//
// With too small a constant the best loss is an outlier, with too large a one
// nothing happens. Two values are looked at and the greater taken. One makes
// the logarithm symmetric: with a, m and b the d at a low rank, the median and
// the opposite high rank, (a+eps)(b+eps) = (m+eps)². It is what saves a best
// that a few losses nearly repeat. The other is a itself, so that the best is
// at most ln 2 below those of the low rank. The rank is the second best, and
// one more for every twenty losses; the extremes themselves have no say, so a
// diverged loss changes nothing. Nor is the constant less than differences to
// the best can be told from rounding.
func epsilon(vs []float64, mid float64) (float64, bool) {
	n := len(vs)
	if n < minDistinct {
		return 0, false
	}
	k := 1 + n/20
	b := vs[n-1-k] - vs[0]
	if !(b > 1/steepest) {
		return 0, false
	}
	a, m := (vs[k]-vs[0])/b, (mid-vs[0])/b
	lean := a + 1 - float64(2*m)
	if lean <= 0 { // to the good side, or not at all
		return 0, false
	}
	eps := b * max(a, (float64(m*m)-a)/lean, 0x1p-48*math.Abs(vs[0])/b)
	if !(eps > 1/steepest) || float64(m*b) < 9*eps {
		return 0, false
	}
	return eps, true
}
