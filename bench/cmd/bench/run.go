package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
	"github.com/afina-hpo/afina/bench/score"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/study"
)

func list(_ context.Context, s streams, args []string) error {
	f := flags(s, "list")
	if err := parse(f, args); err != nil {
		return err
	}
	for _, suite := range problem.Suites {
		unit := "trials"
		if suite.Fidelity {
			unit = "whole trainings"
		}
		fmt.Fprintf(s.out, "%s: %s; %d %s\n", suite.Name, suite.Doc, suite.Budget, unit)
		for _, task := range suite.Tasks {
			fmt.Fprintf(s.out, "  %s\n", task)
		}
	}
	fmt.Fprintln(s.out, "names (# is a number, * a word):")
	for _, form := range problem.Forms() {
		fmt.Fprintf(s.out, "  %-30s %s\n", form[0], form[1])
	}
	fmt.Fprintln(s.out, "methods:")
	for _, m := range builtin.Search() {
		fmt.Fprintf(s.out, "  %-10s %s\n", m.Name, m.Doc)
	}
	fmt.Fprintln(s.out, "schedulers, by steps of training:")
	for _, m := range builtin.Schedule() {
		fmt.Fprintf(s.out, "  %-10s %s\n", m.Name, m.Doc)
	}
	return nil
}

