package afina

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// Option says something about a study. Of options that exclude each other the
// last wins; [Minimize] and [Maximize] add up.
type Option func(*options)

// options is what the Options of a study come to.
type options struct {
	def         study.Definition
	scheduled   bool // a scheduler was chosen
	constraints []*expr.Program
	seeded      bool
	fallback    int // trials, where nothing bounds the study
	store       string
	onTrial     func(Result)
	sources     []source // of def.WarmStart
	errs        []error
}

func (o *options) refuse(format string, args ...any) {
	o.errs = append(o.errs, fmt.Errorf(format, args...))
}

// Defaults of what no option says.
const (
	defaultName     = "study"
	defaultMetric   = "value"
	defaultFailures = 10
)

func newOptions(list []Option) (*options, error) {
	o := &options{def: study.Definition{
		Name:     defaultName,
		Search:   study.Method{Name: builtin.DefaultSearch},
		Schedule: study.Method{Name: builtin.DefaultSchedule},
		Parallel: 1,
		// A trial whose process died runs again; a function that returned an
		// error would return it again.
		Retry: study.Retry{
			On:                   []string{string(study.ClassLost), string(study.ClassPreempted)},
			MaxConsecutiveFailed: defaultFailures,
		},
	}}
	for _, option := range list {
		if option != nil {
			option(o)
		}
	}
	if len(o.def.Objectives) == 0 {
		Minimize(defaultMetric)(o)
	}
	if f := o.def.Fidelity; f != nil {
		for i := range o.def.Objectives {
			switch {
			case f.Sampled():
				o.def.Objectives[i].Reduce = study.Reduction{Kind: "mean"}
			case f.Levels != nil:
				o.def.Objectives[i].Reduce = study.Reduction{Kind: "last"}
			}
		}
	}
	if o.def.Fidelity != nil && !o.scheduled {
		o.def.Schedule.Name = builtin.Search().ScheduleOf(o.def.Search.Name, builtin.FidelitySchedule)
	}
	if s := o.def.Stop; s.Trials == 0 && s.Time == 0 && s.Target == nil && s.NoImprovement == 0 && s.Resource == 0 && s.Cost == 0 {
		o.def.Stop.Trials = o.fallback
	}
	o.checkMethods()
	return o, errors.Join(o.errs...)
}

// checkMethods looks the search algorithm and the scheduler up and checks
// their settings.
func (o *options) checkMethods() {
	check := func(kind string, m study.Method, list []setting.Setting, err error) {
		if err != nil {
			o.errs = append(o.errs, err)
			return
		}
		for _, p := range setting.Check(list, m.Settings) {
			hint := ""
			if p.Hint != "" {
				hint = " (" + p.Hint + ")"
			}
			o.refuse("set %s of the %s %s: %s%s", p.Name, kind, m.Name, p.Message, hint)
		}
	}
	search, err := builtin.Search().Lookup(o.def.Search.Name)
	check("search algorithm", o.def.Search, search.Settings, err)
	sched, err := builtin.Schedule().Lookup(o.def.Schedule.Name)
	check("scheduler", o.def.Schedule, sched.Settings, err)
}

// atMost bounds a study by trials where nothing else bounds it.
func atMost(trials int) Option { return func(o *options) { o.fallback = trials } }

// Trials ends the study after n trials, those of an earlier run of it
// included. Trials that were cancelled do not count. 0: no such bound.
func Trials(n int) Option {
	return func(o *options) {
		if n < 0 {
			o.refuse("bound the study to %d trials: give a number of at least 0", n)
		}
		o.def.Stop.Trials = n
	}
}

// Timeout ends the study after d of running time, summed over all runs of it.
// Trials that are running then are told so by [Trial.ShouldStop].
func Timeout(d time.Duration) Option {
	return func(o *options) {
		if d < 0 {
			o.refuse("bound the study to %s: give a time of at least 0", d)
		}
		o.def.Stop.Time = study.Duration(d)
	}
}

// Target ends the study when the first objective reaches x.
func Target(x float64) Option {
	return func(o *options) {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			o.refuse("end the study at a target of %v: give a number that can be reached", x)
		}
		o.def.Stop.Target = &x
	}
}

// NoImprovement ends the study when n trials in a row brought no new best.
func NoImprovement(n int) Option {
	return func(o *options) {
		if n < 0 {
			o.refuse("wait for %d trials without improvement: give a number of at least 0", n)
		}
		o.def.Stop.NoImprovement = n
	}
}

// Improvement ends the study when the search algorithm expects one more trial
// to gain less than x, above 0, in the objective; not before 5 trials, and one
// more for every parameter, have brought no new best. It takes an algorithm that
// models a single objective.
func Improvement(x float64) Option {
	return func(o *options) {
		if !(x > 0) || math.IsInf(x, 0) {
			o.refuse("go on while %v may be gained: give a number above 0", x)
		}
		o.def.Stop.Improvement = x
	}
}

