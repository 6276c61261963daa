package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
	"github.com/afina-hpo/afina/bench/score"
	"github.com/afina-hpo/afina/internal/builtin"
)

func list(_ context.Context, s streams, args []string) error {
	f := flags(s, "list")
	if err := parse(f, args); err != nil {
		return err
	}
	for _, suite := range problem.Suites {
		fmt.Fprintf(s.out, "%s: %s; %d trials\n", suite.Name, suite.Doc, suite.Budget)
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

func runTasks(ctx context.Context, s streams, args []string) error {
	f := flags(s, "run")
	data := dataFlag(f)
	suiteName := f.String("suite", "", "run all tasks of a `suite`: see list")
	methodText := f.String("methods", builtin.DefaultSearch, "`methods` to run, as NAME;NAME:KEY=VALUE,KEY=VALUE")
	budget := f.Int("budget", 0, "trials of a run; default: the suite's, or 50")
	seeds := f.Int("seeds", 5, "number of seeds, counted from -first-seed")
	first := f.Uint64("first-seed", 0, "the first seed")
	parallel := f.Int("parallel", 1, "trials that run at once, simulated")
	workers := f.Int("workers", runtime.NumCPU(), "runs made at once; 1 where times are to be trusted")
	out := f.String("out", "", "`file` that the traces are appended to; default: standard output")
	if err := parse(f, args); err != nil {
		return err
	}
	tasks, trials := f.Args(), 50
	if *suiteName != "" {
		suite, err := problem.FindSuite(*suiteName)
		if err != nil {
			return err
		}
		tasks, trials = append(tasks, suite.Tasks...), suite.Budget
	}
	if *budget > 0 {
		trials = *budget
	}
	if len(tasks) == 0 || *seeds < 1 || *budget < 0 || *parallel < 1 {
		return usage("name tasks or a -suite, and positive numbers")
	}
	ms, err := methods(*methodText)
	if err != nil {
		return err
	}
	lib := problem.NewLibrary(*data)
	var jobs []run.Job
	for _, task := range tasks {
		p, err := lib.Open(task)
		if err != nil {
			return err
		}
		for _, m := range ms {
			for k := range *seeds {
				jobs = append(jobs, run.Job{Method: m, Problem: p, Seed: *first + uint64(k), Budget: trials, Parallel: *parallel})
			}
		}
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
	done := 0
	return run.All(ctx, jobs, *workers, func(t run.Trace) error {
		done++
		fmt.Fprintf(s.err, "%d/%d %s %s seed %d\n", done, len(jobs), t.Peer, t.Task, t.Seed)
		return run.Write(w, t)
	})
}

func compare(_ context.Context, s streams, args []string) error {
	f := flags(s, "compare")
	data := dataFlag(f)
	at := f.String("at", "", "numbers of `trials` to look at, as 10,25,50")
	baseline := f.String("baseline", "", "the `peer` that the others are compared with; default: the first")
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() == 0 {
		return usage("name files of traces")
	}
	o := score.Options{Baseline: *baseline}
	for _, w := range strings.FieldsFunc(*at, func(r rune) bool { return r == ',' }) {
		n, err := strconv.Atoi(w)
		if err != nil || n < 1 {
			return usage("-at: %q is no number of trials", w)
		}
		o.At = append(o.At, n)
	}
	var traces []run.Trace
	for _, path := range f.Args() {
		ts, err := readTraces(path)
		if err != nil {
			return err
		}
		traces = append(traces, ts...)
	}
	lib := problem.NewLibrary(*data)
	board, err := score.NewBoard(traces, func(task string) (problem.Scale, error) {
		if sc, ok := problem.CommittedScale(task); ok {
			return sc, nil
		}
		p, err := lib.Open(task)
		if err != nil {
			return problem.Scale{}, err
		}
		return p.Scale(), nil
	})
	if err != nil {
		return err
	}
	return board.Report(s.out, o)
}

func readTraces(path string) ([]run.Trace, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	ts, err := run.Read(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return ts, nil
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
