package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/random"
)

// BenchmarkDurableAskTell asks for trials of ten parameters and tells their
// results, each answer durable on SQLite with full sync, through the engine
// with the random suggester, by 1, 8 and 64 callers at once. One operation is
// an ask and a tell.
func BenchmarkDurableAskTell(b *testing.B) {
	for _, callers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			ctx, cancel := context.WithCancel(b.Context())
			s, err := sqlite.Open(ctx, filepath.Join(b.TempDir(), "study.db"), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			def := &study.Definition{
				ID: "bench", Name: "bench", Space: spacetest.Floats(10), Seed: 1, Parallel: callers,
				Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}}},
			}
			if err := s.Create(ctx, def); err != nil {
				b.Fatal(err)
			}
			e, err := engine.Open(ctx, engine.Options{Store: s, Study: def.ID, Search: random.Method(), Schedule: fixed.Method()})
			if err != nil {
				b.Fatal(err)
			}
			ran := make(chan error, 1)
			go func() { ran <- e.Run(ctx) }()
			var left sync.WaitGroup
			work := make(chan struct{}, b.N)
			for range b.N {
				work <- struct{}{}
			}
			close(work)
			b.ReportAllocs()
			b.ResetTimer()
			for c := range callers {
				left.Go(func() {
					worker := fmt.Sprint("caller", c)
					for range work {
						g, err := e.Lease(ctx, study.LeaseRequest{Worker: worker, N: 1})
						if err != nil || len(g.Trials) != 1 {
							b.Errorf("lease: %+v, %v", g, err)
							return
						}
						o := study.Outcome{State: study.Complete, Values: study.Metrics{{Name: "loss", Value: 0.5}}}
						if err := e.Finish(ctx, g.Trials[0].Ticket, o); err != nil {
							b.Errorf("finish: %v", err)
							return
						}
					}
				})
			}
			left.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trials/s")
			cancel()
			if err := <-ran; err != nil {
				b.Error(err)
			}
			if err := s.Close(); err != nil {
				b.Error(err)
			}
		})
	}
}

// BenchmarkTrials runs a trivial command, four at a time, as a user would. One
// operation is one trial.
func BenchmarkTrials(b *testing.B) {
	p := newPlace(b)
	cmd := exec.CommandContext(b.Context(), self(b), playAfina, "run", "-q", "-j", "4", "-n", fmt.Sprint(b.N), "--search", "random", "--metric", "loss", "--", "echo", "loss={x:float(0,1)}")
	cmd.Dir = p.dir
	b.ResetTimer()
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trials/s")
}

// BenchmarkFirstTrial measures from the start of afina, in an empty folder, until
// the first report of the first trial is durable, so a little more than to the
// start of its program.
func BenchmarkFirstTrial(b *testing.B) {
	var total time.Duration
	for range b.N {
		p := newPlace(b)
		cmd := exec.CommandContext(b.Context(), self(b), playAfina, "run", "--json", "-n", "1", "--metric", "loss", "--", "echo", "loss={x:float(0,1)}")
		cmd.Dir = p.dir
		out, err := cmd.StdoutPipe()
		if err != nil {
			b.Fatal(err)
		}
		start := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"event":"reported"`) {
				total += time.Since(start)
			}
		}
		if err := cmd.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(total.Milliseconds())/float64(b.N), "ms/first-report")
}
