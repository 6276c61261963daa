package cli

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/study"
)

func (x *app) simulateCommand() *cobra.Command {
	var f simulateFlags
	c := &cobra.Command{
		Use:   "simulate STUDY.yaml",
		Short: "Play a search on a virtual clock before anything is spent on it",
		Long: `Play the search that a study file describes on a virtual clock, with the same
scheduler and search algorithm that would run it, and print what to expect: how
many trials get how far, what that costs, how long it takes, how busy the
workers are, and how much of a full training of every trial is saved.

Nothing is run. How trials behave is invented, or with --from taken from the
curves of another study of the same program, finished or not. What a step takes
is then learned from its trials, as a function of the configuration. With --runs
the search is played several times, each with other seeds and other trials of
that study, and the forecast has intervals.`,
		Args: argCount(1, 1, "a study file"),
		RunE: func(c *cobra.Command, args []string) error {
			got, err := config.Load(args[0], x.tables(), x.lookupEnv)
			if err != nil {
				return err
			}
			return x.simulate(c, got, f)
		},
	}
	fl := c.Flags()
	fl.StringVar(&f.from, "from", "", "a study whose trials' curves and times are to be used")
	fl.Float64Var(&f.seconds, "seconds-per-step", 0, "what a step takes (an epoch, a boosting round, …)")
	fl.IntVarP(&f.trials, "trials", "n", 0, "end after so many trials")
	fl.IntVarP(&f.parallel, "parallel", "j", 0, "trials at once")
	fl.StringVar(&f.search, "search", "", "search algorithm")
	fl.StringVar(&f.schedule, "schedule", "", "scheduler")
	fl.Uint64Var(&f.seed, "seed", 0, "seed of everything random")
	fl.IntVar(&f.runs, "runs", 1, "play so many times with different seeds and print the mean, and an interval")
	return c
}

// simulateFlags is what afina simulate can be told beside the study file.
type simulateFlags struct {
	from             string
	seconds          float64
	trials, parallel int
	search, schedule string
	seed             uint64
	runs             int
}

// alike refuses to take the curves of old for those of def where that says
// nothing: they are of another metric, or of other parameters altogether.
func alike(log *study.Log, def *study.Definition) error {
	old := log.Def
	if a, b := old.Objectives[0], def.Objectives[0]; a.Metric != b.Metric || a.Goal != b.Goal {
		return study.Errorf(study.Invalid, "name a study of the same program with --from, or leave it out", "study %s has to %s %s, and %s has to %s %s",
			old.Name, a.Goal, a.Metric, def.Name, b.Goal, b.Metric)
	}
	for i := range def.Space.Params() {
		if log.Book.Space.Lookup(def.Space.Param(i).Name) >= 0 {
			return nil
		}
	}
	return study.Errorf(study.Invalid, "name a study of the same program with --from, or leave it out", "study %s has no parameter in common with %s", old.Name, def.Name)
}

// simulated is what simulate --json prints.
type simulated struct {
	Study    string `json:"study"`
	Search   string `json:"search"`
	Schedule string `json:"schedule"`
	Parallel int    `json:"parallel"`
	// Curves says where they are from: "invented", or the study's name.
	Curves  string               `json:"curves"`
	PerStep float64              `json:"seconds_per_step,omitempty"`
	Cost    *simulate.Cost       `json:"cost,omitempty"`
	Runs    []*simulate.Forecast `json:"runs"`
}

func (x *app) simulate(c *cobra.Command, got *config.Result, f simulateFlags) error {
	def := got.Definition
	set := c.Flags().Changed
	if f.trials < 0 || set("parallel") && f.parallel < 1 || f.seconds < 0 || math.IsInf(f.seconds, 0) || f.runs < 1 {
		return usageError{study.Errorf(study.Invalid, "", "--trials and --seconds-per-step cannot be negative, --parallel and --runs are at least 1")}
	}
	if err := checkParallel(f.parallel); err != nil {
		return err
	}
	if set("trials") {
		def.Stop.Trials = f.trials
	}
	if set("parallel") {
		def.Parallel = f.parallel
	}
	x.chooseMethods(got, set, f.search, f.schedule)
	if set("seed") {
		def.Seed = f.seed
	}
	if s := def.Stop; s.Trials == 0 && s.Time == 0 && s.Resource == 0 {
		def.Stop.Trials = defaultTrials
	}
	if err := x.takeEarlier(c.Context(), def); err != nil {
		return err
	}
	out := simulated{Study: def.Name, Search: def.Search.Name, Schedule: def.Schedule.Name, Parallel: def.Parallel, Curves: "invented", PerStep: f.seconds}
	search := simulate.Search{Definition: def, Seconds: f.seconds}
	var err error
	if search.Suggest, err = x.Search.Lookup(def.Search.Name); err != nil {
		return err
	}
	if search.Schedule, err = x.Schedule.Lookup(def.Schedule.Name); err != nil {
		return err
	}
	if f.from != "" {
		log, _, err := x.load(c.Context(), f.from)
		if err != nil {
			return err
		}
		if err := alike(log, def); err != nil {
			return err
		}
		recorded, ok := simulate.Record(log.Book.History(), def.Space)
		if !ok {
			return study.Errorf(study.Invalid, "leave out --from", "no trial of study %s has reported its objective with steps", log.Def.Name)
		}
		search.Curves, out.Curves = recorded, log.Def.Name
		if cost, ok := simulate.Learn(log.Book.History(), def.Space); ok && !set("seconds-per-step") {
			search.Cost, out.Cost, out.PerStep = cost, cost, cost.PerStep
		}
	}
	for run := range f.runs {
		one := search
		d := *def
		d.Seed += uint64(run)
		one.Definition = &d
		switch recorded, is := one.Curves.(*simulate.Recorded); {
		case !is:
			one.Curves = simulate.Invented{Space: d.Space, Objectives: d.Objectives, Fidelity: d.Fidelity, Seed: d.Seed}
		case f.runs > 1:
			one.Curves = recorded.Resample(d.Seed)
		}
		got, err := simulate.Preview(c.Context(), one)
		if err != nil {
			return fmt.Errorf("simulate %s: %w", def.Name, err)
		}
		out.Runs = append(out.Runs, got)
	}
	if x.json {
		x.printJSON(out)
		return nil
	}
	x.printSimulated(def, out)
	return nil
}

