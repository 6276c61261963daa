// Package problem is the tasks that search algorithms are measured on: a
// search space, an evaluation and, unlike in life, the truth.
//
// A [Problem] is immutable and safe for concurrent use, so that a runner may
// work on many seeds of one at once. It draws all its noise from the generator
// that it is handed; the same draw gives the same outcome. Everything is
// minimized. Problems go by names such as bbob/f8/d5/i1, table/hpolib/NAME or
// yahpo/lcbench/3945, see [Library.Open]; some need a folder of data, which
// is never part of this repository. Which of them may be used to develop
// methods and which are kept for the final judgement is one table, [Suites].
package problem

import (
	"math/rand/v2"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// PurposeNoise is the random stream that a trial's noise is drawn from, see
// [study.Stream], so that everybody who names the same seed and trial sees the
// same.
const PurposeNoise = "bench/noise"

// Outcome is what an evaluation gave.
type Outcome struct {
	// Values has one number an objective; nil where the evaluation Crashed.
	Values []float64
	// Violations has one number an outcome constraint; above 0 violates.
	Violations []float64
	Crashed    bool
	// Cost is how many seconds the evaluation stands for; 0 where unknown.
	Cost float64
}

// Feasible reports whether o has values and violates no constraint.
func (o Outcome) Feasible() bool {
	for _, v := range o.Violations {
		if !(v <= 0) {
			return false
		}
	}
	return !o.Crashed
}

// Problem is one task.
type Problem interface {
	// Name is what [Library.Open] knows it by.
	Name() string
	Space() *space.Space
	// Objectives are all to be minimized.
	Objectives() []study.Objective
	// Fidelity says at what part of the full effort configurations can be
	// evaluated, nil where there is nothing to choose.
	Fidelity() *study.Fidelity
	// Evaluate returns what a trial of c at a fidelity (0: the full one)
	// sees, with noise drawn from r.
	Evaluate(c space.Config, fidelity float64, r *rand.Rand) (Outcome, error)
	// True returns the outcome of c at full fidelity without noise.
	True(c space.Config) (Outcome, error)
	// Scale says what is good and what is bad here.
	Scale() Scale
}

// base is the part that all problems share.
type base struct {
	name       string
	space      *space.Space
	objectives []study.Objective
	fidelity   *study.Fidelity
	scale      func() Scale
	best       float64 // the optimum; NaN where nobody knows it
	decades    bool    // regret is logarithmic
}

func (b *base) Name() string                  { return b.name }
func (b *base) Space() *space.Space           { return b.space }
func (b *base) Objectives() []study.Objective { return b.objectives }
func (b *base) Fidelity() *study.Fidelity     { return b.fidelity }
func (b *base) Scale() Scale                  { return b.scale() }

func (b *base) optimum() (best float64, decades bool) { return b.best, b.decades }

// value is the objective of problems that have one.
var value = []study.Objective{minimize("value")}

func minimize(metric string) study.Objective {
	return study.Objective{Metric: metric, Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}}
}

// exact is a problem without noise and without a choice of fidelity: a pure
// function of the configuration.
type exact struct {
	base
	eval func(c space.Config) Outcome
}

func (e *exact) Evaluate(c space.Config, _ float64, _ *rand.Rand) (Outcome, error) {
	return e.eval(c), nil
}

func (e *exact) True(c space.Config) (Outcome, error) { return e.eval(c), nil }
