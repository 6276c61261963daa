package de

import (
	"context"
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// BenchmarkSuggest measures one suggestion after past trials, whose notes it
// has given; each becomes a trial that has ended when the next is asked for.
func BenchmarkSuggest(b *testing.B) {
	for _, past := range []int{100, 1000, 10_000, 100_000} {
		for _, params := range []int{10, 40} {
			b.Run(fmt.Sprintf("%d trials, %d parameters", past, params), func(b *testing.B) {
				// The size that L-SHADE has at the start in an endless study.
				s, err := Method().New(suggest.Problem{Objectives: 1, Parallel: 1}, nil)
				if err != nil {
					b.Fatal(err)
				}
				sp := suggesttest.Wide(params)
				bowl := suggesttest.Bowl(sp)
				book := study.NewBook(sp, suggesttest.Loss(), nil)
				step := func() {
					ps, err := s.Suggest(context.Background(), suggest.Request{History: book.History(), N: 1, First: book.Len(), Seed: 1})
					if err != nil || len(ps) != 1 {
						b.Fatalf("%d proposals, error %v", len(ps), err)
					}
					c := ps[0].Config
					book.Put(&study.Trial{Number: book.Len(), State: study.Complete, Config: c,
						Values: []float64{bowl(c)}, Origin: &study.Origin{Method: "de", Note: ps[0].Note}})
				}
				for range past {
					step()
				}
				b.ReportAllocs()
				for b.Loop() {
					step()
				}
			})
		}
	}
}
