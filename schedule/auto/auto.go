// Package auto chooses a scheduler by what a study declares.
//
// It decides nothing about trials itself: it makes one of the others with the
// settings that suit, and hands every question on. The choice depends on the
// definition of the study alone, so it is the same after every restart:
//
//   - without a fidelity nothing is known about the steps of a trial: fixed;
//   - where a step is a fold, a split, an instance or a seed, and there is one
//     objective, trials are paired by it: race;
//   - where the whole training is less than two rungs long, so that there is
//     nothing to promote to: median;
//   - with several objectives, asha, which needs no minimum of trials or
//     workers, by promotion whether the program can go on from a checkpoint
//     (resume) or not: to begin again costs at most half as much again as to go
//     on, and less than trials that run on until enough others are there to judge
//     them; with two brackets, because a lowest rung that tells nothing is
//     common, and trials that begin higher are what corrects it;
//   - else foresee, which needs no minimum either, and measures how early a step
//     tells something.
package auto

import (
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/schedule/foresee"
	"github.com/afina-hpo/afina/schedule/halving"
	"github.com/afina-hpo/afina/schedule/median"
	"github.com/afina-hpo/afina/schedule/race"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
)

var settings = []setting.Setting{
	{Name: "resume", Kind: setting.Bool, Default: value.Bool(false),
		Doc: "the program goes on from its checkpoint when its trial is promoted"},
}

// Method returns the description of the choice.
func Method() schedule.Method {
	return schedule.Method{
		Name: "auto", Version: "3", Rungs: true, Settings: settings,
		Doc: "Chooses by what the study declares: foresee where there is a fidelity, asha with several objectives, race where its steps are folds, fixed where there is none.",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			m, values := choose(p, v.Get(settings, "resume"))
			return m.New(p, values)
		},
	}
}

// brackets is how many of ASHA's rungs trials begin at.
const brackets = 2

// choose returns the scheduler for a study, with its settings.
func choose(p schedule.Problem, resume value.Value) (schedule.Method, setting.Values) {
	f := p.Fidelity
	switch {
	case f == nil:
		return fixed.Method(), nil
	case len(p.Objectives) == 1 && f.Max >= 3 && race.Samples(f):
		return race.Method(), nil
	case !(f.Min > 0 && f.Max >= 3*f.Min):
		return median.Method(), nil
	case len(p.Objectives) == 1:
		return foresee.Method(), setting.Values{"resume": resume}
	}
	return halving.ASHA(), setting.Values{"resume": resume, "brackets": value.Int(brackets), "mode": value.String("promotion")}
}
