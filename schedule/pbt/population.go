package pbt

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
)

type population struct {
	size, trials     int
	last, interval   float64
	quantile, quorum float64
	seed             uint64
	objective        study.Objective
	explore          Explore

	table table
}

// Judge pauses a trial that has come as far as it may, unless that is its end.
func (s *population) Judge(_ *study.History, t *study.Trial) study.Verdict {
	if t.Until > 0 && t.LastStep() >= t.Until && t.LastStep() < s.last {
		return study.VerdictPause
	}
	return study.VerdictContinue
}

// Next starts members while there are too few, and then goes on with the one
// that is furthest behind among those that may. The time is proportional to
// the size of the population.
func (s *population) Next(h *study.History) schedule.Order {
	s.follow(h)
	members := s.table.members
	for m, t := range members {
		if t == nil {
			return schedule.Order{Until: s.after(0), Bracket: m, CopyFrom: -1}
		}
	}
	busy := false
	ready := func(t *study.Trial) bool {
		switch t.State {
		case study.Running, study.Queued:
			busy = true
			return false
		}
		return t.State != study.Complete && t.Until < s.last
	}
	for at := 0.0; ; {
		behind := math.Inf(1) // the first step behind at at which somebody is ready
		for _, t := range members {
			if ready(t) && t.Until > at {
				behind = math.Min(behind, t.Until)
			}
		}
		if at = behind; math.IsInf(at, 1) || !s.enough(h, at) {
			break // who has come further has no more company
		}
		field := s.field(h, at)
		for _, t := range members {
			if len(field) == 0 || t.Until != at || !ready(t) {
				continue
			}
			if o := s.on(h, field, t); o.From < s.last {
				return o
			}
		}
	}
	if busy {
		return schedule.Order{Action: schedule.Wait}
	}
	return schedule.Order{Action: schedule.Done}
}

// on says how the member whose present trial is t goes on, given how the field
// stands where it is.
func (s *population) on(h *study.History, field []standing, t *study.Trial) schedule.Order {
	part := int(s.quantile * float64(len(field)))
	if s.quantile > 0 && len(field) > 1 {
		part = max(part, 1)
	}
	i := slices.IndexFunc(field, func(x standing) bool { return x.trial == t.Number })
	alive := t.State == study.Paused && i >= 0
	// A study that may make no more trials goes on with those it has.
	full := s.trials > 0 && h.Len()-s.table.cancelled >= s.trials
	next := schedule.Order{Until: s.after(t.Until), Bracket: t.Bracket, CopyFrom: -1}
	if full && !alive {
		next.From = s.last
		return next
	}
	if alive && (full || i < len(field)-part || field[i].loss <= field[max(0, part-1)].loss) {
		next.Action, next.Trial, next.From = schedule.Resume, t.Number, field[i].step
		return s.beyond(next)
	}
	r := study.Stream(s.seed, h.Len(), purpose+":copy")
	best := field[r.IntN(max(1, part))]
	next.CopyFrom, next.From = best.trial, best.step
	next.Config = s.explore(h, h.Trial(best.trial), best.step, h.Len())
	return s.beyond(next)
}

// beyond moves the end of an order that begins where it would end already,
// because a program's reports are further apart than the comparisons.
func (s *population) beyond(o schedule.Order) schedule.Order {
	for o.Until <= o.From && o.Until < s.last {
		o.Until = s.after(o.Until)
	}
	return o
}

// after returns the comparison that comes after the one at step at, or the
// end. Steps are multiples of the interval, so that errors do not add up.
func (s *population) after(at float64) float64 {
	next := s.interval * (math.Floor(at/s.interval+1e-6) + 1)
	if next > s.last*(1-1e-9) {
		return s.last
	}
	return next
}

// enough reports whether enough members have come to step at for a comparison.
// Those that will never come count as if they had.
func (s *population) enough(h *study.History, at float64) bool {
	return float64(s.rung(h, at).come) >= s.quorum*float64(s.size)
}

// field returns the members' trials that have come to step at, best first.
func (s *population) field(h *study.History, at float64) []standing { return s.rung(h, at).field }

func (s *population) member(t *study.Trial) bool {
	return t.Until > 0 && t.Bracket >= 0 && t.Bracket < s.size
}

func failed(t *study.Trial) bool { return t.State.Ended() && t.State != study.Complete }

// stands reports whether t has come to step at. A copy that began there or
// later has not.
func stands(t *study.Trial, at float64) bool {
	return t.LastStep() >= at && (t.Copy == nil || t.Copy.Step < at)
}
