// Package builtin is the one plain table of the search algorithms and
// schedulers that afina ships. The command and the library read it; who adds a
// method adds a line here.
package builtin

import (
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/auto"
	"github.com/afina-hpo/afina/schedule/curve"
	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/schedule/foresee"
	"github.com/afina-hpo/afina/schedule/halving"
	"github.com/afina-hpo/afina/schedule/median"
	"github.com/afina-hpo/afina/schedule/pb2"
	"github.com/afina-hpo/afina/schedule/pbt"
	"github.com/afina-hpo/afina/schedule/race"
	"github.com/afina-hpo/afina/schedule/replay"
	"github.com/afina-hpo/afina/schedule/rule"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/bohb"
	"github.com/afina-hpo/afina/suggest/cmaes"
	"github.com/afina-hpo/afina/suggest/de"
	"github.com/afina-hpo/afina/suggest/dehb"
	"github.com/afina-hpo/afina/suggest/forest"
	"github.com/afina-hpo/afina/suggest/genetic"
	"github.com/afina-hpo/afina/suggest/grid"
	"github.com/afina-hpo/afina/suggest/manual"
	"github.com/afina-hpo/afina/suggest/nsga"
	"github.com/afina-hpo/afina/suggest/portfolio"
	"github.com/afina-hpo/afina/suggest/qmc"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/rbf"
	"github.com/afina-hpo/afina/suggest/tpe"
)

// The methods used where a study does not say; FidelitySchedule is the scheduler
// where it declares a fidelity, DefaultSchedule where it does not.
const (
	DefaultSearch    = "auto"
	DefaultSchedule  = "fixed"
	FidelitySchedule = "auto"
)

// Search returns the search algorithms.
func Search() suggest.Table {
	return suggest.Table{
		portfolio.Method(), tpe.Method(), bo.Method(), forest.Method(), rbf.Method(),
		cmaes.Method(), de.Method(), bohb.Method(), dehb.Method(), genetic.Method(), nsga.Method2(), nsga.Method3(),
		qmc.Method(), random.Method(), grid.Method(), manual.Method(),
	}
}

// Schedule returns the schedulers.
func Schedule() schedule.Table {
	return schedule.Table{
		fixed.Method(), auto.Method(),
		halving.ASHA(), foresee.Method(), halving.Hyperband(), halving.DEHB(), halving.Halving(), halving.PASHA(),
		median.Method(), median.Percentile(), curve.Method(),
		rule.Bandit(), rule.Truncation(), rule.Threshold(), rule.Patience(), rule.Wilcoxon(), race.Method(),
		pbt.Method(), pb2.Method(), replay.Method(),
	}
}
