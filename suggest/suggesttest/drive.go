package suggesttest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// Outcome is what became of a trial in a simulated study.
type Outcome struct {
	// Values has one value an objective. State is how the trial ends; ""
	// means complete. [study.Paused] leaves it paused for ever, without a
	// worker.
	Values []float64
	State  study.State
	// Violations has one number an outcome constraint, above 0 violates.
	Violations []float64
	// Curve is the values of the first objective that are reported at steps
	// 1, 2, … before the end.
	Curve []float64
	// Duration is how long the trial takes on the virtual clock; 0 means 1.
	// Trials that run at once end in the order of their durations.
	Duration float64
	// Lost is how many attempts are lost before the one that ends.
	Lost int
	// Reveals is parameters that the program asked for which an open space
	// does not have yet.
	Reveals []space.Param
}

// Setup describes a simulated study. Only Space, Trials and Evaluate are
// needed.
type Setup struct {
	Space      *space.Space
	Objectives []study.Objective // nil: minimize "loss"
	Fidelity   *study.Fidelity
	Seed       uint64
	// Trials is how many trials are started; the study also ends where the
	// suggester is exhausted.
	Trials int
	// Parallel is how many trials run at once; 0 means 1. All free slots are
	// asked for in one request unless OneByOne is set.
	Parallel int
	OneByOne bool
	// Enqueue is configurations that run before any suggestion.
	Enqueue []space.Config
	// Evaluate says what becomes of trial n. It is called when the trial
	// starts, in order of n, and must be a function of its arguments.
	Evaluate func(n int, c space.Config) Outcome
	// Observe, if set, sees every request with its answer before the answer
	// is acted upon, and may refuse it. The history of the request is
	// rebuilt from result.Events by [Replay].
	Observe func(r suggest.Request, ps []suggest.Proposal, err error, so *Result) error
}

// Result is a simulated study with everything that happened to it.
type Result struct {
	Log    *study.Log
	Events []study.Event
	// Exhausted says that the suggester had no more.
	Exhausted bool
}

// Loss returns the objective that a [Setup] without objectives has.
func Loss() []study.Objective {
	return []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}}}
}

// Best returns the best value of the first objective among the complete
// feasible trials, NaN where there is none.
func (r *Result) Best() float64 {
	curve := r.BestSoFar()
	if len(curve) == 0 {
		return math.NaN()
	}
	return curve[len(curve)-1]
}

// BestSoFar returns the best value of the first objective after every end of
// a trial, NaN before the first complete feasible one.
func (r *Result) BestSoFar() []float64 {
	h := r.Log.Book.History()
	best, out := math.NaN(), make([]float64, h.EndedLen())
	for i := range out {
		t := h.Ended(i)
		if t.State == study.Complete && t.Feasible() && h.Objectives[0].Better(t.Values[0], best) {
			best = t.Values[0]
		}
		out[i] = best
	}
	return out
}

// Replay folds events into the log of a new study, as a restart does.
func Replay(def *study.Definition, events []study.Event) (*study.Log, error) {
	log := study.NewLog(def)
	for i := range events {
		e := events[i]
		if err := log.Apply(&e); err != nil {
			return nil, fmt.Errorf("replay event %d: %w", i, err)
		}
	}
	return log, nil
}

// Definition returns the definition that the simulated study begins with.
func (d Setup) Definition() *study.Definition {
	objectives := d.Objectives
	if objectives == nil {
		objectives = Loss()
	}
	return &study.Definition{
		ID: "drive", Name: "drive", Space: d.Space, Objectives: objectives,
		Fidelity: d.Fidelity, Seed: d.Seed, Parallel: max(d.Parallel, 1),
		Stop: study.Stop{Trials: d.Trials},
	}
}

// Drive runs a whole study in memory: it asks s, evaluates, and folds the
// events of a real study, on a virtual clock and without a goroutine. The same
// setup and suggester give the same result, event for event. An error is the
// suggester's, the observer's, or that the study can make no progress.
func Drive(ctx context.Context, s suggest.Suggester, d Setup) (*Result, error) {
	drive := driver{setup: d, result: &Result{Log: study.NewLog(d.Definition())}}
	if err := drive.run(ctx, s); err != nil {
		return drive.result, err
	}
	return drive.result, nil
}

type driver struct {
	setup   Setup
	result  *Result
	now     float64
	running []run // trials on a worker
}

type run struct {
	trial, attempt int
	start, end     float64
	outcome        Outcome
}

func (d *driver) run(ctx context.Context, s suggest.Suggester) error {
	slots := max(d.setup.Parallel, 1)
	for {
		full := false
		for !full && !d.result.Exhausted && len(d.running) < slots && d.result.Log.Book.Len() < d.setup.Trials {
			want := min(slots-len(d.running), d.setup.Trials-d.result.Log.Book.Len())
			if d.setup.OneByOne {
				want = 1
			}
			got, err := d.ask(ctx, s, want)
			if err != nil {
				return err
			}
			full = got < want
		}
		if len(d.running) == 0 {
			if !d.result.Exhausted && d.result.Log.Book.Len() < d.setup.Trials {
				return fmt.Errorf("after %d trials the suggester proposes nothing, is not exhausted, and no trial runs", d.result.Log.Book.Len())
			}
			return nil
		}
		if err := d.endNext(); err != nil {
			return err
		}
	}
}

