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
	explore          Explore
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
// the number of trials.
func (s *population) Next(h *study.History) schedule.Order {
	members := s.members(h)
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
		if at = behind; math.IsInf(at, 1) || !s.enough(h, members, at) {
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

// members returns the present trial of each member, nil where it has none yet.
// Trials that run to their end, because somebody added them by hand when the
// population was full, are none.
func (s *population) members(h *study.History) []*study.Trial {
	members := make([]*study.Trial, s.size)
	for t := range h.All() {
		if s.member(t) {
			members[t.Bracket] = t
		}
	}
	return members
}

// standing is what a member's trial was at a step.
type standing struct {
	trial *study.Trial
	loss  float64 // +Inf where it is not a number
	step  float64 // at which it was measured: not before the step
}

// on says how the member whose present trial is t goes on, given how the field
// stands where it is.
func (s *population) on(h *study.History, field []standing, t *study.Trial) schedule.Order {
	part := int(s.quantile * float64(len(field)))
	if s.quantile > 0 && len(field) > 1 {
		part = max(part, 1)
	}
	i := slices.IndexFunc(field, func(x standing) bool { return x.trial == t })
	alive := t.State == study.Paused && i >= 0
	// A study that may make no more trials goes on with those it has.
	full := s.trials > 0 && h.Len()-cancelled(h) >= s.trials
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
	next.CopyFrom, next.From = best.trial.Number, best.step
	next.Config = s.explore(h, best.trial, best.step, h.Len())
	return s.beyond(next)
}

// cancelled returns how many trials do not count against a budget of trials.
func cancelled(h *study.History) int {
	n := 0
	for t := range h.All() {
		if t.State == study.Cancelled {
			n++
		}
	}
	return n
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
func (s *population) enough(h *study.History, members []*study.Trial, at float64) bool {
	n := 0
	come := make([]bool, s.size)
	for t := range h.All() {
		if !s.member(t) || come[t.Bracket] {
			continue
		}
		never := t.State == study.Complete || members[t.Bracket] == t && failed(t)
		if never || stands(t, at) {
			come[t.Bracket] = true
			n++
		}
	}
	return float64(n) >= s.quorum*float64(s.size)
}

func (s *population) member(t *study.Trial) bool {
	return t.Until > 0 && t.Bracket >= 0 && t.Bracket < s.size
}

func failed(t *study.Trial) bool { return t.State.Ended() && t.State != study.Complete }

// stands reports whether t has come to step at. A copy that began there or
// later has not.
func stands(t *study.Trial, at float64) bool {
	return t.LastStep() >= at && (t.Copy == nil || t.Copy.Step < at)
}

// field returns the members' trials that have come to step at, best first.
func (s *population) field(h *study.History, at float64) []standing {
	field := make([]standing, 0, s.size)
	for t := range h.All() {
		if s.member(t) && stands(t, at) && !failed(t) {
			field = append(field, stand(h.Objectives[0], t, at))
		}
	}
	// Of equals the earlier is first, as a stable sort would have it, in half the
	// time. Losses are no NaN.
	slices.SortFunc(field, func(a, b standing) int {
		switch {
		case a.loss < b.loss:
			return -1
		case a.loss > b.loss:
			return 1
		}
		return a.trial.Number - b.trial.Number
	})
	return field
}

// stand returns what t, which has come to step at, was there: what it measured
// first at that step or behind it, or where that report had not the objective
// last before.
func stand(o study.Objective, t *study.Trial, at float64) standing {
	loss, step := math.Inf(1), 0.0
	for _, r := range t.Reports {
		if x, ok := r.Values.Get(o.Metric); ok {
			loss = o.Loss(x)
			if math.IsNaN(loss) {
				loss = math.Inf(1)
			}
		}
		if step = r.Step; step >= at {
			break
		}
	}
	return standing{t, loss, step}
}
