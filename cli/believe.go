package cli

import (
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// believer returns what the search algorithm of a study that does not run here
// believes of configurations: nothing, where it is none with beliefs or is not
// known to this program.
func (x *app) believer(def *study.Definition) func(*study.History, space.Config) (mean, se []float64, ok bool) {
	silent := func(*study.History, space.Config) ([]float64, []float64, bool) { return nil, nil, false }
	method, err := x.Search.Lookup(def.Search.Name)
	if err != nil {
		return silent
	}
	s, err := method.New(suggest.Problem{Objectives: len(def.Objectives), Parallel: def.Parallel, Trials: def.Stop.Trials, Earlier: def.Earlier}, def.Search.Settings)
	if err != nil {
		return silent
	}
	if e, ok := s.(suggest.Estimator); ok {
		return e.Estimate
	}
	return silent
}
