package suggesttest

import (
	"context"
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// Wide returns a space of n parameters, of floats, floats on a log scale, ints
// and choices in equal parts.
func Wide(n int) *space.Space {
	var ps []space.Param
	for i := range n {
		p := space.Param{Name: fmt.Sprintf("p%d", i), Kind: space.Float, Low: 1e-5, High: 1}
		switch i % 4 {
		case 1:
			p.Scale = space.Log
		case 2:
			p.Kind, p.Low, p.High = space.Int, 1, 100
		case 3:
			p = space.Param{Name: p.Name, Kind: space.Choice, Choices: []space.Value{toValue("a"), toValue("b"), toValue("c")}}
		}
		ps = append(ps, p)
	}
	return Space(ps...)
}

// Benchmark measures one suggestion in spaces of 10 and 40 parameters after
// past complete trials; while it runs, every suggestion becomes a trial that
// has ended when the next is asked for. That and the new history cost about 4
// kB and 2 µs of what is measured.
func Benchmark(b *testing.B, method func() suggest.Method, past int) {
	for _, params := range []int{10, 40} {
		b.Run(fmt.Sprintf("%d parameters", params), func(b *testing.B) {
			s, err := method().New(suggest.Problem{Objectives: 1, Parallel: 1}, nil)
			if err != nil {
				b.Fatal(err)
			}
			sp := Wide(params)
			bowl := Bowl(sp)
			BenchmarkOn(b, s, sp, Loss(), past, func(c space.Config) []float64 { return []float64{bowl(c)} })
		})
	}
}

// BenchmarkOn measures one suggestion of s after past random trials in sp,
// whose values evaluate gives; every suggestion becomes a trial.
func BenchmarkOn(b *testing.B, s suggest.Suggester, sp *space.Space, objectives []study.Objective, past int, evaluate func(space.Config) []float64) {
	book := study.NewBook(sp, objectives, nil)
	put := func(c space.Config) {
		book.Put(&study.Trial{Number: book.Len(), State: study.Complete, Config: c, Values: evaluate(c)})
	}
	for _, c := range Drawn(sp, past) {
		put(c)
	}
	b.ReportAllocs()
	for b.Loop() {
		ps, err := s.Suggest(context.Background(), suggest.Request{History: book.History(), N: 1, First: book.Len(), Seed: 1})
		if err != nil || len(ps) != 1 {
			b.Fatalf("%d proposals, error %v", len(ps), err)
		}
		put(ps[0].Config)
	}
}
