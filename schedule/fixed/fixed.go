// Package fixed is the schedule that leaves every trial alone: each starts as
// soon as a slot is free and runs to its own end.
//
// It is the right one where trials report nothing on the way, where early
// values say little about late ones, and where every curve is wanted whole.
// The other schedulers are measured against it.
package fixed

import (
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// Method returns the description of the fixed schedule.
func Method() schedule.Method {
	return schedule.Method{
		Name:    "fixed",
		Version: "1",
		Doc:     "Runs every trial to its end; for trials without reports, and as the baseline.",
		New: func(schedule.Problem, setting.Values) (schedule.Scheduler, error) {
			return scheduler{}, nil
		},
	}
}

type scheduler struct{}

// Next always starts a new trial.
func (scheduler) Next(*study.History) schedule.Order {
	return schedule.Order{Action: schedule.Start, CopyFrom: -1}
}

// Judge always continues.
func (scheduler) Judge(*study.History, *study.Trial) study.Verdict { return study.VerdictContinue }
