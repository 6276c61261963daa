package linalg

import "math"

// QR is a factorisation a·P = Q·R of an m × n matrix by Householder
// reflections with column pivoting (G. H. Golub and C. F. Van Loan, Matrix
// Computations, 4th edition, 5.4.2), and the memory for it. It says which
// columns are independent. The zero QR is ready to be used, any number of
// times; it is not safe for concurrent use.
type QR struct {
	// Rank is the number of independent columns, at most the smaller side.
	Rank int
	// Columns lists the columns of a in the order of R: the first Rank of them
	// are independent.
	Columns []int

	m, n int
	a    []float64 // by column: R above the diagonal, reflections from it on
	diag []float64 // of R
	norm []float64
}

// Decompose factors the m × n matrix a, which is not changed. The first fixed
// columns are taken in their order, before the others and whatever they are.
// A column counts as dependent where what is left of it is at most tol times
// the longest column. The time is about 2 m n² operations.
func (q *QR) Decompose(a []float64, m, n, fixed int, tol float64) {
	q.m, q.n, q.Rank = m, n, 0
	q.a = grow(q.a, m*n)
	q.diag, q.norm = grow(q.diag, n), grow(q.norm, n)
	if cap(q.Columns) < n {
		q.Columns = make([]int, n)
	}
	q.Columns = q.Columns[:n]
	longest := 0.0
	for j := range n {
		q.Columns[j] = j
		c := q.column(j)
		for i := range c {
			c[i] = a[i*n+j]
		}
		longest = math.Max(longest, Norm(c))
	}
	for k := range min(m, n) {
		best, length := k, 0.0
		for j := k; j < n; j++ {
			q.norm[j] = Norm(q.column(j)[k:])
			if k < fixed {
				length = q.norm[k]
				break
			}
			if q.norm[j] > length {
				best, length = j, q.norm[j]
			}
		}
		if !(length > float64(tol*longest)) {
			return
		}
		if best != k {
			q.Columns[k], q.Columns[best] = q.Columns[best], q.Columns[k]
			x, y := q.column(k), q.column(best)
			for i := range x {
				x[i], y[i] = y[i], x[i]
			}
		}
		v := q.column(k)[k:]
		// The reflection I - v vᵀ with |v|² = 2 takes the column to a multiple
		// of the first unit vector, away from its own sign so that nothing
		// cancels.
		alpha := -math.Copysign(length, v[0])
		v[0] -= alpha
		scale := math.Sqrt2 / Norm(v)
		for i := range v {
			v[i] *= scale
		}
		for j := k + 1; j < n; j++ {
			c := q.column(j)[k:]
			Axpy(-Dot(v, c), v, c)
		}
		q.diag[k] = alpha
		q.Rank++
	}
}

func (q *QR) column(j int) []float64 { return q.a[j*q.m : (j+1)*q.m] }

// TransMul replaces the vector x, of m entries, by Qᵀx.
func (q *QR) TransMul(x []float64) {
	for k := range q.Rank {
		v := q.column(k)[k:]
		Axpy(-Dot(v, x[k:]), v, x[k:])
	}
}

// Mul replaces the vector x, of m entries, by Qx.
func (q *QR) Mul(x []float64) {
	for k := q.Rank - 1; k >= 0; k-- {
		v := q.column(k)[k:]
		Axpy(-Dot(v, x[k:]), v, x[k:])
	}
}

// Solve replaces x, of Rank entries, by the solution of R y = x for the
// independent columns, in the order of Columns.
func (q *QR) Solve(x []float64) {
	for k := q.Rank - 1; k >= 0; k-- {
		x[k] /= q.diag[k]
		Axpy(-x[k], q.column(k)[:k], x[:k])
	}
}

// TransSolve replaces x, of Rank entries, by the solution of Rᵀ y = x.
func (q *QR) TransSolve(x []float64) {
	for k := range q.Rank {
		x[k] = (x[k] - Dot(q.column(k)[:k], x[:k])) / q.diag[k]
	}
}

func grow(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}
