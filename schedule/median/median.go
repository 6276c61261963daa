// Package median prunes a trial that is worse than half of the others were at
// the same step.
//
// It is the scheduler for trials that report a curve and cannot be paused: it
// needs no checkpoints and knows nothing of resources. It is not a way to
// spread a budget over many more trials; asha and hyperband do that.
//
// # The rule
//
// At a report at step s, the trial's best value so far is compared with a
// percentile (50: the median) over the ended trials of their best value up to
// s; if it is strictly worse, the trial is pruned. Two published rules have
// been its models. Vizier's median stopping rule (D. Golovin et al., "Google
// Vizier: a service for black-box optimization", KDD 2017, section 3.2.2)
// compares the trial's best value with the median of the others' running
// averages up to s. Optuna's percentile pruner compares the best value with
// the others' values reported at exactly s. Where they differ, this one
// decides as follows.
//
// Best against best. A running average still holds the bad first steps, so the
// later the step the lower the bar that it sets for falling losses; single
// values at s are noisy, and the best of many is seldom worse than half of
// them. Best so far on both sides compares like with like: a trial that is
// exchangeable with the others is worse at a given step with the probability
// that the percentile says. The setting against: mean gives Vizier's rule.
//
// Steps need not match. Another trial's value is the one it had at s, from its
// nearest report that is not later.
//
// Complete and pruned trials count, from their first report on and for ever: a
// trial that was pruned before s keeps the value it had, as in Amazon
// SageMaker's rule. It has to stay, because otherwise only survivors would be
// left to compare with, and the median of survivors of survivors prunes half
// of what is left at every step: in a simulation with 20 steps nine trials of
// ten instead of one of two. The price is mildness: what a pruned trial would
// have become by s is at least as good as what it keeps.
//
// Values that are not a number are passed over while a trial has others; one
// that has only such values up to s counts as the worst possible. A trial under
// judgement that has reported nothing else is pruned after the warm-up, however
// few trials there are to compare with. A trial at the last step of the study's
// fidelity is left alone, since ending it would save nothing.
//
// With several objectives trials are compared by what the study makes of their
// reports up to s, and the order is that of fronts, and of what each adds to
// its front: a trial goes on while it is among the best part in that order. The
// setting against has no part in it.
//
// The one idea of the implementation: the percentile at s is asked for again
// and again while few trials end in between, so for every step that was ever
// asked for there is a sorted list of the others' values, to which each ended
// trial is added once.
package median

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var settings = []setting.Setting{
	{Name: "percentile", Kind: setting.Float, Default: value.Float(50), Min: 0, Max: 100,
		Doc: "a trial goes on while it is among this best part of the others, in percent"},
	{Name: "warmup", Kind: setting.Float, Default: value.Float(0), Min: 0, Max: 1e15,
		Doc: "nothing is pruned before this step"},
	{Name: "min_trials", Kind: setting.Int, Default: value.Int(5), Min: 1, Max: 1_000_000,
		Doc: "how many ended trials must have a value at the step before it is judged"},
	{Name: "interval", Kind: setting.Float, Default: value.Float(0), Min: 0, Max: 1e15,
		Doc: "of the reports within so many steps, counted from the warm-up, only the first is judged; 0: every report"},
	{Name: "against", Kind: setting.String, Default: value.String("best"), Options: []string{"best", "mean"},
		Doc: "what the others are measured by: their best value up to the step, or their mean up to it (Vizier's rule)"},
}

// Method returns the description of the median rule.
func Method() schedule.Method {
	return schedule.Method{
		Name:     "median",
		Version:  "1",
		Doc:      "Prunes a trial whose best value is worse than the median of the others at the same step; for curves without checkpoints (Golovin et al. 2017).",
		Settings: settings,
		New: func(_ schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			return newScheduler(settings, v)
		},
	}
}

