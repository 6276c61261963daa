package gp

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/linalg"
)

// effects is the part of a process that is a sum of what single numbers do by
// themselves: of a polynomial of second degree for each column, with
// independent normal coefficients. Its covariance is a product of features,
//
//	e(x, x') = Σ (P₁(u) P₁(u') + P₂(u) P₂(u')) / c,  u = 2x - 1,
//
// over the columns, with the polynomials of Legendre P₁(u) = u and
// P₂(u) = (3u² - 1)/2, which are orthogonal over the cube, and c such that the
// variance there is 1 on average.
type effects struct {
	columns []int
	unit    float64   // 1/√c
	stride  int       // features of a point, filled up to a multiple of 4
	rows    []float64 // features of the points seen
	at      []float64 // features of the point in hand
	u       []float64 // its centred coordinates
}

// reset makes e one of the columns; of none it is off.
func (e *effects) reset(columns []int) {
	e.columns, e.rows = columns, e.rows[:0]
	d := len(columns)
	e.unit = 1 / math.Sqrt(float64(max(d, 1))*(1.0/3+1.0/5))
	e.stride = (2*d + 3) &^ 3
	e.at, e.u = grow(e.at, e.stride), grow(e.u, d)
	clear(e.at)
}

func (e *effects) on() bool { return len(e.columns) > 0 }

// place makes x, whose columns lie in [0, 1], the point in hand.
func (e *effects) place(x []float64) {
	for k, c := range e.columns {
		u := float64(2*x[c]) - 1
		e.u[k] = u
		e.at[2*k] = e.unit * u
		e.at[2*k+1] = e.unit * (float64(1.5*u*u) - 0.5)
	}
}

// keep makes the point in hand number i of those seen.
func (e *effects) keep(i int) {
	size := (i + 4) &^ 3 * e.stride
	if from := len(e.rows); from < size {
		e.rows = slices.Grow(e.rows, size-from)[:size]
		clear(e.rows[from:])
	}
	copy(e.rows[i*e.stride:], e.at)
}

// variance is that of the point in hand.
func (e *effects) variance() float64 { return linalg.Dot4(e.at, e.at) }

// add adds w times the covariances of the point in hand and the first points
// to k, as many as that has elements, a multiple of 4.
func (e *effects) add(w float64, k []float64) {
	var four [4]float64
	for i := 0; i < len(k); i += 4 {
		linalg.Dots4(&four, e.rows[i*e.stride:(i+4)*e.stride], e.at)
		for r, v := range four {
			k[i+r] += float64(w * v)
		}
	}
}

// project writes the sums of the features over the first points, each times
// its element of h.
func (e *effects) project(dst, h []float64) {
	clear(dst)
	for i, w := range h {
		linalg.Axpy(w, e.rows[i*e.stride:(i+1)*e.stride], dst)
	}
}

// slope adds to g, by the columns of x, times the gradient of the product of
// the features of the point in hand with h.
func (e *effects) slope(g, h []float64, times float64) {
	times *= 2 * e.unit
	for k, c := range e.columns {
		g[c] += float64(times * (h[2*k] + float64(3*e.u[k]*h[2*k+1])))
	}
}
