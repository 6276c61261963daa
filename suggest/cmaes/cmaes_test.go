package cmaes_test

import (
	"testing"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest/cmaes"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestContract(t *testing.T) {
	suggesttest.Run(t, cmaes.Method, suggesttest.Options{BatchEqual: true, MaxObjectives: 1})
}

func TestContractOfSettings(t *testing.T) {
	for name, v := range map[string]setting.Values{
		"separable, bipop": {"variant": value.String("separable"), "restart": value.String("bipop"), "population": value.Int(4)},
		"adapted rates":    {"lr_adaptation": value.Bool(true), "restart": value.String("none"), "population": value.Int(5)},
		"no margin":        {"margin": value.Bool(false), "warm_start": value.Bool(false), "sigma0": value.Float(1)},
	} {
		t.Run(name, func(t *testing.T) {
			suggesttest.Run(t, cmaes.Method, suggesttest.Options{
				Settings: v, BatchEqual: true, MaxObjectives: 1, Trials: 60, Every: 4,
			})
		})
	}
}

func BenchmarkSuggest(b *testing.B) { suggesttest.Benchmark(b, cmaes.Method, 100) }
