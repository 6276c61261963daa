package special

import "math"

// StudentTail returns the probability that Student's t with df degrees of
// freedom, above 0, exceeds t: the small tail with all its digits. NaN for other
// df.
func StudentTail(t, df float64) float64 {
	switch {
	case !(df > 0) || math.IsNaN(t):
		return math.NaN()
	case math.IsInf(t, 0):
		return (1 - math.Copysign(1, t)) / 2
	}
	// With x = df/(df+t²) the two tails together are I_x(df/2, 1/2).
	x := df / (df + float64(t*t))
	both := Beta(df/2, 0.5, x)
	if t < 0 {
		return 1 - both/2
	}
	return both / 2
}

// FTail returns the probability that F with a and b degrees of freedom, both
// above 0, exceeds f. NaN for others.
func FTail(f, a, b float64) float64 {
	switch {
	case !(a > 0 && b > 0) || math.IsNaN(f):
		return math.NaN()
	case f <= 0:
		return 1
	case math.IsInf(f, 1):
		return 0
	}
	return Beta(b/2, a/2, b/(b+float64(a*f)))
}

// Beta returns the regularised incomplete beta function I_x(a, b) for a, b
// above 0 and x in [0, 1], NaN elsewhere.
func Beta(a, b, x float64) float64 {
	switch {
	case !(a > 0 && b > 0 && x >= 0 && x <= 1):
		return math.NaN()
	case x == 0 || x == 1:
		return x
	}
	la, _ := math.Lgamma(a)
	lb, _ := math.Lgamma(b)
	lab, _ := math.Lgamma(a + b)
	front := math.Exp(lab - la - lb + a*math.Log(x) + b*math.Log1p(-x))
	// The continued fraction converges fast on this side of the mean only.
	if x < (a+1)/(a+b+2) {
		return front * betaFraction(a, b, x) / a
	}
	return 1 - front*betaFraction(b, a, 1-x)/b
}

// betaFraction is the continued fraction of the incomplete beta function
// (Abramowitz and Stegun 26.5.8) by the method of Lentz.
func betaFraction(a, b, x float64) float64 {
	const tiny = 1e-300
	c, d := 1.0, 1-(a+b)*x/(a+1)
	if math.Abs(d) < tiny {
		d = tiny
	}
	d = 1 / d
	sum := d
	for m := 1.0; m < 1000; m++ {
		for _, k := range [2]float64{
			m * (b - m) * x / ((a + 2*m - 1) * (a + 2*m)),
			-(a + m) * (a + b + m) * x / ((a + 2*m) * (a + 2*m + 1)),
		} {
			if d = 1 + float64(k*d); math.Abs(d) < tiny {
				d = tiny
			}
			if c = 1 + k/c; math.Abs(c) < tiny {
				c = tiny
			}
			d = 1 / d
			sum *= c * d
		}
		if math.Abs(c*d-1) < 1e-15 {
			break
		}
	}
	return sum
}
