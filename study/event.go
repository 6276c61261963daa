package study

import (
	"math"
	"time"

	"github.com/afina-hpo/afina/space"
)

// Kind is what an [Event] says has happened.
type Kind string

// The kinds of event. A study's state is the fold of its events; what is not
// an event did not happen.
const (
	// EventStatus: the study was started, resumed, stopped or finished.
	EventStatus Kind = "status"
	// EventRedefined: what may change in a definition has changed: budget,
	// command, resources, retries. Space, objectives, search and schedule are
	// the same.
	EventRedefined Kind = "redefined"
	// EventExtended: the space has more parameters (define-by-run).
	EventExtended Kind = "extended"
	// EventQueued: a trial was made; it has the next number.
	EventQueued Kind = "queued"
	// EventStarted: a worker leased the trial; the attempt has the next
	// number of the trial.
	EventStarted Kind = "started"
	// EventReported: the attempt measured something.
	EventReported Kind = "reported"
	// EventRequeued: the attempt is over, the trial waits for another.
	EventRequeued Kind = "requeued"
	// EventPaused: the scheduler stopped the attempt; it may be resumed.
	EventPaused Kind = "paused"
	// EventGranted: the scheduler lets a paused or queued trial run up to a
	// step; the trial waits for a worker.
	EventGranted Kind = "granted"
	// EventEnded: the trial is over.
	EventEnded Kind = "ended"
)

// Status is where a study stands.
type Status string

// The states of a study.
const (
	StatusRunning  Status = "running"  // may hand out trials, as far as its budget goes
	StatusStopped  Status = "stopped"  // ended by a person; the same command goes on
	StatusFinished Status = "finished" // its budget is spent or its space exhausted
	StatusFailed   Status = "failed"   // stopped by the circuit breaker
)

// Event is one thing that happened to a study. Which fields are set depends
// on Kind.
type Event struct {
	// Seq counts the events of a study from 1, without gaps; the store
	// assigns it.
	Seq  int64
	Kind Kind
	At   time.Time

	Trial   int // of all kinds but status, redefined and extended
	Attempt int // of started, reported, requeued, paused, ended; 0: none was made

	Config  space.Config // queued; ended, where it turned out otherwise (define-by-run)
	Origin  *Origin      // queued
	Resume  float64      // granted
	Until   float64      // queued, granted
	Bracket int          // queued, granted
	Copy    *Copy        // queued, of a copy

	Worker string // started
	Ref    string // started

	Step       float64   // reported
	Values     Metrics   // reported: what was measured; ended: everything last measured
	State      State     // ended
	Objectives []float64 // ended
	Violations []float64 // ended
	Failure    *Failure  // requeued, ended
	NotBefore  time.Time // requeued
	// Paid is how many units of resource the attempt used; see [Trial.Paid].
	Paid float64 // requeued, paused, ended

	Status Status        // status
	Reason string        // status: why, in words
	Spent  time.Duration // status: wall time used up to now
	Space  *space.Space  // extended
	Def    *Definition   // redefined
}

// CheckNumbers reports what makes no sense at any time about where a queued
// trial comes from and what an attempt has used, as an [Error] with code
// [Invalid]. It is part of [Log.Check], and here for stores that check without
// a log.
func (e *Event) CheckNumbers() error {
	switch e.Kind {
	case EventQueued:
		if c := e.Copy; c != nil {
			if c.Trial < 0 || c.Trial >= e.Trial {
				return Errorf(Invalid, "", "trial %d cannot be a copy of trial %d", e.Trial, c.Trial)
			}
			if math.IsNaN(c.Step) || math.IsInf(c.Step, 0) {
				return Errorf(Invalid, "", "the step %v at which trial %d is copied is not finite", c.Step, c.Trial)
			}
		}
	case EventRequeued, EventPaused, EventEnded:
		if !(e.Paid >= 0) || math.IsInf(e.Paid, 0) {
			return Errorf(Invalid, "", "an attempt of trial %d cannot have used %v units", e.Trial, e.Paid)
		}
	}
	return nil
}
