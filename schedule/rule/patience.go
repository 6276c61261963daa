package rule

import (
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/median"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var patienceSettings = []setting.Setting{
	{Name: "reports", Kind: setting.Int, Default: value.Int(5), Min: 0, Max: 1_000_000,
		Doc: "a trial may go so many reports after one without an improvement on what it had before"},
	{Name: "min_delta", Kind: setting.Float, Default: value.Float(0), Min: 0, Max: 1e300,
		Doc: "how much better than before is an improvement"},
	{Name: "then", Kind: setting.String, Default: value.String("prune"), Options: []string{"prune", "median", "bandit", "truncation"},
		Doc: "what happens then: prune it, or ask this rule with its default settings"},
	warmupSetting,
}

// Patience returns the description of the rule that ends trials that have
// stopped to improve.
func Patience() schedule.Method {
	return schedule.Method{
		Name: "patience", Version: "1", Settings: patienceSettings,
		Doc: "Prunes a trial that has not improved on itself for a number of reports; or lets another rule judge only those (Optuna's PatientPruner).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			if err := one("patience", p); err != nil {
				return nil, err
			}
			n, _ := v.Get(patienceSettings, "reports").AsInt()
			r := &patience{reports: int(n), delta: v.Get(patienceSettings, "min_delta").AsFloat(), warmup: v.Get(patienceSettings, "warmup").AsFloat()}
			var err error
			switch then, _ := v.Get(patienceSettings, "then").AsString(); then {
			case "median":
				r.then, err = median.Method().New(p, nil)
			case "bandit":
				r.then, err = Bandit().New(p, nil)
			case "truncation":
				r.then, err = Truncation().New(p, nil)
			}
			return scheduler{r}, err
		},
	}
}

type patience struct {
	reports       int
	delta, warmup float64
	then          schedule.Scheduler // nil: prune
}

func (r *patience) prune(h *study.History, t *study.Trial) bool {
	xs := losses(h.Objectives[0], t.Reports)
	split := len(xs) - r.reports - 1
	if split <= 0 || t.LastStep() < r.warmup {
		return false
	}
	if !(least(xs[:split])+r.delta < least(xs[split:])) {
		return false
	}
	return r.then == nil || r.then.Judge(h, t) == study.VerdictPrune
}
