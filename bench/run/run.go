package run

import (
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/bench/multi"
	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/repeat"
	"github.com/afina-hpo/afina/suggest/suggesttest"
	"github.com/afina-hpo/afina/suggest/warm"
)

// Job is one run to be made.
type Job struct {
	Method  Method
	Problem problem.Problem
	Seed    uint64
	Budget  int // trials
	// Parallel is how many trials run at once on the simulated clock; 0 is 1.
	// They then last as long as the problem says, or between a half and one
	// and a half units of time.
	Parallel int
	// Evidence takes as incumbent what the method believes to be the best of
	// what was tried, where it believes anything, and not what was observed to
	// be: see [analyze.ByEvidence]. The peer's label says so.
	Evidence bool
	// Earlier, if set, is made first, and the run starts warm from it.
	Earlier *Earlier
	Clock   Clock // of suggestions; the zero value is the wall's
	// Repeat is by which rule configurations run again, see package repeat; nil:
	// none does. The peer's label says so.
	Repeat *study.Limit
}

// purposeDuration is the random stream of durations. Like that of the noise it
// does not depend on the method: in a trial of the same number all see the
// same.
const purposeDuration = "bench/duration"

// One makes one run.
func One(ctx context.Context, j Job) (Trace, error) {
	t := Trace{
		Peer: j.Method.Label, Version: j.Method.Method.Version,
		Task: j.Problem.Name(), Seed: j.Seed, Budget: j.Budget,
	}
	if j.Parallel > 1 {
		t.Parallel = j.Parallel
	}
	fail := func(err error) (Trace, error) {
		return Trace{}, fmt.Errorf("run %s on %s with seed %d: %w", t.Peer, t.Task, t.Seed, err)
	}
	about := suggest.Problem{Objectives: len(j.Problem.Objectives()), Parallel: max(j.Parallel, 1), Trials: j.Budget}
	if j.Earlier != nil {
		t.Peer += "<" + j.Earlier.Label
		e, err := j.Earlier.take(ctx, j)
		if err != nil {
			return fail(err)
		}
		about.Earlier = []study.Earlier{e}
	}
	s, err := warm.New(j.Method.Method, about, j.Method.Settings)
	if err != nil {
		return fail(err)
	}
	if j.Repeat != nil {
		if s, err = repeat.New(s, j.Repeat, suggest.Problem{Objectives: len(j.Problem.Objectives())}, j.Method.Method.Name); err != nil {
			return fail(err)
		}
		t.Peer += "+repeat"
		if !j.Repeat.Auto {
			t.Peer += fmt.Sprint("=", j.Repeat.Value)
		}
	}
	t.Clock = j.Clock.Name
	watch := &stopwatch{inner: s, clock: j.Clock}
	if e, ok := s.(suggest.Estimator); ok && j.Evidence {
		watch.belief, watch.chosen = e, map[int]space.Config{}
		t.Peer += evident
	}
	var broken error // of the problem; the simulation knows no such thing
	result, err := suggesttest.Drive(ctx, watch, suggesttest.Setup{
		Space: j.Problem.Space(), Objectives: j.Problem.Objectives(), Seed: j.Seed,
		Trials: j.Budget, Parallel: j.Parallel,
		Evaluate: func(n int, c space.Config) suggesttest.Outcome {
			o, err := j.Problem.Evaluate(c, 0, study.Stream(j.Seed, n, problem.PurposeNoise))
			if err != nil && broken == nil {
				broken = err
			}
			out := suggesttest.Outcome{Values: o.Values, Violations: o.Violations, Duration: o.Cost}
			if o.Crashed || err != nil {
				out.State = study.Failed
			}
			if o.Cost == 0 && j.Parallel > 1 {
				out.Duration = 0.5 + study.Stream(j.Seed, n, purposeDuration).Float64()
			}
			return out
		},
	})
	if err == nil {
		err = broken
	}
	if err != nil {
		return fail(err)
	}
	h := result.Log.Book.History()
	watch.choose(h)
	if t.Incumbent, err = incumbents(j.Problem, h, watch.chosen); err != nil {
		return fail(err)
	}
	t.Seconds = watch.seconds
	return t, nil
}

