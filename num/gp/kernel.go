package gp

import (
	"math"

	"github.com/afina-hpo/afina/num/special"
)

// matern returns the Matérn-5/2 correlation at the squared distance r2, and
// its derivative there (Rasmussen and Williams, equation 4.17).
func matern(r2 float64) (k, slope float64) {
	q2 := 5 * r2
	q := math.Sqrt(q2)
	e := special.Exp(-q)
	return (1 + q + float64(q2*(1.0/3))) * e, -5.0 / 6 * float64((1+q)*e)
}

// edge keeps the ends of the unit interval away from where the logarithms in
// the warp's derivatives are infinite.
const edge = 1e-7

// logarithm returns ln x, for x kept away from the ends of the unit interval.
func logarithm(x float64) float64 {
	return math.Log(math.Min(math.Max(x, edge), 1-edge))
}

// kumaraswamy returns 1 - (1 - x^a)^b, given ln x.
func kumaraswamy(lnx, a, b float64) float64 {
	rest := 1 - special.Exp(float64(a*lnx))
	return 1 - special.Exp(float64(b*math.Log(rest)))
}

// kumaraswamyGrad returns the warp with its derivatives by ln x, ln a and ln b,
// given ln x.
func kumaraswamyGrad(lnx, a, b float64) (w, dx, da, db float64) {
	xa := special.Exp(float64(a * lnx))
	rest := 1 - xa
	lnRest := math.Log(rest)
	p := special.Exp(float64(b * lnRest))
	dx = a * b * (p / rest) * xa
	return 1 - p, dx, dx * lnx, -b * p * lnRest
}