// words splits a list of methods at semicolons: commas separate settings.
func words(text string) (out []string) {
	for _, w := range strings.Split(text, ";") {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func methods(text string) ([]run.Method, error) {
	var out []run.Method
	for _, w := range words(text) {
		m, err := run.ParseMethod(builtin.Search(), w)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	if len(out) == 0 {
		return nil, usage("name at least one method")
	}
	return out, nil
}

// defaultPair is what runs where a study with a fidelity says nothing.
const defaultPair = builtin.FidelitySchedule + "+" + builtin.DefaultSearch

func pairs(text string) ([]run.Pair, error) {
	var out []run.Pair
	for _, w := range words(text) {
		p, err := run.ParsePair(builtin.Schedule(), builtin.Search(), w)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if len(out) == 0 {
		return nil, usage("name at least one method")
	}
	return out, nil
}

func runTasks(ctx context.Context, s streams, args []string) error {
	f := flags(s, "run")
	data := dataFlag(f)
	suiteName := f.String("suite", "", "run all tasks of a `suite`: see list")
	methodText := f.String("methods", "", "`methods` to run, as NAME;NAME:KEY=VALUE,KEY=VALUE; by steps of training SCHEDULER+SEARCH; default: "+builtin.DefaultSearch+", "+defaultPair)
	byStep := f.Bool("fidelity", false, "tasks by steps of training, with a scheduler; of the suites for that it is said")
	byCost := f.Bool("cost", false, "runs end by the time that their trials stand for; the budget is in trials of the median cost")
	restart := f.Bool("restart", false, "by steps of training: a trial that is resumed begins again, and pays again")
	budget := f.Int("budget", 0, "trials of a run, by steps of training what so many whole trainings cost; default: the suite's, or 50 and 20")
	seeds := f.Int("seeds", 5, "number of seeds, counted from -first-seed")
	first := f.Uint64("first-seed", 0, "the first seed")
	evidence := f.Bool("evidence", false, "the incumbent is what the method believes to be the best, not what was observed to be")
	warm := f.Bool("warm", false, "each run also warm from earlier studies that help and that mislead; of the suites for that it is said")
	earlier := f.Int("earlier", 50, "trials of each earlier study")
	again := f.String("repeat", "", "let configurations run again: auto, or the number of runs that what looks best gets")
	parallel := f.Int("parallel", 1, "trials that run at once, simulated")
	workers := f.Int("workers", runtime.NumCPU(), "runs made at once; 1 where times are to be trusted")
	clockName := f.String("clock", "wall", "what seconds are counted by: wall or cpu, which other work on the machine does not lengthen; with cpu -workers is 1")
	out := f.String("out", "", "`file` that the traces are appended to; default: standard output")
	if err := parse(f, args); err != nil {
		return err
	}
	clock, err := clockOf(*clockName)
	if err != nil {
		return err
	}
	if clock.Now != nil {
		*workers = 1 // what one run works is told from nothing else
	}
	tasks, size := f.Args(), 0
	var kin []string
	if *suiteName != "" {
		suite, err := problem.FindSuite(*suiteName)
		if err != nil {
			return err
		}
		if *byStep && !suite.Fidelity {
			return usage("the suite %s is not by steps of training", suite.Name)
		}
		tasks, size, *byStep, kin = append(slices.Clone(suite.Tasks), tasks...), suite.Budget, suite.Fidelity, suite.Kin()
	}
	switch {
	case *budget > 0:
		size = *budget
	case size == 0 && *byStep:
		size = 20
	case size == 0:
		size = 50
	}
	if len(tasks) == 0 || *seeds < 1 || *budget < 0 || *parallel < 1 {
		return usage("name tasks or a -suite, and positive numbers")
	}
	if *byStep && *warm || *earlier < 1 {
		return usage("-warm is for runs by trials, and -earlier at least 1")
	}
	if *byCost && (*byStep || *evidence || *parallel > 1) {
		return usage("-cost goes with none of -fidelity, -evidence and -parallel")
	}
	if *byStep && *evidence || !*byStep && *restart {
		return usage("-evidence is for runs by trials, -restart for those by steps of training")
	}
	var rule *study.Limit
	if *again != "" {
		rule = &study.Limit{Auto: *again == "auto"}
		var err error
		if rule.Value, err = strconv.ParseFloat(*again, 64); err != nil && !rule.Auto {
			return usage("-repeat is auto or a number, not %q", *again)
		}
		if *byStep {
			return usage("-repeat is for runs by trials")
		}
	}
	var problems []problem.Problem
	lib := problem.NewLibrary(*data)
	for _, task := range tasks {
		p, err := lib.Open(task)
		if err != nil {
			return err
		}
		problems = append(problems, p)
	}
	w := s.out
	if *out != "" {
		file, err := os.OpenFile(*out, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o666)
		if err != nil {
			return err
		}
		defer file.Close()
		w = file
	}
	done, all := 0, 0
	emit := func(t run.Trace) error {
		done++
		fmt.Fprintf(s.err, "%d/%d %s %s seed %d\n", done, all, t.Peer, t.Task, t.Seed)
		return run.Write(w, t)
	}
	if *byStep {
		pairs, err := pairs(cmp.Or(*methodText, defaultPair))
		if err != nil {
			return err
		}
		jobs := cross(problems, pairs, *seeds, *first, func(p problem.Problem, m run.Pair, seed uint64) run.FidelityJob {
			return run.FidelityJob{Pair: m, Problem: p, Seed: seed, Budget: size, Workers: *parallel, Restart: *restart, Clock: clock}
		})
		all = len(jobs)
		return run.All(ctx, jobs, run.Fidelity, *workers, emit)
	}
	ms, err := methods(cmp.Or(*methodText, builtin.DefaultSearch))
	if err != nil {
		return err
	}
	if *byCost {
		jobs := cross(problems, ms, *seeds, *first, func(p problem.Problem, m run.Method, seed uint64) run.CostJob {
			return run.CostJob{Method: m, Problem: p, Seed: seed, Budget: size}
		})
		all = len(jobs)
		return run.All(ctx, jobs, run.Cost, *workers, emit)
	}
	jobs := cross(problems, ms, *seeds, *first, func(p problem.Problem, m run.Method, seed uint64) run.Job {
		return run.Job{Method: m, Problem: p, Seed: seed, Budget: size, Parallel: *parallel, Evidence: *evidence, Clock: clock, Repeat: rule}
	})
	if *warm || kin != nil {
		if jobs, err = warmed(lib, jobs, tasks, kin, *earlier); err != nil {
			return err
		}
	}
	all = len(jobs)
	return run.All(ctx, jobs, run.One, *workers, emit)
}

// clockOf returns the clock that -clock names.
func clockOf(name string) (run.Clock, error) {
	switch name {
	case "wall":
		return run.Clock{}, nil
	case "cpu":
		if _, ok := processor(); !ok {
			return run.Clock{}, errors.New("-clock cpu: this system does not tell what the processor works for a process")
		}
		return run.Clock{Name: name, Now: func() float64 { s, _ := processor(); return s }}, nil
	}
	return run.Clock{}, usage("-clock: there are wall and cpu, not %q", name)
}

// cross makes a job of every problem, method and seed.
func cross[M, J any](ps []problem.Problem, ms []M, seeds int, first uint64, job func(problem.Problem, M, uint64) J) (out []J) {
	for _, p := range ps {
		for _, m := range ms {
			for k := range seeds {
				out = append(out, job(p, m, first+uint64(k)))
			}
		}
	}
	return out
}

func compare(_ context.Context, s streams, args []string) error {
	f := flags(s, "compare")
	data := dataFlag(f)
	at := f.String("at", "", "numbers of `trials` to look at, as 10,25,50")
	baseline := f.String("baseline", "", "the `peer` that the others are compared with; default: the first")
	training := f.String("training", "10s,1m", "by steps of training: how long a whole `training` takes, where the seconds of decisions are on the clock")
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() == 0 {
		return usage("name files of traces")
	}
	o := score.Options{Baseline: *baseline}
	var err error
	if o.Trainings, err = durations("training", *training); err != nil {
		return err
	}
	for _, w := range strings.FieldsFunc(*at, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 {
			return usage("-at: %q is no number of trials", w)
		}
		o.At = append(o.At, n)
	}
	traces, err := readAll(f.Args())
	if err != nil {
		return err
	}
	board, err := boardOf(traces, *data)
	if err != nil {
		return err
	}
	return board.Report(s.out, o)
}

// searchDraws is how many random configurations calibration begins with.
const searchDraws = 20_000

func calibrate(ctx context.Context, s streams, args []string) error {
	f := flags(s, "calibrate")
	data := dataFlag(f)
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() == 0 {
		return usage("name tasks")
	}
	lib := problem.NewLibrary(*data)
	for _, task := range f.Args() {
		if err := ctx.Err(); err != nil {
			return err
		}
		p, err := lib.Open(task)
		if err != nil {
			return err
		}
		sc, err := problem.Calibrate(p, searchDraws)
		if err != nil {
			return err
		}
		if err := printScale(s.out, task, sc); err != nil {
			return err
		}
	}
	return nil
}

// printScale writes a line as the committed table has it.
func printScale(w io.Writer, task string, sc problem.Scale) error {
	if math.IsNaN(sc.Reference) {
		return fmt.Errorf("%s has no reference", task)
	}
	b, err := json.Marshal(sc)
	if err == nil {
		_, err = fmt.Fprintf(w, "%q: %s,\n", task, b)
	}
	return err
}
