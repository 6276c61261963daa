package simulate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/warm"
)

// Search is a search that is to be previewed.
type Search struct {
	Definition *study.Definition
	Suggest    suggest.Method
	Schedule   schedule.Method
	Curves     Curves
	// Seconds is what a unit of resource takes, 0: unknown. A study that is
	// bounded by time needs it.
	Seconds float64
	// Cost, if set, says what a step takes, and Seconds is not used.
	Cost *Cost
}

// Forecast is what a search would cost.
type Forecast struct {
	Trials int                 `json:"trials"` // that are started
	States map[study.State]int `json:"states"`
	Rungs  []Rung              `json:"rungs"`
	analyze.Spending
	// Clock is the time from the beginning to the end in units of resource:
	// those that one worker would train in it. Seconds is the same in seconds,
	// 0 where it is not known what a unit takes.
	Clock   float64 `json:"clock"`
	Seconds float64 `json:"seconds,omitempty"`
	// Busy is the part of the workers' time in which they had something to do.
	Busy float64 `json:"utilisation"`
	Best float64 `json:"best"` // value of the first objective of the best trial
}

// Rung is how many trials get how far.
type Rung struct {
	Step   float64 `json:"step"`
	Trials int     `json:"trials"` // that get there
	// Paid is the units from the rung before to this one, over all trials, as
	// if none had started over.
	Paid float64 `json:"paid"`
}

// Preview plays a search to its end, with its own scheduler and suggester, and
// returns what it cost. The error says what is wrong with the search, that ctx
// has ended, or what a method did against its contract.
func Preview(ctx context.Context, s Search) (*Forecast, error) {
	def := s.Definition
	stop := def.Stop
	program := s.Curves.Program
	if s.Cost != nil {
		s.Seconds = s.Cost.PerStep
		program = func(n int, c space.Config) Program {
			p := s.Curves.Program(n, c)
			if p.End == 0 && def.Fidelity != nil {
				p.End = def.Fidelity.Max
			}
			return s.Cost.apply(p, n, c, def.Seed)
		}
	}
	if stop.Time > 0 && s.Seconds == 0 {
		return nil, study.Errorf(study.Invalid, "say what a step takes in seconds", "the study is bounded by time")
	}
	d := Setup{
		Space: def.Space, Objectives: def.Objectives, Fidelity: def.Fidelity, Seed: def.Seed, Workers: def.Parallel,
		Trials: stop.Trials, Program: program, Resource: stop.Resource, Loose: true,
	}
	if stop.Time > 0 {
		d.Time = time.Duration(stop.Time).Seconds() / s.Seconds
	}
	if d.Trials == 0 {
		d.Trials = maxTrials
	}
	problem := d.Problem()
	problem.Trials = stop.Trials
	scheduler, err := s.Schedule.New(problem, def.Schedule.Settings)
	if err != nil {
		return nil, err
	}
	suggester, err := warm.New(s.Suggest, suggest.Problem{Objectives: len(def.Objectives), Parallel: def.Parallel, Trials: stop.Trials, Earlier: def.Earlier, Budget: suggest.BudgetOf(def)}, def.Search.Settings)
	if err != nil {
		return nil, err
	}
	fixed := maps.Clone(def.Fix)
	if fixed == nil {
		fixed = map[string]space.Value{}
	}
	if _, err := study.GiveContexts(def.Space, fixed); err != nil {
		return nil, err
	}
	part, err := def.Space.Hold(fixed)
	if err != nil {
		return nil, &study.Error{Code: study.Invalid, Message: "the fixed values cannot be", Err: err}
	}
	holder := suggest.Holding(suggester)
	d.Suggest = func(h *study.History, n int, o schedule.Order) (suggest.Proposal, error) {
		if n == 0 {
			if c, ok := part.Default(); ok {
				return suggest.Proposal{Config: c.In(def.Space)}, nil
			}
		}
		list, err := holder.Suggest(ctx, suggest.Request{History: h, N: 1, First: n, Seed: def.Seed, Fixed: fixed, Until: o.Until, Bracket: o.Bracket})
		switch {
		case len(list) > 0:
			return list[0], nil
		case errors.Is(err, suggest.ErrExhausted):
			return suggest.Proposal{}, ErrExhausted
		case err != nil:
			return suggest.Proposal{}, fmt.Errorf("search algorithm %s: %w", s.Suggest.Name, err)
		}
		return suggest.Proposal{}, ErrWait
	}
	r, err := Run(scheduler, d)
	if err != nil {
		return nil, err
	}
	return forecast(r, d, s.Seconds), nil
}

// maxTrials bounds the preview of a search that nothing else bounds.
const maxTrials = 100_000

func forecast(r *Result, d Setup, seconds float64) *Forecast {
	h := r.Log.Book.History()
	f := &Forecast{Trials: h.Len(), States: map[study.State]int{}, Clock: r.Clock, Seconds: r.Clock * seconds}
	if r.Clock > 0 {
		f.Busy = r.Busy / (r.Clock * float64(max(d.Workers, 1)))
	}
	f.Spending, _ = analyze.Spent(h)
	if t := analyze.Best(h); t != nil {
		f.Best = t.Values[0]
	}
	for t := range h.All() {
		f.States[t.State]++
	}
	below := 0.0
	for _, step := range rungs(r, d.Fidelity) {
		one := Rung{Step: step}
		for t := range h.All() {
			begin := 0.0
			if t.Copy != nil {
				begin = t.Copy.Step
			}
			last := t.LastStep()
			if last >= step && begin < step {
				one.Trials++
			}
			one.Paid += max(0, min(last, step)-max(below, begin))
		}
		f.Rungs = append(f.Rungs, one)
		below = step
	}
	return f
}

// rungs returns the steps up to which trials were let run, or where the
// scheduler names none, steps in between.
func rungs(r *Result, f *study.Fidelity) []float64 {
	var steps []float64
	for _, e := range r.Events {
		if e.Until > 0 {
			steps = append(steps, e.Until)
		}
	}
	if f == nil {
		return nil
	}
	steps = append(steps, f.Max)
	slices.Sort(steps)
	steps = slices.Compact(steps)
	if len(steps) > 1 {
		return steps
	}
	for x := f.Max / 3; x >= f.Min && len(steps) < 8; x /= 3 {
		steps = append([]float64{x}, steps...)
	}
	return steps
}
