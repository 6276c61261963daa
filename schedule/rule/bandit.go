package rule

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/internal/rung"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var banditSettings = []setting.Setting{
	{Name: "slack_factor", Kind: setting.Float, Min: 0, Max: 1e9,
		Doc: "a trial may be behind the best at its step by this part: worth best/(1+slack_factor) of what is maximized, or best·(1+slack_factor) of what is minimized; default: 0.2 without slack_amount"},
	{Name: "slack_amount", Kind: setting.Float, Min: 0, Max: 1e300,
		Doc: "a trial may be behind the best at its step by so much; not with slack_factor"},
	intervalSetting,
	delaySetting,
}

var (
	intervalSetting = setting.Setting{Name: "evaluation_interval", Kind: setting.Float, Default: value.Float(1), Min: 1e-9, Max: 1e15,
		Doc: "trials are judged at every multiple of so many steps"}
	delaySetting = setting.Setting{Name: "delay_evaluation", Kind: setting.Float, Default: value.Float(0), Min: 0, Max: 1e15,
		Doc: "nothing is pruned before this step"}
)

// Bandit returns the description of Azure's bandit policy.
func Bandit() schedule.Method {
	return schedule.Method{
		Name: "bandit", Version: "1", Settings: banditSettings,
		Doc: "Prunes a trial that is behind the best at the same step by more than a slack (Azure's bandit policy).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			if err := one("bandit", p); err != nil {
				return nil, err
			}
			factor, amount := v.Get(banditSettings, "slack_factor"), v.Get(banditSettings, "slack_amount")
			r := &bandit{
				interval: v.Get(banditSettings, "evaluation_interval").AsFloat(),
				delay:    v.Get(banditSettings, "delay_evaluation").AsFloat(),
			}
			switch {
			case !factor.IsAbsent() && !amount.IsAbsent():
				return nil, study.Errorf(study.Invalid, "keep one of them", "bandit: slack_factor and slack_amount say the same in two ways")
			case !amount.IsAbsent():
				r.amount = amount.AsFloat()
			case !factor.IsAbsent():
				r.factor = factor.AsFloat()
			default:
				r.factor = 0.2
			}
			return scheduler{r}, nil
		},
	}
}

type bandit struct {
	factor, amount  float64
	interval, delay float64
	best            envelope
}

func (r *bandit) prune(h *study.History, t *study.Trial) bool {
	step := t.LastStep()
	if step < r.delay || !due(t.Reports, r.interval) {
		return false
	}
	own := least(losses(h.Objectives[0], t.Reports))
	r.best.update(h)
	best, ok := r.best.at(step)
	return ok && !(own <= r.bound(best))
}

// bound returns the worst loss that a trial may have while the best is best.
func (r *bandit) bound(best float64) float64 {
	if best < 0 { // of a metric above 0 that is maximized
		return best/(1+r.factor) + r.amount
	}
	return float64(best*(1+r.factor)) + r.amount
}

// due reports whether the last of some reports is the first at or after a
// multiple of interval.
func due(reports []study.Report, interval float64) bool {
	n := len(reports) - 1
	at := math.Floor(reports[n].Step / interval)
	return at > 0 && (n == 0 || math.Floor(reports[n-1].Step/interval) < at)
}

// envelope is the best loss that any trial had up to each step.
type envelope struct {
	last   *study.History
	seen   []*study.Trial // by number, as they were counted
	points []point        // steps ascend, losses descend
}

type point struct{ step, loss float64 }

// update follows the study to h. Only what is new is looked at, unless a trial
// reported a step again.
func (e *envelope) update(h *study.History) {
	if h == e.last {
		return
	}
	if !h.Continues(e.last) {
		*e = envelope{}
	}
	o := h.Objectives[0]
	for t := range h.Changed(e.last) {
		for len(e.seen) <= t.Number {
			e.seen = append(e.seen, nil)
		}
		from := 0
		if old := e.seen[t.Number]; old != nil {
			if !rung.Extends(t.Reports, old.Reports) && !prefix(old.Reports, t.Reports) {
				*e = envelope{}
				e.update(h)
				return
			}
			from = len(old.Reports)
		}
		e.seen[t.Number] = t
		for _, r := range t.Reports[from:] {
			if x, ok := r.Values.Get(o.Metric); ok && !math.IsNaN(x) && !math.IsInf(x, 0) {
				e.add(point{r.Step, o.Loss(x)})
			}
		}
	}
	e.last = h
}

// prefix reports whether now begins with the reports of old.
func prefix(old, now []study.Report) bool {
	return len(old) <= len(now) && slices.EqualFunc(old, now[:len(old)], func(a, b study.Report) bool {
		return a.Step == b.Step && slices.EqualFunc(a.Values, b.Values, func(x, y study.Metric) bool {
			return x.Name == y.Name && (x.Value == y.Value || x.Value != x.Value && y.Value != y.Value)
		})
	})
}

func (e *envelope) add(p point) {
	i, found := slices.BinarySearchFunc(e.points, p.step, func(q point, s float64) int {
		switch {
		case q.step < s:
			return -1
		case q.step > s:
			return 1
		}
		return 0
	})
	if i > 0 && e.points[i-1].loss <= p.loss || found && e.points[i].loss <= p.loss {
		return
	}
	j := i
	for j < len(e.points) && e.points[j].loss >= p.loss {
		j++
	}
	e.points = slices.Replace(e.points, i, j, p)
}

// at returns the best loss up to step.
func (e *envelope) at(step float64) (float64, bool) {
	i, _ := slices.BinarySearchFunc(e.points, step, func(q point, s float64) int {
		if q.step <= s {
			return -1
		}
		return 1
	})
	if i == 0 {
		return 0, false
	}
	return e.points[i-1].loss, true
}
