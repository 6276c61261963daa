package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// CostJob is one run that ends by the time that its trials stand for, one after
// the other on a virtual clock, and not by their number.
type CostJob struct {
	Method  Method
	Problem problem.Problem // whose outcomes say what they cost
	Seed    uint64
	// Budget is how many trials of the median cost of random configurations
	// the time is enough for.
	Budget int
}

// purposeCost is the random stream of the configurations whose median cost is
// the unit of the budget.
const purposeCost = "bench/cost"

// Cost makes one run. In the trace Incumbent has, at each hundredth of the
// time, the true value of the best of the trials that had ended by then.
func Cost(ctx context.Context, j CostJob) (Trace, error) {
	t := Trace{
		Peer: j.Method.Label, Version: j.Method.Method.Version,
		Task: j.Problem.Name(), Seed: j.Seed, Budget: j.Budget, Fidelity: true,
	}
	fail := func(err error) (Trace, error) {
		return Trace{}, fmt.Errorf("run %s on %s with seed %d: %w", t.Peer, t.Task, t.Seed, err)
	}
	unit, err := medianCost(j.Problem)
	if err != nil {
		return fail(err)
	}
	limit := unit * float64(j.Budget)
	s, err := j.Method.Method.New(suggest.Problem{Objectives: 1, Parallel: 1, Budget: &suggest.Budget{Limit: limit}}, j.Method.Settings)
	if err != nil {
		return fail(err)
	}
	watch := &stopwatch{inner: s}
	book := study.NewBook(j.Problem.Space(), j.Problem.Objectives(), nil)
	start := time.Unix(0, 0).UTC()
	clock, best, truth := 0.0, math.NaN(), math.NaN()
	mark := func(until float64) {
		for len(t.Incumbent) < Marks && until >= limit*float64(len(t.Incumbent)+1)/Marks*(1-1e-12) {
			t.Incumbent = append(t.Incumbent, truth)
		}
	}
	for clock < limit {
		n := book.Len()
		ps, err := watch.Suggest(ctx, suggest.Request{History: book.History(), N: 1, First: n, Seed: j.Seed})
		if err != nil && !errors.Is(err, suggest.ErrExhausted) {
			return fail(err)
		}
		if len(ps) == 0 {
			break
		}
		c := ps[0].Config
		o, err := j.Problem.Evaluate(c, 0, study.Stream(j.Seed, n, problem.PurposeNoise))
		if err != nil {
			return fail(err)
		}
		from := clock
		clock += math.Max(o.Cost, 1e-6*unit)
		mark(math.Min(clock, limit) - 1e-9*limit)
		if clock > limit {
			break // it would not have ended in time
		}
		tr := &study.Trial{Number: n, State: study.Complete, Config: c, Values: o.Values}
		if o.Crashed {
			tr.State, tr.Values = study.Failed, nil
		}
		at := func(x float64) time.Time { return start.Add(time.Duration(x * float64(time.Second))) }
		tr.Attempts = []study.Attempt{{Number: 1, Started: at(from), Ended: at(clock), Outcome: string(tr.State)}}
		book.Put(tr)
		if o.Feasible() && !(o.Values[0] >= best) {
			best = o.Values[0]
			of, err := j.Problem.True(c)
			if err != nil {
				return fail(err)
			}
			truth = of.Values[0]
		}
	}
	mark(limit)
	t.Seconds = watch.seconds
	return t, nil
}

// medianCost returns the median cost of 101 random configurations.
func medianCost(p problem.Problem) (float64, error) {
	costs := make([]float64, 101)
	for n := range costs {
		r := study.Stream(0, n, purposeCost)
		c, err := p.Space().Sample(r)
		if err != nil {
			return 0, err
		}
		o, err := p.Evaluate(c, 0, r)
		if err != nil {
			return 0, err
		}
		costs[n] = o.Cost
	}
	slices.Sort(costs)
	if !(costs[50] > 0) {
		return 0, errors.New("the task does not say what its evaluations cost")
	}
	return costs[50], nil
}
