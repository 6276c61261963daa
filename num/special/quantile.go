package special

import "math"

// StudentQuantile returns the t at which the distribution function of Student's
// t with df degrees of freedom, above 0, is p, which lies between 0 and 1. It
// halves an interval until that has no number inside.
func StudentQuantile(p, df float64) float64 {
	if p < 0.5 {
		return -StudentQuantile(1-p, df)
	}
	low, high := 0.0, 1.0
	for StudentTail(high, df) > 1-p && high < math.MaxFloat64/4 {
		low, high = high, 2*high
	}
	for {
		mid := low + (high-low)/2
		if mid <= low || mid >= high {
			return mid
		}
		if StudentTail(mid, df) > 1-p {
			low = mid
		} else {
			high = mid
		}
	}
}
