package race

import (
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/halving"
	"github.com/afina-hpo/afina/schedule/rule"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func BenchmarkNew(b *testing.B) {
	p := schedule.Problem{Objectives: make([]study.Objective, 1), Fidelity: folds(10)}
	b.ReportAllocs()
	for b.Loop() {
		s, err := build(p, nil)
		if err != nil {
			b.Fatal(err)
		}
		s.(*race).plan()
	}
}

// BenchmarkJudge is one judgement in a study of 10,000 trials.
func BenchmarkJudge(b *testing.B) {
	for _, test := range []string{"t", "friedman"} {
		b.Run(test, func(b *testing.B) {
			book := study.NewBook(nil, []study.Objective{{Metric: "loss", Goal: study.Minimize}}, folds(10))
			for n := range 10_000 {
				t := &study.Trial{Number: n, State: study.Complete, Values: []float64{0}}
				for k := 1; k <= 10; k++ {
					x := study.Stream(1, n*100+k, "noise").NormFloat64()
					t.Reports = append(t.Reports, study.Report{Step: float64(k), Values: study.MakeMetrics(map[string]float64{"loss": x})})
				}
				if n == 9_999 {
					t.State, t.Reports = study.Running, t.Reports[:6]
				}
				book.Put(t)
			}
			h := book.History()
			s, err := build(schedule.Problem{Objectives: h.Objectives, Fidelity: h.Fidelity}, nil)
			if err != nil {
				b.Fatal(err)
			}
			s.(*race).test = test
			b.ReportAllocs()
			for b.Loop() {
				s.Judge(h, h.Trial(9_999))
			}
		})
	}
}

// BenchmarkKeeps plays races of 40 trials over 10 samples and says in how many of
// a hundred the trial that is best on all samples did not get to its end, how much
// worse what was found is on average, in standard deviations of the noise, and
// what part of the samples was saved. Qualities are spread as widely as the noise
// of one sample, or a fifth or three times as widely.
func BenchmarkKeeps(b *testing.B) {
	for _, m := range []struct {
		name   string
		method schedule.Method
		v      setting.Values
	}{
		{"race", Method(), nil},
		{"race-0.8", Method(), setting.Values{"confidence": value.Float(0.8)}},
		{"race-wilcoxon", Method(), setting.Values{"test": value.String("wilcoxon")}},
		{"race-friedman", Method(), setting.Values{"test": value.String("friedman")}},
		{"wilcoxon", rule.Wilcoxon(), nil},
		{"asha", halving.ASHA(), nil},
	} {
		for _, spread := range []float64{0.2, 1, 3} {
			b.Run(fmt.Sprintf("%s/spread=%g", m.name, spread), func(b *testing.B) {
				const races = 100
				var lost, paid, regret float64
				for b.Loop() {
					lost, paid, regret = 0, 0, 0
					for seed := range races {
						f := field{samples: 10, trials: 40, seed: uint64(seed), noise: normalNoise,
							quality: func(n int) float64 { return spread * study.Stream(uint64(seed), n, "quality").NormFloat64() }}
						d := simulate.Setup{Fidelity: folds(10), Seed: f.seed, Workers: 1, Trials: f.trials,
							Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "mean"}}},
							Program: func(n int, _ space.Config) simulate.Program {
								return simulate.Program{Value: func(step float64) float64 { return f.loss(n, step) }}
							}}
						s, err := m.method.New(d.Problem(), m.v)
						if err != nil {
							b.Fatal(err)
						}
						result, err := simulate.Run(s, d)
						if err != nil {
							b.Fatal(err)
						}
						paid += result.Paid
						best := f.best()
						if result.Log.Book.Trial(best).State != study.Complete {
							lost++
						}
						mean := func(n int) (sum float64) {
							for k := 1; k <= f.samples; k++ {
								sum += f.loss(n, float64(k)) / float64(f.samples)
							}
							return sum
						}
						found := -1
						for t := range result.Log.Book.History().All() {
							if t.State == study.Complete && (found < 0 || mean(t.Number) < mean(found)) {
								found = t.Number
							}
						}
						if found >= 0 {
							regret += (mean(found) - mean(best)) / races
						}
					}
				}
				b.ReportMetric(lost, "lost-of-100")
				b.ReportMetric(regret, "regret")
				b.ReportMetric(100*(1-paid/(races*400)), "%saved")
			})
		}
	}
}
