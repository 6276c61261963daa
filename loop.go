package afina

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"

	"github.com/afina-hpo/afina/study"
)

// Optimize runs objective until a bound of the study is reached and returns
// the best trial; see the function [Optimize]. A study whose Optimize was
// interrupted has to be opened again to go on.
func (s *Study) Optimize(ctx context.Context, objective Objective) (*Result, error) {
	if n := len(s.def.Objectives); n != 1 {
		return nil, study.Errorf(study.Invalid, "use OptimizeAll", "the study has %d objectives", n)
	}
	if objective == nil {
		return nil, errNoObjective
	}
	err := s.run(ctx, func(t *Trial) ([]float64, error) {
		x, err := objective(t)
		return []float64{x}, err
	})
	best := s.Best()
	if w := s.winner(); w != nil {
		best = w
	}
	switch {
	case best != nil:
		s.expect(best)
	case err == nil:
		err = s.noResult()
	}
	return best, err
}

// noResult is [ErrNoResult] with what became of the trials.
func (s *Study) noResult() error {
	ended := 0
	var last *study.Trial
	for t := range s.view().History.All() {
		if t.State.Ended() {
			ended++
		}
		if t.State.Ended() && t.Failure != nil {
			last = t
		}
	}
	switch {
	case ended == 0:
		return ErrNoResult
	case last == nil:
		return fmt.Errorf("%w: %d were pruned or cancelled", ErrNoResult, ended)
	}
	return fmt.Errorf("%w of %d: trial %d is %s: %s", ErrNoResult, ended, last.Number, last.State, last.Failure)
}

// OptimizeAll is Optimize for any number of objectives. It returns
// [Study.Front].
func (s *Study) OptimizeAll(ctx context.Context, objective MultiObjective) ([]Result, error) {
	if objective == nil {
		return nil, errNoObjective
	}
	err := s.run(ctx, objective)
	front := s.Front()
	for i := range front {
		s.expect(&front[i])
	}
	if len(front) == 0 && err == nil {
		err = s.noResult()
	}
	return front, err
}

// run works on trials with as many goroutines as the study has, until it ends.
func (s *Study) run(parent context.Context, objective MultiObjective) error {
	ctx, abort := context.WithCancelCause(parent)
	defer abort(nil)
	var workers sync.WaitGroup
	for range s.def.Parallel {
		workers.Go(func() {
			// Also on runtime.Goexit, which a failing test calls: the trial
			// would never end, and with it the study.
			ended := false
			defer func() {
				if !ended {
					s.interrupt(errGoexit)
					abort(errGoexit)
				}
			}()
			s.work(ctx, abort, objective)
			ended = true
		})
	}
	workers.Wait()
	cause := context.Cause(ctx)
	v := s.view()
	switch {
	case cause != nil && cause != context.Cause(parent):
		return cause // a mistake in the objective, or the store
	case v.Status == study.StatusFailed:
		return fmt.Errorf("the study was stopped: %s", v.Reason)
	case parent.Err() != nil && v.Status != study.StatusFinished:
		return parent.Err()
	}
	return nil
}

var errNoObjective = errors.New("the objective is nil: give the function that is to be tuned")

var errGoexit = errors.New("the objective ended its goroutine (runtime.Goexit, as t.FailNow of a test does)")

// work runs one trial after the other.
func (s *Study) work(ctx context.Context, abort context.CancelCauseFunc, objective MultiObjective) {
	for {
		t, err := s.Ask(ctx)
		if ctx.Err() != nil {
			s.interrupt(context.Cause(ctx))
		}
		switch {
		case err == nil:
			if err := s.try(t, objective); err != nil {
				s.interrupt(err)
				abort(err)
				return
			}
		case ctx.Err() != nil, errors.Is(err, ErrEnded):
			return
		default:
			abort(err)
			return
		}
	}
}

// try runs one trial. An error ends the study.
func (s *Study) try(t *Trial, objective MultiObjective) error {
	var values []float64
	err := t.ctx.Err()
	if err == nil {
		values, err = guard(objective, t)
	}
	if t.ctx.Err() != nil {
		// Before the trial is handed back, so that it is kept for the next run.
		s.interrupt(context.Cause(t.ctx))
	}
	if err := t.finish(values, err); err != nil {
		return err
	}
	if s.onTrial != nil {
		s.telling.Lock()
		defer s.telling.Unlock()
		if r := s.view().History.Trial(t.Number()); r.State.Ended() {
			s.onTrial(newResult(r))
		}
	}
	return nil
}

// interrupt ends the study: no new trials, and those that end for it run again
// when it is opened the next time. It returns when that is decided, whoever
// called it first.
func (s *Study) interrupt(cause error) {
	s.halt.Do(func() {
		// A study that cannot be stopped cannot be stored either, and whoever
		// tells it something learns that.
		_ = s.engine.Stop(context.Background(), "it was interrupted: "+cause.Error(), true)
	})
}

// guard calls objective and turns a panic into an error.
func guard(objective MultiObjective, t *Trial) (values []float64, err error) {
	defer func() {
		if p := recover(); p != nil {
			values, err = nil, &panicError{p, panicPlace()}
		}
	}()
	return objective(t)
}

// panicError is a panic of the objective.
type panicError struct {
	value any
	place string
}

func (e *panicError) Error() string {
	if e.place == "" {
		return fmt.Sprintf("panic: %v", e.value)
	}
	return fmt.Sprintf("panic: %v (%s)", e.value, e.place)
}

// panicPlace returns the line that panicked: of the frames above a deferred
// function the first that is not the runtime's.
func panicPlace() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)]) // without Callers, this and its caller
	for {
		f, more := frames.Next()
		if f.File != "" && !strings.HasPrefix(f.Function, "runtime.") {
			return fmt.Sprintf("%s:%d", f.File, f.Line)
		}
		if !more {
			return ""
		}
	}
}
