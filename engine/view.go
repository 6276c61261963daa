package engine

import (
	"slices"
	"time"

	"github.com/afina-hpo/afina/study"
)

// View is a look at a running study. It does not change; everything in it is
// durable.
type View struct {
	Definition *study.Definition
	History    *study.History
	Status     study.Status
	Reason     string
	Spent      time.Duration
	// Ending is why no new trials are started, "" while there are.
	Ending string
	// Best is the number of the best complete trial, with several objectives
	// the best by the first of them; -1 where there is none.
	Best int
	// Improved is when Best ended.
	Improved time.Time
	Leases   []LeaseView // in order of trials
	Now      time.Time
}

// LeaseView is a trial in the hands of a worker.
type LeaseView struct {
	study.Ticket
	Worker  string
	Started time.Time
}

func (s *state) view() View {
	v := View{
		Definition: s.log.Def, History: s.log.Book.History(), Status: s.log.Status, Reason: s.log.Reason,
		Spent: s.spent(), Best: s.best, Now: s.now,
	}
	if s.log.Status != study.StatusRunning {
		v.Spent = s.log.Spent
	}
	if s.ending != nil {
		v.Ending = s.ending.reason
	}
	if s.best >= 0 {
		v.Improved = s.log.Book.Trial(s.best).Ended
	}
	for n, l := range s.leases {
		v.Leases = append(v.Leases, LeaseView{Ticket: l.ticket, Worker: l.worker, Started: s.log.Book.Trial(n).Attempt().Started})
	}
	slices.SortFunc(v.Leases, func(a, b LeaseView) int { return a.Trial - b.Trial })
	return v
}
