package analyze

import "github.com/afina-hpo/afina/study"

// Spending is what a study has spent of the resource that steps count, beside
// what it would have spent had every trial that was started been trained to
// the end.
type Spending struct {
	// Paid is the units that all attempts have used; see [study.Trial.Paid].
	Paid float64 `json:"paid"`
	// Full is the number of trials that were started times the steps of a whole
	// training; 0 where that is not known, or says nothing because trials are
	// copies that go on where others were left.
	Full float64 `json:"full,omitempty"`
	// Saved is the part of Full that was not spent; below 0 where trials that
	// started over cost more than pruning saved.
	Saved float64 `json:"saved,omitempty"`
}

// Spent returns what the trials of h have spent, and false where none has
// reported a step. A whole training has the steps of the study's fidelity, or
// where it has none as many as the longest complete trial.
func Spent(h *study.History) (Spending, bool) {
	var s Spending
	started, copies, last := 0, false, 0.0
	for t := range h.All() {
		s.Paid += t.Paid()
		if len(t.Attempts) > 0 && (t.Paid() > 0 || t.State != study.Failed) {
			started++
		}
		copies = copies || t.Copy != nil
		if t.State == study.Complete {
			last = max(last, t.LastStep())
		}
	}
	if h.Fidelity != nil {
		last = h.Fidelity.Max
	}
	if !copies && last > 0 {
		s.Full = float64(started) * last
		s.Saved = 1 - s.Paid/s.Full
	}
	return s, s.Paid > 0
}
