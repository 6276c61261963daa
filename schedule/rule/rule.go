package rule

import (
	"math"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// judge is what a stop rule is: at every report it says whether to prune.
type judge interface {
	prune(h *study.History, t *study.Trial) bool
}

// scheduler makes a scheduler of a rule.
type scheduler struct{ judge }

// Next always starts a new trial.
func (scheduler) Next(*study.History) schedule.Order {
	return schedule.Order{Action: schedule.Start, CopyFrom: -1}
}

// Judge asks the rule, except about a trial that is at its end anyway.
func (s scheduler) Judge(h *study.History, t *study.Trial) study.Verdict {
	if len(t.Reports) == 0 || h.Fidelity != nil && h.Fidelity.Max > 0 && t.LastStep() >= h.Fidelity.Max || !s.prune(h, t) {
		return study.VerdictContinue
	}
	return study.VerdictPrune
}

// one refuses studies of several objectives.
func one(name string, p schedule.Problem) error {
	if n := len(p.Objectives); n != 1 {
		return study.Errorf(study.Invalid, "use the scheduler asha or median, or one objective with the others as outcome constraints",
			"%s compares trials by one objective, and the study has %d", name, n)
	}
	return nil
}

var warmupSetting = setting.Setting{Name: "warmup", Kind: setting.Float, Default: value.Float(0), Min: 0, Max: 1e15,
	Doc: "nothing is pruned before this step"}

// losses returns what was reported of an objective, turned so that smaller is
// better; reports without it are left out.
func losses(o study.Objective, reports []study.Report) []float64 {
	out := make([]float64, 0, len(reports))
	for _, r := range reports {
		if x, ok := r.Values.Get(o.Metric); ok {
			out = append(out, o.Loss(x))
		}
	}
	return out
}

// least returns the smallest of xs that is a number, NaN where none is.
func least(xs []float64) float64 {
	best := math.NaN()
	for _, x := range xs {
		if !(x >= best) && !math.IsNaN(x) {
			best = x
		}
	}
	return best
}
