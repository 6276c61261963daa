package scheduletest

import (
	"math"
	"os"
	"os/exec"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// halving is a small asynchronous successive halving with rungs 1, 3, 9, 27:
// a right scheduler that pauses and resumes, and the stock of the wrong ones.
type halving struct {
	next  func(h *study.History, o schedule.Order) schedule.Order
	judge func(h *study.History, t *study.Trial, v study.Verdict) study.Verdict
}

func (s *halving) Next(h *study.History) schedule.Order {
	o := promote(h)
	if s.next != nil {
		o = s.next(h, o)
	}
	return o
}

func promote(h *study.History) schedule.Order {
	for _, rung := range []float64{9, 3, 1} {
		type entry struct {
			loss float64
			t    *study.Trial
		}
		var reached []entry
		for t := range h.All() {
			if t.LastStep() < rung {
				continue
			}
			best := math.Inf(1)
			for _, r := range t.Reports {
				if x, ok := r.Values.Get(h.Objectives[0].Metric); ok && r.Step <= rung && h.Objectives[0].Loss(x) < best {
					best = h.Objectives[0].Loss(x)
				}
			}
			reached = append(reached, entry{best, t})
		}
		sort.SliceStable(reached, func(i, j int) bool { return reached[i].loss < reached[j].loss })
		for _, e := range reached[:len(reached)/3] {
			if e.t.State == study.Paused && e.t.Until == rung {
				return schedule.Order{Action: schedule.Resume, Trial: e.t.Number, From: rung, Until: 3 * rung}
			}
		}
	}
	return schedule.Order{Action: schedule.Start, Until: 1, CopyFrom: -1}
}

func (s *halving) Judge(h *study.History, t *study.Trial) study.Verdict {
	v := study.VerdictContinue
	if t.Until < 27 && t.LastStep() >= t.Until {
		v = study.VerdictPause
	}
	if s.judge != nil {
		v = s.judge(h, t, v)
	}
	return v
}

func method(make func() schedule.Scheduler) func() schedule.Method {
	return func() schedule.Method {
		return schedule.Method{Name: "toy", Version: "1", Doc: "Halves.", Rungs: true,
			New: func(schedule.Problem, setting.Values) (schedule.Scheduler, error) { return make(), nil }}
	}
}

// A program that is over before its Until does not pause at its last step.
func evenEnds(c Scenario) bool { return c.Name == "uneven steps and ends" }

func TestRunTakesARightScheduler(t *testing.T) {
	Run(t, method(func() schedule.Scheduler { return &halving{} }), Options{Skip: evenEnds})
}

// mutants are wrong schedulers with what the suite has to say about them.
var mutants = map[string]struct {
	make func() schedule.Scheduler
	o    Options
	want string
}{
	"counts its questions": {make: func() schedule.Scheduler {
		n := 0
		return &halving{judge: func(_ *study.History, _ *study.Trial, v study.Verdict) study.Verdict {
			if n++; n%2 == 0 {
				return study.VerdictPrune
			}
			return v
		}}
	}, want: "asked again"},
	"remembers what it saw": {make: func() schedule.Scheduler {
		seen := 0
		return &halving{next: func(h *study.History, o schedule.Order) schedule.Order {
			seen = max(seen, h.Len())
			if seen == h.Len() && h.Len() > 0 && o.Action == schedule.Start {
				o.Bracket = seen
			}
			return o
		}, judge: func(h *study.History, t *study.Trial, v study.Verdict) study.Verdict {
			if v == study.VerdictPause && seen == 0 {
				return study.VerdictPrune
			}
			return v
		}}
	}, want: "fresh instance"},
	"has no rungs for one goal": {make: func() schedule.Scheduler {
		return &halving{judge: func(h *study.History, t *study.Trial, v study.Verdict) study.Verdict {
			if h.Objectives[0].Goal == study.Maximize && t.Number == 3 {
				return study.VerdictPrune
			}
			return v
		}}
	}, want: "maximizing the opposite"},
	"resumes a running trial": {make: func() schedule.Scheduler {
		return &halving{next: func(h *study.History, o schedule.Order) schedule.Order {
			for t := range h.Open() {
				if t.State == study.Running {
					return schedule.Order{Action: schedule.Resume, Trial: t.Number, Until: 27}
				}
			}
			return o
		}}
	}, want: "not paused"},
	"promotes twice": {make: func() schedule.Scheduler {
		return &halving{next: func(h *study.History, o schedule.Order) schedule.Order {
			if o.Action == schedule.Resume && o.Until == 9 {
				o.From, o.Until = 1, 3
			}
			return o
		}}
	}, want: "a second time"},
	"goes beyond the fidelity": {make: func() schedule.Scheduler {
		return &halving{next: func(h *study.History, o schedule.Order) schedule.Order {
			o.Until *= 28
			return o
		}}
	}, want: "beyond the fidelity"},
	"never stops at a rung": {make: func() schedule.Scheduler {
		return &halving{judge: func(*study.History, *study.Trial, study.Verdict) study.Verdict { return study.VerdictContinue }}
	}, want: "as far as it may go"},
	"pauses at the end": {make: func() schedule.Scheduler {
		return &halving{judge: func(_ *study.History, t *study.Trial, v study.Verdict) study.Verdict {
			if t.LastStep() >= t.Until {
				return study.VerdictPause
			}
			return v
		}}
	}, want: "paused at its last step"},
	"waits for ever": {make: func() schedule.Scheduler {
		return &halving{next: func(h *study.History, o schedule.Order) schedule.Order {
			if h.Len() > 10 && o.Action == schedule.Start {
				return schedule.Order{Action: schedule.Wait}
			}
			return o
		}}
	}, want: "waits while no trial runs"},
	"stops instead of pruning": {make: func() schedule.Scheduler {
		return &halving{judge: func(*study.History, *study.Trial, study.Verdict) study.Verdict { return study.VerdictStop }}
	}, want: `verdict "stop"`},
	"prunes during the warm-up": {make: func() schedule.Scheduler {
		return &halving{judge: func(_ *study.History, t *study.Trial, v study.Verdict) study.Verdict {
			if v == study.VerdictPause && t.Number%2 == 0 {
				return study.VerdictPrune
			}
			return v
		}}
	}, o: Options{Warmup: 3}, want: "before the warm-up's end"},
	"prunes though it keeps": {make: func() schedule.Scheduler { return &halving{} }, o: Options{Keeps: true}, want: "keeps every trial"},
}

const mutantEnv = "SCHEDULETEST_MUTANT"

// TestMutant is not a test by itself: TestRunRefusesMutants runs it in another
// process, where it has to fail.
func TestMutant(t *testing.T) {
	m, ok := mutants[os.Getenv(mutantEnv)]
	if !ok {
		t.Skip("runs only for TestRunRefusesMutants")
	}
	m.o.Skip = evenEnds
	Run(t, method(m.make), m.o)
}

func TestRunRefusesMutants(t *testing.T) {
	for name, m := range mutants {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMutant$", "-test.failfast")
			cmd.Env = append(os.Environ(), mutantEnv+"="+name)
			out, err := cmd.CombinedOutput()
			if err == nil {
				t.Fatal("the suite found nothing")
			}
			if !strings.Contains(string(out), m.want) {
				t.Errorf("the suite does not say %q:\n%.2000s", m.want, out)
			}
		})
	}
}

