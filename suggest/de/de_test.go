package de

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/random"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings setting.Values
	}{
		{"defaults", nil},
		{"lshade by improvement", setting.Values{"population": value.Int(6), "weights": value.String(weightsImprovement)}},
		{"pbest1bin", setting.Values{"variant": value.String(variantPBest), "population": value.Int(5)}},
		{"rand1bin", setting.Values{"variant": value.String(variantRand), "population": value.Int(4)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			suggesttest.Run(t, Method, suggesttest.Options{Settings: c.settings, MaxObjectives: 1})
		})
	}
}

func TestSettingsThatContradict(t *testing.T) {
	_, err := Method().New(suggest.Problem{Objectives: 1}, setting.Values{"population": value.Int(5), "min_population": value.Int(8)})
	if err == nil {
		t.Error("a population of 5 shrinks to 8")
	}
}

// newSuggester returns a suggester with the given settings.
func newSuggester(t testing.TB, trials int, v setting.Values) *suggester {
	t.Helper()
	s, err := Method().New(suggest.Problem{Objectives: 1, Trials: trials}, v)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*suggester)
}

func drive(t testing.TB, s suggest.Suggester, d suggesttest.Setup) *suggesttest.Result {
	t.Helper()
	got, err := suggesttest.Drive(context.Background(), s, d)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// sameTrials reports the first trial in which two studies differ.
func sameTrials(a, b *suggesttest.Result) error {
	x, y := a.Log.Book, b.Log.Book
	if x.Len() != y.Len() {
		return fmt.Errorf("%d trials and %d", x.Len(), y.Len())
	}
	for n := range x.Len() {
		if v, w := x.Trial(n).Config, y.Trial(n).Config; v.Key() != w.Key() {
			return fmt.Errorf("trial %d is %v and %v", n, v, w)
		}
	}
	return nil
}

func TestOnlyTheOrderMatters(t *testing.T) {
	for _, variant := range []string{variantLShade, variantPBest, variantRand} {
		for _, c := range suggesttest.Cases() {
			run := func(change func(float64) float64) *suggesttest.Result {
				bowl := suggesttest.Bowl(c.Space)
				return drive(t, newSuggester(t, 80, setting.Values{"variant": value.String(variant)}), suggesttest.Setup{
					Space: c.Space, Trials: 80, Parallel: 3, Seed: 4,
					Evaluate: suggesttest.Mixed(1, func(c space.Config) float64 { return change(bowl(c)) }),
				})
			}
			plain := run(func(x float64) float64 { return x })
			if err := sameTrials(plain, run(func(x float64) float64 { return math.Exp(3*x) - 7 })); err != nil {
				t.Errorf("%s, %s, with the objective changed: %v", variant, c.Name, err)
			}
		}
	}
}

// TestImprovementIsScaleFree checks that the weights of the paper change
// nothing under a change of units, and are not those of ranks.
func TestImprovementIsScaleFree(t *testing.T) {
	sp := suggesttest.Wide(8)
	run := func(weights string, scale float64) *suggesttest.Result {
		bowl := suggesttest.Bowl(sp)
		return drive(t, newSuggester(t, 200, setting.Values{"weights": value.String(weights)}), suggesttest.Setup{
			Space: sp, Trials: 200, Seed: 4,
			Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
				return suggesttest.Outcome{Values: []float64{scale * bowl(c)}}
			},
		})
	}
	one := run(weightsImprovement, 1)
	if err := sameTrials(one, run(weightsImprovement, 1024)); err != nil {
		t.Errorf("in other units: %v", err)
	}
	if err := sameTrials(one, run(weightsRank, 1)); err == nil {
		t.Error("both weights give the same study")
	}
}

func TestManyAtOnceOrOneByOne(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		run := func(oneByOne bool) *suggesttest.Result {
			return drive(t, newSuggester(t, 90, nil), suggesttest.Setup{
				Space: c.Space, Trials: 90, Parallel: 16, Seed: 6, OneByOne: oneByOne,
				Evaluate: suggesttest.Mixed(1, suggesttest.Bowl(c.Space)),
			})
		}
		if err := sameTrials(run(false), run(true)); err != nil {
			t.Errorf("%s, asked one by one: %v", c.Name, err)
		}
	}
}

