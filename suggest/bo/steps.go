package bo

import (
	"math"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/study"
)

// A trial that was stopped on the way, or is paused there, says something of
// where it would have got to. So in a study with a fidelity every trial is one
// row: with the loss at which it is expected to end (package foresight), and
// one more coordinate that says how much the step it got to tells of the end.
// What is predicted for the end is drawn to what was measured there, and to the
// rest as far as that told the order of those that went on (K. Swersky, J. Snoek
// and R. P. Adams, "Multi-task Bayesian optimization", NeurIPS 2013, learn such
// correlations with the process; a handful of trials are too few for that).

// stepScale is how far from the end, in coordinates, a step is whose losses
// have a correlation of e^(-1/2) with those there, and leastTold the least
// correlation that is told from none.
const (
	stepScale = 0.5
	leastTold = 1e-3
)

// Sizes as fitPoints and modelPoints, for studies with steps, in which the
// processes are made anew for every suggestion.
const (
	stepFitPoints   = 80
	stepModelPoints = 160
)

// modelsSteps reports whether the steps of h's trials are learned.
func modelsSteps(h *study.History) bool {
	f := h.Fidelity
	return f != nil && f.Max > f.Min && len(h.Objectives) == 1 && !f.Sampled()
}

// rungs returns the steps at which trials are compared.
func rungs(f study.Fidelity) []float64 {
	f.Min = math.Max(f.Min, f.Max/1e3)
	return foresight.Steps(f, foresight.Reduction)
}

// place is the coordinate of a step whose losses have the correlation told with
// those at the end: two points at the same values and at these places have
// about that correlation.
func place(told float64) float64 {
	return 1 - float64(stepScale*math.Sqrt(-2*math.Log(math.Max(told, leastTold))))
}

// replay is follow for studies with steps. What a trial is expected to end at
// changes with the others, so all rows are made anew when one has changed.
func (m *memory) replay(h *study.History) bool {
	news := false
	for range h.Changed(m.last) {
		news = true
		break
	}
	m.last = h
	if !news {
		return false
	}
	m.x, m.z, m.rows, m.sound, m.bad = m.x[:0], m.z[:0], m.rows[:0], 0, 0
	clear(m.tried)
	clear(m.first)
	clear(m.more)
	f := foresight.New(h, rungs(*h.Fidelity))
	for t := range h.All() {
		if t.State.Ended() {
			m.learn(t, h.Objectives)
		}
		if at := f.Trial(t.Number); t.State != study.Complete && !t.Estimated && at.Rung >= 0 {
			m.add(t, row{number: t.Number, loss: []float64{at.Mean}, partial: true})
			m.z[len(m.z)-1] = place(f.Told(at.Rung))
		}
	}
	return true
}
