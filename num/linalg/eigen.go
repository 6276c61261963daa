package linalg

import (
	"math"
	"sort"
)

// Eigen holds the eigenvalues and eigenvectors of a symmetric matrix, and the
// memory to find them. It is made by [NewEigen] and may be used for any number
// of matrices, one after the other.
type Eigen struct {
	// Values are the eigenvalues, ascending.
	Values []float64
	// Vectors has one eigenvector a row, of length 1 and orthogonal to the
	// others, in the order of Values. The largest component of each is
	// positive, so that equal matrices have equal vectors.
	Vectors []float64

	n    int
	off  []float64 // the tridiagonal matrix beside its diagonal, Values
	a    []float64 // lower triangle being reduced; the reflectors after that
	beta []float64 // of the reflectors
	work []float64
	perm []int
}

// NewEigen returns memory for matrices of n rows.
func NewEigen(n int) *Eigen {
	return &Eigen{
		Values: make([]float64, n), Vectors: make([]float64, n*n),
		n: n, off: make([]float64, n), a: make([]float64, n*n),
		beta: make([]float64, n), work: make([]float64, n), perm: make([]int, n),
	}
}

// Decompose finds the eigenvalues and eigenvectors of the symmetric n × n
// matrix a, of which it reads the lower triangle. It reports false, with
// Values and Vectors undefined, where a has an entry that is not finite. The
// time is about 9 n³ operations.
//
// The method is the classical one: Householder reflections make the matrix
// tridiagonal, implicit QL steps with Wilkinson's shift make that diagonal
// (G. H. Golub and C. F. Van Loan, Matrix Computations, 4th edition, 8.3).
// Vectors are held as rows throughout, so that a rotation combines two
// contiguous pieces of memory.
func (e *Eigen) Decompose(a []float64) bool {
	n := e.n
	for i := range n {
		for _, x := range a[i*n : i*n+i+1] {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				return false
			}
		}
	}
	if n == 0 {
		return true
	}
	copy(e.a, a)
	e.reduce()
	e.accumulate()
	if !e.diagonalize() {
		return false
	}
	e.order()
	return true
}

// reduce makes the lower triangle in e.a tridiagonal by reflections
// I - beta·v·vᵀ from both sides, column by column. The vectors v stay in the
// columns of e.a below the diagonal.
func (e *Eigen) reduce() {
	n, a, p := e.n, e.a, e.work
	for k := 0; k < n-1; k++ {
		e.Values[k] = a[k*n+k]
		scale := 0.0
		for i := k + 1; i < n; i++ {
			scale = math.Max(scale, math.Abs(a[i*n+k]))
		}
		e.beta[k] = 0
		if scale == 0 || k == n-2 {
			e.off[k] = a[(k+1)*n+k]
			continue
		}
		sum := 0.0
		for i := k + 1; i < n; i++ {
			x := a[i*n+k] / scale
			sum += float64(x * x)
		}
		first := a[(k+1)*n+k] / scale
		alpha := -math.Copysign(math.Sqrt(sum), first)
		e.off[k] = float64(alpha * scale)
		// v = x - alpha·e₁, in units of scale; |v|² = 2 (sum - alpha·first).
		beta := 1 / (sum - float64(alpha*first))
		e.beta[k] = beta
		v := e.Vectors[:n] // free until accumulate
		for i := k + 1; i < n; i++ {
			v[i] = a[i*n+k] / scale
		}
		v[k+1] = first - alpha
		for i := k + 1; i < n; i++ {
			a[i*n+k] = v[i]
		}
		// p = beta·A·v from the lower triangle alone.
		clear(p[k+1 : n])
		for i := k + 1; i < n; i++ {
			row := a[i*n+k+1 : i*n+i]
			vi := v[i]
			vs, ps := v[k+1:i], p[k+1:i]
			vs, ps = vs[:len(row)], ps[:len(row)]
			s := float64(a[i*n+i] * vi)
			for j, x := range row {
				s += float64(x * vs[j])
				ps[j] += float64(x * vi)
			}
			p[i] += s
		}
		dot := 0.0
		for i := k + 1; i < n; i++ {
			p[i] *= beta
			dot += float64(p[i] * v[i])
		}
		half := float64(beta*dot) / 2
		for i := k + 1; i < n; i++ {
			p[i] -= float64(half * v[i])
		}
		for i := k + 1; i < n; i++ {
			row := a[i*n+k+1 : i*n+i+1]
			vi, pi := v[i], p[i]
			vs, ps := v[k+1:i+1], p[k+1:i+1]
			vs, ps = vs[:len(row)], ps[:len(row)]
			for j := range row {
				row[j] -= float64(vi*ps[j]) + float64(pi*vs[j])
			}
		}
	}
	e.Values[n-1] = a[n*n-1]
	e.off[n-1] = 0
}

