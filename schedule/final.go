package schedule

import (
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// CheckFinal returns an error where the final comparison of def cannot be made
// under the scheduler m.
func CheckFinal(def *study.Definition, m Method) error {
	f := def.Final
	switch {
	case f == nil:
		return nil
	case f.Top < 1 || f.Runs < 2:
		return study.Errorf(study.Invalid, "give top: 3 and runs: 5, say", "a final comparison of %d configurations in %d runs each says nothing", f.Top, f.Runs)
	case len(def.Objectives) > 1:
		return study.Errorf(study.Invalid, "remove final", "the final comparison is for one objective, and there are %d", len(def.Objectives))
	case def.Space != nil && slices.ContainsFunc(def.Space.Params(), func(p space.Param) bool { return p.Context }):
		return study.Errorf(study.Invalid, "remove final: afina best says which configuration is the best of each context",
			"configurations of different contexts are not to be compared")
	case m.Copies:
		return study.Errorf(study.Invalid, "remove final, or compare schedules with afina export --schedule and run --replay",
			"the scheduler %s changes configurations while they train, so that there is none to run again", m.Name)
	}
	return nil
}
