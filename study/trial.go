package study

import (
	"fmt"
	"time"

	"github.com/afina-hpo/afina/space"
)

// State is where a trial stands.
type State string

// The states of a trial.
const (
	Queued     State = "queued"     // waits for a worker
	Running    State = "running"    // leased to a worker
	Paused     State = "paused"     // stopped by the scheduler, may go on later
	Complete   State = "complete"   // ended with a value for every objective
	Pruned     State = "pruned"     // ended early by the scheduler
	Failed     State = "failed"     // ended without a value; see Failure
	Infeasible State = "infeasible" // the program refused the configuration
	Cancelled  State = "cancelled"  // ended by a person, or with the study
)

// States lists the states in the order in which summaries show them.
var States = []State{Queued, Running, Paused, Complete, Pruned, Failed, Infeasible, Cancelled}

// Ended reports whether a trial in state s never changes again.
func (s State) Ended() bool {
	switch s {
	case Complete, Pruned, Failed, Infeasible, Cancelled:
		return true
	}
	return false
}

// Class says why an attempt failed, so that it can be retried, learned from or
// shown with its remedy.
type Class string

// The failure classes.
const (
	ClassExit      Class = "exit"       // ended with a status other than 0, 75 and 78
	ClassCrash     Class = "crash"      // ended by a signal of its own making
	ClassKilled    Class = "killed"     // ended by a SIGKILL that was not ours
	ClassOOM       Class = "oom"        // went over its memory
	ClassTimeout   Class = "timeout"    // went over its wall time
	ClassSilence   Class = "silence"    // printed nothing for too long
	ClassNoMetric  Class = "no_metric"  // ended well, but never gave the objective
	ClassNonFinite Class = "non_finite" // the objective is not a number
	ClassStart     Class = "start"      // could not be started
	ClassTemporary Class = "temporary"  // exit status 75: try again
	ClassLost      Class = "lost"       // the worker went away
	ClassPreempted Class = "preempted"  // the worker was told to hand it back
	ClassTold      Class = "told"       // reported as failed by who asked for it
)

// Classes lists the failure classes.
var Classes = []Class{ClassExit, ClassCrash, ClassKilled, ClassOOM, ClassTimeout, ClassSilence, ClassNoMetric, ClassNonFinite, ClassStart, ClassTemporary, ClassLost, ClassPreempted, ClassTold}

// Failure says why an attempt or trial ended without a value.
type Failure struct {
	Class   Class  `json:"class"`
	Message string `json:"message,omitempty"`
	Exit    int    `json:"exit,omitempty"`   // exit status, of ClassExit and ClassTemporary
	Signal  string `json:"signal,omitempty"` // of ClassCrash and ClassKilled
}

// String returns the failure in one line.
func (f *Failure) String() string {
	if f.Message == "" {
		return string(f.Class)
	}
	return fmt.Sprintf("%s: %s", f.Class, f.Message)
}

// Blames reports whether the failure speaks against the configuration: models
// learn to keep away from it. Where the machine or the worker failed they learn
// nothing. A failure without a record (nil) speaks against it.
func (f *Failure) Blames() bool {
	if f == nil {
		return true
	}
	switch f.Class {
	case ClassKilled, ClassStart, ClassTemporary, ClassLost, ClassPreempted:
		return false
	}
	return true
}

// Origin says what made a configuration, exactly enough to make it again.
type Origin struct {
	// Method made it: an algorithm's name, or "default", "enqueued", "added".
	Method  string `json:"method"`
	Version string `json:"version,omitempty"`
	// Seen is how many trials the history held, SeenEnded how many of them
	// had ended, when the suggestion was made.
	Seen      int `json:"seen"`
	SeenEnded int `json:"seen_ended"`
	// Stream is the trial number that selected the random stream, which may
	// differ from the trial's own; -1: none was used.
	Stream int `json:"stream"`
	// Note is what the method says about its choice, JSON of its own making.
	Note string `json:"note,omitempty"`
	// Fixed is the values that were not chosen but fixed, a JSON object by
	// name; "" for none.
	Fixed string `json:"fixed,omitempty"`
}

