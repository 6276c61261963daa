// Package lbfgs minimises a smooth function of many variables within bounds,
// by the limited-memory quasi-Newton method L-BFGS with projection.
//
// It is not for functions without gradients, nor for constraints other than
// bounds. The one idea: a variable that lies on its bound while the gradient
// pushes it outwards is left there, and the quasi-Newton step is taken in the
// others alone; every trial point is projected back between the bounds. The
// model of the curvature is that of J. Nocedal, "Updating quasi-Newton matrices
// with limited storage", Math. Comp. 35, 773–782, 1980; the active set is that
// of D. P. Bertsekas, "Projected Newton methods for optimization problems with
// simple constraints", SIAM J. Control Optim. 20, 221–246, 1982.
//
// A [Solver] holds the memory, so that a model that is fitted a thousand times
// allocates once.
package lbfgs

import "math"

// memory is how many steps the curvature is remembered from.
const memory = 8

// Options say when to stop. The zero Options stop after 100 evaluations.
type Options struct {
	// Evaluations of the function, at most; 0: 100.
	Evaluations int
	// Gradient stops the search where no component of the projected gradient
	// is larger; 0: 1e-6.
	Gradient float64
	// Decrease stops it where a step improves the value by less; 0: never.
	Decrease float64
}

// Solver minimises functions of one number of variables at a time. The zero
// Solver is ready to use; it is not safe for concurrent use.
type Solver struct {
	n              int
	g, gNew        []float64
	x, d           []float64
	s, y           [memory][]float64
	rho, a         [memory]float64
	free           []bool
	stored, newest int
}

// Minimize moves x, between lo and hi, to where f is smaller, and returns the
// value there. f returns the value at its first argument and writes the
// gradient to its second; it must not keep either. A value of +Inf or NaN
// means that f cannot be evaluated there; at the start it ends the search.
//
// Every step satisfies the condition of Armijo, so the value never grows.
func (s *Solver) Minimize(f func(x, g []float64) float64, x, lo, hi []float64, o Options) float64 {
	if o.Evaluations <= 0 {
		o.Evaluations = 100
	}
	if o.Gradient <= 0 {
		o.Gradient = 1e-6
	}
	s.resize(len(x))
	for i := range x {
		x[i] = math.Min(math.Max(x[i], lo[i]), hi[i])
	}
	fx := f(x, s.g)
	used := 1
	if math.IsNaN(fx) || math.IsInf(fx, 0) {
		return fx
	}
	for used < o.Evaluations {
		if !(s.activate(x, lo, hi) > o.Gradient) { // or it is no number
			break
		}
		s.direct()
		if !s.descends() {
			s.stored = 0
			s.direct()
			if !s.descends() { // the gradient overflows
				break
			}
		}
		step := 1.0
		if s.stored == 0 {
			// Nothing is known of the curvature: move by a moderate length.
			step = math.Min(1, 0.5/s.longest())
		}
		fNew := math.Inf(1)
		accepted := false
		for least := step * 1e-12; used < o.Evaluations && step > least; {
			moved := 0.0
			for i := range x {
				s.x[i] = math.Min(math.Max(x[i]+float64(step*s.d[i]), lo[i]), hi[i])
				moved += float64(s.g[i] * (s.x[i] - x[i]))
			}
			if moved == 0 {
				break
			}
			shrink := 0.1
			if moved > 0 {
				// The bounds have cut off what led down.
				step *= shrink
				continue
			}
			fNew = f(s.x, s.gNew)
			used++
			if fNew <= fx+float64(1e-4*moved) && !math.IsInf(fNew, -1) {
				accepted = true
				break
			}
			if !math.IsNaN(fNew) && !math.IsInf(fNew, 0) {
				// The minimum of the parabola through what is known.
				if c := fNew - fx - moved; c > 0 {
					shrink = math.Min(math.Max(-moved/(2*c), 0.1), 0.5)
				}
			}
			step *= shrink
		}
		if !accepted {
			if s.stored == 0 {
				break
			}
			s.stored = 0 // once more, straight down
			continue
		}
		s.remember(x)
		gain := fx - fNew
		copy(x, s.x)
		s.g, s.gNew = s.gNew, s.g
		fx = fNew
		if gain < o.Decrease {
			break
		}
	}
	return fx
}

func (s *Solver) resize(n int) {
	s.stored = 0
	if s.n == n {
		return
	}
	s.n = n
	s.g, s.gNew = make([]float64, n), make([]float64, n)
	s.x, s.d = make([]float64, n), make([]float64, n)
	s.free = make([]bool, n)
	for i := range memory {
		s.s[i], s.y[i] = make([]float64, n), make([]float64, n)
	}
}

// activate finds the free variables and returns the largest component of the
// projected gradient.
func (s *Solver) activate(x, lo, hi []float64) float64 {
	worst := 0.0
	for i, g := range s.g {
		s.free[i] = !(x[i] <= lo[i] && g > 0) && !(x[i] >= hi[i] && g < 0) && lo[i] < hi[i]
		if s.free[i] {
			// A component counts only as far as its variable can move.
			worst = math.Max(worst, math.Abs(x[i]-math.Min(math.Max(x[i]-g, lo[i]), hi[i])))
		}
	}
	return worst
}

// direct computes the quasi-Newton direction in the free variables.
func (s *Solver) direct() {
	d := s.d
	for i, g := range s.g {
		d[i] = 0
		if s.free[i] {
			d[i] = -g
		}
	}
	if s.stored == 0 {
		return
	}
	usable := [memory]bool{}
	last := -1
	for k := range s.stored {
		at := (s.newest - k + memory) % memory
		sy := s.dot(s.s[at], s.y[at])
		if sy <= 1e-10*s.dot(s.y[at], s.y[at]) {
			continue
		}
		usable[at], s.rho[at] = true, 1/sy
		if last < 0 {
			last = at
		}
		s.a[at] = s.rho[at] * s.dot(s.s[at], d)
		s.add(-s.a[at], s.y[at])
	}
	if last >= 0 {
		scale := 1 / (s.rho[last] * s.dot(s.y[last], s.y[last]))
		for i := range d {
			d[i] *= scale
		}
	}
	for k := s.stored - 1; k >= 0; k-- {
		at := (s.newest - k + memory) % memory
		if usable[at] {
			s.add(s.a[at]-float64(s.rho[at]*s.dot(s.y[at], d)), s.s[at])
		}
	}
}

// dot is the scalar product over the free variables.
func (s *Solver) dot(a, b []float64) float64 {
	sum := 0.0
	for i, free := range s.free {
		if free {
			sum += float64(a[i] * b[i])
		}
	}
	return sum
}

// add adds c times v to the direction.
func (s *Solver) add(c float64, v []float64) {
	for i, free := range s.free {
		if free {
			s.d[i] += float64(c * v[i])
		}
	}
}

// descends reports whether the direction leads down.
func (s *Solver) descends() bool {
	slope := s.dot(s.g, s.d)
	return slope < 0 && !math.IsInf(slope, -1)
}

// longest is the largest component of the direction.
func (s *Solver) longest() float64 {
	most := math.SmallestNonzeroFloat64
	for _, v := range s.d {
		most = math.Max(most, math.Abs(v))
	}
	return most
}

// remember stores the step from x to s.x.
func (s *Solver) remember(x []float64) {
	at := 0
	if s.stored > 0 {
		at = (s.newest + 1) % memory
	}
	for i := range x {
		s.s[at][i] = s.x[i] - x[i]
		s.y[at][i] = s.gNew[i] - s.g[i]
	}
	s.newest = at
	s.stored = min(s.stored+1, memory)
}
