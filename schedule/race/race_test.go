package race

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// folds is a fidelity of n folds.
func folds(n int) *study.Fidelity {
	s := &study.Samples{}
	for i := range n {
		s.Names = append(s.Names, fmt.Sprint(i))
	}
	return &study.Fidelity{Step: "fold", Min: 1, Max: float64(n), Samples: s}
}

func TestContract(t *testing.T) {
	for name, v := range map[string]setting.Values{
		"t": nil, "wilcoxon": {"test": value.String("wilcoxon"), "confidence": value.Float(0.8)},
		"friedman": {"test": value.String("friedman"), "each": value.Int(2)},
	} {
		t.Run(name, func(t *testing.T) {
			scheduletest.Run(t, Method, scheduletest.Options{Settings: v, Fidelity: folds(9), Trials: 16, MaxObjectives: 1})
		})
	}
}

func TestRefuses(t *testing.T) {
	one := make([]study.Objective, 1)
	for _, c := range []struct {
		name string
		p    schedule.Problem
		v    setting.Values
		ok   bool
	}{
		{"no fidelity", schedule.Problem{Objectives: one}, nil, false},
		{"epochs", schedule.Problem{Objectives: one, Fidelity: &study.Fidelity{Step: "epoch", Min: 1, Max: 10}}, nil, false},
		{"several objectives", schedule.Problem{Objectives: make([]study.Objective, 2), Fidelity: folds(10)}, nil, false},
		{"a first test behind the end", schedule.Problem{Objectives: one, Fidelity: folds(5)}, setting.Values{"first": value.Int(5)}, false},
		{"two folds", schedule.Problem{Objectives: one, Fidelity: folds(2)}, nil, false},
		{"three folds", schedule.Problem{Objectives: one, Fidelity: folds(3)}, nil, true},
		{"steps called folds", schedule.Problem{Objectives: one, Fidelity: &study.Fidelity{Step: "fold", Min: 1, Max: 10}}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := build(c.p, c.v); (err == nil) != c.ok {
				t.Errorf("error %v", err)
			} else if err != nil && study.CodeOf(err) != study.Invalid {
				t.Errorf("error %v is not one of the user's", err)
			}
		})
	}
}

// field is configurations and samples in which y = quality + difficulty of the
// sample + noise, all trials on one virtual clock.
type field struct {
	samples, trials, workers int
	quality                  func(n int) float64
	noise                    func(r *rand.Rand) float64
	seed                     uint64
	settings                 setting.Values
}

func (f field) loss(n int, step float64) float64 {
	hard := study.Stream(f.seed, int(step), "hard").NormFloat64()
	return f.quality(n) + 3*hard + f.noise(study.Stream(f.seed, n*1000+int(step), "noise"))
}

// run plays the race and returns what became of it.
func (f field) run(t *testing.T) *simulate.Result {
	t.Helper()
	d := simulate.Setup{
		Fidelity: folds(f.samples), Seed: f.seed, Workers: f.workers, Trials: f.trials,
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "mean"}}},
		Program: func(n int, _ space.Config) simulate.Program {
			return simulate.Program{Value: func(step float64) float64 { return f.loss(n, step) }}
		},
	}
	s, err := build(d.Problem(), f.settings)
	if err != nil {
		t.Fatal(err)
	}
	result, err := simulate.Run(s, d)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// best returns the trial that is best on all samples, whoever ran them.
func (f field) best() int {
	best, least := -1, math.Inf(1)
	for n := range f.trials {
		sum := 0.0
		for k := 1; k <= f.samples; k++ {
			sum += f.loss(n, float64(k))
		}
		if sum < least {
			best, least = n, sum
		}
	}
	return best
}

func normalNoise(r *rand.Rand) float64 { return r.NormFloat64() }