// ask starts up to n trials and returns how many it did.
func (d *driver) ask(ctx context.Context, s suggest.Suggester, n int) (int, error) {
	book := d.result.Log.Book
	first := book.Len()
	if first < len(d.setup.Enqueue) {
		n = min(n, len(d.setup.Enqueue)-first)
		for _, c := range d.setup.Enqueue[first : first+n] {
			if err := d.start(c, &study.Origin{Method: "enqueued", Seen: first, SeenEnded: book.EndedLen(), Stream: -1}); err != nil {
				return 0, err
			}
		}
		return n, nil
	}
	r := suggest.Request{History: book.History(), N: n, First: first, Seed: d.setup.Seed}
	ps, err := s.Suggest(ctx, r)
	if d.setup.Observe != nil {
		if err := d.setup.Observe(r, ps, err, d.result); err != nil {
			return 0, err
		}
	}
	if errors.Is(err, suggest.ErrExhausted) {
		d.result.Exhausted, err = true, nil
	}
	if err != nil {
		return 0, fmt.Errorf("suggest %d after %d trials: %w", n, first, err)
	}
	if len(ps) > n {
		return 0, fmt.Errorf("%d proposals for %d wanted", len(ps), n)
	}
	seen, ended := r.History.Len(), r.History.EndedLen()
	for i, p := range ps {
		o := &study.Origin{Method: "driven", Version: "1", Seen: seen, SeenEnded: ended, Stream: first + i, Note: p.Note}
		p.Mark(o)
		if err := d.start(p.Config, o); err != nil {
			return 0, err
		}
	}
	return len(ps), nil
}

func (d *driver) start(c space.Config, o *study.Origin) error {
	n := d.result.Log.Book.Len()
	if err := d.apply(study.Event{Kind: study.EventQueued, Trial: n, Config: c, Origin: o}); err != nil {
		return err
	}
	return d.lease(n, 1, d.setup.Evaluate(n, c))
}

func (d *driver) lease(trial, attempt int, o Outcome) error {
	if o.Duration <= 0 {
		o.Duration = 1
	}
	d.running = append(d.running, run{trial: trial, attempt: attempt, start: d.now, end: d.now + o.Duration, outcome: o})
	return d.apply(study.Event{Kind: study.EventStarted, Trial: trial, Attempt: attempt, Worker: fmt.Sprintf("w%d", trial)})
}

// endNext ends the attempt that ends first, of several the lowest trial's.
func (d *driver) endNext() error {
	k := 0
	for i, r := range d.running {
		if best := d.running[k]; r.end < best.end || r.end == best.end && r.trial < best.trial {
			k = i
		}
	}
	r := d.running[k]
	d.running = append(d.running[:k], d.running[k+1:]...)
	d.now = r.end
	metric := d.result.Log.Book.Objectives[0].Metric
	for i, x := range r.outcome.Curve {
		if r.outcome.Lost > 0 && i >= len(r.outcome.Curve)/2 {
			break // a lost attempt has got half way
		}
		if err := d.apply(study.Event{Kind: study.EventReported, Trial: r.trial, Attempt: r.attempt,
			Step: float64(i + 1), Values: study.Metrics{{Name: metric, Value: x}}}); err != nil {
			return err
		}
	}
	if r.outcome.Lost > 0 {
		r.outcome.Lost--
		if err := d.apply(study.Event{Kind: study.EventRequeued, Trial: r.trial, Attempt: r.attempt,
			Failure: &study.Failure{Class: study.ClassLost}}); err != nil {
			return err
		}
		return d.lease(r.trial, r.attempt+1, r.outcome)
	}
	if err := d.end(r); err != nil {
		return err
	}
	if len(r.outcome.Reveals) == 0 {
		return nil
	}
	return d.reveal(r.outcome.Reveals)
}

func (d *driver) end(r run) error {
	e := study.Event{Kind: study.EventEnded, Trial: r.trial, Attempt: r.attempt, State: r.outcome.State}
	switch r.outcome.State {
	case study.Paused:
		e.Kind, e.State = study.EventPaused, ""
	case "", study.Complete:
		e.State = study.Complete
		e.Objectives, e.Violations = r.outcome.Values, r.outcome.Violations
		if want := len(d.result.Log.Book.Objectives); len(e.Objectives) != want {
			return fmt.Errorf("trial %d: Evaluate returned %d values for %d objectives", r.trial, len(e.Objectives), want)
		}
		for i, o := range d.result.Log.Book.Objectives {
			e.Values = e.Values.With(study.Metrics{{Name: o.Metric, Value: e.Objectives[i]}})
		}
	case study.Pruned:
		if o := d.result.Log.Book.Objectives; len(o) == 1 {
			if x, ok := o[0].Value(d.result.Log.Book.Trial(r.trial).Reports); ok {
				e.Objectives = []float64{x}
			}
		}
	case study.Failed:
		e.Failure = &study.Failure{Class: study.ClassExit, Exit: 1}
	}
	return d.apply(e)
}

// reveal extends the space by those of ps that it does not have.
func (d *driver) reveal(ps []space.Param) error {
	var fresh []space.Param
	for _, p := range ps {
		if d.result.Log.Book.Space.Lookup(p.Name) < 0 {
			fresh = append(fresh, p)
		}
	}
	if len(fresh) == 0 {
		return nil
	}
	s, err := d.result.Log.Book.Space.Extend(fresh...)
	if err != nil {
		return err
	}
	return d.apply(study.Event{Kind: study.EventExtended, Space: s})
}

func (d *driver) apply(e study.Event) error {
	e.At = time.Unix(0, int64(d.now*1e9)).UTC()
	if err := d.result.Log.Apply(&e); err != nil {
		return fmt.Errorf("%s trial %d: %w", e.Kind, e.Trial, err)
	}
	d.result.Events = append(d.result.Events, e)
	return nil
}