// Report is what a trial measured at a step.
type Report struct {
	Step   float64   `json:"step"`
	Values Metrics   `json:"values"`
	At     time.Time `json:"at,omitzero"`
	// Attempt measured it; of several that came by here the newest.
	Attempt int `json:"attempt,omitempty"`
}

// Attempt is one try at a trial on one worker. Its Number, from 1, is the
// fencing token: a write that carries an older one is refused.
type Attempt struct {
	Number  int       `json:"attempt"`
	Worker  string    `json:"worker"`
	Ref     string    `json:"ref,omitempty"` // the launcher's name of the run
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero"`
	// Outcome is "" while it runs, else the state it brought the trial to, or
	// "requeued".
	Outcome string   `json:"outcome,omitempty"`
	Failure *Failure `json:"failure,omitempty"`
	// Paid is how many units of resource it used, 0 while it runs; see
	// [Trial.Paid].
	Paid float64 `json:"paid,omitempty"`
}

// Copy says which trial another is a copy of (population-based training): its
// configuration is made of that trial's, and it begins with a copy of its
// checkpoint, at Step.
type Copy struct {
	Trial int     `json:"trial"`
	Step  float64 `json:"step"`
}

// Requeued is the Outcome of an attempt after which the trial waits again.
const Requeued = "requeued"

// Trial is one configuration being evaluated. A *Trial in a [History] is an
// immutable snapshot.
type Trial struct {
	Number int
	State  State
	Config space.Config
	Origin *Origin // shared between trials where equal; do not modify

	// Resume is the step from which the present or next attempt goes on (0:
	// from the start), Until the step up to which the scheduler lets it run
	// (0: to its end), Bracket what the scheduler remembers of it.
	Resume  float64
	Until   float64
	Bracket int
	// Copy is what it is a copy of, nil of a trial that began by itself. Do
	// not modify it.
	Copy *Copy

	// Values has one value an objective once the trial is complete (a pruned
	// trial: the reduction of what it reported, where it reported any).
	// Violations has one number an outcome constraint: above 0 violates.
	// Metrics is the last value of everything reported.
	Values []float64
	// Estimated says that Values of a pruned trial are what it would have come
	// to, as far as can be said: it was measured on some of the samples of the
	// study, and is compared on those (see [Paired]). Such a trial is to be
	// learned from like a complete one.
	Estimated  bool
	Violations []float64
	Metrics    Metrics
	Failure    *Failure

	// Reports is sorted by step, one report a step: of several attempts at
	// the same step the later wins.
	Reports  []Report
	Attempts []Attempt
	// NotBefore is when a requeued trial may start again.
	NotBefore time.Time

	Created time.Time
	Ended   time.Time
}

// Attempt returns the newest attempt, nil where there is none.
func (t *Trial) Attempt() *Attempt {
	if len(t.Attempts) == 0 {
		return nil
	}
	return &t.Attempts[len(t.Attempts)-1]
}

// Feasible reports whether t violates no outcome constraint.
func (t *Trial) Feasible() bool {
	for _, v := range t.Violations {
		if !(v <= 0) {
			return false
		}
	}
	return true
}

// Cut reports whether t was ended early, so that what it had come to says little
// of what it would have: it was pruned, and is not estimated.
func (t *Trial) Cut() bool { return t.State == Pruned && !t.Estimated }

// LastStep returns the largest step reported, 0 where there is none.
func (t *Trial) LastStep() float64 {
	if len(t.Reports) == 0 {
		return 0
	}
	return t.Reports[len(t.Reports)-1].Step
}

// withReport returns reports with r merged in by step. The result shares
// memory with reports but never changes what they hold.
func withReport(reports []Report, r Report) []Report {
	n := len(reports)
	if n == 0 || reports[n-1].Step < r.Step {
		return append(reports, r)
	}
	i := n
	for i > 0 && reports[i-1].Step >= r.Step {
		i--
	}
	out := make([]Report, 0, n+1)
	out = append(out, reports[:i]...)
	if i < n && reports[i].Step == r.Step {
		r.Values = reports[i].Values.With(r.Values)
		out = append(append(out, r), reports[i+1:]...)
	} else {
		out = append(append(out, r), reports[i:]...)
	}
	return out
}
