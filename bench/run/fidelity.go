package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// Pair is a scheduler and a search algorithm that work together.
type Pair struct {
	// Label is what traces call them: the text they were parsed from, with the
	// name of the program in front.
	Label    string
	Schedule schedule.Method
	Settings setting.Values // of the scheduler
	Search   Method
}

// ParsePair reads SCHEDULER+SEARCH, each with settings as for [ParseMethod].
func ParsePair(schedulers schedule.Table, searches suggest.Table, text string) (Pair, error) {
	first, second, ok := strings.Cut(text, "+")
	if !ok {
		return Pair{}, fmt.Errorf("method %q is not of the form SCHEDULER+SEARCH, as asha+tpe", text)
	}
	name, rest, _ := strings.Cut(first, ":")
	out := Pair{Label: "afina-" + text}
	var err error
	if out.Schedule, err = schedulers.Lookup(name); err != nil {
		return Pair{}, err
	}
	if out.Settings, err = parseSettings(text, out.Schedule.Settings, rest); err != nil {
		return Pair{}, err
	}
	out.Search, err = ParseMethod(searches, second)
	return out, err
}

// FidelityJob is one run in which trials need not be trained to the end.
type FidelityJob struct {
	Pair    Pair
	Problem problem.Problem // with a fidelity and one objective
	Seed    uint64
	// Budget is how many whole trainings the resource pays for, however many
	// workers share it.
	Budget  int
	Workers int // on the simulated clock, on which every step takes the same
	// Restart lets programs begin at step 0 again where a trial is resumed, and
	// pay again. Otherwise they go on, and schedulers that ask are told so.
	Restart bool
	Clock   Clock // of decisions; the zero value is the wall's
}

// Marks is how many incumbents a trace of a [FidelityJob] has: one at each
// hundredth of the budget.
const Marks = 100

// restarted is appended to the label of a peer whose programs restart.
const restarted = " restart"

// purposeStep is the random stream of the noise at a step, beside that of the
// trial.
const purposeStep = problem.PurposeNoise + "/step"

// StepNoise is where the noise of a trial's report at a step is drawn from: the
// same whatever the method, and however often it is reported.
func StepNoise(seed uint64, trial int, step float64) *rand.Rand {
	return study.Stream(seed, trial, fmt.Sprintf("%s/%v", purposeStep, step))
}

