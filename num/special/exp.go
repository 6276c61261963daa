package special

import "math"

// Exp returns e^x with a relative error below 3e-16. It is math.Exp with the
// same bits on every platform: package math has assembly on some and fuses
// products with sums on others, so that a search that compares sums of
// exponentials could take another turn there. Results below the smallest
// normal float, e^-708, are 0.
func Exp(x float64) float64 {
	const (
		invLn2 = 1.44269504088896338700e+00
		ln2Hi  = 6.93147180369123816490e-01 // the last 20 bits are 0
		ln2Lo  = 1.90821492927058770002e-10
	)
	switch {
	case x > 709.782712893384:
		return math.Inf(1)
	case x < -708:
		return 0
	case x != x:
		return x
	}
	// e^x = 2^k e^r with |r| <= log(2)/2. Adding and taking off 1.5·2^52
	// rounds to the nearest whole number.
	const shift = 0x1.8p52
	kf := (float64(x*invLn2) + shift) - shift
	r := (x - float64(kf*ln2Hi)) - float64(kf*ln2Lo)
	// Taylor's series to r^13, whose remainder is below 1e-17, in Estrin's
	// order: its products do not wait for one another.
	r2 := float64(r * r)
	r4 := float64(r2 * r2)
	a := (1.0 / 2) + float64(r*(1.0/6)) + float64(r2*((1.0/24)+float64(r*(1.0/120))))
	b := (1.0 / 720) + float64(r*(1.0/5040)) + float64(r2*((1.0/40320)+float64(r*(1.0/362880))))
	c := (1.0 / 3628800) + float64(r*(1.0/39916800)) + float64(r2*((1.0/479001600)+float64(r*(1.0/6227020800))))
	p := 1 + (r + float64(r2*(a+float64(r4*(b+float64(r4*c))))))
	k := int64(kf)
	if k == 1024 { // 2^1024 is no float, though the product may be
		return p * 2 * 0x1p1023
	}
	return p * math.Float64frombits(uint64(k+1023)<<52)
}