// Regret ends the study when nothing that is untried is likely to be better
// than the best by more than x; with 0, by more than the noise. For the rest it
// is like [Improvement].
func Regret(x float64) Option {
	return func(o *options) {
		if !(x >= 0) || math.IsInf(x, 0) {
			o.refuse("accept a regret of %v: give a number of at least 0", x)
		}
		o.def.Stop.Regret = &study.Limit{Auto: x == 0, Value: x}
	}
}

// Ahead has n configurations chosen while the trials before them still run, so
// that the next starts at once. It is for search algorithms that take long for
// a choice, beside the trial; each choice is made without the results of the
// trials running then. The default is 0. Between [Study.Tell] and [Study.Ask]
// choices are prepared anyway.
func Ahead(n int) Option {
	return func(o *options) {
		if n < 0 {
			o.refuse("choose %d configurations ahead: give a number of at least 0", n)
		}
		o.def.Ahead = n
	}
}

// Repeat runs configurations again, to tell good ones from lucky ones: with 0
// where the search algorithm finds that worth more than a new one, else until
// what looks best, by the mean of its runs, has had so many. Each run is a trial
// with a seed of its own; see [Trial.Seed]. It is for one objective.
func Repeat(runs int) Option {
	return func(o *options) {
		if runs < 0 || runs == 1 {
			o.refuse("run what looks best %d times: give 0 or a number of at least 2", runs)
		}
		o.def.Repeat = &study.Limit{Auto: runs == 0, Value: float64(runs)}
	}
}

// Resource ends the study when trials have used so many units of the resource
// that their steps count, in all: epochs, say. A trial that starts over pays
// again. What runs then is told so by [Trial.ShouldStop].
func Resource(units float64) Option {
	return func(o *options) {
		if !(units >= 0) || math.IsInf(units, 0) {
			o.refuse("bound the study to %v units of resource: give a number of at least 0", units)
		}
		o.def.Stop.Resource = units
	}
}

// Cost ends the study when its trials have cost so much, as they say with
// [Trial.ReportMetrics] by the metric of that name: each what it has cost up to
// now. A complete trial that never says it ends the study with an error.
func Cost(metric string, limit float64) Option {
	return func(o *options) {
		if metric == "" || !(limit > 0) || math.IsInf(limit, 0) {
			o.refuse("bound the study to a cost of %v of the metric %q: give a name and a number above 0", limit, metric)
		}
		o.def.Cost, o.def.Stop.Cost = &study.Cost{Metric: metric}, limit
	}
}

// Price is [Cost] where an hour of one trial has a price.
func Price(perHour, limit float64) Option {
	return func(o *options) {
		if !(perHour > 0 && limit > 0) || math.IsInf(perHour, 0) || math.IsInf(limit, 0) {
			o.refuse("bound the study to a cost of %v at %v an hour: give numbers above 0", limit, perHour)
		}
		o.def.Cost, o.def.Stop.Cost = &study.Cost{PerHour: perHour}, limit
	}
}

// MaxFailures ends the study with an error when n trials in a row failed: the
// program is then more likely to be wrong than its parameters. The default is
// 10; 0 never does.
func MaxFailures(n int) Option {
	return func(o *options) {
		if n < 0 {
			o.refuse("bear %d failures in a row: give a number of at least 0", n)
		}
		o.def.Retry.MaxConsecutiveFailed = n
	}
}

// Parallel runs up to n trials at once, at most 10,000, each in a goroutine of
// its own. The default is 1.
func Parallel(n int) Option {
	return func(o *options) {
		if n < 1 || n > config.MaxParallel {
			o.refuse("run %d trials at once: give a number from 1 to %d", n, config.MaxParallel)
		}
		o.def.Parallel = n
	}
}

// Seed fixes everything random. Without it a new study draws a seed; one that
// goes on keeps its own.
func Seed(seed uint64) Option { return func(o *options) { o.def.Seed, o.seeded = seed, true } }

// Minimize makes values small. Without a name, or with one, there is one
// objective; every further name is one more, for [OptimizeAll]. The default is
// one objective called value, to be minimised.
func Minimize(metrics ...string) Option { return objectives(study.Minimize, metrics) }

// Maximize makes values large; see [Minimize].
func Maximize(metrics ...string) Option { return objectives(study.Maximize, metrics) }

func objectives(goal study.Goal, metrics []string) Option {
	return func(o *options) {
		if len(metrics) == 0 {
			metrics = []string{defaultMetric}
		}
		for _, m := range metrics {
			same := func(other study.Objective) bool { return other.Metric == m }
			switch {
			case m == "":
				o.refuse("%s a metric: it has no name", goal)
			case slices.ContainsFunc(o.def.Objectives, same):
				o.refuse("%s %q: there is an objective of that name already", goal, m)
			default:
				o.def.Objectives = append(o.def.Objectives, study.Objective{Metric: m, Goal: goal})
			}
		}
	}
}

// Setting is one setting of a search algorithm or scheduler; see [Set].
type Setting struct {
	name  string
	value any
}

// Set gives the setting called name a value: a number, a bool or a string.
// The settings that there are stand in the reference of the method.
func Set(name string, value any) Setting { return Setting{name, value} }

// Search chooses the search algorithm, such as qmc, random or grid.
func Search(name string, settings ...Setting) Option {
	return func(o *options) { o.def.Search = o.method(name, settings) }
}

