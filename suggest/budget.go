package suggest

import (
	"time"

	"github.com/afina-hpo/afina/study"
)

// Budget is what bounds a study besides the number of its trials, where one
// trial may use more of it than another: time, or money. What has been spent
// is read off the history, never off a clock, so that a decision that hangs on
// it is made again after a restart.
type Budget struct {
	Limit float64     // seconds of all workers together, or money
	Cost  *study.Cost // of a trial, in money; nil: seconds
}

// BudgetOf returns the budget of a study, nil where only its trials or the
// resource of a fidelity bound it: of that trials use the same whatever their
// configuration.
func BudgetOf(def *study.Definition) *Budget {
	switch stop := &def.Stop; {
	case stop.Cost > 0 && def.Cost != nil:
		return &Budget{Limit: stop.Cost, Cost: def.Cost}
	case stop.Time > 0:
		return &Budget{Limit: time.Duration(stop.Time).Seconds() * float64(max(def.Parallel, 1))}
	}
	return nil
}

// Of returns what t has used of the budget up to what is stored of it, and
// false where nothing says so.
func (b *Budget) Of(t *study.Trial) (float64, bool) {
	if b.Cost != nil {
		return b.Cost.Of(t)
	}
	s := study.Seconds(t)
	return s, s > 0
}
