package rule

import (
	"math"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var thresholdSettings = []setting.Setting{
	{Name: "metric", Kind: setting.String, Doc: "the metric that is watched; default: the first objective's"},
	{Name: "lower", Kind: setting.Float, Doc: "a trial that reports less is pruned; default: no bound"},
	{Name: "upper", Kind: setting.Float, Doc: "a trial that reports more is pruned; default: no bound"},
	{Name: "finite", Kind: setting.Bool, Default: value.Bool(true), Doc: "a trial that reports NaN or an infinite number is pruned"},
	warmupSetting,
}

// Threshold returns the description of the rule that ends trials whose values
// leave given bounds.
func Threshold() schedule.Method {
	return schedule.Method{
		Name: "threshold", Version: "1", Settings: thresholdSettings,
		Doc: "Prunes a trial whose metric leaves given bounds or is not a finite number; against runs that have diverged.",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			r := &threshold{lower: math.Inf(-1), upper: math.Inf(1), warmup: v.Get(thresholdSettings, "warmup").AsFloat()}
			r.finite, _ = v.Get(thresholdSettings, "finite").AsBool()
			if name, ok := v.Get(thresholdSettings, "metric").AsString(); ok {
				r.metric = name
			} else if len(p.Objectives) > 0 {
				r.metric = p.Objectives[0].Metric
			}
			if x := v.Get(thresholdSettings, "lower"); !x.IsAbsent() {
				r.lower = x.AsFloat()
			}
			if x := v.Get(thresholdSettings, "upper"); !x.IsAbsent() {
				r.upper = x.AsFloat()
			}
			if r.lower > r.upper {
				return nil, study.Errorf(study.Invalid, "exchange them", "threshold: lower is %v and upper %v, so every value is outside", r.lower, r.upper)
			}
			return scheduler{r}, nil
		},
	}
}

type threshold struct {
	metric               string
	lower, upper, warmup float64
	finite               bool
}

func (r *threshold) prune(_ *study.History, t *study.Trial) bool {
	last := t.Reports[len(t.Reports)-1]
	x, ok := last.Values.Get(r.metric)
	switch {
	case !ok || last.Step < r.warmup:
		return false
	case math.IsNaN(x) || math.IsInf(x, 0):
		return r.finite
	}
	return x < r.lower || x > r.upper
}
