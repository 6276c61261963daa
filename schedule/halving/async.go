package halving

import (
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
)

// async is asynchronous successive halving: no trial waits for others, except
// for enough of them to be compared with.
type async struct {
	o      options
	table  *table
	shares []float64 // in what proportion trials start in each bracket
	// capped is PASHA: trials go beyond a rung only once its ranking is seen
	// to be in doubt.
	capped bool
}

// Next promotes the best paused trial that is in the top part of the highest
// rung, else starts one. O(log n) for one objective.
func (s *async) Next(h *study.History) schedule.Order { return s.next(h, s.o.spent(h)) }

// Close is Next for a study to which no trials are added.
func (s *async) Close(h *study.History) schedule.Order { return s.next(h, true) }

func (s *async) next(h *study.History, closed bool) schedule.Order {
	s.table.update(h)
	last := len(s.table.steps) - 1
	if s.capped {
		last = s.cap(h)
	}
	for k := last - 1; k >= 0; k-- {
		c := s.table.cell(0, k)
		if len(c.waiting) == 0 {
			continue
		}
		if n := s.table.best(c, k); s.table.Position(k, n) < s.quota(k) {
			return s.promote(h, n, s.target(k+1))
		}
	}
	if n := s.champion(); closed && n >= 0 {
		return s.promote(h, n, len(s.table.steps)-1)
	}
	b := s.bracket()
	return schedule.Order{Action: schedule.Start, CopyFrom: -1, Until: s.table.steps[s.target(b)], Bracket: b + 1}
}

// quota returns how many of those that have reached rung k belong to its top.
func (s *async) quota(k int) int {
	return int(float64(s.table.Len(k))/s.o.reduction + 1e-9)
}

// ripe reports whether enough have reached rung k for one to be in its top.
func (s *async) ripe(k int) bool { return s.quota(k) > 0 }

// target returns the rung that a trial is sent to that has earned to reach at
// least rung k: k itself where it will pause, else the first at which too few
// others have been for it to be judged.
func (s *async) target(k int) int {
	last := len(s.table.steps) - 1
	for !s.o.pause && k < last && s.ripe(k) {
		k++
	}
	return k
}

func (s *async) promote(h *study.History, n, k int) schedule.Order {
	return schedule.Order{Action: schedule.Resume, Trial: n, CopyFrom: -1,
		From: s.o.from(h.Trial(n)), Until: s.table.steps[k], Bracket: h.Trial(n).Bracket}
}

// bracket returns the bracket that is most behind its share of trials; its
// trials go up to rung number bracket without being judged.
func (s *async) bracket() int {
	best, least := 0, 0.0
	for b, share := range s.shares {
		n := 0
		if b+1 < len(s.table.started) {
			n = s.table.started[b+1]
		}
		if due := float64(n+1) / share; b == 0 || due < least {
			best, least = b, due
		}
	}
	return best
}

// champion returns the best trial so far where nothing goes on although no
// trial has reached the end; else -1. Without it a small study would end with
// no trial that was trained to the end.
func (s *async) champion() int {
	last := len(s.table.steps) - 1
	if s.table.busy > 0 || s.table.Len(last) > 0 {
		return -1
	}
	for k := last - 1; k >= 0; k-- {
		if c := s.table.cell(0, k); len(c.waiting) > 0 {
			return s.table.best(c, k)
		}
	}
	return -1
}

// Judge pauses a trial that has come as far as it may, or prunes it where so
// many others are better that the study's budget of trials will never make
// room for it in the top. Where trials do not pause at every rung, it prunes
// one that is not in the top of a rung when it reaches it.
func (s *async) Judge(h *study.History, t *study.Trial) study.Verdict {
	s.table.update(h)
	k := s.table.Top(t.Number)
	if t.Bracket <= 0 || k < 0 || k == len(s.table.steps)-1 {
		return study.VerdictContinue
	}
	if !s.o.pause && k >= t.Bracket-1 && s.ripe(k) && arrives(h, t, s.table.steps[k]) &&
		s.table.Position(k, t.Number) >= s.quota(k) && !s.lastHope(h) {
		return study.VerdictPrune
	}
	v := pauseAtUntil(t)
	if v == study.VerdictPause && s.table.single && s.o.trials > 0 &&
		s.table.Position(k, t.Number) >= max(1, int(float64(s.o.trials)/s.o.reduction+1e-9)) {
		return study.VerdictPrune
	}
	return v
}

// lastHope reports whether the one trial that still runs is the only one that
// can get to the end: the budget of trials is used up, none is there, and none
// is paused. With one objective the best trial of a rung never was behind when
// it came, so there is another; fronts can change in a way that ends them all.
func (s *async) lastHope(h *study.History) bool {
	last := len(s.table.steps) - 1
	if !s.o.spent(h) || s.table.busy > 1 || s.table.Len(last) > 0 {
		return false
	}
	for k := range last {
		if len(s.table.cell(0, k).waiting) > 0 {
			return false
		}
	}
	return true
}

// pauseAtUntil is the verdict on a trial that may run up to a rung.
func pauseAtUntil(t *study.Trial) study.Verdict {
	if t.Until > 0 && t.LastStep() >= t.Until {
		return study.VerdictPause
	}
	return study.VerdictContinue
}

// arrives reports whether the last report of t is the first from a step on
// that has every objective. A program that prints its metrics one after the
// other is judged when they are all there.
func arrives(h *study.History, t *study.Trial, step float64) bool {
	has := func(r study.Report) bool {
		for _, o := range h.Objectives {
			if _, ok := r.Values.Get(o.Metric); !ok {
				return false
			}
		}
		return true
	}
	n := len(t.Reports) - 1
	if !has(t.Reports[n]) {
		return false
	}
	for i := n - 1; i >= 0 && t.Reports[i].Step >= step; i-- {
		if has(t.Reports[i]) {
			return false
		}
	}
	return true
}
