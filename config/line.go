package config

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// LineOptions is what flags say beside a command line with ranges in it. Zero
// fields take the defaults of a study file.
type LineOptions struct {
	Name     string   // default: from the command
	Metrics  []string // objectives, at least one
	Maximize bool     // of all objectives; else they are minimized
	Dir      string   // working folder; becomes the definition's Dir
	Search   string
	Schedule string
	Parallel int
	Seed     *uint64
	Trials   int
	Time     study.Duration
	PerTrial study.Duration
	Target   *float64
	Fidelity *study.Fidelity
	// Folds says, where it is not empty, that steps are folds: a number of them,
	// or a range such as 1..10.
	Folds string
}

// ParseLine reads a command whose placeholders say what they may be:
//
//	python train.py --lr '{lr:log(1e-5,1e-1)}' --layers '{layers:int(1,6)}'
//
// The distributions are float(low,high) (also called uniform), log(low,high),
// int(low,high), choice(a,b,c), ordered(a,b,c), bool() and normal(mean,sd).
// Behind the numbers may stand step=, default=, log and reverse_log (of float
// and int), low= and high= (of normal), default= and ordered (of choice), and
// default= (of bool). A format may follow: {lr:log(1e-5,1e-1):.2e}. {flag:x}
// makes x a bool by itself. A name defined once may be used again as {lr}.
//
// The definition's command has the plain placeholders. Its name is that of the
// program's script, so the same line always gives the same name. The error is
// a [*diag.List] whose lines are the arguments.
func ParseLine(args []string, o LineOptions, t Tables) (*Result, error) {
	shown := make([]string, len(args))
	for i, a := range args {
		shown[i] = strings.Map(func(c rune) rune {
			switch c {
			case '\n', '\r', 0x85, 0x2028, 0x2029:
				return ' '
			}
			return c
		}, a)
	}
	l := &line{reader: newReader("", []byte(strings.Join(shown, "\n")), t, nil), args: args, known: map[string]definition{}}
	got := &Result{Definition: newDefinition(command.Quote(args), t)}
	l.study(o, got)
	if err := l.list.Err(); err != nil {
		return nil, err
	}
	got.Warnings = l.warnings
	return got, nil
}

// line is a command line while it is read.
type line struct {
	*reader
	args  []string
	spec  space.Spec
	known map[string]definition
	spans [][]span // by argument
}

// definition is where a parameter's range stands.
type definition struct {
	arg, offset int
	index       int // in spec.Params; -1: it is wrong
}

// span ties a part of a rewritten argument to where it came from.
type span struct{ from, to, oldFrom, oldTo int }

// at returns the place of a byte of an argument as it was given.
func (l *line) at(arg, offset int) place {
	text := l.args[arg]
	return place{arg + 1, utf8.RuneCountInString(text[:min(max(offset, 0), len(text))]) + 1}
}

func (l *line) badAt(arg, offset int, hint, format string, a ...any) {
	l.bad(l.at(arg, offset), fmt.Sprintf("argument %d", arg+1), hint, format, a...)
}

func (l *line) study(o LineOptions, got *Result) {
	d := got.Definition
	d.Dir = o.Dir
	d.Name = o.Name
	if d.Name == "" {
		d.Name = lineName(l.args)
	} else if !studyName.MatchString(d.Name) {
		l.bad(place{}, "--name", "a name starts with a letter or digit and holds at most 100 letters, digits or . _ -", "%q cannot name a study", clip(d.Name))
	}
	argv := make([]string, len(l.args))
	l.spans = make([][]span, len(l.args))
	for i := range l.args {
		argv[i] = l.rewrite(i)
	}
	d.Command = &study.Command{Argv: argv, LogLimit: defaultLogLimit, PerTrial: o.PerTrial}
	l.options(o, d)
	if o.Seed != nil {
		d.Seed, got.SeedGiven = *o.Seed, true
	}
	t, err := command.Parse(argv, false)
	if err != nil {
		l.badTemplate(err, l.where)
		return
	}
	l.implied(t)
	if l.unknown(t) || len(l.list.Found) > 0 {
		return
	}
	if len(l.known) == 0 {
		l.bad(place{}, "", "write one into an argument: --lr '{lr:log(1e-5,1e-1)}'", "the command has no parameter to tune")
		return
	}
	s, err := space.New(l.spec)
	if err != nil {
		l.problems(err)
		return
	}
	d.Space = s
	l.checkCommand(t.Check(s), false, l.where)
	l.sampling(place{}, t, d)
	l.methods(d, methodPlaces{})
}

