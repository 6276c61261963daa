package rbf_test

import (
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/rbf"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func BenchmarkSuggest(b *testing.B) {
	for _, n := range []int{50, 200, 1000} {
		b.Run(fmt.Sprintf("after %d", n), func(b *testing.B) { suggesttest.Benchmark(b, with(nil), n) })
	}
	b.Run("gutmann after 200", func(b *testing.B) {
		suggesttest.Benchmark(b, with(setting.Values{"search": value.String("gutmann")}), 200)
	})
}

// with returns the method with settings, and without restarts, so that the
// spline has all trials.
func with(v setting.Values) func() suggest.Method {
	return func() suggest.Method {
		m := rbf.Method()
		whole := m.New
		m.New = func(p suggest.Problem, _ setting.Values) (suggest.Suggester, error) {
			all := setting.Values{"restart": value.Int(0)}
			for name, x := range v {
				all[name] = x
			}
			return whole(p, all)
		}
		return m
	}
}