// Schedule chooses the scheduler, which ends or pauses trials by what they
// report: fixed (none is), median and others. The default is auto with a
// [Fidelity] and fixed without.
func Schedule(name string, settings ...Setting) Option {
	return func(o *options) { o.def.Schedule, o.scheduled = o.method(name, settings), true }
}

func (o *options) method(name string, settings []Setting) study.Method {
	m := study.Method{Name: name}
	for _, s := range settings {
		v, err := value.FromAny(s.value)
		if err != nil {
			o.refuse("set %s of %s: %w", s.name, name, err)
			continue
		}
		if m.Settings == nil {
			m.Settings = setting.Values{}
		}
		m.Settings[s.name] = v
	}
	return m
}

// Fidelity says that the step of a report is a resource (epochs, boosting
// rounds, parts of the data) of which a full trial uses high and the shortest
// one that tells something uses low. Schedulers that share out a budget need
// it, and unless [Schedule] says otherwise one does: trials that lag behind are
// pruned, and trials may be paused.
func Fidelity(low, high float64) Option {
	return func(o *options) {
		if !(low > 0 && low <= high) {
			o.refuse("use a fidelity of [%v, %v]: give 0 < low <= high", low, high)
		}
		o.def.Fidelity = &study.Fidelity{Min: low, Max: high}
	}
}

// Folds says that the steps of a trial are the n folds of a cross-validation, 0
// to n-1, which all trials run in one order drawn from the seed:
//
//	for _, fold := range t.Folds() {
//		t.ReportFold(fold, accuracy(fold))
//		if t.ShouldStop() {
//			return 0, afina.ErrPruned
//		}
//	}
//	return 0, nil
//
// The value of a trial is the mean over its folds. Unless [Schedule] says
// otherwise, one that the folds it has run prove to be worse than the best is
// dropped.
func Folds(n int) Option {
	names := make([]string, 0, max(0, min(n, study.MaxSamples+1)))
	for i := range cap(names) {
		names = append(names, strconv.Itoa(i))
	}
	return samples("fold", names)
}

// Instances is [Folds] for problem instances, data sets or seeds by name; see
// [Trial.Samples] and [Trial.ReportSample].
func Instances(names ...string) Option { return samples("instance", slices.Clone(names)) }

func samples(word string, names []string) Option {
	return func(o *options) {
		s := &study.Samples{Names: names, Random: true}
		if message, hint := s.Check(); message != "" {
			o.refuse("compare trials on %ss: %s (%s)", word, message, hint)
		}
		o.def.Fidelity = &study.Fidelity{Step: word, Min: 1, Max: float64(len(names)), Samples: s}
	}
}

// Level says that the steps of a trial are values of a parameter from low to
// high which the scheduler chooses, of which more is better knowledge and costs
// as much more: the part of the data, the number of trees. [Trial.Level] is the
// value; its result is reported at the step [Trial.LevelStep].
func Level(name string, low, high float64) Option {
	return func(o *options) {
		if !(low > 0 && low < high) || name == "" {
			o.refuse("let the scheduler choose %q from [%v, %v]: give a name and 0 < low < high", name, low, high)
		}
		o.def.Fidelity = &study.Fidelity{Step: name, Min: low, Max: high, Levels: &study.Levels{Parameter: name, Whole: low == math.Trunc(low) && high == math.Trunc(high)}}
	}
}

// Fix gives some parameters values that they have in every new trial, wherever
// they exist, while the others are searched. A study that is opened again may
// fix others, or none. Trials with other values are not lost: what they say is
// learned.
func Fix(values map[string]any) Option {
	return func(o *options) {
		vs, err := valuesOf(values)
		if err != nil {
			o.refuse("fix values: %w", err)
			return
		}
		o.def.Fix = vs
	}
}

// Store keeps the study in a file (a SQLite database, made where there is
// none). The same program started again goes on where it was, whatever ended
// it; the command afina shows the file with ls, best, show and export. One
// process at a time can have it open.
func Store(path string) Option {
	return func(o *options) {
		if path == "" {
			o.refuse("keep the study in a file: its path is empty")
		}
		o.store = path
	}
}

// Name names the study, which matters where a [Store] holds several. The
// default is study.
func Name(name string) Option {
	return func(o *options) {
		if !home.ValidName(name) {
			o.refuse("name the study %q: use letters, digits and any of _ . -", name)
		}
		o.def.Name = name
	}
}

// Constraint must hold for every configuration that is tried, as in
// "layers * units <= 512". It is for declared spaces; see [Space]. An
// objective that finds its own parameters returns [ErrInfeasible] instead.
func Constraint(expression string) Option {
	return func(o *options) {
		p, err := expr.Compile(expression)
		if err != nil {
			o.refuse("read the constraint %q: %w", expression, err)
			return
		}
		o.constraints = append(o.constraints, p)
	}
}

// OnTrial calls f with every trial that [Optimize] has ended, one call at a
// time: for a progress line, or a plot. The next trial of that goroutine starts
// when f returns.
func OnTrial(f func(Result)) Option { return func(o *options) { o.onTrial = f } }
