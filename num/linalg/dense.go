package linalg

import "math"

// Dot returns the scalar product of a and b, which must be of one length.
func Dot(a, b []float64) float64 {
	b = b[:len(a)]
	sum := 0.0
	for i, x := range a {
		sum += float64(x * b[i])
	}
	return sum
}

// Norm returns the Euclidean length of a. Entries beyond about 1e154 overflow.
func Norm(a []float64) float64 { return math.Sqrt(Dot(a, a)) }

// Axpy adds alpha times x to y, which must be at least as long.
func Axpy(alpha float64, x, y []float64) {
	y = y[:len(x)]
	for i, v := range x {
		y[i] += float64(alpha * v)
	}
}

// MulVec writes the product of the matrix a, of len(dst) rows and len(x)
// columns, with x to dst. They must not overlap.
func MulVec(dst, a, x []float64) {
	n := len(x)
	for i := range dst {
		dst[i] = Dot(a[i*n:(i+1)*n], x)
	}
}

// MulVecT writes the product of the transpose of a, a matrix of len(x) rows
// and len(dst) columns, with x to dst. They must not overlap.
func MulVecT(dst, a, x []float64) {
	n := len(dst)
	clear(dst)
	for i, v := range x {
		Axpy(v, a[i*n:(i+1)*n], dst)
	}
}
