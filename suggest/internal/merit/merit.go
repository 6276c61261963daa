// Package merit orders trials that have ended from best to worst, for methods
// that only compare: it says which of two was better where one is complete and
// the other was pruned, or one violates an outcome constraint.
//
// It is not for models, which need numbers, nor for several objectives. The
// one idea: a merit depends on the trial alone and only its order matters, so
// a method built on it does the same under every increasing transformation of
// the objective, and what was once folded into a population stays right.
package merit

import (
	"cmp"
	"math"

	"github.com/afina-hpo/afina/study"
)

// class is the first thing by which trials are ordered.
type class uint8

const (
	complete class = iota
	pruned
	violating
)

// Merit is what a trial is worth. Merits are comparable between trials of one
// study.
type Merit struct {
	class class
	a, b  float64 // smaller is better; b decides where a is equal
}

// Compare is negative where m is better than o, positive where it is worse,
// and 0 where they are equal.
func (m Merit) Compare(o Merit) int {
	return cmp.Or(cmp.Compare(m.class, o.class), cmp.Compare(m.a, o.a), cmp.Compare(m.b, o.b))
}

// Gain returns by how much the objective of m is better than that of o, in
// half its units so that it cannot overflow; false unless both are complete
// and feasible.
func (m Merit) Gain(o Merit) (float64, bool) {
	if m.class != complete || o.class != complete {
		return 0, false
	}
	return o.a/2 - m.a/2, true
}

// Of returns the merit of a trial that has ended; false where there is
// nothing to compare, because it failed, was refused or cancelled, or its
// value is not finite.
//
// Complete trials come first, by their loss. Pruned ones follow, by how far
// they got and then by what they had got to. Those that violate an outcome
// constraint are last, by the sum of the violations.
func Of(t *study.Trial, o study.Objective) (Merit, bool) {
	if t.State != study.Complete && t.State != study.Pruned {
		return Merit{}, false
	}
	if !t.Feasible() {
		return Merit{class: violating, a: violation(t)}, true
	}
	if t.Cut() {
		for i := len(t.Reports) - 1; i >= 0; i-- {
			if x, ok := t.Reports[i].Values.Get(o.Metric); ok {
				if math.IsNaN(x) {
					return Merit{pruned, -t.Reports[i].Step, math.Inf(1)}, true
				}
				return Merit{pruned, -t.Reports[i].Step, o.Loss(x)}, true
			}
		}
		return Merit{class: pruned, a: math.Inf(1)}, true
	}
	if len(t.Values) == 0 || math.IsNaN(t.Values[0]) || math.IsInf(t.Values[0], 0) {
		return Merit{}, false
	}
	return Merit{class: complete, a: o.Loss(t.Values[0])}, true
}

// violation returns the sum of what the outcome constraints are violated by,
// +Inf where that is not a number.
func violation(t *study.Trial) float64 {
	sum := 0.0
	for _, v := range t.Violations {
		if math.IsNaN(v) {
			return math.Inf(1)
		}
		sum += math.Max(v, 0)
	}
	return sum
}
