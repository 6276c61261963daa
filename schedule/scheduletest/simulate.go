package scheduletest

import (
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/simulate"
)

// Program, Setup and Result are those of package simulate, which tests of
// schedulers use all the time.
type (
	Program = simulate.Program
	Setup   = simulate.Setup
	Result  = simulate.Result
)

// Simulate is [simulate.Run].
func Simulate(s schedule.Scheduler, d Setup) (*Result, error) { return simulate.Run(s, d) }
