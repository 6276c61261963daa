package forest_test

import (
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/suggest/forest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func BenchmarkSuggest(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("after %d", n), func(b *testing.B) { suggesttest.Benchmark(b, forest.Method, n) })
	}
}