// The trial that is best on all samples is dropped no more often than promised,
// whatever the test, the number of workers and how alike the trials are; and
// where they differ, samples are saved. Seeds are fixed, so the outcome is, too;
// the margin is four standard errors of so many races.
func TestKeepsTheBest(t *testing.T) {
	const races = 150
	heavy := func(r *rand.Rand) float64 { return r.NormFloat64() / math.Sqrt(r.ExpFloat64()+0.05) }
	for _, test := range []string{"t", "wilcoxon", "friedman"} {
		for _, c := range []struct {
			name    string
			workers int
			spread  float64
			noise   func(*rand.Rand) float64
		}{
			{"all alike, one worker", 1, 0, normalNoise},
			{"all alike, 4 workers", 4, 0, normalNoise},
			{"all alike, 16 workers", 16, 0, normalNoise},
			{"all alike, 64 workers", 64, 0, normalNoise},
			{"a little better, one worker", 1, 0.5, normalNoise},
			{"heavy tails, one worker", 1, 0.3, heavy},
		} {
			t.Run(test+", "+c.name, func(t *testing.T) {
				t.Parallel()
				const confidence = 0.9
				dropped := 0
				for seed := range races {
					f := field{
						samples: 10, trials: 20, workers: c.workers, seed: uint64(seed), noise: c.noise,
						quality:  func(n int) float64 { return c.spread * study.Stream(uint64(seed), n, "quality").NormFloat64() },
						settings: setting.Values{"test": value.String(test), "confidence": value.Float(confidence)},
					}
					if f.run(t).Log.Book.Trial(f.best()).State == study.Pruned {
						dropped++
					}
				}
				most := races*(1-confidence) + 4*math.Sqrt(races*confidence*(1-confidence))
				if float64(dropped) > most {
					t.Errorf("dropped the best in %d of %d races, promised %.0f", dropped, races, races*(1-confidence))
				}
				t.Logf("dropped the best in %d of %d", dropped, races)
			})
		}
	}
}

func TestSavesSamples(t *testing.T) {
	for test, least := range map[string]float64{"t": 0.35, "wilcoxon": 0.15, "friedman": 0.15} {
		t.Run(test, func(t *testing.T) {
			paid, full := 0.0, 0.0
			for seed := range 10 {
				f := field{
					samples: 10, trials: 40, workers: 1, seed: uint64(seed), noise: normalNoise,
					quality:  func(n int) float64 { return 3 * study.Stream(uint64(seed), n, "quality").Float64() },
					settings: setting.Values{"test": value.String(test)},
				}
				paid += f.run(t).Paid
				full += float64(f.samples * f.trials)
			}
			if saved := 1 - paid/full; saved < least {
				t.Errorf("saved %.0f %% of the samples, want %.0f %%", 100*saved, 100*least)
			} else {
				t.Logf("saved %.0f %%", 100*saved)
			}
		})
	}
}

// What a trial is compared by is differences on the same samples: what makes a
// sample hard for all changes no verdict.
func TestComparesInPairs(t *testing.T) {
	for _, test := range []string{"t", "wilcoxon", "friedman"} {
		var before []study.State
		for _, scale := range []float64{1, 1000} {
			f := field{samples: 12, trials: 30, workers: 4, seed: 5,
				quality:  func(n int) float64 { return float64(n%7) / 2 },
				settings: setting.Values{"test": value.String(test), "confidence": value.Float(0.9)},
			}
			d := simulate.Setup{Fidelity: folds(f.samples), Workers: f.workers, Trials: f.trials,
				Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "mean"}}},
				Program: func(n int, _ space.Config) simulate.Program {
					return simulate.Program{Value: func(step float64) float64 {
						noise := study.Stream(5, n*1000+int(step), "noise").NormFloat64()
						hard := scale * math.Round(study.Stream(5, int(step), "hard").NormFloat64()*8) / 8
						// Multiples of 2^-10, so that sums lose no digits.
						return math.Round(f.quality(n)*1024+noise*1024)/1024 + hard
					}}
				}}
			s, err := build(d.Problem(), f.settings)
			if err != nil {
				t.Fatal(err)
			}
			result, err := simulate.Run(s, d)
			if err != nil {
				t.Fatal(err)
			}
			var states []study.State
			pruned := 0
			for n := range f.trials {
				st := result.Log.Book.Trial(n).State
				states = append(states, st)
				if st == study.Pruned {
					pruned++
				}
			}
			if pruned == 0 {
				t.Errorf("%s: nothing is dropped", test)
			}
			if before != nil && fmt.Sprint(before) != fmt.Sprint(states) {
				t.Errorf("%s: harder samples change verdicts:\n%v\n%v", test, before, states)
			}
			before = states
		}
	}
}

