package engine

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/random"
)

// floats returns a study of n float parameters without a budget.
func floats(tb testing.TB, n int) *study.Definition {
	tb.Helper()
	var params []space.Param
	for i := range n {
		params = append(params, space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, Low: 0, High: 1})
	}
	sp, err := space.New(space.Spec{Params: params})
	if err != nil {
		tb.Fatal(err)
	}
	return &study.Definition{
		ID: "01", Name: "test", Space: sp, Seed: 7, Parallel: 1,
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}}},
		Search:     study.Method{Name: "random"}, Schedule: study.Method{Name: "fixed"},
	}
}

// opened returns an engine at work on a study in a memory store.
func opened(tb testing.TB, def *study.Definition) *Engine {
	tb.Helper()
	s := memory.New()
	if err := s.Create(tb.Context(), def); err != nil {
		tb.Fatal(err)
	}
	return running(tb, Options{Store: s, Study: def.ID, Search: random.Method(), Schedule: fixed.Method()})
}

// running returns an engine that runs until the test ends.
func running(tb testing.TB, o Options) *Engine {
	tb.Helper()
	e, err := Open(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	tb.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			tb.Errorf("run: %v", err)
		}
	})
	return e
}

// roundTrip asks for one trial and tells its result.
func roundTrip(ctx context.Context, e *Engine, worker string) error {
	g, err := e.Lease(ctx, study.LeaseRequest{Worker: worker, N: 1, Wait: true})
	if err != nil {
		return err
	}
	x := g.Trials[0].Config.At(0).AsFloat()
	return e.Finish(ctx, g.Trials[0].Ticket, study.Outcome{State: study.Complete, Values: study.Metrics{{Name: "loss", Value: x}}})
}

func BenchmarkAskTell(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			e := opened(b, floats(b, 10))
			b.ReportAllocs()
			b.ResetTimer()
			var wg sync.WaitGroup
			for i := range callers {
				wg.Go(func() {
					for n := i; n < b.N; n += callers {
						if err := roundTrip(b.Context(), e, "w"); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// BenchmarkAskLatency is how long ask takes where a suggestion takes 5 ms and
// 10 ms pass between tell and ask: made early, at once, or chosen ahead while
// the trial, which takes 10 ms, ran.
func BenchmarkAskLatency(b *testing.B) {
	const takes = 5 * time.Millisecond
	for _, c := range []struct {
		name           string
		between, train time.Duration
		ahead          int
	}{
		{"asked at once", 0, 2 * takes, 0},
		{"asked later", 2 * takes, 0, 0},
		{"chosen ahead", 0, 2 * takes, 1},
	} {
		b.Run(c.name, func(b *testing.B) {
			def := floats(b, 5)
			def.Ahead = c.ahead
			s := memory.New()
			if err := s.Create(b.Context(), def); err != nil {
				b.Fatal(err)
			}
			e := running(b, Options{Store: s, Study: def.ID, Search: (&slow{takes: takes}).method(), Schedule: fixed.Method()})
			waited := time.Duration(0)
			for b.Loop() {
				began := time.Now()
				g, err := e.Lease(b.Context(), study.LeaseRequest{Worker: "w", N: 1, Wait: true})
				if err != nil {
					b.Fatal(err)
				}
				waited += time.Since(began)
				time.Sleep(c.train)
				if err := e.Finish(b.Context(), g.Trials[0].Ticket, complete(1)); err != nil {
					b.Fatal(err)
				}
				time.Sleep(c.between)
			}
			b.ReportMetric(float64(waited.Microseconds())/float64(b.N), "µs-waited/ask")
		})
	}
}

// BenchmarkDecide is the pure half of ask and tell alone, without the
// suggester.
func BenchmarkDecide(b *testing.B) {
	s := newState(study.NewLog(floats(b, 10)), maker{"random", "1"}, time.Unix(0, 0), time.Minute)
	s.sched = &fakeSchedule{}
	if _, err := s.start(nil); err != nil {
		b.Fatal(err)
	}
	suggester, err := random.Method().New(suggest.Problem{Objectives: 1, Parallel: 1}, nil)
	if err != nil {
		b.Fatal(err)
	}
	e := &Engine{holder: suggest.Holding(suggester)}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		out := s.decide(s.now, leaseInput{base: base{1}, n: 1, wait: true, expires: true})
		answer := e.think(b.Context(), *out.ask)
		answer.took = 0 // on a slow machine the next would be prepared, and not be asked for
		b.StartTimer()
		out = s.decide(s.now, answer)
		k := out.replies[0].val.(study.Grant).Trials[0].Ticket
		s.decide(s.now, finishInput{base: base{1}, ticket: k, outcome: study.Outcome{State: study.Complete, Values: study.Metrics{{Name: "loss", Value: 1}}}})
	}
}

// BenchmarkMemory measures the heap that one complete trial keeps.
func BenchmarkMemory(b *testing.B) {
	const n = 100_000
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	for b.Loop() {
		before := heap()
		e := opened(b, floats(b, 10))
		for range n {
			if err := roundTrip(b.Context(), e, "w"); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(heap()-before)/n, "total-B/trial")
		e.commits.store.Close()
		b.ReportMetric(float64(heap()-before)/n, "engine-B/trial")
		runtime.KeepAlive(e)
	}
}