// options takes the flags over.
func (l *line) options(o LineOptions, d *study.Definition) {
	if len(o.Metrics) == 0 {
		l.bad(place{}, "--metric", "add --metric val_loss (and --maximize where large is good)", "the command line does not say which metric to optimize")
	}
	goal := study.Minimize
	if o.Maximize {
		goal = study.Maximize
	}
	for i, m := range o.Metrics {
		switch {
		case strings.TrimSpace(m) == "" || len(m) > MaxMetric:
			l.bad(place{}, "--metric", "", "%q cannot name a metric", clip(m))
		case contains(o.Metrics[:i], m):
			l.bad(place{}, "--metric", "drop one", "%q is there twice", m)
		}
		d.Objectives = append(d.Objectives, study.Objective{Metric: m, Goal: goal, Reduce: study.Reduction{Kind: "best"}})
	}
	d.Stop.Trials, d.Stop.Time, d.Stop.Target = o.Trials, o.Time, o.Target
	if o.Trials < 0 {
		l.bad(place{}, "--trials", "", "must be at least 1, not %d", o.Trials)
	}
	if o.Time < 0 || o.PerTrial < 0 {
		l.bad(place{}, "--time", "", "a duration cannot be negative")
	}
	if o.Parallel != 0 {
		d.Parallel = o.Parallel
	}
	if d.Parallel < 1 || d.Parallel > MaxParallel {
		l.bad(place{}, "--parallel", "", "must be from 1 to %d, not %d", MaxParallel, d.Parallel)
	}
	if f := o.Fidelity; f != nil {
		d.Fidelity = f
		d.Report.Step = f.Step
		if !(f.Min > 0 && f.Max > f.Min) {
			l.bad(place{}, "--fidelity", "", "needs 0 < min < max, not %g and %g", f.Min, f.Max)
		}
	}
	if o.Folds != "" {
		l.folds(o, d)
	}
	if o.Search != "" {
		d.Search.Name = o.Search
		if _, err := l.tables.Search.Lookup(o.Search); err != nil {
			l.badLookup(place{}, "--search", err)
		}
	}
	d.Schedule.Name = l.tables.ScheduleOf(d.Search.Name, d.Fidelity)
	if o.Schedule != "" {
		d.Schedule.Name = o.Schedule
		if _, err := l.tables.Schedule.Lookup(o.Schedule); err != nil {
			l.badLookup(place{}, "--schedule", err)
		}
	}
}

// folds makes the steps of the study folds.
func (l *line) folds(o LineOptions, d *study.Definition) {
	names, ok := foldNames(o.Folds)
	s := &study.Samples{Names: names}
	message, hint := s.Check()
	switch {
	case o.Fidelity != nil:
		l.bad(place{}, "--folds", "leave out --fidelity", "--folds and --fidelity exclude each other")
		return
	case !ok:
		l.bad(place{}, "--folds", "write --folds 10 for the folds 0 to 9, or --folds 1..10", "%q is no number of folds", clip(o.Folds))
		return
	case message != "":
		l.bad(place{}, "--folds", hint, "%s", message)
		return
	}
	d.Fidelity = &study.Fidelity{Step: "fold", Min: 1, Max: float64(len(names)), Samples: s}
	d.Report.Step = d.Fidelity.Step
	l.reducesBy(d, "mean", "")
}

func contains(list []string, s string) bool {
	for _, t := range list {
		if t == s {
			return true
		}
	}
	return false
}