// function is a test function on [-5, 10]^d.
func function(name string) func([]float64) float64 {
	return map[string]func([]float64) float64{
		"sphere": func(x []float64) (sum float64) {
			for _, v := range x {
				sum += v * v
			}
			return sum
		},
		"rosenbrock": func(x []float64) (sum float64) {
			for i := range len(x) - 1 {
				a, b := x[i+1]-x[i]*x[i], 1-x[i]
				sum += 100*a*a + b*b
			}
			return sum
		},
		"rastrigin": func(x []float64) (sum float64) {
			for _, v := range x {
				sum += v*v - 10*math.Cos(2*math.Pi*v) + 10
			}
			return sum
		},
	}[name]
}

// TestAsGoodAsPeers compares the distribution of the best value of a budget
// with that of other implementations of the same algorithms with the same
// settings: testdata/peers.json holds their sorted results over seeds.
func TestAsGoodAsPeers(t *testing.T) {
	b, err := os.ReadFile("testdata/peers.json")
	if err != nil {
		t.Fatal(err)
	}
	var runs []struct {
		Peer, Variant, Function string
		Dim, Trials, Population int
		CR                      float64
		Values                  []float64
	}
	if err := json.Unmarshal(b, &runs); err != nil {
		t.Fatal(err)
	}
	if len(runs) == 0 {
		t.Fatal("no peers")
	}
	for _, run := range runs {
		f := function(run.Function)
		var ps []space.Param
		for i := range run.Dim {
			ps = append(ps, space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, Low: -5, High: 10})
		}
		sp := suggesttest.Space(ps...)
		x := make([]float64, run.Dim)
		var best []float64
		for seed := range 15 {
			s := newSuggester(t, run.Trials, setting.Values{
				"variant": value.String(run.Variant), "population": value.Int(int64(run.Population)), "cr": value.Float(run.CR)})
			best = append(best, drive(t, s, suggesttest.Setup{
				Space: sp, Trials: run.Trials, Seed: uint64(seed),
				Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
					for i := range x {
						x[i] = c.At(i).AsFloat()
					}
					return suggesttest.Outcome{Values: []float64{f(x)}}
				},
			}).Best())
		}
		slices.Sort(best)
		// Medians of fifteen runs of the peer itself leave its middle four
		// fifths once in ten thousand tries.
		n := len(run.Values)
		got, low, high := best[len(best)/2], run.Values[n/10], run.Values[n-1-n/10]
		t.Logf("%s %s, CR %v: median %.3g, %s: %.3g (%.3g to %.3g)", run.Variant, run.Function, run.CR, got, run.Peer, run.Values[n/2], low, high)
		if got > high || run.Variant == variantRand && got < low {
			t.Errorf("%s on %s, CR %v: median %v, of the peer %v to %v", run.Variant, run.Function, run.CR, got, low, high)
		}
	}
}

// TestBetterThanRandom holds every variant to a mixed space of numbers, ints
// and choices.
func TestBetterThanRandom(t *testing.T) {
	sp := suggesttest.Wide(12)
	bowl := suggesttest.Bowl(sp)
	median := func(s func() suggest.Suggester) float64 {
		var best []float64
		for seed := range 11 {
			got := drive(t, s(), suggesttest.Setup{
				Space: sp, Trials: 800, Parallel: 4, Seed: uint64(seed),
				Evaluate: func(n int, c space.Config) suggesttest.Outcome {
					return suggesttest.Outcome{Values: []float64{bowl(c)}, Duration: 1 + float64(n%3)}
				},
			})
			// The bowl's least value at a choice of three is (1/6 - 0.3)².
			best = append(best, got.Best()-3*math.Pow(1.0/6-0.3, 2))
		}
		slices.Sort(best)
		return best[len(best)/2]
	}
	base := median(func() suggest.Suggester {
		s, err := random.Method().New(suggest.Problem{Objectives: 1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		return s
	})
	for _, variant := range []string{variantLShade, variantPBest, variantRand} {
		got := median(func() suggest.Suggester {
			return newSuggester(t, 800, setting.Values{"variant": value.String(variant)})
		})
		t.Logf("%s: %.3g, random %.3g", variant, got, base)
		if !(got < base/2) {
			t.Errorf("%s has a median regret of %.3g, random search %.3g", variant, got, base)
		}
	}
}
