package engine

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/afina-hpo/afina/study"
)

// lost ends the attempt of a worker that is gone.
func (s *state) lost(n int, why string) {
	t := s.log.Book.Trial(n)
	s.fail(t, study.Event{Values: measured(t, nil)}, &study.Failure{Class: study.ClassLost, Message: why})
}

// fail ends the attempt of a running trial: the trial waits for another where
// the study's policy says so, else it has failed, with the values of e.
func (s *state) fail(t *study.Trial, e study.Event, f *study.Failure) {
	if !s.retries(t, f) {
		s.failed(t, e, f)
		return
	}
	again := study.Event{Kind: study.EventRequeued, Trial: t.Number, Attempt: len(t.Attempts), Failure: f}
	if !taken(f) {
		again.NotBefore = s.retryAt(t.Number, len(t.Attempts))
	}
	s.emit(again)
}

// failed ends a trial.
func (s *state) failed(t *study.Trial, e study.Event, f *study.Failure) {
	t = s.emit(study.Event{
		Kind: study.EventEnded, Trial: t.Number, Attempt: len(t.Attempts), State: study.Failed, Failure: f,
		Values: e.Values, Config: e.Config,
	})
	s.checkBroken(t)
}

// taken reports whether an attempt ended because its worker went away or was
// sent home, which is not the trial's fault.
func taken(f *study.Failure) bool {
	return f.Class == study.ClassLost || f.Class == study.ClassPreempted
}

// lossesForgiven is how often the worker of one trial may go away before the
// trial is held to be the cause.
const lossesForgiven = 20

// retries reports whether trial t gets another attempt after failure f.
// Attempts that were taken have an allowance of their own.
func (s *state) retries(t *study.Trial, f *study.Failure) bool {
	policy := s.log.Def.Retry
	losses, tries := 0, 0
	for _, a := range t.Attempts {
		switch {
		case a.Outcome != study.Requeued:
		case taken(a.Failure):
			losses++
		default:
			tries++
		}
	}
	switch {
	case f.Class == study.ClassPreempted:
		return true
	case f.Class == study.ClassLost:
		return slices.Contains(policy.On, string(study.ClassLost)) && losses < lossesForgiven
	case tries >= policy.Max:
		return false
	}
	return slices.Contains(policy.On, string(f.Class)) ||
		f.Exit != 0 && slices.Contains(policy.On, "exit:"+strconv.Itoa(f.Exit))
}

// retryAt is when attempt number n+1 may start: the back-off doubles with each
// attempt up to 64 times, and the random part keeps trials that failed together
// from coming back together.
func (s *state) retryAt(trial, n int) time.Time {
	base := time.Duration(s.log.Def.Retry.Backoff)
	if base <= 0 {
		return time.Time{}
	}
	wait := base << min(n-1, 6)
	jitter := study.Stream(s.log.Def.Seed, trial*1000+n, study.PurposeBackoff).Float64()
	return s.now.Add(wait + time.Duration(jitter*0.25*float64(wait)))
}

// broken reports whether t failed in a way that speaks against the program
// rather than the configuration.
func broken(t *study.Trial) bool {
	if t.State != study.Failed || t.Failure == nil {
		return false
	}
	switch t.Failure.Class {
	case study.ClassStart, study.ClassExit, study.ClassCrash, study.ClassNoMetric:
		return true
	}
	return false
}

// checkBroken stops a study whose program does not work: one that cannot be
// started or fails with its own defaults before it has ever worked, or has
// failed too many times in a row.
func (s *state) checkBroken(t *study.Trial) {
	limit := s.log.Def.Retry.MaxConsecutiveFailed
	switch {
	case t.Failure.Class == study.ClassStart && !s.worked:
		s.end(study.StatusFailed, fmt.Sprintf("trial %d could not be started: %s", t.Number, t.Failure.Message))
	case broken(t) && !s.worked && t.Origin != nil && t.Origin.Method == MethodDefault:
		s.end(study.StatusFailed, fmt.Sprintf("the default configuration failed (trial %d, %s)", t.Number, t.Failure))
	case limit > 0 && s.failedRow >= limit:
		s.end(study.StatusFailed, fmt.Sprintf("%d trials in a row failed, the last with %s", s.failedRow, t.Failure))
	}
}
