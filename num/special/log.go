package special

import "math"

// Log1mExp returns log(1 - e^x) for x < 0: -Inf at 0 and NaN above. The two
// forms meet at -log 2, where both keep all digits (Mächler, "Accurately
// computing log(1-exp(-|a|))", 2012).
func Log1mExp(x float64) float64 {
	switch {
	case x > 0:
		return math.NaN()
	case x > -math.Ln2:
		return math.Log(-math.Expm1(x))
	}
	return math.Log1p(-math.Exp(x))
}

// LogAddExp returns log(e^a + e^b).
func LogAddExp(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(a, 0) {
		return a // +Inf swallows everything, and two -Inf are nothing
	}
	return a + math.Log1p(math.Exp(b-a))
}

// LogSubExp returns log(e^a - e^b) for a >= b: -Inf where they are equal, NaN
// where a < b.
func LogSubExp(a, b float64) float64 {
	switch {
	case a == b:
		return math.Inf(-1)
	case math.IsInf(b, -1):
		return a
	}
	return a + Log1mExp(b-a)
}

// LogSumExp returns the logarithm of the sum of e^x over xs, -Inf where xs is
// empty. It neither overflows nor underflows.
func LogSumExp(xs []float64) float64 {
	top := math.Inf(-1)
	for _, x := range xs {
		if x > top || math.IsNaN(x) {
			top = x
		}
	}
	if math.IsInf(top, 0) || math.IsNaN(top) {
		return top
	}
	sum := 0.0
	for _, x := range xs {
		sum += Exp(x - top)
	}
	return top + math.Log(sum)
}
