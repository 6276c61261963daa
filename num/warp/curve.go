package warp

import (
	"math"

	"github.com/afina-hpo/afina/num/special"
)

// shape names a curve.
type shape uint8

const (
	line shape = iota
	logarithm
	mildLog // ln(1 + x/2)
	yeoJohnson
	boxCox
)

// curve is a rising smooth function between lo and hi, and its tangents
// outside.
type curve struct {
	shape  shape
	lambda float64 // the exponent, for those that have one
	lo, hi edge
}

// edge is where a curve goes over into its tangent.
type edge struct{ x, g, slope, log float64 }

// between returns the curve with its edges set.
func (c curve) between(lo, hi float64) curve {
	c.lo, c.hi = c.edge(lo), c.edge(hi)
	return c
}

func (c *curve) edge(x float64) edge {
	// Beyond e^±690 a slope would be no float; nothing that steep is left
	// after standardising either.
	log := clamp(c.rawLogSlope(x), -690, 690)
	return edge{x: x, g: c.raw(x), slope: special.Exp(log), log: log}
}

// value returns the function at x.
func (c *curve) value(x float64) float64 {
	switch {
	case c.shape == line:
		return x
	case x < c.lo.x:
		return finite(c.lo.g + float64(c.lo.slope*(x-c.lo.x)))
	case x > c.hi.x:
		return finite(c.hi.g + float64(c.hi.slope*(x-c.hi.x)))
	}
	return c.raw(x)
}

// inverse returns the x whose value is g.
func (c *curve) inverse(g float64) float64 {
	switch {
	case c.shape == line:
		return g
	case g < c.lo.g:
		return finite(c.lo.x + (g-c.lo.g)/c.lo.slope)
	case g > c.hi.g:
		return finite(c.hi.x + (g-c.hi.g)/c.hi.slope)
	}
	return clamp(c.rawInverse(g), c.lo.x, c.hi.x)
}

// logSlope returns the logarithm of the slope at x.
func (c *curve) logSlope(x float64) float64 {
	switch {
	case c.shape == line:
		return 0
	case x <= c.lo.x:
		return c.lo.log
	case x >= c.hi.x:
		return c.hi.log
	}
	return c.rawLogSlope(x)
}

func (c *curve) raw(x float64) float64 {
	switch c.shape {
	case logarithm:
		return math.Log(x)
	case mildLog:
		return math.Log1p(x / 2)
	case yeoJohnson:
		if x < 0 {
			return -power(math.Log1p(-x), 2-c.lambda)
		}
		return power(math.Log1p(x), c.lambda)
	case boxCox:
		return power(math.Log(x), c.lambda)
	}
	return x
}

func (c *curve) rawInverse(g float64) float64 {
	switch c.shape {
	case logarithm:
		return special.Exp(g)
	case mildLog:
		return 2 * math.Expm1(g)
	case yeoJohnson:
		if g < 0 {
			return -math.Expm1(root(-g, 2-c.lambda))
		}
		return math.Expm1(root(g, c.lambda))
	case boxCox:
		return special.Exp(root(g, c.lambda))
	}
	return g
}

func (c *curve) rawLogSlope(x float64) float64 {
	switch c.shape {
	case logarithm:
		return -math.Log(x)
	case mildLog:
		return -math.Log1p(x/2) - math.Ln2
	case yeoJohnson:
		return float64((c.lambda - 1) * signedLog1p(x))
	case boxCox:
		return float64((c.lambda - 1) * math.Log(x))
	}
	return 0
}

// signedLog1p returns ln(1+|x|) with the sign of x.
func signedLog1p(x float64) float64 {
	if x < 0 {
		return -math.Log1p(-x)
	}
	return math.Log1p(x)
}

// power returns (e^(λl) - 1)/λ, the Box-Cox power of e^l, and its limit l
// where λ is 0.
func power(l, lambda float64) float64 {
	if lambda == 0 {
		return l
	}
	return math.Expm1(lambda*l) / lambda
}

// root returns the l whose power is g; g may lie past the pole by rounding.
func root(g, lambda float64) float64 {
	if lambda == 0 {
		return g
	}
	return math.Log1p(max(lambda*g, -1)) / lambda
}
