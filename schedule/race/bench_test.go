package race

import (
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
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
