package suggest

import (
	"context"

	"github.com/afina-hpo/afina/study"
)

// Outlook is what a method expects of going on with a study of one objective,
// in that objective's units. All of it is 0 or above, whatever the goal.
type Outlook struct {
	// Gain is the expected improvement of the configuration that promises
	// most, over the incumbent as the method believes it to be.
	Gain float64
	// Regret bounds how much better than the incumbent any configuration can
	// be: the most optimistic belief of the whole space against the most
	// cautious one of what was tried (Makarova et al. 2022, Automatic
	// Termination for Hyperparameter Optimization). +Inf: no bound is known.
	Regret float64
	// Noise is the standard deviation of what measuring the incumbent once
	// more would give: differences below it mean nothing. A method that finds
	// none gives the smallest difference that its model can tell.
	Noise float64
}

// Forecaster is implemented by suggesters that can say whether going on is
// worth it. The stop rules of improvement and regret ask them.
type Forecaster interface {
	// Forecast is called right after Suggest has answered r, so a method may
	// use what it found on the way. It is false where there is no belief yet,
	// or ctx has ended. Like Suggest it is pure, whether Suggest was called
	// before or not, and called by one goroutine at a time.
	Forecast(ctx context.Context, r Request) (Outlook, bool)
}

// CheckStop returns an error where a stop rule of def needs a forecast that s
// cannot give.
func CheckStop(def *study.Definition, s Suggester) error {
	rule := ""
	switch {
	case def.Stop.Improvement > 0:
		rule = "improvement"
	case def.Stop.Regret != nil:
		rule = "regret"
	default:
		return nil
	}
	if len(def.Objectives) > 1 {
		return study.Errorf(study.Invalid, "use no_improvement instead", "the stop rule %s is for one objective, and there are %d", rule, len(def.Objectives))
	}
	if _, ok := s.(Forecaster); !ok {
		return study.Errorf(study.Invalid, "choose an algorithm that models the objective, or use no_improvement",
			"the stop rule %s needs to know what more trials would gain, and the search algorithm %s cannot say", rule, def.Search.Name)
	}
	return nil
}
