package curve

import (
	"math"
	"sort"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var settings = []setting.Setting{
	{Name: "chance", Kind: setting.Float, Default: value.Float(0.05), Min: 0, Max: 0.5,
		Doc: "a trial is pruned when the probability that it ends better than the best is below this, twice in a row"},
	{Name: "min_trials", Kind: setting.Int, Default: value.Int(5), Min: scaleCurves, Max: 1_000_000,
		Doc: "how many complete curves there must be before one is judged"},
	{Name: "keep", Kind: setting.Int, Default: value.Int(3), Min: 1, Max: 1_000_000,
		Doc: "a trial goes on while fewer than so many others were better at the same step"},
	{Name: "warmup", Kind: setting.Float, Doc: "nothing is pruned before this step; default: a tenth of the fidelity's max", Min: 0, Max: 1e15},
}

// Method returns the description of learning curve extrapolation.
func Method() schedule.Method {
	return schedule.Method{
		Name: "curve", Version: "1", Settings: settings,
		Doc: "Prunes a trial whose curve, continued to the end, will hardly beat the best; for smooth and costly curves (Domhan et al. 2015).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			if n := len(p.Objectives); n != 1 {
				return nil, study.Errorf(study.Invalid, "use the scheduler asha or median, or one objective with the others as outcome constraints",
					"curve continues the curve of one objective, and the study has %d", n)
			}
			if p.Fidelity == nil || !(p.Fidelity.Max > p.Fidelity.Min && p.Fidelity.Min > 0) {
				return nil, study.Errorf(study.Invalid, "add fidelity: { step: epoch, max: 81 } with the number of steps of a whole training (without a file --fidelity 81, in Go Fidelity(1, 81)), or use the schedule median",
					"curve continues curves to their end, and the study has no fidelity that says where it is")
			}
			trials, _ := v.Get(settings, "min_trials").AsInt()
			keep, _ := v.Get(settings, "keep").AsInt()
			warmup := 0.1 * p.Fidelity.Max
			if x := v.Get(settings, "warmup"); !x.IsAbsent() {
				warmup = x.AsFloat()
			}
			return &scheduler{chance: v.Get(settings, "chance").AsFloat(), trials: int(trials), keep: int(keep), warmup: warmup,
				pool: pool{max: p.Fidelity.Max, min: p.Fidelity.Min}}, nil
		},
	}
}

type scheduler struct {
	chance, warmup float64
	trials, keep   int
	pool           pool
}

// Next always starts a new trial.
func (s *scheduler) Next(*study.History) schedule.Order {
	return schedule.Order{Action: schedule.Start, CopyFrom: -1}
}

// Judge prunes t where the rule of the package says so. It takes up to a
// millisecond, and for each trial that has completed since the last call as
// much again.
func (s *scheduler) Judge(h *study.History, t *study.Trial) study.Verdict {
	o := h.Objectives[0]
	if step := t.LastStep(); step < s.warmup || step >= s.pool.max {
		return study.VerdictContinue
	}
	s.pool.update(h)
	rs := clean(o, t.Reports)
	if s.pool.count < max(s.trials, scaleCurves) || len(rs) <= minReports || rs[len(rs)-1].step < t.LastStep() ||
		s.pool.chance(rs) >= s.chance || s.pool.chance(rs[:len(rs)-1]) >= s.chance || s.leads(h, t) {
		return study.VerdictContinue
	}
	return study.VerdictPrune
}

// leads reports whether fewer than keep others were better than t at its step.
func (s *scheduler) leads(h *study.History, t *study.Trial) bool {
	o, step := h.Objectives[0], t.LastStep()
	own := bestUpTo(o, t, step)
	better := 0
	for other := range h.All() {
		if other.Number != t.Number && bestUpTo(o, other, step) < own {
			if better++; better >= s.keep {
				return false
			}
		}
	}
	return true
}

// bestUpTo returns the least loss that t had up to step, +Inf where it had
// none or has not got there.
func bestUpTo(o study.Objective, t *study.Trial, step float64) float64 {
	best := math.Inf(1)
	n := sort.Search(len(t.Reports), func(i int) bool { return t.Reports[i].Step > step })
	for _, r := range t.Reports[:n] {
		if x, ok := r.Values.Get(o.Metric); ok && o.Loss(x) < best {
			best = o.Loss(x)
		}
	}
	return best
}
