package rbf

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/linalg"
)

// kernel is a radial basis function, conditionally positive definite of order
// two, so that the interpolant has a tail of degree one.
type kernel uint8

const (
	cubic     kernel = iota // r³
	thinPlate               // r² log r
)

// at returns the function of a squared distance.
func (k kernel) at(r2 float64) float64 {
	if k == cubic {
		return r2 * math.Sqrt(r2)
	}
	if r2 == 0 {
		return 0
	}
	return 0.5 * float64(r2*math.Log(r2))
}

// dependent is how short what is left of a column of the tail's matrix may be
// for the tail to do without it.
const dependent = 1e-8

// spline is the interpolant s(x) = Σ λᵢ φ(|x - xᵢ|) + c₀ + cᵀx, or with a ridge
// the smoothing spline. Its memory is used again from fit to fit.
//
// The coefficients solve [Φ P; Pᵀ 0][λ; c] = [f; 0]. With Q₁R the factors of
// P and Z the orthogonal complement of Q₁ that is λ = Z (ZᵀΦZ)⁻¹ Zᵀf, where the
// matrix in the middle is positive definite for distinct points. Where the
// points lie in a hyperplane P has dependent columns, and the tail does without
// some of them: within the hyperplane nothing is lost, and a few points are
// enough.
type spline struct {
	kernel kernel
	ridge  float64
	n, d   int
	x      []float64 // points, one behind the other
	lambda []float64
	tail   []float64 // constant, then a slope a coordinate, about the centre
	centre []float64

	qr   linalg.QR
	phi  []float64
	mid  []float64 // Cholesky factor of ZᵀΦZ
	load []float64
	tall []float64
	// Of [spline.invert]: L⁻¹Zᵀ, a row each.
	back    []float64
	support bool

	v, w, u []float64 // of [spline.power]
}

// fit finds the spline through the values f at the n points x of d
// coordinates. The points must be distinct, and there must be one. The time is
// about n³/6 + 4 d n² multiplications.
func (s *spline) fit(x []float64, n, d int, f []float64, k kernel, ridge float64) {
	s.kernel, s.ridge, s.n, s.d, s.support = k, ridge, n, d, false
	s.x = append(s.x[:0], x[:n*d]...)
	s.lambda, s.tail, s.centre = resize(s.lambda, n), resize(s.tail, d+1), resize(s.centre, d)
	clear(s.centre)
	for i := range n {
		linalg.Axpy(1/float64(n), s.x[i*d:(i+1)*d], s.centre)
	}
	s.tall = resize(s.tall, n*(d+1))
	for i := range n {
		s.tall[i*(d+1)] = 1
		for j := range d {
			s.tall[i*(d+1)+1+j] = s.x[i*d+j] - s.centre[j]
		}
	}
	s.qr.Decompose(s.tall, n, d+1, 1, dependent)
	s.phi = resize(s.phi, n*n)
	for i := range n {
		for j := range i {
			v := k.at(distance2(s.x[i*d:(i+1)*d], s.x[j*d:(j+1)*d]))
			s.phi[i*n+j], s.phi[j*n+i] = v, v
		}
		s.phi[i*n+i] = 0
	}
	s.factor()

	rank := s.qr.Rank
	s.load = resize(s.load, n)
	copy(s.load, f)
	s.qr.TransMul(s.load)
	clear(s.lambda[:rank])
	copy(s.lambda[rank:], s.load[rank:])
	linalg.SolveLower(s.mid, s.lambda[rank:])
	linalg.SolveLowerT(s.mid, s.lambda[rank:])
	s.qr.Mul(s.lambda)
	// The tail passes through what the rest leaves.
	linalg.MulVec(s.load, s.phi, s.lambda)
	for i := range s.load {
		s.load[i] = f[i] - s.load[i] - float64(s.ridge*s.lambda[i])
	}
	s.qr.TransMul(s.load)
	s.qr.Solve(s.load[:rank])
	clear(s.tail)
	for k, c := range s.qr.Columns[:rank] {
		s.tail[c] = s.load[k]
	}
}

// factor makes the Cholesky factor of ZᵀΦZ plus the ridge. Rounding may take
// its positive definiteness away where points almost coincide: then the ridge
// grows until it is back.
func (s *spline) factor() {
	n, rank := s.n, s.qr.Rank
	m := n - rank
	full := resize(s.back, n*n) // invert writes it anew
	s.back = full
	copy(full, s.phi)
	for i := range n {
		s.qr.TransMul(full[i*n : (i+1)*n])
	}
	for i := range n { // by symmetry of ΦQ's transpose, rows again
		for j := range i {
			full[i*n+j], full[j*n+i] = full[j*n+i], full[i*n+j]
		}
	}
	for i := rank; i < n; i++ {
		s.qr.TransMul(full[i*n : (i+1)*n])
	}
	size := 0.0
	for i := rank; i < n; i++ {
		size = math.Max(size, math.Abs(full[i*n+i]))
	}
	s.mid = resize(s.mid, m*m)
	for least := 1e-13 * size; ; least *= 100 {
		for i := range m {
			copy(s.mid[i*m:i*m+i+1], full[(rank+i)*n+rank:])
			s.mid[i*m+i] += s.ridge
		}
		if linalg.Cholesky(s.mid, m) || m == 0 {
			return
		}
		if least == 0 || math.IsInf(least, 0) {
			least = 1
		}
		s.ridge += least
	}
}

