package linalg

import "math"

// Cholesky replaces the lower triangle of the symmetric n × n matrix a, of
// which it reads that triangle alone, by L with a = L Lᵀ. It reports false
// where a is not positive definite to the precision at hand; a is then
// undefined. The time is about n³/6 multiplications.
func Cholesky(a []float64, n int) bool {
	for i := range n {
		row := a[i*n : i*n+i+1]
		for j := range i {
			other := a[j*n : j*n+j+1]
			row[j] = (row[j] - Dot4(row[:j], other[:j])) / other[j]
		}
		d := row[i] - Dot4(row[:i], row[:i])
		if !(d > 0) || math.IsInf(d, 0) {
			return false
		}
		row[i] = math.Sqrt(d)
	}
	return true
}

// SolveLower replaces x by the solution of L y = x, for the lower triangle L
// of an n × n matrix with n = len(x).
func SolveLower(l, x []float64) {
	n := len(x)
	for i := range n {
		row := l[i*n : i*n+i+1]
		x[i] = (x[i] - Dot4(row[:i], x[:i])) / row[i]
	}
}

// SolveLowerT replaces x by the solution of Lᵀ y = x, for the lower triangle L
// of an n × n matrix with n = len(x).
func SolveLowerT(l, x []float64) {
	n := len(x)
	for i := n - 1; i >= 0; i-- {
		row := l[i*n : i*n+i+1]
		x[i] /= row[i]
		Axpy(-x[i], row[:i], x[:i])
	}
}

// Dot4 is [Dot] with four sums, which do not wait for one another: faster, and
// with other last digits.
func Dot4(a, b []float64) float64 {
	b = b[:len(a)]
	var s0, s1, s2, s3 float64
	i := 0
	for ; i+4 <= len(a); i += 4 {
		s0 += float64(a[i] * b[i])
		s1 += float64(a[i+1] * b[i+1])
		s2 += float64(a[i+2] * b[i+2])
		s3 += float64(a[i+3] * b[i+3])
	}
	for ; i < len(a); i++ {
		s0 += float64(a[i] * b[i])
	}
	return (s0 + s1) + (s2 + s3)
}
