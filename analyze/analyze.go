// Package analyze answers questions about a study's results: which trial is
// the best, and which trials no other beats.
//
// It reads a [study.History] and changes nothing; its functions are safe for
// concurrent use.
package analyze

import (
	"math"

	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/study"
)

// Best returns the complete trial with the best value of the first objective
// among those that violate no outcome constraint, nil where there is none. Of
// equals the earlier wins. Runs of a final comparison do not count here: their
// luck was asked for, see [Judge]. The time is linear in the number of trials.
func Best(h *study.History) *study.Trial {
	var best *study.Trial
	for t := range h.All() {
		if !counts(t) || t.Final() {
			continue
		}
		if best == nil || h.Objectives[0].Better(t.Values[0], best.Values[0]) {
			best = t
		}
	}
	return best
}

// counts reports whether t may be the best.
func counts(t *study.Trial) bool { return t.State == study.Complete && t.Feasible() }

// Front returns the complete trials that no other dominates, in order of
// number: none is at least as good in every objective and better in one. Of
// several trials with the same values all are in it. With one objective these
// are the best trials. The time is O(n log n) for n trials of up to three
// objectives; see [pareto.Front].
func Front(h *study.History) []*study.Trial {
	var ts []*study.Trial
	var points [][]float64
	for t := range h.All() {
		if counts(t) {
			ts = append(ts, t)
			points = append(points, losses(h.Objectives, t))
		}
	}
	var front []*study.Trial
	for _, i := range pareto.Front(points) {
		front = append(front, ts[i])
	}
	return front
}

// losses returns the values of t with the signs that make smaller better. What
// is not a number is worse than everything that is.
func losses(objectives []study.Objective, t *study.Trial) []float64 {
	out := make([]float64, len(objectives))
	for i, o := range objectives {
		out[i] = o.Loss(t.Values[i])
		if math.IsNaN(out[i]) {
			out[i] = math.Inf(1)
		}
	}
	return out
}
