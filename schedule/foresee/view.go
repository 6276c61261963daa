package foresee

import (
	"math"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/num/special"
	"github.com/afina-hpo/afina/study"
)

// view is what a decision looks at.
type view struct {
	started int
	// begun is the steps of the rungs that trials began with, paid all steps that
	// were or are being made, whole how many trials go or went to the end.
	begun, paid float64
	whole       int
	waiting     []waiting // in order of number
	leader      int       // the one of those that wait that is expected to end best, as an index; -1: none
	lead        float64   // its expected loss
	running     float64   // the least of those that run

	first         int     // the trial that is expected to end best, wherever it is
	least, second float64 // its expected loss, and that of the next
	end           float64 // the least of those that are at the end, or on the way there
}

// waiting is a paused trial that could go on to a rung.
type waiting struct {
	trial, to int
	at        foresight.Standing
}

func (s *scheduler) look(h *study.History) *view {
	inf := math.Inf(1)
	v := &view{leader: -1, lead: inf, running: inf, first: -1, least: inf, second: inf, end: inf}
	for t := range h.All() {
		v.started++
		if t.Bracket > 0 {
			v.begun += s.steps[min(t.Bracket-1, s.top())]
		}
		busy := !t.State.Ended() && t.State != study.Paused
		whole := t.Until == 0 || t.Until >= s.steps[s.top()]
		v.paid += s.cost(t, busy)
		if whole {
			v.whole++
		}
		at := s.model.Trial(t.Number)
		if at.Rung < 0 {
			continue
		}
		switch {
		case at.Mean < v.least:
			v.first, v.least, v.second = t.Number, at.Mean, v.least
		case at.Mean < v.second:
			v.second = at.Mean
		}
		if at.Rung == s.top() || whole && busy {
			v.end = math.Min(v.end, at.Mean)
		}
		if to := s.above(t); t.State == study.Paused && t.Bracket > 0 && to <= s.top() {
			w := waiting{t.Number, to, at}
			if at.Mean < v.lead || at.Mean == v.lead && w.before(v.waiting[v.leader]) {
				v.leader, v.lead = len(v.waiting), at.Mean
			}
			v.waiting = append(v.waiting, w)
		} else if busy {
			v.running = math.Min(v.running, at.Mean)
		}
	}
	return v
}

// before reports whether w is on a higher rung than o, or on the same with less
// loss: what decides where the same is expected of both.
func (w waiting) before(o waiting) bool {
	return w.at.Rung > o.at.Rung || w.at.Rung == o.at.Rung && w.at.Loss() < o.at.Loss()
}

// cost returns the steps that t has made, or will have when it comes as far as
// it may.
func (s *scheduler) cost(t *study.Trial, busy bool) float64 {
	until := 0.0
	if busy {
		if until = t.Until; until == 0 {
			until = s.steps[s.top()]
		}
	}
	if s.resume {
		return max(t.LastStep(), until)
	}
	return max(t.Paid(), until)
}

// ahead reports whether one that waits is expected to end better than all that
// are at the end or on the way there.
func (v *view) ahead() bool { return v.lead < v.end }

// worth returns the one of those that wait of which to know more is worth
// most for its steps.
func (s *scheduler) worth(v *view) waiting {
	best, most := 0, math.Inf(-1)
	for i, w := range v.waiting {
		gap := w.at.Mean - v.least
		if w.trial == v.first {
			gap = v.second - v.least
		}
		g := 0.0
		for k := w.to; k <= s.top(); k++ {
			cost := s.steps[k]
			if s.resume {
				cost -= s.steps[w.to-1]
			}
			g = math.Max(g, gain(gap, s.model.Learned(w.at.Rung, k))/cost)
		}
		if g > most || g == most && w.before(v.waiting[best]) {
			best, most = i, g
		}
	}
	return v.waiting[best]
}

// ranked returns the best of the highest rung on which one that waits is in the
// top part; false where there is none. This is the rule of ASHA.
func (s *scheduler) ranked(v *view) (waiting, bool) {
	best := make([]*waiting, len(s.steps)) // of each rung
	for i := range v.waiting {
		if w := &v.waiting[i]; best[w.at.Rung] == nil || w.before(*best[w.at.Rung]) {
			best[w.at.Rung] = w
		}
	}
	for k := s.top(); k >= 0; k-- {
		w := best[k]
		if w == nil {
			continue
		}
		ahead, all := 0, 0
		for n := range s.model.Len() {
			loss, reached := s.model.Trial(n).On(k)
			if !reached {
				continue
			}
			all++
			if loss < w.at.Loss() || loss == w.at.Loss() && n < w.trial {
				ahead++
			}
		}
		if ahead < int(float64(all)/s.reduction+1e-9) {
			return *w, true
		}
	}
	return waiting{}, false
}

// gain returns by how much two that are gap apart are expected to change
// places, if what becomes known of one has the standard deviation sd.
func gain(gap, sd float64) float64 {
	if !(sd > 0) || math.IsInf(gap, 1) {
		return 0
	}
	return sd * special.Exp(special.LogEI(-gap/sd))
}
