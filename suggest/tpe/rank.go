package tpe

import (
	"cmp"
	"math"

	"github.com/afina-hpo/afina/study"
)

// class is the first thing by which trials are ordered.
type class uint8

const (
	classComplete class = iota
	classPruned
	classViolated // an outcome constraint
	classBad      // failed or infeasible: bad whatever the others are
	classIgnored  // says nothing about its configuration
)

// standing is where a trial stands among the others: by class, then a, then b,
// then number. All four are known when the trial ends and never change.
type standing struct {
	class class
	a, b  float64
}

// less reports whether trial i with standing s is better than j with t.
func (s standing) compare(i int32, t standing, j int32) int {
	if c := cmp.Compare(s.class, t.class); c != 0 {
		return c
	}
	if c := cmp.Compare(s.a, t.a); c != 0 {
		return c
	}
	if c := cmp.Compare(s.b, t.b); c != 0 {
		return c
	}
	return cmp.Compare(i, j)
}

// stand returns the standing of a trial that has ended. Complete trials stand
// by loss (of several objectives the fronts decide instead); pruned ones after
// them, by how far they got, then by what they had got to; those that violate
// an outcome constraint after these, by how much in all.
func stand(t *study.Trial, objectives []study.Objective, o *options) standing {
	ignored := standing{class: classIgnored}
	bad := standing{class: classBad}
	if !o.crash {
		bad = ignored
	}
	switch t.State {
	case study.Complete, study.Pruned:
		if violation := violation(t); violation > 0 {
			return standing{class: classViolated, a: violation}
		}
	case study.Infeasible:
		return bad
	case study.Failed:
		if !t.Failure.Blames() {
			return ignored
		}
		return bad
	default:
		return ignored
	}
	if t.Cut() {
		for i := len(t.Reports) - 1; i >= 0; i-- {
			if x, ok := t.Reports[i].Values.Get(objectives[0].Metric); ok {
				if math.IsNaN(x) {
					return standing{classPruned, -t.Reports[i].Step, math.Inf(1)}
				}
				return standing{classPruned, -t.Reports[i].Step, objectives[0].Loss(x)}
			}
		}
		return standing{classPruned, 1, 0}
	}
	if len(t.Values) < len(objectives) {
		return ignored
	}
	for _, x := range t.Values {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return bad
		}
	}
	return standing{class: classComplete, a: objectives[0].Loss(t.Values[0])}
}

// violation returns the sum of what a trial's outcome constraints are violated
// by, +Inf where that is not a number.
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
