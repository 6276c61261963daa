package afina

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Trial is one configuration being tried. Its methods return no errors, so
// that an objective reads like the program it is: what goes wrong is noted,
// makes [Trial.ShouldStop] true, and is what [Trial.Err], [Optimize] and
// [Study.Tell] return. A Trial is safe for concurrent use.
type Trial struct {
	study  *Study
	ctx    context.Context
	given  study.Assignment
	fixed  map[string]space.Value // of an open space
	byName bool                   // the values in given are not to be used

	mu      sync.Mutex
	used    map[string]space.Value // asked for
	verdict study.Verdict          // newest
	news    bool                   // verdict came with a report and has not been looked at
	step    float64                // largest reported
	err     error                  // first
}

// Number returns the trial's number, from 0.
func (t *Trial) Number() int { return t.given.Trial }

// Seed returns a seed for what is random in the trial itself, such as initial
// weights. It follows from the study's seed and the trial's number.
func (t *Trial) Seed() int64 { return t.given.Seed }

// Context ends when the study is interrupted, or the context given to
// [Optimize] or [Study.Ask] ends.
func (t *Trial) Context() context.Context { return t.ctx }

// Resume returns the step after which a trial goes on that a scheduler had
// paused, or has made a copy of another; 0: from the start. What it goes on
// with is in [Trial.CheckpointDir].
func (t *Trial) Resume() float64 { return t.given.Resume }

// Until returns the step up to which the trial is to run, after which its
// report is judged; 0: to its end.
func (t *Trial) Until() float64 { return t.given.Until }

// CheckpointDir returns a folder for the trial's own files, such as its model,
// that outlives pauses and, with a [Store], the program. That of a trial that
// is a copy of another begins with a copy of the other's. Without a Store the
// folder is a temporary one that [Study.Close] removes. Where it cannot be
// made, the error is the trial's; see [Trial.Err].
func (t *Trial) CheckpointDir() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	dir, err := t.study.checkpoint(t.ctx, t.given)
	if err != nil {
		t.note(fmt.Errorf("checkpoint folder of trial %d: %w", t.Number(), err))
	}
	return dir
}

// Err returns the first thing that went wrong with the trial's methods, or
// nil.
func (t *Trial) Err() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

// Float returns a number in [low, high].
//
// As for all parameters: the first call in a study defines the parameter, and
// every later one, in this trial or another, has to give the same definition;
// one that differs is an [ErrDefinition]. Asking twice in a trial returns the
// same value. In a declared space the definition has to be the declared one.
func (t *Trial) Float(name string, low, high float64, options ...ParamOption) float64 {
	return t.ask(Float(name, low, high, options...)).AsFloat()
}

// Int returns a whole number from low to high, both included; see
// [Trial.Float].
func (t *Trial) Int(name string, low, high int, options ...ParamOption) int {
	i, _ := t.ask(Int(name, low, high, options...)).AsInt()
	return int(i)
}

// Bool returns true or false; see [Trial.Float].
func (t *Trial) Bool(name string, options ...ParamOption) bool {
	b, _ := t.ask(Bool(name, options...)).AsBool()
	return b
}

// Choice returns one of some texts; see [Trial.Float] and, for other types and
// options, [Pick].
func (t *Trial) Choice(name string, values ...string) string { return Pick(t, name, values) }

// Pick returns one of values; see [Trial.Float].
func Pick[T Scalar](t *Trial, name string, values []T, options ...ParamOption) T {
	v := t.ask(Choice(name, values, options...))
	for _, x := range values {
		if scalar(x) == v {
			return x
		}
	}
	var none T // there are no values: t.ask has noted it
	return none
}

// ask returns the value of p; when it has none, one in its range, so that the
// objective can come to its end.
func (t *Trial) ask(p Param) space.Value {
	t.mu.Lock()
	defer t.mu.Unlock()
	v, err := t.value(p)
	if err == nil {
		return v
	}
	t.note(err)
	if p.IsNumeric() {
		return space.Value(scalar(p.Low))
	}
	if len(p.Choices) > 0 {
		return p.Choices[0]
	}
	return space.Value{}
}

// note keeps the first error; the lock is held.
func (t *Trial) note(err error) {
	if t.err == nil {
		t.err = err
	}
}

// value finds or draws the value of p.
func (t *Trial) value(p Param) (space.Value, error) {
	s := t.study
	one, err := s.known(p)
	if err != nil {
		return space.Value{}, err
	}
	if v, ok := t.used[p.Name]; ok {
		return v, nil
	}
	v, ok := t.given.Config.Get(p.Name)
	switch {
	case !s.open:
		if !ok {
			return space.Value{}, fmt.Errorf("%w: parameter %s does not exist in the configuration %v; look with Params().Has before asking", ErrDefinition, p.Name, t.given.Config)
		}
	case !t.fixed[p.Name].IsAbsent():
		if v, err = one.Param(0).Coerce(t.fixed[p.Name]); err != nil {
			return space.Value{}, fmt.Errorf("%w: parameter %s: the value that is fixed: %w", ErrDefinition, p.Name, err)
		}
	case ok && !t.byName:
	case t.Number() == 0 && !p.Param.Default.IsAbsent():
		if v, err = one.Param(0).Coerce(p.Param.Default); err != nil {
			return space.Value{}, fmt.Errorf("%w: parameter %s: the default: %w", ErrDefinition, p.Name, err)
		}
	default:
		// A stream of its own, so that what the trial asks for before makes
		// no difference.
		v = one.DecodeParam(0, study.Stream(s.def.Seed, t.Number(), "param:"+p.Name).Float64())
	}
	t.used[p.Name] = v
	return v, nil
}

