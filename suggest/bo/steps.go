package bo

import (
	"math"

	"github.com/afina-hpo/afina/study"
)

// A trial that was stopped on the way says something of where it would have
// got to. So in a study with a fidelity the process has one more coordinate,
// the step on a logarithmic scale, and learns from each trial at the last step
// it got to and at a third and a ninth of that, which is where schedulers look,
// too; it predicts at the last step of all (K. Swersky, J. Snoek and R. P.
// Adams, "Multi-task Bayesian optimization", NeurIPS 2013; A. Klein et al.,
// "Model-based asynchronous hyperparameter and neural architecture search",
// 2020).
const (
	stepRatio  = 3
	stepLevels = 3
)

// partial is the loss of a trial at a step on the way, at its place between
// the first step, 0, and the last, 1.
type partial struct{ place, loss float64 }

// modelsSteps reports whether the steps of h's trials are learned.
func modelsSteps(h *study.History) bool {
	f := h.Fidelity
	return f != nil && f.Max > f.Min && len(h.Objectives) == 1 && !f.Sampled()
}

// partials returns the losses of t at steps before the last of f, latest
// first.
func partials(t *study.Trial, o study.Objective, f *study.Fidelity) []partial {
	if t.State == study.Failed || t.State == study.Infeasible || !t.Feasible() {
		return nil
	}
	first := math.Max(f.Min, f.Max/1e4)
	if !(first > 0) {
		return nil
	}
	var out []partial
	reports := t.Reports
	level := f.Max
	if t.State == study.Complete {
		level = f.Max / stepRatio // its end has a row of its own
	}
	for range stepLevels {
		for len(reports) > 0 && (reports[len(reports)-1].Step > level || t.State == study.Complete && reports[len(reports)-1].Step >= f.Max) {
			reports = reports[:len(reports)-1]
		}
		if len(reports) == 0 {
			break
		}
		step := reports[len(reports)-1].Step
		if v, ok := o.Value(reports); ok && !math.IsNaN(v) && !math.IsInf(v, 0) && step > 0 {
			place := math.Log(step/first) / math.Log(f.Max/first)
			out = append(out, partial{math.Min(math.Max(place, 0), 1), o.Loss(v)})
		}
		level = step / stepRatio
		if t.State == study.Complete && len(out) == stepLevels-1 {
			break
		}
	}
	return out
}