// Fidelity makes one run. In the trace Incumbent has, at each hundredth of the
// budget, the value after a whole training of the configuration that afina
// expects to end best by then: see [analyze.Foreseen].
func Fidelity(ctx context.Context, j FidelityJob) (Trace, error) {
	t := Trace{
		Peer: j.Pair.Label, Version: j.Pair.Schedule.Version + "+" + j.Pair.Search.Method.Version,
		Task: j.Problem.Name(), Seed: j.Seed, Budget: j.Budget, Fidelity: true,
	}
	if j.Workers > 1 {
		t.Parallel = j.Workers
	}
	if j.Restart {
		t.Peer += restarted
	}
	fail := func(err error) (Trace, error) {
		return Trace{}, fmt.Errorf("run %s on %s with seed %d: %w", t.Peer, t.Task, t.Seed, err)
	}
	f := j.Problem.Fidelity()
	if f == nil || len(j.Problem.Objectives()) != 1 {
		return fail(errors.New("the task needs one objective, and steps of training"))
	}
	t.Clock = j.Clock.Name
	w := &incumbent{problem: j.Problem, clock: j.Clock, budget: float64(j.Budget) * f.Max}
	setup := simulate.Setup{
		Space: j.Problem.Space(), Objectives: j.Problem.Objectives(), Fidelity: f, Seed: j.Seed, Workers: j.Workers,
		Trials: j.Budget * int(math.Ceil(f.Max/f.Min)), Resource: w.budget,
		Program: func(n int, c space.Config) simulate.Program {
			return simulate.Program{Every: f.Min, Forgetful: j.Restart, Value: func(step float64) float64 {
				o, err := j.Problem.Evaluate(c, step, StepNoise(j.Seed, n, step))
				if err != nil || o.Crashed {
					w.err = errors.Join(w.err, err)
					return math.NaN()
				}
				return o.Values[0]
			}}
		},
	}
	about := setup.Problem()
	about.Trials = 0 // not what bounds it
	settings := j.Pair.Settings
	if slices.ContainsFunc(j.Pair.Schedule.Settings, func(s setting.Setting) bool { return s.Name == "resume" }) {
		if _, said := settings["resume"]; !said {
			settings = setting.Values{"resume": value.Bool(!j.Restart)}
			for k, v := range j.Pair.Settings {
				settings[k] = v
			}
		}
	}
	var err error
	if w.Scheduler, err = j.Pair.Schedule.New(about, settings); err != nil {
		return fail(err)
	}
	s, err := j.Pair.Search.Method.New(suggest.Problem{Objectives: 1, Parallel: max(j.Workers, 1)}, j.Pair.Search.Settings)
	if err != nil {
		return fail(err)
	}
	watch := &stopwatch{inner: s, clock: j.Clock}
	setup.Suggest = func(h *study.History, n int, o schedule.Order) (suggest.Proposal, error) {
		if err := ctx.Err(); err != nil {
			return suggest.Proposal{}, err
		}
		defer w.spend(j.Clock.start())
		list, err := watch.Suggest(ctx, suggest.Request{History: h, N: 1, First: n, Seed: j.Seed, Until: o.Until, Bracket: o.Bracket})
		switch {
		case len(list) > 0:
			return list[0], nil
		case errors.Is(err, suggest.ErrExhausted):
			return suggest.Proposal{}, simulate.ErrExhausted
		case err != nil:
			return suggest.Proposal{}, err
		}
		return suggest.Proposal{}, simulate.ErrWait
	}
	simulation := simulate.New(w, setup)
	w.result = simulation.Result()
	err = simulation.Run()
	w.mark(w.budget) // a run that ended early keeps its last
	if err = errors.Join(err, w.err); err != nil {
		return fail(err)
	}
	t.Incumbent, t.Decisions, t.Seconds = w.values, w.decisions, watch.seconds
	return t, nil
}

// incumbent is a scheduler that is watched: it sees every report as it comes.
type incumbent struct {
	schedule.Scheduler
	problem problem.Problem
	clock   Clock
	budget  float64
	result  *simulate.Result
	err     error

	config    space.Config // of the trial that is expected to end best
	values    Numbers
	spent     float64 // seconds that decisions have taken
	decisions Numbers // the same, at each of values
}

// spend adds the seconds since a start to what decisions have taken.
func (w *incumbent) spend(since func() float64) { w.spent += since() }

// Next implements [schedule.Scheduler].
func (w *incumbent) Next(h *study.History) schedule.Order {
	defer w.spend(w.clock.start())
	return w.Scheduler.Next(h)
}

// Close implements [schedule.Closer] as far as the scheduler does.
func (w *incumbent) Close(h *study.History) schedule.Order {
	defer w.spend(w.clock.start())
	if c, is := w.Scheduler.(schedule.Closer); is {
		return c.Close(h)
	}
	return w.Scheduler.Next(h)
}

// Judge implements [schedule.Scheduler].
func (w *incumbent) Judge(h *study.History, t *study.Trial) study.Verdict {
	w.mark(w.result.Paid - 1e-9*w.budget) // that was before this report
	if f, ok := analyze.Foreseen(h); ok {
		w.config = f.Trial.Config
	}
	w.mark(w.result.Paid)
	defer w.spend(w.clock.start())
	return w.Scheduler.Judge(h, t)
}

// mark notes the incumbent at all hundredths of the budget up to paid.
func (w *incumbent) mark(paid float64) {
	for len(w.values) < Marks && paid >= w.budget*float64(len(w.values)+1)/Marks*(1-1e-12) {
		w.decisions = append(w.decisions, math.Round(w.spent*1e7)/1e7)
		if w.config.IsZero() {
			w.values = append(w.values, math.NaN())
			continue
		}
		o, err := w.problem.True(w.config)
		if err != nil || !o.Feasible() {
			w.err = errors.Join(w.err, err)
			w.values = append(w.values, math.NaN())
			continue
		}
		w.values = append(w.values, o.Values[0])
	}
}
