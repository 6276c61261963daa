package pbt

import (
	"math"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
)

type population struct {
	size, trials     int
	last, interval   float64
	quantile, quorum float64
	seed             uint64
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
// what has changed since the last question, and to the logarithm of the
// population; where members come to a step for the first time, and after a
// restart, once to the number of trials.
func (s *population) Next(h *study.History) schedule.Order {
	b := &s.table
	b.update(h)
	if b.vacant < s.size {
		return schedule.Order{Until: s.after(0), Bracket: b.vacant, CopyFrom: -1}
	}
	for _, g := range b.waiting {
		if g.at >= s.last {
			break
		}
		l := b.level(g.at)
		if float64(l.n) < s.quorum*float64(s.size) {
			break // who has come further has no more company
		}
		if len(l.field) == 0 {
			continue
		}
		for _, m := range g.members {
			if o := s.on(h, l, b.members[m]); o.From < s.last {
				return o
			}
		}
	}
	if b.busy > 0 {
		return schedule.Order{Action: schedule.Wait}
	}
	return schedule.Order{Action: schedule.Done}
}

// on says how the member whose present trial is t goes on, given how the field
// stands where it is.
func (s *population) on(h *study.History, l *level, t *study.Trial) schedule.Order {
	part := int(s.quantile * float64(len(l.field)))
	if s.quantile > 0 && len(l.field) > 1 {
		part = max(part, 1)
	}
	alive := t.State == study.Paused && stands(t, l.at)
	// A study that may make no more trials goes on with those it has.
	full := s.trials > 0 && h.Len()-s.table.cancelled >= s.trials
	next := schedule.Order{Until: s.after(t.Until), Bracket: t.Bracket, CopyFrom: -1}
	if full && !alive {
		next.From = s.last
		return next
	}
	if alive {
		own, step := stand(s.table.objective, t, l.at)
		if full || own.loss <= l.field[max(0, part-1)].loss || l.position(own) < len(l.field)-part {
			next.Action, next.Trial, next.From = schedule.Resume, t.Number, step
			return s.beyond(next)
		}
	}
	r := study.Stream(s.seed, h.Len(), purpose+":copy")
	best := h.Trial(l.field[r.IntN(max(1, part))].trial)
	_, step := stand(s.table.objective, best, l.at)
	next.CopyFrom, next.From = best.Number, step
	next.Config = s.explore(h, best, step, h.Len())
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
