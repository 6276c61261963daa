package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/afina-hpo/afina/bench/run"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func speed(ctx context.Context, s streams, args []string) error {
	f := flags(s, "speed")
	methodText := f.String("methods", builtin.DefaultSearch, "`methods` to measure, as for run")
	paramText := f.String("params", "10,40", "numbers of `parameters`")
	historyText := f.String("history", "50,200,1000", "numbers of complete `trials` before the suggestion")
	asks := f.Int("asks", 10, "suggestions that are measured; each becomes a trial that ends")
	if err := parse(f, args); err != nil {
		return err
	}
	ms, err := methods(*methodText)
	if err != nil {
		return err
	}
	params, err := positive(*paramText)
	if err != nil {
		return err
	}
	history, err := positive(*historyText)
	if err != nil {
		return err
	}
	if *asks < 1 {
		return usage("-asks must be above 0")
	}
	fmt.Fprintln(s.out, "| method | parameters | trials before | first s | median s | most s | kB allocated |")
	fmt.Fprintln(s.out, "| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
	for _, m := range ms {
		for _, d := range params {
			for _, n := range history {
				row, err := measure(ctx, m, d, n, *asks)
				if err != nil {
					return fmt.Errorf("%s with %d parameters after %d trials: %w", m.Label, d, n, err)
				}
				fmt.Fprintf(s.out, "| %s | %d | %d | %s |\n", m.Label, d, n, row)
			}
		}
	}
	return nil
}

func positive(text string) (out []int, err error) {
	for _, w := range strings.Split(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(w))
		if err != nil || n < 1 || n > 1_000_000 {
			return nil, usage("%q is no number of things", w)
		}
		out = append(out, n)
	}
	return out, nil
}

// measure asks a method with a history of n trials in a space of d parameters
// of all kinds. The first question may pay for work that later ones are spared.
func measure(ctx context.Context, m run.Method, d, n, asks int) (string, error) {
	sg, err := m.Method.New(suggest.Problem{Objectives: 1, Parallel: 1, Trials: n + asks}, m.Settings)
	if err != nil {
		return "", err
	}
	sp := suggesttest.Wide(d)
	bowl := suggesttest.Bowl(sp)
	book := study.NewBook(sp, suggesttest.Loss(), nil)
	for _, c := range suggesttest.Drawn(sp, n) {
		book.Put(&study.Trial{Number: book.Len(), State: study.Complete, Config: c, Values: []float64{bowl(c)}})
	}
	seconds := make([]float64, asks)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for k := range asks {
		r := suggest.Request{History: book.History(), N: 1, First: book.Len(), Seed: 1}
		start := time.Now()
		ps, err := sg.Suggest(ctx, r)
		seconds[k] = time.Since(start).Seconds()
		if err != nil {
			return "", err
		}
		for _, p := range ps {
			book.Put(&study.Trial{Number: book.Len(), State: study.Complete, Config: p.Config, Values: []float64{bowl(p.Config)}})
		}
	}
	runtime.ReadMemStats(&after)
	first := seconds[0]
	slices.Sort(seconds)
	return fmt.Sprintf("%.2g | %.2g | %.2g | %d", first, seconds[asks/2], seconds[asks-1],
		(after.TotalAlloc-before.TotalAlloc)/1024/uint64(asks)), nil
}