// Nine trials on one worker, all of different final losses, best last: what
// each may use and what that costs can be counted by hand.
func TestSimulateCountsResource(t *testing.T) {
	d := Setup{
		Fidelity: &study.Fidelity{Min: 1, Max: 27}, Trials: 4,
		Program: func(n int, _ space.Config) Program {
			p := Program{Value: func(float64) float64 { return float64(n) }}
			switch n {
			case 1:
				p.FailAt = 1
			case 2:
				p.LoseAt = 1
			}
			return p
		},
	}
	result, err := Simulate(&halving{}, d)
	if err != nil {
		t.Fatal(err)
	}
	// Trial 0 is best: among three that reached step 1 it is promoted to 3
	// and has no peers there. Trial 2 pays its first step twice.
	if diff := cmp.Diff([]float64{3, 1, 2, 1}, result.PaidBy); diff != "" {
		t.Errorf("paid by trial (-want +got):\n%s", diff)
	}
	if result.Paid != 7 || result.Clock != 7 || result.Resumes != 1 {
		t.Errorf("paid %v by %v with %d resumes, want 7 by 7 with 1", result.Paid, result.Clock, result.Resumes)
	}
	states := make([]study.State, 4)
	for n := range states {
		states[n] = result.Log.Book.Trial(n).State
	}
	if diff := cmp.Diff([]study.State{study.Paused, study.Failed, study.Paused, study.Paused}, states); diff != "" {
		t.Errorf("states (-want +got):\n%s", diff)
	}
}

// copier starts every trial after the first as a copy of the one before.
type copier struct{ from float64 }

func (c copier) Next(h *study.History) schedule.Order {
	if h.Len() == 0 {
		return schedule.Order{CopyFrom: -1}
	}
	last := h.Trial(h.Len() - 1)
	return schedule.Order{Config: last.Config, CopyFrom: last.Number, From: c.from}
}

func (copier) Judge(*study.History, *study.Trial) study.Verdict { return study.VerdictContinue }

func TestSimulateCopies(t *testing.T) {
	d := Setup{Trials: 3, Program: func(n int, _ space.Config) Program {
		return Program{Value: func(s float64) float64 { return s }, Forgetful: n == 2}
	}}
	result, err := Simulate(copier{from: 4}, d)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{10, 6, 10}, result.PaidBy); diff != "" {
		t.Errorf("paid by trial (-want +got):\n%s", diff)
	}
	if a, b := result.Log.Book.Trial(0).Config, result.Log.Book.Trial(1).Config; !a.Equal(b) {
		t.Errorf("trial 1 is %v, want a copy of %v", b, a)
	}
	if _, err := Simulate(copier{from: 11}, d); err == nil || !strings.Contains(err.Error(), "has reached 10") {
		t.Errorf("copy from beyond the source's end: error %v", err)
	}
}
