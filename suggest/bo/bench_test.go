package bo_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func BenchmarkSuggest(b *testing.B) {
	for _, n := range []int{50, 200, 1000} {
		b.Run(fmt.Sprintf("after %d", n), func(b *testing.B) { suggesttest.Benchmark(b, bo.Method, n) })
	}
}

// One suggestion for several objectives in ten parameters; every one becomes a
// trial. Objectives are distances from points far apart, so that about all of
// the trials that the model chose lie on the front.
func BenchmarkSeveral(b *testing.B) {
	for _, objectives := range []int{2, 3, 4} {
		for _, n := range []int{100, 300} {
			b.Run(fmt.Sprintf("%d objectives after %d", objectives, n), func(b *testing.B) {
				s, err := bo.Method().New(suggest.Problem{Objectives: objectives, Parallel: 1}, nil)
				if err != nil {
					b.Fatal(err)
				}
				sp := suggesttest.Wide(10)
				var goals []study.Objective
				for k := range objectives {
					goals = append(goals, study.Objective{Metric: fmt.Sprint("f", k), Goal: study.Minimize})
				}
				suggesttest.BenchmarkOn(b, s, sp, goals, n, func(c space.Config) []float64 {
					values := make([]float64, objectives)
					for k := range values {
						r := rand.New(rand.NewPCG(uint64(k), 1))
						for i := range sp.Len() {
							d := sp.EncodeParam(i, c.At(i)) - float64(r.IntN(2))
							values[k] += d * d
						}
					}
					return values
				})
			})
		}
	}
}
