package rule

import (
	"math"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/internal/rung"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var truncationSettings = []setting.Setting{
	{Name: "truncation_percentage", Kind: setting.Float, Default: value.Float(20), Min: 0, Max: 100,
		Doc: "the worst part of the trials that is pruned at every evaluation, in percent"},
	{Name: "min_trials", Kind: setting.Int, Default: value.Int(5), Min: 1, Max: 1_000_000,
		Doc: "how many trials must have come to the step before one is judged there"},
	intervalSetting,
	delaySetting,
}

// Truncation returns the description of Azure's truncation policy.
func Truncation() schedule.Method {
	return schedule.Method{
		Name: "truncation", Version: "1", Settings: truncationSettings,
		Doc: "Prunes the worst part of the trials at regular steps (Azure's truncation selection policy).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			n, _ := v.Get(truncationSettings, "min_trials").AsInt()
			delay, interval := v.Get(truncationSettings, "delay_evaluation").AsFloat(), v.Get(truncationSettings, "evaluation_interval").AsFloat()
			first := math.Max(1, math.Ceil(delay/interval))
			step := func(k int) float64 {
				if k >= maxEvaluations {
					return math.Inf(1)
				}
				return (first + float64(k)) * interval
			}
			return scheduler{&truncation{
				part: v.Get(truncationSettings, "truncation_percentage").AsFloat() / 100, min: int(n),
				step: step, table: rung.NewTable(step),
			}}, nil
		},
	}
}

// maxEvaluations bounds how often a trial is judged, and with it the memory
// that an interval far below the distance of reports would take.
const maxEvaluations = 10_000

type truncation struct {
	part  float64
	min   int
	step  func(k int) float64
	table *rung.Table
}

func (r *truncation) prune(h *study.History, t *study.Trial) bool {
	r.table.Update(h, nil, nil, nil)
	k := r.table.Top(t.Number)
	if k < 0 || len(t.Reports) > 1 && t.Reports[len(t.Reports)-2].Step >= r.step(k) {
		return false
	}
	n := r.table.Len(k)
	return n >= r.min && r.table.Position(k, t.Number) >= n-int(float64(float64(n)*r.part)+1e-9)
}
