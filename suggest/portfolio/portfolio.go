// Package portfolio is the search that afina uses where the study names none:
// several methods that take turns on one study, chosen by what the study is
// and by what their trials have been worth.
//
// It has no model of its own. The one idea: no method is the best on every
// task, and two different ones in turn lose little where one of them is right
// and gain much where it is wrong (R. Turner et al., "Bayesian optimization is
// superior to random search for machine learning hyperparameter tuning",
// 2021: the best teams of that challenge mixed methods). All methods learn from
// all trials, whoever proposed them.
//
// # Whose turn it is
//
// The first trials are Bayesian optimisation's own start: the middle of the
// space and Sobol points. Each later trial number draws its method with
// shares that depend on the number of trials ended:
//
//   - Gaussian processes (package bo) have most turns while trials are few:
//     they learn the most from each.
//   - A random forest and Parzen estimators have turns as far as the processes
//     are to be doubted: they see jumps and branches that a smooth model does
//     not. Doubt is how far the losses of trials came from where among the
//     earlier ones they were predicted; and it grows where nothing has improved
//     for long, because what leads has stopped leading. See the file doubt.go.
//   - As trials grow, turns move to methods whose time for a suggestion does
//     not grow with them: Parzen estimators, and CMA-ES where most of the
//     parameters are numbers.
//
// The shares are then weighed by credit: how good the trials of each method
// have been among all trials that had ended by then, newer ones counting more.
// Credit at most doubles or halves a share, so it takes all turns from none.
//
// With several objectives it is Bayesian optimisation by expected hypervolume
// improvement and Parzen estimators by turns, with NSGA-II taking over as trials
// grow. Several objectives put trials in no order, so that there is neither
// credit nor a measure of doubt.
//
// # Reproducible
//
// Which method made a trial is in its note ("arm"), so credit is a function of
// the history, and whose turn a number is depends on the seed, the number and
// the trials that have ended. Configurations asked for together are proposed
// one after the other, each method seeing the earlier ones as running.
package portfolio

import (
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/cmaes"
	"github.com/afina-hpo/afina/suggest/forest"
	"github.com/afina-hpo/afina/suggest/nsga"
	"github.com/afina-hpo/afina/suggest/tpe"
)

// Method returns the description of the portfolio.
func Method() suggest.Method {
	return suggest.Method{
		Name:     "auto",
		Version:  "5",
		Doc:      "Gaussian processes first, other methods in turn and more of them as trials grow, by what each has been worth; for everything (after Turner et al. 2021).",
		Settings: settings,
		New:      newSuggester,
	}
}

var settings = []setting.Setting{
	{Name: "startup", Kind: setting.Int, Min: 1, Max: 100_000,
		Doc: "Trials before a model decides; by default half the number of parameters and three, at most a third of the budget, and twice that where trials have steps."},
	{Name: "prior", Kind: setting.Float, Min: 0, Max: 10_000,
		Doc: "How long Gaussian processes believe priors and weights of parameters; see bo."},
	{Name: "cooling", Kind: setting.Bool, Default: value.Bool(false),
		Doc: "Whether Gaussian processes prefer trials that cost less where the study ends by time or money; see bo."},
	{Name: "others", Kind: setting.Float, Default: value.Float(0.2), Min: 0, Max: 1,
		Doc: "Share of the turns that methods other than Gaussian processes have while trials are few, if those are wholly wrong; with several objectives, where nothing measures that, in any case."},
	{Name: "few", Kind: setting.Int, Default: value.Int(500), Min: 1, Max: 100_000,
		Doc: "Up to how many ended trials they are few; from four times as many on they are many, and Gaussian processes have one turn in ten."},
}

// arm is one of the methods. Its shares are those while trials are few and
// when they are many.
type arm struct {
	name      string
	few, many float64
	suggest.Suggester
}

func newSuggester(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
	s := &suggester{few: int(v.Get(settings, "few").AsFloat()), trials: p.Trials}
	// The start is that of Gaussian processes: when others have turns, it is over.
	own := map[string]setting.Values{"forest": {"startup": value.Int(1)}, "bo": {}}
	if n := v.Get(settings, "startup"); !n.IsAbsent() {
		s.startup = int(n.AsFloat())
	}
	for _, name := range []string{"startup", "prior", "cooling"} {
		if x := v.Get(settings, name); !x.IsAbsent() {
			own["bo"][name] = x
		}
	}
	for _, l := range line(p.Objectives, v.Get(settings, "others").AsFloat()) {
		one, err := l.method.New(p, own[l.method.Name])
		if err != nil {
			return nil, err
		}
		s.arms = append(s.arms, arm{l.method.Name, l.few, l.many, suggest.Holding(one)})
	}
	return s, nil
}

// place is a method with its shares.
type place struct {
	method    suggest.Method
	few, many float64
}

// line returns the methods for a number of objectives. The first is that of
// the start and of forecasts; CMA-ES is behind the one that has its turns where
// it does not belong.
func line(objectives int, others float64) []place {
	if objectives > 1 {
		return []place{
			{bo.Method(), 1 - others, 0.1},
			{nsga.Method2(), 0, 0.7},
			{tpe.Method(), others, 0.2},
		}
	}
	return []place{
		{bo.Method(), 1 - others, 0.1},
		{forest.Method(), others / 2, 0},
		{tpe.Method(), others / 2, 0.5},
		{cmaes.Method(), 0, 0.4},
	}
}
