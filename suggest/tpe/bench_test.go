package tpe_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
	"github.com/afina-hpo/afina/suggest/tpe"
)

// BenchmarkSuggest measures one suggestion of an instance that has seen the
// history grow: every suggestion becomes a trial that has ended when the next
// is asked for.
func BenchmarkSuggest(b *testing.B) {
	for _, flavour := range []string{"afina", "optuna5"} {
		for _, params := range []int{10, 40} {
			for _, past := range []int{100, 1000, 10_000, 100_000} {
				b.Run(fmt.Sprintf("%s/%d parameters/%d trials", flavour, params, past), func(b *testing.B) {
					bench(b, setting.Values{"flavour": value.String(flavour)}, suggesttest.Loss(), params, past)
				})
			}
		}
	}
}

func BenchmarkSeveralObjectives(b *testing.B) {
	objectives := []study.Objective{{Metric: "a", Goal: study.Minimize}, {Metric: "b", Goal: study.Maximize}, {Metric: "c", Goal: study.Minimize}}
	for k := 2; k <= 3; k++ {
		for _, past := range []int{100, 1000} {
			b.Run(fmt.Sprintf("%d objectives/%d trials", k, past), func(b *testing.B) {
				bench(b, nil, objectives[:k], 40, past)
			})
		}
	}
}

func bench(b *testing.B, vs setting.Values, objectives []study.Objective, params, past int) {
	s, err := tpe.Method().New(suggest.Problem{Objectives: len(objectives)}, vs)
	if err != nil {
		b.Fatal(err)
	}
	sp := suggesttest.Wide(params)
	bowl := suggesttest.Bowl(sp)
	book := study.NewBook(sp, objectives, nil)
	put := func(c space.Config) {
		u := sp.Encode(c, nil)
		values := []float64{bowl(c), u[0], u[1]}[:len(objectives)]
		book.Put(&study.Trial{Number: book.Len(), State: study.Complete, Config: c, Values: values})
	}
	for _, c := range suggesttest.Drawn(sp, past) {
		put(c)
	}
	ask := func() {
		ps, err := s.Suggest(context.Background(), suggest.Request{History: book.History(), N: 1, First: book.Len(), Seed: 1})
		if err != nil || len(ps) != 1 {
			b.Fatalf("%d proposals, error %v", len(ps), err)
		}
		put(ps[0].Config)
	}
	ask() // takes in the past
	b.ReportAllocs()
	for b.Loop() {
		ask()
	}
}

// BenchmarkStart measures the first suggestion after a restart.
func BenchmarkStart(b *testing.B) {
	sp := suggesttest.Wide(40)
	bowl := suggesttest.Bowl(sp)
	book := study.NewBook(sp, suggesttest.Loss(), nil)
	for n, c := range suggesttest.Drawn(sp, 100_000) {
		book.Put(&study.Trial{Number: n, State: study.Complete, Config: c, Values: []float64{bowl(c)}})
	}
	h := book.History()
	b.ReportAllocs()
	for b.Loop() {
		s, err := tpe.Method().New(suggest.Problem{Objectives: 1}, nil)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.Suggest(context.Background(), suggest.Request{History: h, N: 1, First: h.Len()}); err != nil {
			b.Fatal(err)
		}
	}
}