// accumulate multiplies the reflections and leaves the transpose of the
// product in Vectors.
func (e *Eigen) accumulate() {
	n, a, q, u := e.n, e.a, e.Vectors, e.work
	clear(q)
	for i := range n {
		q[i*n+i] = 1
	}
	for k := n - 3; k >= 0; k-- {
		if e.beta[k] == 0 {
			continue
		}
		us := u[k+1 : n]
		clear(us)
		for i := k + 1; i < n; i++ {
			Axpy(a[i*n+k], q[i*n+k+1:i*n+n], us)
		}
		for i := k + 1; i < n; i++ {
			Axpy(-float64(e.beta[k]*a[i*n+k]), us, q[i*n+k+1:i*n+n])
		}
	}
	for i := range n {
		for j := range i {
			q[i*n+j], q[j*n+i] = q[j*n+i], q[i*n+j]
		}
	}
}

// maxSweeps bounds the QL steps for one eigenvalue; three are usual.
const maxSweeps = 60

// diagonalize makes the tridiagonal matrix diagonal and rotates the rows of
// Vectors along.
func (e *Eigen) diagonalize() bool {
	n, d, off, z := e.n, e.Values, e.off, e.Vectors
	// What is far below the rounding of the reduction is nothing, also beside
	// diagonal entries that are smaller still: without this a matrix with a
	// block near zero need not converge.
	norm := 0.0
	for i := range n {
		norm = max(norm, math.Abs(d[i])+math.Abs(off[i]))
	}
	negligible := 0x1p-60 * norm
	for l := range n {
		for sweep := 0; ; sweep++ {
			m := l
			for m < n-1 {
				if near := math.Abs(d[m]) + math.Abs(d[m+1]); near+math.Abs(off[m]) == near || math.Abs(off[m]) <= negligible {
					break
				}
				m++
			}
			if m == l {
				break
			}
			if sweep == maxSweeps {
				return false
			}
			// Wilkinson's shift from the upper corner.
			g := (d[l+1] - d[l]) / (2 * off[l])
			r := math.Hypot(g, 1)
			g = d[m] - d[l] + off[l]/(g+math.Copysign(r, g))
			s, c, p := 1.0, 1.0, 0.0
			deflated := false
			for i := m - 1; i >= l; i-- {
				f, b := float64(s*off[i]), float64(c*off[i])
				r = math.Hypot(f, g)
				off[i+1] = r
				if r == 0 { // the matrix falls apart here
					d[i+1] -= p
					off[m] = 0
					deflated = true
					break
				}
				s, c = f/r, g/r
				g = d[i+1] - p
				r = float64((d[i]-g)*s) + float64(2*c*b)
				p = float64(s * r)
				d[i+1] = g + p
				g = float64(c*r) - b
				rotate(z[i*n:i*n+n], z[(i+1)*n:(i+1)*n+n], c, s)
			}
			if deflated {
				continue
			}
			d[l] -= p
			off[l] = g
			off[m] = 0
		}
	}
	return true
}

// rotate replaces (x, y) by (c·x - s·y, s·x + c·y).
func rotate(x, y []float64, c, s float64) {
	y = y[:len(x)]
	for k, xk := range x {
		yk := y[k]
		y[k] = float64(s*xk) + float64(c*yk)
		x[k] = float64(c*xk) - float64(s*yk)
	}
}

// order sorts the eigenvalues and gives every vector its sign.
func (e *Eigen) order() {
	n := e.n
	for i := range e.perm {
		e.perm[i] = i
	}
	sort.SliceStable(e.perm, func(i, j int) bool { return e.Values[e.perm[i]] < e.Values[e.perm[j]] })
	copy(e.work, e.Values)
	copy(e.a, e.Vectors)
	for to, from := range e.perm {
		e.Values[to] = e.work[from]
		src, dst := e.a[from*n:from*n+n], e.Vectors[to*n:to*n+n]
		sign, most := 1.0, 0.0
		for _, x := range src {
			if math.Abs(x) > most {
				most, sign = math.Abs(x), math.Copysign(1, x)
			}
		}
		for j, x := range src {
			dst[j] = sign * x
		}
	}
}
