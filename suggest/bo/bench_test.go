package bo_test

import (
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func BenchmarkSuggest(b *testing.B) {
	for _, n := range []int{50, 200, 1000} {
		b.Run(fmt.Sprintf("after %d", n), func(b *testing.B) { suggesttest.Benchmark(b, bo.Method, n) })
	}
}
