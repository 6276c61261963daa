package genetic

import (
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func BenchmarkSuggest(b *testing.B) {
	for _, past := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("%d trials", past), func(b *testing.B) {
			suggesttest.Benchmark(b, Method, past)
		})
	}
}
