package afina

import (
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// State is where a trial stands.
type State = study.State

// The states of a trial.
const (
	Queued     = study.Queued     // waits to be run
	Running    = study.Running    // is being run
	Paused     = study.Paused     // was stopped by the scheduler and may go on
	Complete   = study.Complete   // has a value for every objective
	Pruned     = study.Pruned     // ended early: ErrPruned
	Failed     = study.Failed     // an error, a panic, or a value that is not finite
	Infeasible = study.Infeasible // the configuration cannot be used: ErrInfeasible
	Cancelled  = study.Cancelled  // ended with the study
)

// Result is what is known of a trial. It does not change.
type Result struct {
	Number int
	State  State
	Params Params
	// Value is the first objective's value, NaN where there is none. A pruned
	// trial has its last report's.
	Value float64
	// Values has a value for every objective, or is empty.
	Values []float64
	// Metrics is the last value of everything that was reported or told.
	Metrics map[string]float64
	// Failure says in words why the trial failed; "" where it did not.
	Failure string
	// Reports is what the trial reported, by step.
	Reports []study.Report
	// Expected is what the search algorithm expects of the configuration, by
	// objective; empty where it does not model objectives, or does not yet. Of
	// many measurements the best is partly luck, and what is expected of it is
	// not. Only the results of Optimize, OptimizeAll, [Study.Incumbent] and
	// [Study.Foreseen] have it.
	Expected []Estimate
	// Created and Ended are when the trial was made and ended; Ended is zero
	// while it goes on.
	Created, Ended time.Time
}

// Estimate is a believed value: its mean and standard error.
type Estimate struct{ Mean, SE float64 }

func newResult(t *study.Trial) Result {
	r := Result{
		Number: t.Number, State: t.State, Params: Params{t.Config},
		Value: math.NaN(), Values: t.Values, Metrics: make(map[string]float64, len(t.Metrics)),
		Reports: t.Reports, Created: t.Created, Ended: t.Ended,
	}
	if len(t.Values) > 0 {
		r.Value = t.Values[0]
	}
	for _, m := range t.Metrics {
		r.Metrics[m.Name] = m.Value
	}
	if t.Failure != nil {
		r.Failure = t.Failure.String()
	}
	return r
}

// String returns the trial in one line.
func (r Result) String() string {
	switch {
	case r.Failure != "":
		return fmt.Sprintf("trial %d %s (%s): %v", r.Number, r.State, r.Failure, r.Params)
	case len(r.Values) > 1:
		return fmt.Sprintf("trial %d %s, %.6g: %v", r.Number, r.State, r.Values, r.Params)
	case len(r.Values) == 1:
		return fmt.Sprintf("trial %d %s, %.6g: %v", r.Number, r.State, r.Value, r.Params)
	}
	return fmt.Sprintf("trial %d %s: %v", r.Number, r.State, r.Params)
}

// Params is a configuration: the parameters that a trial has, with their
// values. It does not change.
//
// Float, Int, Bool and Text panic where there is no such parameter or it is of
// another type, as that is a mistake in the program; [Params.Has] tells before.
type Params struct{ config space.Config }

// Has reports whether the configuration has a parameter called name.
func (p Params) Has(name string) bool {
	_, ok := p.config.Get(name)
	return ok
}

// Float returns the value of a float or int parameter.
func (p Params) Float(name string) float64 {
	v := p.get(name)
	if !v.IsNumber() {
		p.wrong(name, v, "a number")
	}
	return v.AsFloat()
}

// Int returns the value of an int parameter.
func (p Params) Int(name string) int {
	v := p.get(name)
	i, ok := v.AsInt()
	if !ok {
		p.wrong(name, v, "a whole number")
	}
	return int(i)
}

// Bool returns the value of a bool parameter.
func (p Params) Bool(name string) bool {
	v := p.get(name)
	b, ok := v.AsBool()
	if !ok {
		p.wrong(name, v, "true or false")
	}
	return b
}

// Text returns the value of a choice between texts.
func (p Params) Text(name string) string {
	v := p.get(name)
	s, ok := v.AsString()
	if !ok {
		p.wrong(name, v, "a text")
	}
	return s
}

func (p Params) get(name string) space.Value {
	v, ok := p.config.Get(name)
	if !ok {
		panic(fmt.Sprintf("afina: the configuration %v has no parameter %s; look with Has", p, name))
	}
	return v
}

func (p Params) wrong(name string, v space.Value, want string) {
	panic(fmt.Sprintf("afina: parameter %s is %v, not %s", name, v, want))
}

// All yields the parameters, in the order of the space, with values of type
// float64, int64, bool or string.
func (p Params) All() iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		for param, v := range p.config.All() {
			if !yield(param.Name, v.Any()) {
				return
			}
		}
	}
}

// Len returns the number of parameters.
func (p Params) Len() int {
	n := 0
	for range p.config.All() {
		n++
	}
	return n
}

// String returns the configuration as "name=value" words.
func (p Params) String() string { return p.config.String() }

// MarshalJSON writes the configuration as an object.
func (p Params) MarshalJSON() ([]byte, error) { return p.config.MarshalJSON() }
