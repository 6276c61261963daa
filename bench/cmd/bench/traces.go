package main

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
	"github.com/afina-hpo/afina/bench/score"
)

// readTraces reads a file of traces, whose name may end in .gz.
func readTraces(path string) ([]run.Trace, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var r io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(file)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		r = z
	}
	ts, err := run.Read(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return ts, nil
}

func readAll(paths []string) (out []run.Trace, err error) {
	for _, path := range paths {
		ts, err := readTraces(path)
		if err != nil {
			return nil, err
		}
		out = append(out, ts...)
	}
	return out, nil
}

// boardOf judges traces by the committed scales, and those of tasks that have
// none by what their problem says.
func boardOf(traces []run.Trace, data string) (*score.Board, error) {
	lib := problem.NewLibrary(data)
	return score.NewBoard(traces, func(task string) (problem.Scale, error) {
		if sc, ok := problem.CommittedScale(task); ok {
			return sc, nil
		}
		p, err := lib.Open(task)
		if err != nil {
			return problem.Scale{}, err
		}
		return p.Scale(), nil
	})
}

// durations reads a list as 0,10ms,1s.
func durations(flag, text string) (out []time.Duration, err error) {
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' }) {
		d, err := time.ParseDuration(w)
		if err != nil || d < 0 {
			return nil, usage("-%s: %q is no duration, as 10ms or 1m", flag, w)
		}
		out = append(out, d)
	}
	return out, nil
}

// wallclock reports regret by time, for objectives that cost more or less.
func wallclock(_ context.Context, s streams, args []string) error {
	f := flags(s, "wallclock")
	data := dataFlag(f)
	costText := f.String("cost", "0s,10ms,1s,1m", "what a `trial` costs beside its suggestion")
	atText := f.String("at", "100ms,1s,10s,1m,10m,1h", "`times` to look at")
	only := f.String("peers", "", "these `peers` only, as a;b")
	if err := parse(f, args); err != nil {
		return err
	}
	if f.NArg() == 0 {
		return usage("name files of traces")
	}
	costs, err := durations("cost", *costText)
	if err != nil {
		return err
	}
	times, err := durations("at", *atText)
	if err != nil {
		return err
	}
	if len(costs) == 0 || len(times) == 0 {
		return usage("name at least one cost and one time")
	}
	traces, err := readAll(f.Args())
	if err != nil {
		return err
	}
	if names := words(*only); len(names) > 0 {
		for _, name := range names {
			if !slices.ContainsFunc(traces, func(t run.Trace) bool { return t.Peer == name }) {
				return fmt.Errorf("no trace is of %q", name)
			}
		}
		traces = slices.DeleteFunc(traces, func(t run.Trace) bool { return !slices.Contains(names, t.Peer) })
	}
	board, err := boardOf(score.Longest(traces), *data)
	if err != nil {
		return err
	}
	return board.TimeReport(s.out, costs, times)
}