// rewrite returns argument i with plain placeholders, and notes what they
// define.
func (l *line) rewrite(i int) string {
	src := l.args[i]
	var b strings.Builder
	for at := 0; at < len(src); {
		if src[at] != '{' {
			b.WriteByte(src[at])
			at++
			continue
		}
		if strings.HasPrefix(src[at:], "{{") {
			b.WriteString("{{")
			at += 2
			continue
		}
		p := inline{line: l, arg: i, src: src, at: at + 1}
		plain, ok := p.placeholder()
		if !ok {
			b.WriteByte('{')
			at++
			continue
		}
		l.spans[i] = append(l.spans[i], span{b.Len(), b.Len() + len(plain), at, p.at})
		b.WriteString(plain)
		at = p.at
	}
	return b.String()
}

// where returns the place of a byte of the rewritten argument.
func (l *line) where(arg, offset int) (place, string) {
	if arg < 0 || arg >= len(l.args) {
		return place{}, ""
	}
	shift := 0
	for _, s := range l.spans[arg] {
		switch {
		case offset >= s.to:
			shift = s.oldTo - s.to
		case offset >= s.from:
			return l.at(arg, s.oldFrom), fmt.Sprintf("argument %d", arg+1)
		}
	}
	return l.at(arg, offset+shift), fmt.Sprintf("argument %d", arg+1)
}

// define notes what {name:…} says. Saying the same twice is harmless.
func (l *line) define(p space.Param, arg, offset int, ok bool) {
	old, twice := l.known[p.Name]
	if !twice {
		at := definition{arg, offset, -1}
		if ok {
			at.index = len(l.spec.Params)
			l.spec.Params = append(l.spec.Params, p)
		}
		l.known[p.Name] = at
		return
	}
	if ok && old.index >= 0 && !sameParam(&l.spec.Params[old.index], &p) {
		l.badAt(arg, offset, fmt.Sprintf("write {%s} to use it again", p.Name), "%s is defined otherwise in argument %d", p.Name, old.arg+1)
	}
}

// implied makes a bool of what stands in {flag:x} alone.
func (l *line) implied(t *command.Template) {
	for _, name := range t.Flags() {
		if _, ok := l.known[name]; !ok {
			l.define(boolean(name), 0, 0, true)
		}
	}
}

// unknown complains of names that have no range anywhere.
func (l *line) unknown(t *command.Template) bool {
	var names []string
	for name := range l.known {
		names = append(names, name)
	}
	missing := t.CheckNames(names)
	for _, e := range missing {
		at, path := l.where(e.Arg, e.Offset)
		hint := "say what it may be, as in {lr:log(1e-5,1e-1)}, {n:int(1,8)} or {opt:choice(adam,sgd)}; a brace itself is {{"
		if near := diag.Nearest(e.Name, names); near != "" {
			hint = `did you mean "` + near + `"?`
		}
		l.bad(at, path, hint, "%s", e.Message)
	}
	return len(missing) > 0
}

// problems notes what is wrong with the space.
func (l *line) problems(err error) {
	problems, ok := err.(space.Problems)
	if !ok {
		l.bad(place{}, "", "", "%v", err)
		return
	}
	for _, e := range problems {
		if at, ok := l.known[e.Param]; ok {
			l.badAt(at.arg, at.offset, e.Hint, "%s: %s", e.Param, e.Message)
		} else {
			l.bad(place{}, "", e.Hint, "%s", e.Message)
		}
	}
}

// lineName names a study after the script that its command runs.
func lineName(args []string) string {
	for i, a := range args {
		if i > 0 && args[i-1] == "-m" {
			return cleanName(a[strings.LastIndexByte(a, '.')+1:])
		}
		if i > 0 && strings.HasPrefix(a, "-") || strings.ContainsAny(a, "{}=") {
			continue
		}
		switch ext := filepath.Ext(a); strings.ToLower(ext) {
		case ".py", ".r", ".jl", ".sh", ".m", ".js", ".ts", ".rb", ".pl", ".lua", ".go", ".php":
			return cleanName(strings.TrimSuffix(filepath.Base(a), ext))
		}
	}
	if len(args) == 0 {
		return "study"
	}
	base := filepath.Base(args[0])
	return cleanName(strings.TrimSuffix(base, ".exe"))
}
