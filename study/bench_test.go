package study_test

import (
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/study"
)

// The cost of a trial that ends while a history is taken after every change,
// as an engine does, in a study of a hundred thousand trials.
func BenchmarkBookPutHistory(b *testing.B) {
	book := study.NewBook(spacetest.Floats(1), nil, nil)
	for n := range 100_000 {
		book.Put(&study.Trial{Number: n, State: study.Complete})
	}
	b.ReportAllocs()
	n := book.Len()
	for b.Loop() {
		book.Put(&study.Trial{Number: n, State: study.Running})
		book.History()
		book.Put(&study.Trial{Number: n, State: study.Complete})
		book.History()
		n++
	}
}

func BenchmarkStream(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		study.Stream(1, 2, study.PurposeSuggest).Uint64()
	}
}

// Bytes kept of a trial of ten floats with one attempt, one report and one
// value, everything counted but what trials share (names and origin).
func BenchmarkMemoryPerTrial(b *testing.B) {
	const trials = 20_000
	s := spacetest.Floats(10)
	r := rand.New(rand.NewPCG(1, 2))
	origin := &study.Origin{Method: "random"}
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	kept := 0.0
	for b.Loop() {
		l := study.NewLog(&study.Definition{Space: s, Objectives: []study.Objective{{Metric: "loss"}}})
		before := heap()
		for n := range trials {
			for _, e := range []*study.Event{
				{Kind: study.EventQueued, Trial: n, At: at(n), Config: s.Random(r), Origin: origin},
				{Kind: study.EventStarted, Trial: n, At: at(n), Attempt: 1, Worker: "local"},
				{Kind: study.EventReported, Trial: n, At: at(n), Attempt: 1, Step: 1, Values: metrics(1)},
				{Kind: study.EventEnded, Trial: n, At: at(n), Attempt: 1, State: study.Complete, Objectives: []float64{1}, Values: metrics(1)},
			} {
				if err := l.Apply(e); err != nil {
					b.Fatal(err)
				}
			}
		}
		kept = float64(heap()-before) / trials
		runtime.KeepAlive(l)
	}
	b.ReportMetric(kept, "B/trial")
	b.ReportMetric(0, "ns/op")
}