// known returns the space of p alone, and makes p part of the study's space
// where it is new.
func (s *Study) known(p Param) (*space.Space, error) {
	if p.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDefinition, p.err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	one := s.params[p.Name]
	if one == nil {
		var err error
		if one, err = s.define(p); err != nil {
			return nil, err
		}
		s.params[p.Name] = one
	}
	asked := shape(p.Param)
	if sameShape(&asked, one.Param(0)) {
		return one, nil
	}
	other, err := space.New(space.Spec{Params: []space.Param{asked}})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDefinition, err)
	}
	diffs, _ := config.Compare(&study.Definition{Space: one}, &study.Definition{Space: other})
	return nil, fmt.Errorf("%w: %s; a parameter keeps its definition for the whole study: give the other range another name, or ask for a fraction in [0, 1] and scale it",
		ErrDefinition, strings.Join(diffs, ", "))
}

// define looks p up in the study's space, or adds it; the lock is held.
func (s *Study) define(p Param) (*space.Space, error) {
	if s.open {
		if p.Conditional() {
			return nil, fmt.Errorf("%w: parameter %s has a condition; where parameters are asked for, an if statement is the condition", ErrDefinition, p.Name)
		}
		if _, err := space.New(space.Spec{Params: []space.Param{p.Param}}); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrDefinition, err)
		}
		// Without its default: a space whose every parameter has one would
		// have a default configuration, of parameters that no run asks for
		// together, and the study would try it at its next start.
		bigger, err := s.engine.Extend(context.Background(), shape(p.Param))
		if err != nil {
			return nil, fmt.Errorf("add parameter %s to the study: %w", p.Name, err)
		}
		s.space = bigger
	}
	i := s.space.Lookup(p.Name)
	if i < 0 {
		return nil, fmt.Errorf("%w: the declared space has no parameter %s", ErrDefinition, p.Name)
	}
	return space.New(space.Spec{Params: []space.Param{shape(*s.space.Param(i))}})
}

// Params returns the configuration: in a declared space the whole of it, else
// what has been asked for up to now.
func (t *Trial) Params() Params {
	c, err := t.config()
	if err != nil { // what was asked for is in range
		panic("afina: " + err.Error())
	}
	return Params{c}
}