// at returns the value of the spline.
func (s *spline) at(x []float64) float64 {
	v, _ := s.near(x)
	return v
}

// near returns the value at x and the squared distance from the nearest point.
func (s *spline) near(x []float64) (value, r2 float64) {
	value, r2 = s.tail[0], math.Inf(1)
	for j, c := range s.centre {
		value += float64(s.tail[1+j] * (x[j] - c))
	}
	for i, l := range s.lambda {
		q := distance2(x, s.x[i*s.d:(i+1)*s.d])
		value += float64(l * s.kernel.at(q))
		if q < r2 {
			r2 = q
		}
	}
	return value, r2
}

// invert prepares for [spline.leaveOneOut] and [spline.power].
func (s *spline) invert() {
	if s.support {
		return
	}
	s.support = true
	n, rank := s.n, s.qr.Rank
	m := n - rank
	// Row i of Z, then L⁻¹ of it, is column i of L⁻¹Zᵀ.
	s.back = resize(s.back, n*n)
	s.load = resize(s.load, n)
	for i := range n {
		clear(s.load)
		s.load[i] = 1
		s.qr.TransMul(s.load)
		row := s.load[rank:]
		linalg.SolveLower(s.mid, row)
		copy(s.back[i*m:(i+1)*m], row)
	}
}

// leaveOneOut writes to e how far the spline through all other points would be
// below the value at each, and returns it: λᵢ over the i-th diagonal entry of
// the inverse (S. Rippa, Adv. Comput. Math. 11, 1999). It is NaN where the
// point cannot be left out.
func (s *spline) leaveOneOut(e []float64) []float64 {
	s.invert()
	m := s.n - s.qr.Rank
	e = resize(e, s.n)
	most := 0.0
	for i := range e {
		row := s.back[i*m : (i+1)*m]
		e[i] = linalg.Dot(row, row)
		most = math.Max(most, e[i])
	}
	for i, c := range e {
		if !(c > 1e-12*most) {
			e[i] = math.NaN()
			continue
		}
		e[i] = s.lambda[i] / c
	}
	return e
}

// power returns the squared power function at x: by how much a unit of
// bumpiness bends the interpolant there, 0 at the points. Its inverse is the
// coefficient of the Lagrange function of x, μ in Gutmann's measure.
func (s *spline) power(x []float64) float64 {
	s.invert()
	n, rank := s.n, s.qr.Rank
	m := n - rank
	s.v, s.w, s.u = resize(s.v, n), resize(s.w, n), resize(s.u, max(m, rank))
	for i := range s.v {
		s.v[i] = s.kernel.at(distance2(x, s.x[i*s.d:(i+1)*s.d]))
	}
	// Weights w that reproduce the tail at x.
	clear(s.w)
	for k, c := range s.qr.Columns[:rank] {
		s.w[k] = 1
		if c > 0 {
			s.w[k] = x[c-1] - s.centre[c-1]
		}
	}
	s.qr.TransSolve(s.w[:rank])
	s.qr.Mul(s.w)
	// v - Φw, of which the part in Z can be taken away.
	p := 0.0
	clear(s.u[:m])
	for i := range n {
		b := linalg.Dot(s.phi[i*n:(i+1)*n], s.w)
		p += float64(s.w[i] * (b - float64(2*s.v[i])))
		linalg.Axpy(s.v[i]-b, s.back[i*m:(i+1)*m], s.u[:m])
	}
	return math.Max(p-linalg.Dot(s.u[:m], s.u[:m]), 0)
}

// rankError returns by how many places, on average, the points with the lowest
// share of the values would be misplaced among the others if each were
// predicted from them.
func (s *spline) rankError(f []float64, share float64, e []float64) float64 {
	e = s.leaveOneOut(e)
	limit := slices.Clone(f)
	slices.Sort(limit)
	top := limit[min(len(limit)-1, int(share*float64(len(limit))))]
	sum, count := 0.0, 0
	for i, v := range f {
		if v > top || math.IsNaN(e[i]) {
			continue
		}
		wrong := 0
		for j, w := range f {
			if j != i && (w < v-e[i]) != (w < v) {
				wrong++
			}
		}
		sum += float64(wrong)
		count++
	}
	if count == 0 {
		return math.Inf(1)
	}
	return sum / float64(count)
}

func distance2(a, b []float64) float64 {
	b = b[:len(a)]
	sum := 0.0
	for i, x := range a {
		d := x - b[i]
		sum += float64(d * d)
	}
	return sum
}

func resize(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n, n+n/4)
	}
	return s[:n]
}
