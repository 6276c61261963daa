package analyze

import (
	"math"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/study"
)

// Forecast is the trial that is expected to end best.
type Forecast struct {
	Trial *study.Trial
	// Expected is the value of the first objective that it is expected to end
	// with, SD how far off that usually is; 0 for a trial that is at the end.
	Expected, SD float64
}

// Foreseen returns the trial with the best expected value at the end, trials
// that are paused, pruned or running on the way included: they are carried to
// the end by what those that went on have shown, see package foresight. It is
// false where there are several objectives or no fidelity, and while no trial
// has reported a finite value. The value of a trial that did badly is compressed
// and says only that it did. The time is O(n log n) in the number of trials.
func Foreseen(h *study.History) (Forecast, bool) {
	if !foresight.Usable(h.Objectives, h.Fidelity) {
		return Forecast{}, false
	}
	m := foresight.New(h, foresight.Steps(*h.Fidelity, foresight.Reduction))
	best := m.Best()
	if best < 0 {
		return Forecast{}, false
	}
	s := m.Trial(best)
	f := Forecast{h.Trial(best), h.Objectives[0].Loss(s.Mean), s.SD}
	if math.IsNaN(f.Expected) || math.IsInf(f.Expected, 0) {
		return Forecast{}, false
	}
	return f, true
}
