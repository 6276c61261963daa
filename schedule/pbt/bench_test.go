package pbt_test

import (
	"testing"
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/pbt"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// timed counts questions, and the time that answers take.
type timed struct {
	schedule.Scheduler
	asked int
	took  time.Duration
}

func (s *timed) Next(h *study.History) schedule.Order {
	s.asked++
	begin := time.Now()
	o := s.Scheduler.Next(h)
	s.took += time.Since(begin)
	return o
}

// BenchmarkNext plays a population of a thousand on as many workers, and says
// what a question costs, the simulation around it left out.
func BenchmarkNext(b *testing.B) {
	d := scheduletest.Setup{
		Fidelity: &study.Fidelity{Min: 1, Max: 100}, Workers: 1000, Trials: 10_000,
		Program: func(n int, _ space.Config) scheduletest.Program {
			return scheduletest.Program{Value: func(float64) float64 { return float64(n * 7919 % 1013) }, Every: 10}
		},
	}
	asked, took := 0, time.Duration(0)
	for b.Loop() {
		inner, err := pbt.Method().New(d.Problem(), setting.Values{"population": value.Int(1000)})
		if err != nil {
			b.Fatal(err)
		}
		s := &timed{Scheduler: inner}
		if _, err := scheduletest.Simulate(s, d); err != nil {
			b.Fatal(err)
		}
		asked, took = asked+s.asked, took+s.took
	}
	b.ReportMetric(float64(took.Nanoseconds())/1e3/float64(asked), "µs/question")
}