// Percentile returns the description of the same rule for a part other than
// half.
func Percentile() schedule.Method {
	m := Method()
	m.Name = "percentile"
	m.Doc = "Prunes a trial whose best value is not among the best part of the others at the same step, a quarter unless it is set."
	m.Settings = slices.Clone(settings)
	for i := range m.Settings {
		if m.Settings[i].Name == "percentile" {
			m.Settings[i].Default = value.Float(25)
		}
	}
	list := m.Settings
	m.New = func(_ schedule.Problem, v setting.Values) (schedule.Scheduler, error) { return newScheduler(list, v) }
	return m
}

func newScheduler(settings []setting.Setting, v setting.Values) (schedule.Scheduler, error) {
	minTrials, _ := v.Get(settings, "min_trials").AsInt()
	against, _ := v.Get(settings, "against").AsString()
	return &scheduler{
		percentile: v.Get(settings, "percentile").AsFloat(),
		warmup:     v.Get(settings, "warmup").AsFloat(),
		interval:   v.Get(settings, "interval").AsFloat(),
		minTrials:  int(minTrials),
		table:      table{mean: against == "mean"},
	}, nil
}

type scheduler struct {
	percentile, warmup, interval float64
	minTrials                    int
	table                        table
}

// Next always starts a new trial.
func (s *scheduler) Next(*study.History) schedule.Order {
	return schedule.Order{Action: schedule.Start, CopyFrom: -1}
}

// Judge prunes t where the rule of the package says so. With one objective a
// judgement at a step
// that was judged before takes time in proportion to t's reports; each ended
// trial is paid for once, in proportion to its reports and the steps judged.
func (s *scheduler) Judge(h *study.History, t *study.Trial) study.Verdict {
	o := h.Objectives[0]
	best, step, prev, ok := newest(o, t.Reports)
	switch {
	case !ok || step < s.warmup:
		return study.VerdictContinue
	case s.interval > 0 && prev >= s.warmup && s.slot(prev) == s.slot(step):
		return study.VerdictContinue
	case h.Fidelity != nil && h.Fidelity.Max > 0 && step >= h.Fidelity.Max:
		return study.VerdictContinue
	case math.IsNaN(best):
		return study.VerdictPrune
	}
	if len(h.Objectives) > 1 {
		if s.behind(h, t, step) {
			return study.VerdictPrune
		}
		return study.VerdictContinue
	}
	others := s.table.at(h, step)
	if len(others) < s.minTrials {
		return study.VerdictContinue
	}
	if best > percentile(others, s.percentile) {
		return study.VerdictPrune
	}
	return study.VerdictContinue
}

func (s *scheduler) slot(step float64) float64 { return math.Floor((step - s.warmup) / s.interval) }

// newest returns the best loss of the reports that have the objective's
// metric, NaN where all are, the step of the last of them, and of the one
// before it (-Inf where there is none).
func newest(o study.Objective, reports []study.Report) (best, step, prev float64, ok bool) {
	best, step, prev = math.NaN(), math.Inf(-1), math.Inf(-1)
	for _, r := range reports {
		x, has := r.Values.Get(o.Metric)
		if !has {
			continue
		}
		prev, step, ok = step, r.Step, true
		if x = o.Loss(x); !(x >= best) && !math.IsNaN(x) {
			best = x
		}
	}
	return best, step, prev, ok
}

// percentile returns the p-th percentile of sorted, which is not empty, with
// linear interpolation between neighbours, as NumPy does by default.
func percentile(sorted []float64, p float64) float64 {
	at := p / 100 * float64(len(sorted)-1)
	k := int(at)
	if k >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	a, b, f := sorted[k], sorted[k+1], at-float64(k)
	switch {
	case f == 0 || a == b:
		return a
	case math.IsInf(a, -1) && math.IsInf(b, 1):
		return b // no middle: let the trial live
	}
	// Written so that infinite neighbours and huge differences give no NaN; the
	// conversions keep compilers from fusing the operations, which would give
	// other bits on other platforms.
	return float64(a*(1-f)) + float64(b*f)
}
