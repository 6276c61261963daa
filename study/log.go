package study

import (
	"math"
	"time"
)

// Log is a study with everything that has happened to it: the fold of its
// events. It is the one place that says which event may follow which, and
// every store is held to it. A Log is not safe for concurrent use.
type Log struct {
	Def    *Definition
	Book   *Book
	Seq    int64 // of the last event
	Status Status
	Reason string
	Spent  time.Duration
}

// NewLog returns the log of a study to which nothing has happened.
func NewLog(def *Definition) *Log {
	return &Log{Def: def, Book: NewBook(def.Space, def.Objectives, def.Fidelity)}
}

// Check reports whether e may come next: nil, or an [Error] with code
// [Fenced] where a newer attempt has taken over, [Conflict] where the trial
// or study has moved on, [NotFound] where there is no such trial, [Invalid]
// where e makes no sense at any time.
func (l *Log) Check(e *Event) error {
	switch e.Kind {
	case EventStatus:
		switch e.Status {
		case StatusRunning, StatusStopped, StatusFinished, StatusFailed:
			return nil
		}
		return Errorf(Invalid, "", "%q is no status of a study", e.Status)
	case EventRedefined:
		if e.Def == nil || e.Def.ID != l.Def.ID || e.Def.Name != l.Def.Name {
			return Errorf(Invalid, "", "a redefinition must keep the study's id and name")
		}
		return nil
	case EventExtended:
		return l.checkExtended(e)
	case EventQueued:
		if e.Trial != l.Book.Len() {
			return Errorf(Conflict, "", "trial %d cannot be made: the next is %d", e.Trial, l.Book.Len())
		}
		return e.CheckNumbers()
	case EventStarted, EventReported, EventRequeued, EventPaused, EventGranted, EventEnded:
		return l.checkTrial(e)
	}
	return Errorf(Invalid, "", "unknown kind of event %q", e.Kind)
}

// checkExtended is Check for a space that has grown.
func (l *Log) checkExtended(e *Event) error {
	old := l.Book.Space
	if e.Space == nil || !old.Open() || !e.Space.Open() || e.Space.Len() < old.Len() {
		return Errorf(Invalid, "", "only an open space can be extended")
	}
	for i := range old.Params() {
		if was, is := old.Param(i).Name, e.Space.Param(i).Name; was != is {
			return Errorf(Invalid, "new parameters come behind the present ones", "parameter %d is %s and cannot become %s", i, was, is)
		}
	}
	return nil
}

// checkTrial is Check for what happens to a trial that there is.
func (l *Log) checkTrial(e *Event) error {
	t := l.Book.Trial(e.Trial)
	if t == nil {
		return Errorf(NotFound, "", "there is no trial %d; the study has %d", e.Trial, l.Book.Len())
	}
	if t.State.Ended() {
		return Errorf(Conflict, "", "trial %d is already %s", t.Number, t.State)
	}
	latest := len(t.Attempts)
	switch e.Kind {
	case EventStarted:
		if t.State != Queued {
			return Errorf(Conflict, "", "trial %d is %s and cannot be started", t.Number, t.State)
		}
		if e.Attempt != latest+1 {
			return Errorf(Fenced, "", "attempt %d of trial %d cannot be started: the next is %d", e.Attempt, t.Number, latest+1)
		}
	case EventReported, EventRequeued, EventPaused:
		if e.Kind == EventReported && (math.IsNaN(e.Step) || math.IsInf(e.Step, 0)) {
			return Errorf(Invalid, "count steps from 0 or 1", "the step %v of trial %d is not finite", e.Step, t.Number)
		}
		if e.Attempt != latest {
			return Errorf(Fenced, "a newer attempt has taken over", "attempt %d of trial %d is not the newest, which is %d", e.Attempt, t.Number, latest)
		}
		if t.State != Running {
			return Errorf(Fenced, "", "attempt %d of trial %d is over: the trial is %s", e.Attempt, t.Number, t.State)
		}
	case EventGranted:
		if t.State != Paused && t.State != Queued {
			return Errorf(Conflict, "", "trial %d is %s, neither paused nor queued", t.Number, t.State)
		}
	case EventEnded:
		if e.Attempt != latest {
			return Errorf(Fenced, "a newer attempt has taken over", "attempt %d of trial %d is not the newest, which is %d", e.Attempt, t.Number, latest)
		}
		if !e.State.Ended() {
			return Errorf(Invalid, "", "%q is no end of a trial", e.State)
		}
	}
	return e.CheckNumbers()
}

// Apply checks e, gives it the next sequence number, and folds it in.
func (l *Log) Apply(e *Event) error {
	if err := l.Check(e); err != nil {
		return err
	}
	l.Seq++
	e.Seq = l.Seq
	switch e.Kind {
	case EventStatus:
		l.Status, l.Reason, l.Spent = e.Status, e.Reason, max(l.Spent, e.Spent)
	case EventRedefined:
		// The space is the log's own: it may have been extended since.
		def := *e.Def
		def.WarmStart, def.Earlier = l.Def.WarmStart, l.Def.Earlier
		def.Space, def.Objectives, def.Fidelity = l.Def.Space, l.Def.Objectives, l.Def.Fidelity
		l.Def = &def
	case EventExtended:
		l.Book.Space = e.Space
		def := *l.Def
		def.Space = e.Space
		l.Def = &def
	case EventQueued:
		t := &Trial{
			Number: e.Trial, State: Queued, Config: e.Config, Origin: e.Origin,
			Until: e.Until, Bracket: e.Bracket, Copy: e.Copy, Created: e.At,
		}
		if e.Copy != nil {
			t.Resume = e.Copy.Step
		}
		l.Book.Put(t)
	default:
		t := *l.Book.Trial(e.Trial)
		t.apply(e)
		t.Estimated = t.State == Pruned && len(t.Values) > 0 && l.Def.Fidelity.Sampled()
		l.Book.Put(&t)
	}
	return nil
}

// apply folds e into t, a copy that nobody else has seen yet.
func (t *Trial) apply(e *Event) {
	switch e.Kind {
	case EventStarted:
		t.State = Running
		t.NotBefore = time.Time{}
		t.Attempts = append(t.Attempts[:len(t.Attempts):len(t.Attempts)],
			Attempt{Number: e.Attempt, Worker: e.Worker, Ref: e.Ref, Started: e.At})
	case EventReported:
		t.Reports = withReport(t.Reports, Report{Step: e.Step, Values: e.Values, At: e.At, Attempt: e.Attempt})
	case EventRequeued:
		t.State = Queued
		t.NotBefore = e.NotBefore
		t.endAttempt(e, Requeued)
	case EventPaused:
		t.State = Paused
		t.endAttempt(e, string(Paused))
	case EventGranted:
		t.State = Queued
		t.Resume, t.Until, t.Bracket = e.Resume, e.Until, e.Bracket
	case EventEnded:
		t.State = e.State
		t.Values, t.Violations, t.Metrics, t.Failure = e.Objectives, e.Violations, e.Values, e.Failure
		t.Ended = e.At
		if !e.Config.IsZero() {
			t.Config = e.Config
		}
		t.endAttempt(e, string(e.State))
	}
}

// endAttempt notes the end of the newest attempt, if it is still running.
func (t *Trial) endAttempt(e *Event, outcome string) {
	n := len(t.Attempts)
	if n == 0 || t.Attempts[n-1].Outcome != "" {
		return
	}
	t.Attempts = append([]Attempt(nil), t.Attempts...)
	a := &t.Attempts[n-1]
	a.Ended, a.Outcome, a.Failure, a.Paid = e.At, outcome, e.Failure, e.Paid
}
