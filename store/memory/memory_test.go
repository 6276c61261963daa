package memory_test

import (
	"testing"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/store/storetest"
	"github.com/afina-hpo/afina/study"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return memory.New() })
}

// BenchmarkAskTell measures making, starting and ending a trial.
func BenchmarkAskTell(b *testing.B) {
	s := memory.New()
	def := storetest.Definition("a")
	if err := s.Create(b.Context(), def); err != nil {
		b.Fatal(err)
	}
	epoch, err := s.Claim(b.Context(), "a", "bench")
	if err != nil {
		b.Fatal(err)
	}
	config := def.Space.Decode(make([]float64, def.Space.Len()))
	send := func(events ...*study.Event) {
		rs, err := s.Append(b.Context(), []store.Tx{{Study: "a", Epoch: epoch, Events: events}})
		if err != nil || rs[0].Err != nil {
			b.Fatal(err, rs)
		}
	}
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		send(&study.Event{Kind: study.EventQueued, Trial: n, Config: config},
			&study.Event{Kind: study.EventStarted, Trial: n, Attempt: 1})
		send(&study.Event{Kind: study.EventEnded, Trial: n, Attempt: 1, State: study.Complete, Objectives: []float64{1}})
		n++
	}
}
