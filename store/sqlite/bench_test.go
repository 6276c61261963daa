package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/store/storetest"
	"github.com/afina-hpo/afina/study"
)

// line is one study of which many callers ask for trials and tell results. As
// in an engine, a goroutine gives numbers in the order in which transactions
// reach the store, and hands over what has come in since the last commit.
type line struct {
	s     store.Store
	def   *study.Definition
	epoch int64
	calls chan call
	next  int
}

type call struct {
	trial int // -1: make one
	reply chan reply
}

type reply struct {
	trial int
	err   error
}

func newLine(tb testing.TB, s store.Store, id string) *line {
	tb.Helper()
	l := &line{s: s, def: storetest.Definition(id), calls: make(chan call, 64)}
	if err := s.Create(tb.Context(), l.def); err != nil {
		tb.Fatal(err)
	}
	var err error
	if l.epoch, err = s.Claim(tb.Context(), id, "bench"); err != nil {
		tb.Fatal(err)
	}
	return l
}

// run answers calls until they are closed.
func (l *line) run(ctx context.Context) {
	for first := range l.calls {
		calls := []call{first}
		for more := true; more; {
			select {
			case c, ok := <-l.calls:
				if more = ok; ok {
					calls = append(calls, c)
				}
			default:
				more = false
			}
		}
		txs := make([]store.Tx, len(calls))
		for i := range calls {
			c := &calls[i]
			txs[i] = store.Tx{Study: l.def.ID, Epoch: l.epoch}
			if c.trial < 0 {
				c.trial = l.next
				l.next++
				txs[i].Events = asked(l.def, c.trial)
			} else {
				txs[i].Events = told(c.trial)
			}
		}
		receipts, err := l.s.Append(ctx, txs)
		for i, c := range calls {
			if err == nil {
				err = receipts[i].Err
			}
			c.reply <- reply{c.trial, err}
		}
	}
}

// one asks for a trial and tells its result.
func (l *line) one() error {
	c := call{trial: -1, reply: make(chan reply, 1)}
	for range 2 {
		l.calls <- c
		r := <-c.reply
		if r.err != nil {
			return r.err
		}
		c.trial = r.trial
	}
	return nil
}

func asked(def *study.Definition, n int) []*study.Event {
	c := def.Space.Random(rand.New(rand.NewPCG(1, uint64(n))))
	now := time.Now()
	return []*study.Event{
		{Kind: study.EventQueued, At: now, Trial: n, Config: c, Origin: &study.Origin{Method: "tpe", Version: "1", Seen: n, SeenEnded: n - 1, Stream: n}},
		{Kind: study.EventStarted, At: now, Trial: n, Attempt: 1, Worker: "host:1234/0", Ref: fmt.Sprint("run-", n)},
	}
}

func told(n int) []*study.Event {
	return []*study.Event{{Kind: study.EventEnded, At: time.Now(), Trial: n, Attempt: 1, State: study.Complete,
		Objectives: []float64{1 / float64(n+1)}, Values: study.Metrics{{Name: "accuracy", Value: 0.9}, {Name: "loss", Value: 1 / float64(n+1)}}}}
}

// BenchmarkAskTell measures durable asking and telling by many callers at
// once, of one study and of a study each. One operation is one trial of ten
// parameters: a transaction that makes and starts it, and one that ends it.
func BenchmarkAskTell(b *testing.B) {
	for _, of := range []struct{ callers, studies int }{{1, 1}, {8, 1}, {64, 1}, {64, 64}} {
		b.Run(fmt.Sprintf("callers=%d/studies=%d", of.callers, of.studies), func(b *testing.B) {
			s, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "a.db"), sqlite.Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			var lines []*line
			var fronts, callers sync.WaitGroup
			for i := range of.studies {
				l := newLine(b, s, fmt.Sprint("bench", i))
				lines = append(lines, l)
				fronts.Go(func() { l.run(b.Context()) })
			}
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			for i := range of.callers {
				callers.Go(func() {
					for left.Add(-1) >= 0 {
						if err := lines[i%len(lines)].one(); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			callers.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "trials/s")
			for _, l := range lines {
				close(l.calls)
			}
			fronts.Wait()
		})
	}
}

// BenchmarkLoad measures loading a study of 100,000 trials of ten parameters,
// and what it takes on disk and in memory.
func BenchmarkLoad(b *testing.B) {
	const trials = 100_000
	path := filepath.Join(b.TempDir(), "a.db")
	s, err := sqlite.Open(b.Context(), path, sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	l := newLine(b, s, "bench")
	for n := 0; n < trials; n += 1000 {
		var events []*study.Event
		for k := range 1000 {
			events = append(append(events, asked(l.def, n+k)...), told(n+k)...)
		}
		rs, err := s.Append(b.Context(), []store.Tx{{Study: l.def.ID, Epoch: l.epoch, Events: events}})
		if err != nil || rs[0].Err != nil {
			b.Fatal(err, rs)
		}
	}
	before := heap()
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	s, l.s = nil, nil
	index := before - heap() // what the writer knew of the trials
	info, err := os.Stat(path)
	if err != nil {
		b.Fatal(err)
	}
	opening := time.Now()
	if s, err = sqlite.Open(b.Context(), path, sqlite.Options{}); err != nil {
		b.Fatal(err)
	}
	opened := time.Since(opening)
	claiming := time.Now()
	if _, err := s.Claim(b.Context(), l.def.ID, "bench"); err != nil {
		b.Fatal(err)
	}
	claimed := time.Since(claiming)
	before = heap()
	var log *study.Log
	for b.Loop() {
		if log, err = s.Load(b.Context(), l.def.ID); err != nil {
			b.Fatal(err)
		}
	}
	used := heap() - before
	if log.Book.EndedLen() != trials {
		b.Fatalf("%d trials ended, want %d", log.Book.EndedLen(), trials)
	}
	runtime.KeepAlive(log)
	if err := s.Close(); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(used)/trials, "B/trial")
	b.ReportMetric(float64(index)/trials, "index-B/trial")
	b.ReportMetric(float64(info.Size())/trials, "disk-B/trial")
	b.ReportMetric(float64(opened.Microseconds())/1000, "open-ms")
	b.ReportMetric(float64(claimed.Microseconds())/1000, "claim-ms")
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
