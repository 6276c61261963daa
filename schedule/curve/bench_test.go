package curve

import (
	"math"
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
)

// population returns complete trials and one that has got half way.
func population(ended, steps int) *study.History {
	f := &study.Fidelity{Min: 1, Max: float64(steps)}
	b := study.NewBook(nil, []study.Objective{{Metric: "y", Goal: study.Minimize}}, f)
	for n := range ended + 1 {
		r := study.Stream(1, n, "population")
		t := &study.Trial{Number: n, State: study.Complete}
		k, final, rate := steps, r.Float64(), 0.3+r.Float64()
		if n == ended {
			t.State, k, final = study.Running, steps/2, 2
		}
		for s := 1; s <= k; s++ {
			y := final + math.Pow(float64(s), -rate) + 0.01*r.NormFloat64()
			t.Reports = append(t.Reports, study.Report{Step: float64(s), Values: study.Metrics{{Name: "y", Value: y}}})
			t.Values = []float64{y}
		}
		if n == ended {
			t.Values = nil
		}
		b.Put(t)
	}
	return b.History()
}

func BenchmarkJudge(b *testing.B) {
	h := population(1000, 50)
	s, err := Method().New(schedule.Problem{Objectives: h.Objectives, Fidelity: h.Fidelity}, nil)
	if err != nil {
		b.Fatal(err)
	}
	if got := s.Judge(h, h.Trial(1000)); got != study.VerdictPrune {
		b.Fatalf("%s", got)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Judge(h, h.Trial(1000))
	}
}

// BenchmarkFirstJudge is the first judgement after a restart.
func BenchmarkFirstJudge(b *testing.B) {
	h := population(1000, 50)
	for b.Loop() {
		s, err := Method().New(schedule.Problem{Objectives: h.Objectives, Fidelity: h.Fidelity}, nil)
		if err != nil {
			b.Fatal(err)
		}
		s.Judge(h, h.Trial(1000))
	}
}
