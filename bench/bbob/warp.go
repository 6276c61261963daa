package bbob

import "math"

// share is i/(n-1), the place of coordinate i of n between 0 and 1.
func share(i, n int) float64 { return float64(i) / float64(n-1) }

// scales returns the diagonal of Λ^α: α^(i/(n-1)/2).
func scales(n int, alpha float64) []float64 {
	d := make([]float64, n)
	for i := range d {
		d[i] = math.Pow(math.Sqrt(alpha), share(i, n))
	}
	return d
}

// oscillate is T_osz: small smooth irregularities around the identity.
func oscillate(x float64) float64 {
	if x == 0 {
		return 0
	}
	t := math.Log(math.Abs(x)) / 0.1
	if x > 0 {
		return math.Pow(math.Exp(t+0.49*(math.Sin(t)+math.Sin(0.79*t))), 0.1)
	}
	return -math.Pow(math.Exp(t+0.49*(math.Sin(0.55*t)+math.Sin(0.31*t))), 0.1)
}

func oscillateAll(z []float64) []float64 {
	for i := range z {
		z[i] = oscillate(z[i])
	}
	return z
}

// skew is T_asy^β: it breaks the symmetry of the positive half axes.
func skew(z []float64, beta float64) []float64 {
	for i, v := range z {
		if v > 0 {
			z[i] = math.Pow(v, 1+beta*share(i, len(z))*math.Sqrt(v))
		}
	}
	return z
}

func stretch(z, by []float64) []float64 {
	for i := range z {
		z[i] *= by[i]
	}
	return z
}

// minus returns x - y in a new slice.
func minus(x, y []float64) []float64 {
	z := make([]float64, len(x))
	for i := range z {
		z[i] = x[i] - y[i]
	}
	return z
}

// outside is the squared distance to the box [-5, 5]^n.
func outside(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		if d := math.Abs(v) - 5; d > 0 {
			sum += d * d
		}
	}
	return sum
}

func round(x float64) float64 { return math.Floor(x + 0.5) }
