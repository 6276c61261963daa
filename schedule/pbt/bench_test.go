package pbt_test

import (
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/pbt"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// timed counts questions.
type timed struct {
	schedule.Scheduler
	asked int
}

func (s *timed) Next(h *study.History) schedule.Order {
	s.asked++
	return s.Scheduler.Next(h)
}

// BenchmarkNext plays a population of a thousand on as many workers, and says
// what a question costs with the simulation around it.
func BenchmarkNext(b *testing.B) {
	d := scheduletest.Setup{
		Fidelity: &study.Fidelity{Min: 1, Max: 100}, Workers: 1000, Trials: 10_000,
		Program: func(n int, _ space.Config) scheduletest.Program {
			return scheduletest.Program{Value: func(float64) float64 { return float64(n * 7919 % 1013) }, Every: 10}
		},
	}
	asked := 0
	for b.Loop() {
		inner, err := pbt.Method().New(d.Problem(), setting.Values{"population": value.Int(1000)})
		if err != nil {
			b.Fatal(err)
		}
		s := &timed{Scheduler: inner}
		if _, err := scheduletest.Simulate(s, d); err != nil {
			b.Fatal(err)
		}
		asked = s.asked
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(asked), "µs/question")
}