// middle is the part of the runs that an interval holds.
const middle = 0.8

// interval returns the middle of what some runs came to, in order.
func interval(xs []float64) (low, high float64) {
	xs = slices.Sorted(slices.Values(xs))
	out := int(float64(len(xs)) * (1 - middle) / 2)
	return xs[out], xs[len(xs)-1-out]
}

func (x *app) printSimulated(def *study.Definition, s simulated) {
	w := x.Out
	all := func(of func(*simulate.Forecast) float64) (xs []float64, mean float64) {
		for _, f := range s.Runs {
			xs = append(xs, of(f))
			mean += of(f)
		}
		return xs, mean / float64(len(s.Runs))
	}
	mean := func(of func(*simulate.Forecast) float64) float64 { _, m := all(of); return m }
	// around is the mean with the interval behind it, where that is one.
	around := func(of func(*simulate.Forecast) float64, text func(float64) string) string {
		xs, m := all(of)
		low, high := interval(xs)
		if text(low) == text(high) {
			return text(m)
		}
		return fmt.Sprintf("%s (%s to %s)", text(m), text(low), text(high))
	}
	field := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-12s %s\n", name, fmt.Sprintf(format, args...))
	}
	seconds := func(x float64) string { return round(time.Duration(x * float64(time.Second))) }
	times := ""
	switch n := len(s.Runs); {
	case n >= 10:
		times = fmt.Sprintf(", mean of %d runs (and where %.0f %% of them are)", n, 100*middle)
	case n > 1:
		times = fmt.Sprintf(", mean of %d runs (and the least and most)", n)
	}
	field("search", "%s under %s, %s at once%s", s.Search, s.Schedule, plural(s.Parallel, "trial"), times)
	if s.Curves == "invented" {
		field("curves", "invented; with --from those of a study that has run")
	} else {
		field("curves", "of study %s", s.Curves)
	}
	if c := s.Cost; c != nil {
		text := fmt.Sprintf("%s for each %s, by the mean of %s", seconds(c.PerStep), stepName(def), plural(c.Trials, "trial"))
		if c.Model != "constant" {
			text = fmt.Sprintf("%s to %s for each %s, by a %s model of %s", seconds(c.Fastest), seconds(c.Slowest), stepName(def), c.Model, plural(c.Trials, "trial"))
		}
		if c.Trials > 1 {
			text += fmt.Sprintf("; off by %.0f %% on trials not seen", 100*c.Error)
		}
		field("cost", "%s", text)
	}
	trials := mean(func(f *simulate.Forecast) float64 { return float64(f.Trials) })
	text := short(trials) + " started"
	for _, state := range study.States {
		if n := mean(func(f *simulate.Forecast) float64 { return float64(f.States[state]) }); n > 0 {
			text += fmt.Sprintf(", %s %s", short(n), state)
		}
	}
	field("trials", "%s", text)
	paid := mean(func(f *simulate.Forecast) float64 { return f.Paid })
	text = around(func(f *simulate.Forecast) float64 { return f.Paid }, func(x float64) string { return units(def, x) })
	if full := mean(func(f *simulate.Forecast) float64 { return f.Full }); full > paid {
		text += fmt.Sprintf(" instead of %s: %.0f %% saved by pruning", short(full), 100*(1-paid/full))
	} else if full > 0 && full < paid {
		text += fmt.Sprintf(", where every trial trained to its end would have taken %s: trials start over", short(full))
	}
	field("resource", "%s", text)
	clock := func(f *simulate.Forecast) float64 { return f.Clock }
	switch {
	case s.Cost != nil:
		field("time", "%s", around(func(f *simulate.Forecast) float64 { return f.Seconds }, seconds))
	case s.PerStep > 0:
		field("time", "%s, with %s for each %s", around(func(f *simulate.Forecast) float64 { return f.Seconds }, seconds), seconds(s.PerStep), stepName(def))
	default:
		field("time", "that of %s one after another; --seconds-per-step makes it seconds", around(clock, func(x float64) string { return units(def, x) }))
	}
	field("workers", "busy %s of the time", around(func(f *simulate.Forecast) float64 { return f.Busy }, func(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }))
	if len(s.Runs[0].Rungs) == 0 {
		return
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, r := range s.Runs[0].Rungs {
		at := func(of func(simulate.Rung) float64) string {
			return around(func(f *simulate.Forecast) float64 {
				for _, other := range f.Rungs {
					if other.Step == r.Step {
						return of(other)
					}
				}
				return 0
			}, short)
		}
		rows = append(rows, []string{
			short(r.Step),
			at(func(r simulate.Rung) float64 { return float64(r.Trials) }),
			at(func(r simulate.Rung) float64 { return r.Paid }),
		})
	}
	table(w, []string{">up to " + stepName(def), ">trials", ">" + stepName(def) + "s paid"}, rows)
}
