package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/afina-hpo/afina/bench/problem"
)

// lossOf finds the validation loss in a line of the trainer.
var lossOf = regexp.MustCompile(`(?m)^epoch=\d+ .*\bval_loss=(\S+)`)

// record makes every training of the task digits/loss by the example's own
// program and writes the file that the task reads.
func record(ctx context.Context, s streams, args []string) error {
	f := flags(s, "record")
	trainer := f.String("trainer", "", "the `program` built by go build ./examples/digits")
	out := f.String("out", "problem/testdata/digits.csv.gz", "`file` to be written")
	workers := f.Int("workers", runtime.NumCPU(), "trainings at once")
	if err := parse(f, args); err != nil {
		return err
	}
	if *trainer == "" || f.NArg() > 0 || *workers < 1 {
		return usage("name the -trainer, and nothing else")
	}
	all, err := problem.DigitsFlags()
	if err != nil {
		return err
	}
	lines := make([]string, len(all)*problem.DigitsSeeds)
	failed := make([]error, len(lines))
	next := make(chan int)
	var wg sync.WaitGroup
	for range *workers {
		wg.Go(func() {
			for n := range next {
				seed := n%problem.DigitsSeeds + 1
				lines[n], failed[n] = training(ctx, *trainer, all[n/problem.DigitsSeeds], seed)
			}
		})
	}
	for n := range lines {
		if n%100 == 0 {
			fmt.Fprintf(s.err, "%d/%d\n", n, len(lines))
		}
		next <- n
	}
	close(next)
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return err
	}
	for _, line := range lines {
		if _, err := fmt.Fprintln(z, line); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(*out, b.Bytes(), 0o666)
}

// training makes one and returns its line.
func training(ctx context.Context, trainer string, flags []string, seed int) (string, error) {
	c := exec.CommandContext(ctx, trainer, append([]string{fmt.Sprintf("--seed=%d", seed)}, flags...)...)
	c.Env = append(os.Environ(), "GOMAXPROCS=1")
	var complaint bytes.Buffer
	c.Stderr = &complaint
	text, err := c.Output()
	if err != nil && !strings.Contains(complaint.String(), "diverged") {
		return "", fmt.Errorf("train %v: %w: %s", flags, err, complaint.String())
	}
	var losses []float64
	for _, m := range lossOf.FindAllStringSubmatch(string(text), -1) {
		y, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return "", fmt.Errorf("train %v: %w", flags, err)
		}
		losses = append(losses, y)
	}
	return problem.FormatDigits(losses, seed), nil
}