// evident is appended to the label of a peer whose incumbents are by evidence.
const evident = "+evidence"

// incumbents returns the true value of what looks best after each end of a
// trial: chosen by the number of trials ended, else the best observed.
func incumbents(p problem.Problem, h *study.History, chosen map[int]space.Config) (Numbers, error) {
	out := make(Numbers, h.EndedLen())
	observed, truth := math.NaN(), math.NaN()
	believed, evidence := math.NaN(), false
	front := frontOf(p)
	for i := range out {
		t := h.Ended(i)
		if c, ok := chosen[i+1]; ok {
			o, err := p.True(c)
			if err != nil {
				return nil, err
			}
			believed, evidence = math.NaN(), true
			if o.Feasible() {
				believed = o.Values[0]
			}
		}
		if evidence {
			out[i] = believed
			continue
		}
		if t.State == study.Complete && t.Feasible() {
			switch {
			case front != nil:
				o, err := p.True(t.Config)
				if err != nil {
					return nil, err
				}
				front.Add(o.Values)
				truth = -front.Hypervolume()
			case h.Objectives[0].Better(t.Values[0], observed):
				o, err := p.True(t.Config)
				if err != nil {
					return nil, err
				}
				observed = t.Values[0]
				truth = math.NaN()
				if o.Feasible() {
					truth = o.Values[0]
				}
			}
		}
		out[i] = truth
	}
	return out, nil
}

// frontOf returns an empty front for a problem of several objectives, nil for
// the others.
func frontOf(p problem.Problem) *multi.Front {
	if q, ok := p.(interface{ Nadir() []float64 }); ok {
		return multi.NewFront(q.Nadir())
	}
	return nil
}

// stopwatch notes what suggestions take.
type stopwatch struct {
	inner   suggest.Suggester
	clock   Clock
	seconds Numbers
	belief  suggest.Estimator    // nil: not asked
	chosen  map[int]space.Config // by the number of trials ended
}

// choose notes what the method believes to be the best of h.
func (w *stopwatch) choose(h *study.History) {
	if w.belief == nil {
		return
	}
	best, ok := analyze.ByEvidence(h, func(c space.Config) (mean, se []float64, ok bool) { return w.belief.Estimate(h, c) })
	if !ok {
		best.Measured, ok = analyze.ByRuns(h)
	}
	if ok {
		w.chosen[h.EndedLen()] = best.Trial.Config
	}
}

// Suggest implements [suggest.Suggester].
func (w *stopwatch) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	since := w.clock.start()
	ps, err := w.inner.Suggest(ctx, r)
	spent := since() / float64(max(len(ps), 1))
	w.choose(r.History)
	for range ps {
		// A tenth of a microsecond is all that a clock can be trusted with.
		w.seconds = append(w.seconds, math.Round(spent*1e7)/1e7)
	}
	return ps, err
}

// All makes the runs of jobs by one, so many at once, and hands each trace to
// emit, in the order of the jobs. The first error ends it.
func All[J any](ctx context.Context, jobs []J, one func(context.Context, J) (Trace, error), workers int, emit func(Trace) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type result struct {
		trace Trace
		err   error
	}
	results := make([]chan result, len(jobs))
	for i := range results {
		results[i] = make(chan result, 1)
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	next := make(chan int)
	for range max(workers, 1) {
		wg.Go(func() {
			for i := range next {
				t, err := one(ctx, jobs[i])
				results[i] <- result{t, err}
			}
		})
	}
	wg.Go(func() {
		defer close(next)
		for i := range jobs {
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	})
	for i := range results {
		select {
		case r := <-results[i]:
			if r.err != nil {
				cancel()
				return r.err
			}
			if err := emit(r.trace); err != nil {
				cancel()
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
