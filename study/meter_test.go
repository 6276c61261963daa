package study_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/study"
)

// What attempts pay, in stories. A letter is an event: r the report of the
// step behind it, L the loss of the attempt, P its pause, G the grant from the
// step behind it, E its end; a new attempt begins where one is needed.
func TestPaid(t *testing.T) {
	type event struct {
		what byte
		step float64
	}
	for _, c := range []struct {
		name string
		copy *study.Copy
		life []event
		want float64
	}{
		{"no reports", nil, []event{{'E', 0}}, 0},
		{"step by step", nil, []event{{'r', 1}, {'r', 2}, {'r', 3}, {'E', 0}}, 3},
		{"running", nil, []event{{'r', 1}, {'r', 2}}, 2},
		{"one report", nil, []event{{'r', 27}, {'E', 0}}, 27},
		{"from step 0", nil, []event{{'r', 0}, {'r', 1}, {'E', 0}}, 1},
		{"negative steps", nil, []event{{'r', -3}, {'r', -1}, {'E', 0}}, 0},
		{"falling steps", nil, []event{{'r', 5}, {'r', 2}, {'E', 0}}, 5},
		{"resumed", nil, []event{{'r', 3}, {'P', 0}, {'G', 3}, {'r', 4}, {'r', 9}, {'E', 0}}, 9},
		{"started over by order", nil, []event{{'r', 3}, {'P', 0}, {'G', 0}, {'r', 1}, {'r', 9}, {'E', 0}}, 12},
		{"started over by order, with one report", nil, []event{{'r', 3}, {'P', 0}, {'G', 0}, {'r', 9}, {'E', 0}}, 12},
		{"started over although it was to go on", nil, []event{{'r', 3}, {'P', 0}, {'G', 3}, {'r', 1}, {'r', 9}, {'E', 0}}, 12},
		{"lost and started over", nil, []event{{'r', 1}, {'r', 2}, {'L', 0}, {'r', 1}, {'r', 2}, {'r', 3}, {'E', 0}}, 5},
		{"lost and gone on from its checkpoint", nil, []event{{'r', 1}, {'r', 2}, {'L', 0}, {'r', 3}, {'E', 0}}, 3},
		{"lost after a restart by order", nil, []event{{'r', 3}, {'P', 0}, {'G', 0}, {'r', 1}, {'r', 2}, {'L', 0}, {'r', 3}, {'E', 0}}, 6},
		{"paused twice", nil, []event{{'r', 1}, {'P', 0}, {'G', 1}, {'r', 3}, {'P', 0}, {'G', 3}, {'r', 9}, {'E', 0}}, 9},
		{"a copy", &study.Copy{Trial: 0, Step: 4}, []event{{'r', 5}, {'r', 8}, {'E', 0}}, 4},
		{"a copy that starts over", &study.Copy{Trial: 0, Step: 4}, []event{{'r', 1}, {'r', 8}, {'E', 0}}, 8},
		{"a copy that is lost", &study.Copy{Trial: 0, Step: 4}, []event{{'r', 6}, {'L', 0}, {'r', 5}, {'r', 8}, {'E', 0}}, 6},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLog()
			apply(t, l, queued(0))
			q := queued(1)
			q.Copy = c.copy
			apply(t, l, q)
			attempt, running := 0, false
			var meter study.Meter
			end := func(e *study.Event) {
				e.Trial, e.Attempt, e.Paid = 1, attempt, meter.Units()
				running = false
				apply(t, l, e)
			}
			for _, e := range c.life {
				if !running && e.what != 'G' {
					attempt, running, meter = attempt+1, true, study.Meter{}
					apply(t, l, started(1, attempt))
				}
				switch e.what {
				case 'r':
					meter.Report(l.Book.Trial(1), e.step)
					apply(t, l, reported(1, attempt, e.step, 1))
					if again := study.MeterOf(l.Book.Trial(1)); again.Units() != meter.Units() {
						t.Fatalf("%v units, and after a restart %v", meter.Units(), again.Units())
					}
				case 'L':
					end(requeued(0, 0))
				case 'P':
					end(paused(0, 0))
				case 'G':
					g := granted(1)
					g.Resume = e.step
					apply(t, l, g)
				case 'E':
					end(ended(0, 0, study.Complete))
				}
			}
			if got := l.Book.Trial(1).Paid(); got != c.want {
				t.Errorf("%v units are paid, want %v", got, c.want)
			}
		})
	}
}

// A meter that was there all the time and one made of the reports agree,
// whatever the order of steps.
func TestMeterOfReports(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		step := rapid.Map(rapid.IntRange(-2, 12), func(n int) float64 { return float64(n) / 2 })
		l := newLog()
		apply := func(events ...*study.Event) {
			for _, e := range events {
				if err := l.Apply(e); err != nil {
					t.Fatal(err)
				}
			}
		}
		apply(queued(0), started(0, 1))
		for range rapid.IntRange(0, 5).Draw(t, "before") {
			apply(reported(0, 1, step.Draw(t, "step"), 1))
		}
		if rapid.Bool().Draw(t, "lost") {
			apply(requeued(0, 1))
		} else {
			g := granted(0)
			g.Resume = step.Draw(t, "resume")
			apply(paused(0, 1), g)
		}
		apply(started(0, 2))
		var m study.Meter
		for range rapid.IntRange(0, 8).Draw(t, "reports") {
			s := step.Draw(t, "step")
			m.Report(l.Book.Trial(0), s)
			apply(reported(0, 2, s, 1))
			if again := study.MeterOf(l.Book.Trial(0)); again.Units() != m.Units() {
				t.Fatalf("%v units, and after a restart %v", m.Units(), again.Units())
			}
		}
	})
}
