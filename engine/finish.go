package engine

import (
	"math"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// current returns the trial that a ticket is about; attempt 0 stands for the
// newest. The error is Fenced where a newer attempt has taken over.
func (s *state) current(k study.Ticket) (*study.Trial, error) {
	t := s.log.Book.Trial(k.Trial)
	switch {
	case t == nil:
		return nil, study.Errorf(study.NotFound, "", "there is no trial %d", k.Trial)
	case len(t.Attempts) == 0:
		return nil, study.Errorf(study.Conflict, "", "trial %d has not been handed out", k.Trial)
	case k.Attempt < 0 || k.Attempt > len(t.Attempts):
		return nil, study.Errorf(study.NotFound, "", "there is no attempt %d of trial %d", k.Attempt, k.Trial)
	case k.Attempt != 0 && k.Attempt < len(t.Attempts):
		return nil, study.Errorf(study.Fenced, "a newer attempt has taken over", "attempt %d of trial %d is not the newest", k.Attempt, k.Trial)
	}
	return t, nil
}

// report stores what a running trial measured and asks the scheduler, once a
// report, so that it does not matter how many come in one call. All of them
// are stored, also those behind the one at which the trial is told to end.
func (s *state) report(in reportInput) {
	t, err := s.current(in.ticket)
	if err == nil && t.State != study.Running {
		err = study.Errorf(study.Fenced, "", "trial %d is %s", t.Number, t.State)
	}
	for _, r := range in.reports {
		if err == nil && (math.IsNaN(r.Step) || math.IsInf(r.Step, 0)) {
			err = study.Errorf(study.Invalid, "count steps from 0 or 1", "the step %v of trial %d is not finite", r.Step, t.Number)
		}
		if err == nil {
			err = s.checkSample(t, r.Step)
		}
	}
	if err != nil {
		s.answer(in.ref, nil, err)
		return
	}
	l := s.leases[t.Number]
	s.renew(l)
	for _, r := range in.reports {
		t = s.emit(study.Event{Kind: study.EventReported, Trial: t.Number, Attempt: len(t.Attempts), Step: r.Step, Values: r.Values})
		if l.order == "" && !t.Final() {
			if v := s.sched.Judge(s.log.Book.History(), t); v != study.VerdictContinue {
				l.order = v
			}
		}
	}
	s.checkBudget() // so that the answer says it where this has spent the last of it
	v := l.order
	if v == "" {
		v = study.VerdictContinue
	}
	s.answer(in.ref, v, nil)
}

// finish ends an attempt as its outcome says.
func (s *state) finish(in finishInput) { s.answer(in.ref, nil, s.finished(in)) }

// finished ends an attempt, or says why the outcome does not count.
func (s *state) finished(in finishInput) error {
	t, err := s.current(in.ticket)
	if err != nil {
		return err
	}
	e, f, err := s.resolve(t, in)
	switch {
	case err != nil:
		return err
	case t.State.Ended():
		return again(t, e, f, in.outcome.Values)
	case t.State != study.Running:
		return s.late(t, e, f)
	default:
		return s.close(t, e, f)
	}
}

// resolve turns an outcome into the event that would end trial t, or with a
// failure into what it would end as if it is not tried again. A state of
// Paused stands for an attempt that ends and a trial that does not.
func (s *state) resolve(t *study.Trial, in finishInput) (study.Event, *study.Failure, error) {
	o := in.outcome
	e := study.Event{
		Kind: study.EventEnded, Trial: t.Number, Attempt: len(t.Attempts),
		State: o.State, Failure: o.Failure, Config: in.config, Values: measured(t, o.Values),
	}
	failed := func(f *study.Failure) (study.Event, *study.Failure, error) {
		e.State, e.Failure = study.Failed, f
		return e, f, nil
	}
	switch o.State {
	case study.Complete:
		if f := s.unsampled(t); f != nil {
			return failed(f)
		}
		values, missing := s.reduce(t, o.Values)
		if missing != "" {
			return failed(&study.Failure{Class: study.ClassNoMetric, Message: "no value for \"" + missing + "\""})
		}
		if i := slices.IndexFunc(values, notFinite); i >= 0 {
			// It stays among the trial's metrics; models never see it.
			return failed(&study.Failure{Class: study.ClassNonFinite, Message: s.log.Def.Objectives[i].Metric + " is " + value.FormatFloat(values[i])})
		}
		e.Objectives, e.Violations, e.Failure = values, s.violations(t, e.Values), nil
	case study.Pruned:
		e.Failure = nil
		if s.samples != nil {
			if values, ok := s.paired.Estimate(s.log.Book.History(), t); ok {
				e.Objectives = values
			}
		} else if values, missing := s.reduce(t, o.Values); missing == "" && !slices.ContainsFunc(values, notFinite) {
			e.Objectives = values
		}
	case study.Failed:
		if o.Failure == nil {
			return failed(&study.Failure{Class: study.ClassTold})
		}
		return failed(o.Failure)
	case study.Infeasible, study.Cancelled, study.Paused:
	default:
		return e, nil, study.Errorf(study.Invalid, "use complete, failed, infeasible, pruned, cancelled or paused", "%q is no end of a trial", o.State)
	}
	return e, nil, nil
}

// close ends the attempt of a running trial.
func (s *state) close(t *study.Trial, e study.Event, f *study.Failure) error {
	switch {
	case f != nil:
		s.fail(t, e, f)
	case e.State == study.Paused:
		if s.leases[t.Number].order != study.VerdictPause {
			return study.Errorf(study.Conflict, "", "trial %d was not told to pause", t.Number)
		}
		s.emit(study.Event{Kind: study.EventPaused, Trial: e.Trial, Attempt: e.Attempt})
	case e.State == study.Cancelled && s.ending != nil && s.ending.handBack:
		s.fail(t, e, &study.Failure{Class: study.ClassPreempted, Message: "the study was interrupted"})
	default:
		s.emit(e)
	}
	return nil
}

// late answers an outcome for an attempt that is over while its trial is not.
// It may be the outcome that ended the attempt, sent again; or the attempt was
// taken from a worker that was thought to be gone, and here is its result
// after all. A result is never thrown away as long as nobody else works on it.
func (s *state) late(t *study.Trial, e study.Event, f *study.Failure) error {
	a := t.Attempt()
	switch {
	case a.Failure == nil: // it has paused
		if e.State == study.Paused {
			return nil
		}
	case taken(a.Failure):
		switch {
		case e.State == study.Cancelled || f != nil && (taken(f) || s.retries(t, f)):
			return nil // it waits for another attempt already
		case f != nil:
			s.failed(t, e, f)
			return nil
		case e.State != study.Paused:
			s.emit(e)
			return nil
		}
	case f != nil && f.Class == a.Failure.Class:
		return nil
	}
	return study.Errorf(study.Conflict, "", "attempt %d of trial %d is over: %s", a.Number, t.Number, a.Outcome)
}

// again answers an outcome for a trial that has ended. The same outcome once
// more is no error: whoever sent it may not have seen the first answer.
func again(t *study.Trial, e study.Event, f *study.Failure, told study.Metrics) error {
	same := t.State == e.State && (f == nil || t.Failure != nil && t.Failure.Class == f.Class)
	for _, m := range told {
		x, ok := t.Metrics.Get(m.Name)
		same = same && ok && (x == m.Value || x != x && m.Value != m.Value)
	}
	if same {
		return nil
	}
	return study.Errorf(study.Conflict, "", "trial %d is already %s", t.Number, t.State)
}

// measured returns what was told at the end together with the last value of
// every other metric that t reported.
func measured(t *study.Trial, told study.Metrics) study.Metrics {
	ms := slices.Clone(told) // the caller's
	if len(t.Reports) == 0 {
		return ms
	}
	for _, r := range slices.Backward(t.Reports) {
		for _, m := range r.Values {
			if _, ok := ms.Get(m.Name); !ok {
				ms = append(ms, m)
			}
		}
	}
	slices.SortFunc(ms, func(a, b study.Metric) int { return strings.Compare(a.Name, b.Name) })
	return ms
}

// reduce returns a value for every objective, and the name of the first metric
// that has none.
func (s *state) reduce(t *study.Trial, told study.Metrics) (values []float64, missing string) {
	values = make([]float64, 0, len(s.log.Def.Objectives))
	for _, o := range s.log.Def.Objectives {
		x, ok := told.Get(o.Metric)
		if !ok || s.samples != nil && len(t.Reports) > 0 { // the program's own mean may be that of a few
			x, ok = o.Value(t.Reports)
		}
		if !ok {
			return nil, o.Metric
		}
		values = append(values, x)
	}
	return values, ""
}

func notFinite(x float64) bool { return math.IsNaN(x) || math.IsInf(x, 0) }

// violations returns how much each outcome constraint is violated; one that
// cannot be evaluated, because a metric is missing or not a number, is
// violated beyond measure.
func (s *state) violations(t *study.Trial, values study.Metrics) []float64 {
	var vs []float64
	for _, c := range s.log.Def.Outcomes {
		v, err := c.Violation(func(name string) value.Value {
			if x, ok := values.Get(name); ok {
				return value.Float(x)
			}
			v, _ := t.Config.Get(name)
			return v
		})
		if err != nil || math.IsNaN(v) {
			v = math.Inf(1)
		}
		vs = append(vs, v)
	}
	return vs
}