func (t *Trial) config() (space.Config, error) {
	if !t.study.open {
		return t.given.Config, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.study.mu.Lock()
	defer t.study.mu.Unlock()
	return t.study.space.Config(t.used)
}

// Report says that the first objective is value after step, which counts
// epochs, rounds or whatever the trial is made of, upwards. Without reports
// no scheduler can end a trial early.
func (t *Trial) Report(step, value float64) {
	t.ReportMetrics(step, map[string]float64{t.study.def.Objectives[0].Metric: value})
}

// ReportMetrics is [Trial.Report] for any metrics by name: further objectives,
// or numbers to be kept with the trial.
func (t *Trial) ReportMetrics(step float64, values map[string]float64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err != nil {
		return
	}
	if math.IsNaN(step) || math.IsInf(step, 0) {
		t.note(fmt.Errorf("report of trial %d: the step %v is not finite; count steps from 0 or 1", t.Number(), step))
		return
	}
	v, err := t.study.engine.Report(context.WithoutCancel(t.ctx), t.given.Ticket, []study.Report{{Step: step, Values: study.MakeMetrics(values)}})
	if err != nil {
		t.note(fmt.Errorf("report of trial %d: %w", t.Number(), err))
		return
	}
	t.verdict, t.news, t.step = v, true, max(t.step, step)
}

// Samples returns the folds or instances that are to be run, by name and in the
// order that all trials share; see [Folds] and [Instances]. A trial that goes on
// gets only those that it has not run yet.
func (t *Trial) Samples() []string { return slices.Clone(t.given.Samples) }

// Folds returns the same for a study of [Folds], by number.
func (t *Trial) Folds() []int {
	out := make([]int, 0, len(t.given.Samples))
	for _, name := range t.given.Samples {
		k, err := strconv.Atoi(name)
		if err != nil {
			t.mu.Lock()
			t.note(fmt.Errorf("%w: the samples of the study are no folds: ask for Samples", ErrDefinition))
			t.mu.Unlock()
			return nil
		}
		out = append(out, k)
	}
	return out
}

// ReportFold is [Trial.ReportSample] for a fold by number.
func (t *Trial) ReportFold(fold int, value float64) { t.ReportSample(strconv.Itoa(fold), value) }

// ReportSample says that the first objective is value on the fold or instance
// called name. The value of the trial is the mean over all of them; what the
// objective returns in the end is not looked at then.
func (t *Trial) ReportSample(name string, value float64) {
	step, ok := t.study.engine.Samples().Step(name)
	if !ok {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.note(fmt.Errorf("%w: report of trial %d: the study has no fold or instance %q", ErrDefinition, t.Number(), name))
		return
	}
	t.Report(step, value)
}

// Level returns the value of the study's fidelity parameter that the trial is to
// use, of [Level] or of levels in a study file; NaN where the study has none.
// What comes of it is reported at [Trial.LevelStep].
func (t *Trial) Level() float64 { return t.given.Level.AsFloat() }

// LevelStep returns the step at which results of the trial's level are reported.
func (t *Trial) LevelStep() float64 { return t.given.LevelStep }

// ShouldStop reports whether the trial should end now: because the scheduler
// has seen enough, the study's time is over, its context has ended, or
// something is wrong (see [Trial.Err]). Return [ErrPruned] then.
func (t *Trial) ShouldStop() bool {
	if t.ctx.Err() != nil {
		return true
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.err == nil && !t.news && (t.verdict == "" || t.verdict == study.VerdictContinue) {
		orders, err := t.study.engine.Beat(context.WithoutCancel(t.ctx), worker, []study.Ticket{t.given.Ticket})
		if err != nil {
			t.note(err)
		} else {
			t.verdict = orders[t.given.Ticket]
		}
	}
	t.news = false
	return t.err != nil || t.verdict != "" && t.verdict != study.VerdictContinue
}

// outcome is what becomes of the trial after the objective returned values and
// err.
func (t *Trial) outcome(values []float64, err error) (study.Outcome, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// Who stops by itself at the step up to which it was to run, without a look
	// at the verdict, has not come to its end.
	if err == nil && t.given.Until > 0 && t.step <= t.given.Until && t.ctx.Err() == nil {
		switch t.verdict {
		case study.VerdictPause, study.VerdictPrune:
			err = ErrPruned
		}
	}
	if err == nil {
		objectives := t.study.def.Objectives
		if len(values) != len(objectives) {
			return study.Outcome{}, fmt.Errorf("trial %d returned %d values for %d objectives", t.Number(), len(values), len(objectives))
		}
		if t.study.def.Fidelity.Sampled() && t.step > 0 {
			return study.Outcome{State: study.Complete}, nil // their mean is its value
		}
		m := make(map[string]float64, len(values))
		for i, o := range objectives {
			m[o.Metric] = values[i]
		}
		return study.Outcome{State: study.Complete, Values: study.MakeMetrics(m)}, nil
	}
	failure := &study.Failure{Class: study.ClassTold, Message: err.Error()}
	if p, ok := errors.AsType[*panicError](err); ok {
		failure = &study.Failure{Class: study.ClassCrash, Message: p.Error()}
	}
	switch {
	case errors.Is(err, ErrInfeasible):
		return study.Outcome{State: study.Infeasible, Failure: failure}, nil
	case t.ctx.Err() != nil, errors.Is(err, ErrPruned) && t.verdict == study.VerdictStop:
		// It says nothing of the configuration.
		return study.Outcome{State: study.Cancelled}, nil
	case errors.Is(err, ErrPruned) && t.verdict == study.VerdictPause:
		return study.Outcome{State: study.Paused}, nil
	case errors.Is(err, ErrPruned):
		return study.Outcome{State: study.Pruned}, nil
	}
	return study.Outcome{State: study.Failed, Failure: failure}, nil
}

// reportLevel reports what an objective returned that was run at a level and
// reported nothing itself, so that the trial is judged there.
func (t *Trial) reportLevel(values []float64, err error) {
	objectives := t.study.def.Objectives
	if t.given.LevelStep == 0 || t.step > 0 || err != nil || len(values) != len(objectives) {
		return
	}
	m := make(map[string]float64, len(values))
	for i, o := range objectives {
		m[o.Metric] = values[i]
	}
	t.ReportMetrics(t.given.LevelStep, m)
}

// finish tells the engine how the trial ended, and returns what is wrong with
// the trial, or that the result cannot be stored.
func (t *Trial) finish(values []float64, err error) error {
	t.reportLevel(values, err)
	wrong := t.Err()
	if wrong != nil {
		err = wrong
	}
	o, bad := t.outcome(values, err)
	if bad != nil {
		wrong = bad
		o = study.Outcome{State: study.Failed, Failure: &study.Failure{Class: study.ClassTold, Message: bad.Error()}}
	}
	c, err := t.config()
	if err != nil {
		return err
	}
	if !t.study.open {
		c = space.Config{} // it is what was handed out
	}
	if err := t.study.engine.FinishAs(context.WithoutCancel(t.ctx), t.given.Ticket, o, c); err != nil {
		return errors.Join(wrong, fmt.Errorf("end trial %d: %w", t.Number(), err))
	}
	return wrong
}
