package portfolio_test

import (
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/suggest/portfolio"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func BenchmarkSuggest(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("after %d", n), func(b *testing.B) { suggesttest.Benchmark(b, portfolio.Method, n) })
	}
}
