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
	e := &Engine{suggester: suggester}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		out := s.decide(s.now, leaseInput{base: base{1}, n: 1, wait: true, expires: true})
		answer := e.think(b.Context(), *out.ask)
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
