// Package bbob is the 24 noiseless functions of COCO's suite bbob, with their
// instances, and the mixed-integer suite bbob-mixint that is made of them, as
// pure functions.
//
// It is a port of the definitions (Hansen, Finck, Ros and Auger, "Real-
// parameter black-box optimization benchmarking 2009: noiseless functions
// definitions", INRIA RR-6829; Tušar, Brockhoff and Hansen, "Mixed-integer
// benchmark problems for single- and bi-objective optimization", GECCO 2019),
// including the random numbers by which they are shifted and rotated: the
// tests hold it to values of COCO's own code. It holds no loop over problems
// and no search space; see package problem for that.
//
// [New] and [NewMixed] build a function, [Function.Eval] evaluates it.
package bbob

import "fmt"

// Count is the number of functions; they are numbered from 1.
const Count = 24

// MaxDimension bounds the dimension, to keep the rotations affordable.
const MaxDimension = 320

// Function is one function of the suite in one dimension and instance. It is
// immutable and safe for concurrent use.
type Function struct {
	eval  func(x []float64) float64
	best  []float64
	value float64
}

// New returns function f (1 to 24) of dimension d (2 to [MaxDimension]) and
// instance i (from 1). It costs O(d³) where the function is rotated.
func New(f, d, i int) (*Function, error) {
	switch {
	case f < 1 || f > Count:
		return nil, fmt.Errorf("bbob has functions 1 to %d, not %d", Count, f)
	case d < 2 || d > MaxDimension:
		return nil, fmt.Errorf("bbob has dimensions 2 to %d here, not %d", MaxDimension, d)
	case i < 1 || i > 100_000:
		return nil, fmt.Errorf("bbob instances count from 1 to 100000, not %d", i)
	}
	seed := int64(f)
	switch f {
	case 4:
		seed = 3
	case 18:
		seed = 17
	}
	seed += 10_000 * int64(i)
	eval, best := builders[f-1](d, seed)
	fn := &Function{best: best, value: offset(seed)}
	fn.eval = func(x []float64) float64 { return eval(x) + fn.value }
	return fn, nil
}

// Dimension returns the number of variables.
func (f *Function) Dimension() int { return len(f.best) }

// Eval returns the value at x, which has [Function.Dimension] coordinates; the
// region of interest is [-5, 5] in each. It panics where x is shorter.
func (f *Function) Eval(x []float64) float64 { return f.eval(x) }

// Best returns the place of the minimum and the value there. Do not modify
// the place.
func (f *Function) Best() (x []float64, value float64) { return f.best, f.value }
