package foresight

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/internal/ladder"
	"github.com/afina-hpo/afina/study"
)

// Reduction is the factor between rungs that is used where nobody chooses one.
const Reduction = 3

// Usable reports whether trials of a study with these objectives and this
// fidelity, which may be nil, can be foreseen: there is one objective, and steps
// of a training, not samples, between a first and a last.
func Usable(objectives []study.Objective, f *study.Fidelity) bool {
	return len(objectives) == 1 && f != nil && !f.Sampled() && f.Min > 0 && f.Max > f.Min && !math.IsInf(f.Max, 0)
}

// Steps returns the steps at which trials are compared, ascending; see
// [ladder.Steps]. Where the fidelity lists its levels they are the rungs:
// nothing lies between. Min is above 0 and below max.
func Steps(f study.Fidelity, reduction float64) []float64 {
	if f.Levels != nil && len(f.Levels.Steps) > 0 {
		return slices.Clone(f.Levels.Steps)
	}
	return ladder.Steps(f.Min, f.Max, reduction)
}
