package study

import (
	"time"

	"github.com/afina-hpo/afina/space"
)

// Ticket names one attempt: what a worker shows with everything it says about
// a trial. A ticket whose attempt is not the newest is fenced off.
type Ticket struct {
	Trial   int `json:"trial"`
	Attempt int `json:"attempt"`
}

// LeaseRequest asks for trials.
type LeaseRequest struct {
	Worker string `json:"worker"`
	N      int    `json:"n"`
	// Wait waits until there is a trial, or never will be.
	Wait bool `json:"wait,omitempty"`
	// Expires makes the leases end unless they are renewed.
	Expires bool `json:"expires,omitempty"`
	// Request, if set, makes the call idempotent: a second one with the same
	// text gets the same trials.
	Request string `json:"request,omitempty"`
	// Fix, if set, is values that the trials have, wherever the parameters
	// exist: contexts, and what is not to be searched this time. They come
	// before those of the study.
	Fix map[string]space.Value `json:"fix,omitempty"`
	// Ended, if set, is how the worker's last trial ended. It is decided
	// before the new ones are handed out, so that they know of it, and both
	// are stored at once.
	Ended *Ended `json:"ended,omitempty"`
}

// Ended is the end of an attempt.
type Ended struct {
	Ticket
	Outcome Outcome `json:"outcome"`
}

// Assignment is a trial handed to a worker.
type Assignment struct {
	Ticket
	Config  space.Config  `json:"params"`
	Derived []space.Value `json:"derived,omitempty"` // as [space.Space.Derive] orders them
	Seed    int64         `json:"seed"`
	Resume  float64       `json:"resume_step"`
	Until   float64       `json:"until_step,omitempty"`
	// Copy is the trial from whose checkpoint, and at which step, a trial
	// begins that is a copy; it is there in every attempt at it.
	Copy *Copy `json:"copy,omitempty"`
	// Keep says that others may begin with this trial's checkpoint as it is
	// before this attempt, which therefore has to be kept.
	Keep bool `json:"keep,omitempty"`
	// Samples is what is to be run of the study's samples, in this order; none where its steps are no samples.
	Samples []string `json:"samples,omitempty"`
	// Level is the value of the study's fidelity parameter, absent where it has
	// none, and LevelStep the step that results of it are reported at.
	Level     space.Value `json:"level,omitzero"`
	LevelStep float64     `json:"level_step,omitempty"`
	// Lease is how long the worker may stay silent before the attempt counts
	// as lost; 0: for ever.
	Lease Duration `json:"lease,omitempty"`
}

// Grant is the answer to a worker that asks for trials.
type Grant struct {
	Trials []Assignment `json:"trials"`
	State  GrantState   `json:"state"`
	// Late says why the outcome in the request does not count, "" where it
	// does.
	Late string `json:"late,omitempty"`
}

// GrantState says why a grant holds fewer trials than were asked for.
type GrantState string

// The states of a grant.
const (
	GrantRunning   GrantState = "running"   // there will be more
	GrantWaiting   GrantState = "waiting"   // nothing now; ask again when a trial has ended
	GrantExhausted GrantState = "exhausted" // the space has no more configurations
	GrantStopped   GrantState = "stopped"   // the study has ended
)

// Verdict is the answer to a report.
type Verdict string

// The verdicts.
const (
	VerdictContinue Verdict = "continue"
	VerdictPrune    Verdict = "prune" // end: this trial is not worth more
	VerdictPause    Verdict = "pause" // checkpoint and end: it may go on later
	VerdictStop     Verdict = "stop"  // end: the study is over or the trial was cancelled
)

// Outcome is how an attempt ended, in the words of who ran it.
type Outcome struct {
	// State is complete, pruned, failed, infeasible, cancelled or paused.
	State State `json:"state"`
	// Values is the final value of metrics; those that were reported on the
	// way need not be repeated. An objective named here is taken as it is,
	// without reduction.
	Values  Metrics  `json:"values,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
	// Ended is when it ended by the clock of who ran it; zero: now.
	Ended time.Time `json:"ended,omitzero"`
}