// The level of the tests, against ten million bridges drawn for the purpose
// elsewhere would be slow; against some thousand here it has two digits.
func TestPocock(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		first, each, all int
		alpha            float64
	}{{3, 1, 10, 0.05}, {3, 1, 5, 0.1}, {2, 1, 30, 0.05}, {5, 5, 100, 0.2}} {
		level := pocock(c.first, c.each, c.all, c.alpha)
		tests := (c.all - c.first + c.each - 1) / c.each
		if level >= c.alpha || level <= c.alpha/float64(tests) {
			t.Errorf("%v: level %v is not between sharing out and not correcting", c, level)
		}
		bound := quantileOf(level)
		const draws = 20_000
		crossed := 0
		xs := make([]float64, c.all)
		for range draws {
			total := 0.0
			for i := range xs {
				xs[i] = r.NormFloat64()
				total += xs[i]
			}
			sum := 0.0
			for i, x := range xs {
				sum += x - total/float64(c.all) // equal on all samples
				n := i + 1
				if n < c.first || n >= c.all || (n-c.first)%c.each != 0 {
					continue
				}
				if sum/math.Sqrt(float64(n)*(1-float64(n)/float64(c.all))) > bound {
					crossed++
					break
				}
			}
		}
		if got, se := float64(crossed)/draws, math.Sqrt(c.alpha*(1-c.alpha)/draws); math.Abs(got-c.alpha) > 4*se {
			t.Errorf("%v: crossed with probability %.4f, want %.4f", c, got, c.alpha)
		}
	}
	if got := pocock(9, 1, 10, 0.05); got != 0.05 {
		t.Errorf("one test alone has level %v", got)
	}
	if got, want := pocock(3, 1, 1000, 0.05), 0.05/997; math.Abs(got-want) > 1e-12 {
		t.Errorf("of 997 tests each has %v, want %v", got, want)
	}
}

// quantileOf is the bound whose upper tail is level, by bisection.
func quantileOf(level float64) float64 {
	low, high := 0.0, 10.0
	for range 80 {
		if m := (low + high) / 2; math.Erfc(m/math.Sqrt2)/2 > level {
			low = m
		} else {
			high = m
		}
	}
	return high
}

// TestFriedman against scipy and scikit-posthocs, whose versions stand in the
// file.
func TestFriedman(t *testing.T) {
	b, err := os.ReadFile("testdata/friedman.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Rows      [][]float64
			All, Pair float64
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	byAll, byPair := 0, 0
	for _, c := range golden.Cases {
		want := max(c.All, c.Pair)
		if want == c.All {
			byAll++
		} else {
			byPair++
		}
		if got := friedman(c.Rows); math.Abs(got-want) > 1e-12 {
			t.Errorf("%d trials: p = %v, want %v", len(c.Rows), got, want)
		}
		swapped := slices.Clone(c.Rows)
		swapped[0], swapped[1] = swapped[1], swapped[0]
		if got := friedman(swapped); got != 1 {
			t.Errorf("%d trials: the better of the two has p = %v", len(c.Rows), got)
		}
	}
	if byAll == 0 || byPair == 0 {
		t.Error("one of the two tests is never the one that counts")
	}
	// All samples order four trials alike, as two do the first: (1/4!)².
	if got, want := friedman([][]float64{{4, 4, 4}, {1, 1, 1}, {2, 2, 2}, {3, 3, 3}}), 1.0/576; math.Abs(got-want) > 1e-12 {
		t.Errorf("in perfect agreement p = %v, want %v", got, want)
	}
	if got := friedman([][]float64{{2, 2, 2}, {2, 2, 2}, {2, 2, 2}}); got != 1 {
		t.Errorf("of equals p = %v", got)
	}
}

func TestStudentByHand(t *testing.T) {
	// Differences 1, 2, 3: mean 2, s² 1. Of 12: se √(1/3·3/4) = 1/2, t = 4 with
	// 2 degrees of freedom: p = 1/2 - 4/(2√18).
	if got, want := student([]float64{1, 2, 3}, 12), 0.5-4/(2*math.Sqrt(18)); math.Abs(got-want) > 1e-12 {
		t.Errorf("p = %v, want %v", got, want)
	}
	if got := student([]float64{1, 1, 1, 1}, 10); got != 1.0/16 {
		t.Errorf("equal differences: p = %v, want that of their signs", got)
	}
}
