package engine

import (
	"fmt"
	"time"

	"github.com/afina-hpo/afina/study"
)

// bill is what the trials of a study have cost, as far as it is stored: a
// function of the log.
type bill struct {
	of    *study.Cost // nil: nobody counts
	total float64
	// mute is a complete trial that did not say what it has cost, where that is
	// to end the study; -1: none.
	mute int
}

func newBill(log *study.Log) bill {
	b := bill{of: log.Def.Cost, mute: -1}
	for t := range log.Book.History().All() {
		b.add(nil, t)
	}
	return b
}

// add counts what a trial has cost now beyond what it had before.
func (b *bill) add(before, now *study.Trial) {
	if b.of == nil {
		return
	}
	if before != nil {
		x, _ := b.of.Of(before)
		b.total -= x
	}
	x, ok := b.of.Of(now)
	b.total += x
	if !ok && now.State == study.Complete {
		b.mute = now.Number
	}
}

// owed is what the study has cost, with what running trials have by their time.
func (s *state) owed() float64 {
	total := s.bill.total
	if c := s.bill.of; c != nil && c.PerHour > 0 {
		for n := range s.leases {
			if a := s.log.Book.Trial(n).Attempt(); a != nil && s.now.After(a.Started) {
				total += c.PerHour * s.now.Sub(a.Started).Hours()
			}
		}
	}
	return total
}

// checkCost ends a study whose cost cannot be bounded because its program does
// not say it.
func (s *state) checkCost() {
	if limit := s.log.Def.Stop.Cost; limit > 0 && s.bill.mute >= 0 {
		s.end(study.StatusFailed, fmt.Sprintf("trial %d is complete and has not reported its cost, %s, so the bound stop.cost cannot be kept: print it, or give a price with cost: { per_hour: … }", s.bill.mute, s.bill.of.Metric))
	}
}

// costOver returns when the running trials will have used the budget of money
// up, the zero time where nobody knows.
func (s *state) costOver() time.Time {
	c, limit := s.bill.of, s.log.Def.Stop.Cost
	if c == nil || limit == 0 || c.PerHour == 0 || len(s.leases) == 0 || !s.running() {
		return time.Time{}
	}
	hours := (limit - s.owed()) / (c.PerHour * float64(len(s.leases)))
	const far = 1e6 // hours, which a duration can hold
	return s.now.Add(time.Duration(min(max(hours, 0), far)*float64(time.Hour)) + time.Millisecond)
}
