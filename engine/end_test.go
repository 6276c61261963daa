package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
)

func TestStopRules(t *testing.T) {
	target := 2.0
	for _, test := range []struct {
		name   string
		stop   study.Stop
		losses []float64 // told one after another, a second each
		reason string
	}{
		{"target", study.Stop{Target: &target}, []float64{5, 3, 2}, "the target is reached"},
		{"no improvement", study.Stop{NoImprovement: 2}, []float64{5, 3, 4, 2, 2, 2.5}, "2 trials brought no improvement"},
		{"trials", study.Stop{Trials: 2}, []float64{5, 3}, "2 trials have ended"},
		{"time", study.Stop{Time: study.Duration(3 * time.Second)}, []float64{5, 3, 4}, "the time of 3s is over"},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t, func(d *study.Definition) { d.Stop = test.stop })
			for i, loss := range test.losses {
				a := p.ask()
				p.now = p.now.Add(time.Second)
				p.tell(a.Ticket, loss)
				if done := p.s.log.Status == study.StatusFinished; done != (i == len(test.losses)-1) {
					t.Fatalf("after trial %d the study is %s", i, p.s.log.Status)
				}
			}
			if p.s.log.Reason != test.reason || p.s.log.Spent != time.Duration(len(test.losses))*time.Second {
				t.Errorf("it ended after %v because %q", p.s.log.Spent, p.s.log.Reason)
			}
		})
	}
}

// With several objectives a trial is an improvement unless one before is as
// good in all of them, and the target is for the first.
func TestImprovementOfSeveralObjectives(t *testing.T) {
	target := 1.0
	p := newPlay(t, func(d *study.Definition) {
		d.Objectives = append(d.Objectives, study.Objective{Metric: "speed", Goal: study.Maximize})
		d.Stop = study.Stop{NoImprovement: 2, Target: &target}
	})
	tell := func(loss, speed float64) {
		t.Helper()
		o := study.Outcome{State: study.Complete, Values: study.Metrics{{Name: "loss", Value: loss}, {Name: "speed", Value: speed}}}
		p.wantCode(p.finish(p.ask().Ticket, o), "")
	}
	tell(5, 5)
	tell(4, 4)
	tell(6, 6)
	if p.s.sinceBest != 0 || len(p.s.front) != 3 || p.s.best != 1 {
		t.Fatalf("%d since the last improvement, the front is %v, the best %d", p.s.sinceBest, p.s.front, p.s.best)
	}
	tell(5, 5.5) // pushes trial 0 off the front
	tell(4.5, 4) // better than the last one in the loss, but worse than trial 1
	if p.s.sinceBest != 1 || len(p.s.front) != 3 {
		t.Fatalf("%d since the last improvement, the front is %v", p.s.sinceBest, p.s.front)
	}
	tell(1, 0)
	if p.s.log.Reason != "the target is reached" {
		t.Error("the target is not reached")
	}
}

// When time is up running trials are told to stop, or may finish.
func TestTimeIsUp(t *testing.T) {
	for _, finish := range []bool{false, true} {
		p := newPlay(t, func(d *study.Definition) {
			d.Stop = study.Stop{Time: study.Duration(ttl / 2), Finish: finish}
		})
		a := p.ask()
		if at := p.s.wake(); at != p.now.Add(ttl/2) {
			t.Fatalf("woken at %v", at)
		}
		p.later(ttl / 2)
		v, err := p.report(a.Ticket, 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		p.wantGrant(p.lease(study.LeaseRequest{Worker: "v", Wait: true}), "stopped")
		if finish {
			if v != study.VerdictContinue {
				t.Errorf("told to %s", v)
			}
			p.tell(a.Ticket, 1)
			p.want("complete", study.StatusFinished)
			continue
		}
		if v != study.VerdictStop {
			t.Errorf("told to %s", v)
		}
		p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Cancelled}), "")
		p.want("cancelled", study.StatusFinished)
		if p.s.created != 0 {
			t.Errorf("%d trials count against the budget", p.s.created)
		}
	}
}

// A budget of resource bounds what is paid, over restarts of trials and of
// afina: a promoted trial that goes on pays the difference, one that starts
// over pays for everything again, as does one whose lost attempt left no
// checkpoint.
func TestResourceBudget(t *testing.T) {
	for _, c := range []struct {
		name       string
		from       float64 // where the promoted trial is to go on
		first      int     // the first step that it reports then
		lose       bool    // its attempt is lost after two reports
		first2     int     // the first step that the next reports
		budget     float64
		last, paid float64 // the step at which the budget is spent, and what is then paid
	}{
		{"resumed", 3, 4, false, 0, 7, 7, 7},
		{"restarted", 0, 1, false, 0, 7, 4, 7},
		{"restarted by the program alone", 3, 1, false, 0, 7, 4, 7},
		{"resumed, lost, and gone on", 3, 4, true, 6, 7, 7, 7},
		{"resumed, lost, and resumed", 3, 4, true, 4, 7, 5, 7},
		{"resumed, lost, and started over", 3, 4, true, 1, 7, 2, 7},
		{"restarted, lost, and started over", 0, 1, true, 1, 7, 2, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPlay(t, func(d *study.Definition) { d.Stop.Resource = c.budget })
			p.sched = fakeSchedule{
				next: func(h *study.History) schedule.Order {
					if h.Len() == 1 && h.Trial(0).State == study.Paused {
						return schedule.Order{Action: schedule.Resume, From: c.from, Until: 27}
					}
					return schedule.Order{Until: 3}
				},
				judge: func(_ *study.History, t *study.Trial) study.Verdict {
					if t.Until == 3 && t.LastStep() >= 3 {
						return study.VerdictPause
					}
					return study.VerdictContinue
				},
			}
			report := func(k study.Ticket, step int) {
				t.Helper()
				p.restart()
				if _, err := p.report(k, float64(step), 1); err != nil {
					t.Fatal(err)
				}
			}
			a := p.ask()
			for step := 1; step <= 3; step++ {
				report(a.Ticket, step)
			}
			// The order to pause has not outlived the restart; the next report
			// brings it again.
			p.restart()
			if v, err := p.report(a.Ticket, 3, 1); v != study.VerdictPause || err != nil {
				t.Fatal(v, err)
			}
			p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Paused}), "")
			a = p.ask()
			if a.Resume != c.from {
				t.Fatalf("it goes on from %v", a.Resume)
			}
			step := c.first
			if c.lose {
				report(a.Ticket, step)
				report(a.Ticket, step+1)
				p.later(ttl)
				a = p.ask()
				step = c.first2
			}
			for ; p.s.ending == nil && step < 27; step++ {
				report(a.Ticket, step)
			}
			if got := float64(step - 1); got != c.last || p.s.paid != c.paid {
				t.Errorf("the budget is spent at step %v with %v units, want step %v and %v", got, p.s.paid, c.last, c.paid)
			}
			if v := p.beat("w", a.Ticket)[a.Ticket]; v != study.VerdictStop {
				t.Errorf("the budget is spent, and the trial is told %q", v)
			}
			if paid := p.s.log.Book.Trial(0).Paid(); paid != p.s.paid {
				t.Errorf("the trial has paid %v of %v", paid, p.s.paid)
			}
		})
	}
}

// A stop lets running trials finish; a second one, with kill, sends them home
// to be run again on resumption.
func TestStopDrainAndHandBack(t *testing.T) {
	p := newPlay(t, nil)
	a, b := p.ask(), p.ask()
	p.stop(false)
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "v", Wait: true}), "stopped")
	if orders := p.beat("w", a.Ticket, b.Ticket); len(orders) != 0 {
		t.Fatalf("orders %v", orders)
	}
	p.tell(a.Ticket, 1)
	p.stop(true)
	if v := p.beat("w", b.Ticket)[b.Ticket]; v != study.VerdictStop {
		t.Fatalf("told to %q", v)
	}
	p.wantCode(p.finish(b.Ticket, study.Outcome{State: study.Cancelled}), "")
	p.want("complete queued", study.StatusStopped)
	_, err := p.add(1)
	p.wantCode(err, study.Conflict)
	p.stop(true) // a study that has ended stays as it is
	p.restart()
	if c := p.ask(); c.Ticket != (study.Ticket{Trial: 1, Attempt: 2}) {
		t.Errorf("then %v runs", c.Ticket)
	}
}

func TestStopOfAFinishedStudy(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Trials = 1 })
	p.tell(p.ask().Ticket, 1)
	p.stop(false)
	if v := p.s.view(); v.Ending != "" || v.Status != study.StatusFinished {
		t.Errorf("it is %s, ending %q", v.Status, v.Ending)
	}
	if n, err := p.add(3); n != 1 || err != nil {
		t.Error(n, err)
	}
}

// A trial that was told to pause does so, also when the study is stopped in
// between.
func TestStopWhileATrialPauses(t *testing.T) {
	p := newPlay(t, nil)
	p.sched.judge = func(*study.History, *study.Trial) study.Verdict { return study.VerdictPause }
	a := p.ask()
	if v, err := p.report(a.Ticket, 1, 1); v != study.VerdictPause || err != nil {
		t.Fatal(v, err)
	}
	p.stop(true)
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Paused}), "")
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Paused}), "")
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Cancelled}), study.Conflict)
	p.want("paused", study.StatusStopped)
}

// What is added to a study runs even if its budget is spent, alone, and also
// when it was added while no process ran.
func TestAddToAFinishedStudy(t *testing.T) {
	target := 2.0
	for _, test := range []struct {
		name string
		stop study.Stop
	}{
		{"trials", study.Stop{Trials: 1}},
		{"target", study.Stop{Target: &target}},
		{"no improvement", study.Stop{NoImprovement: 1}},
		{"resource", study.Stop{Resource: 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t, func(d *study.Definition) { d.Stop = test.stop })
			for loss := 3.0; p.s.log.Status == study.StatusRunning; loss -= 1 {
				a := p.ask()
				if _, err := p.report(a.Ticket, 1, loss); err != nil {
					t.Fatal(err)
				}
				p.tell(a.Ticket, max(loss, 2))
			}
			n, err := p.add(42)
			if err != nil {
				t.Fatal(err)
			}
			if p.s.log.Status != study.StatusRunning {
				t.Fatal("the study does not go on")
			}
			p.restart()
			got := p.lease(study.LeaseRequest{Worker: "w", N: 5, Wait: true})
			if !strings.HasSuffix(p.granted(got), "/1 waiting") {
				t.Fatalf("granted %q", p.granted(got))
			}
			late := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
			p.waits(late)
			p.tell(study.Ticket{Trial: n, Attempt: 1}, 9)
			p.wantGrant(late, "stopped")
			if p.s.log.Book.Len() != n+1 || p.s.log.Status != study.StatusFinished {
				t.Errorf("%d trials, %s", p.s.log.Book.Len(), p.s.log.Status)
			}
		})
	}
}

// What was added after the time is over runs as long as it needs, and nobody is
// woken for a limit that has passed, nor for what must not run any more.
func TestAddWhenTimeIsOver(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) {
		d.Stop.Time = study.Duration(ttl)
		d.Retry.Backoff = study.Duration(time.Second)
	})
	p.wantCode(p.finish(p.ask().Ticket, failure(study.ClassTemporary)), "")
	p.later(ttl)
	p.want("queued", study.StatusFinished)
	if _, err := p.add(5); err != nil {
		t.Fatal(err)
	}
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 2}), "1/1 waiting")
	waiting := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
	p.later(10 * ttl)
	if at, pulse := p.s.wake(), p.s.noted.Add(noteEvery); !at.Equal(pulse) {
		t.Errorf("woken at %v, not for the time to be noted at %v", at, pulse)
	}
	p.tell(study.Ticket{Trial: 1}, 1)
	p.wantGrant(waiting, "stopped")
	p.want("queued complete", study.StatusFinished)
}

// The time spent is stored while trials run, so that a kill costs the budget of
// time no more than noteEvery.
func TestTimeIsNoted(t *testing.T) {
	p := newPlay(t, nil)
	k := p.ask().Ticket
	if at := p.s.wake(); !at.Equal(p.s.opened.Add(noteEvery)) {
		t.Fatalf("woken at %v", at)
	}
	p.later(noteEvery)
	if got := p.s.log.Spent; got != noteEvery {
		t.Errorf("%v noted after %v", got, noteEvery)
	}
	p.tell(k, 1)
	p.later(10 * noteEvery)
	if got := p.s.log.Spent; got != noteEvery {
		t.Errorf("%v noted while nothing ran", got)
	}
}

func TestTrialsAddedWhileRunning(t *testing.T) {
	p := newPlay(t, nil)
	p.hold = true
	call := p.lease(study.LeaseRequest{Worker: "w", Wait: true})
	n, err := p.add(7) // serves the request that waits for a suggestion
	if err != nil {
		t.Fatal(err)
	}
	p.wantGrant(call, "0/1 running")
	if n != 0 || p.s.log.Book.Trial(0).Origin.Method != MethodAdded {
		t.Errorf("trial %d by %+v", n, p.s.log.Book.Trial(0).Origin)
	}
	p.deliver() // nobody wants it any more
	p.want("running", study.StatusRunning)
	if _, err := p.add(-1); study.CodeOf(err) != study.Invalid {
		t.Errorf("out of range: %v", err)
	}
}

// The answer to the report that spends the last of the resource says so; a
// trial that has done its last step is left to tell its result.
func TestResourceIsSpentAtOnce(t *testing.T) {
	for _, c := range []struct {
		budget float64
		want   study.Verdict
		states string
	}{
		{5, study.VerdictStop, "complete cancelled"},
		{6, study.VerdictContinue, "complete complete"},
	} {
		p := newPlay(t, func(d *study.Definition) {
			d.Stop.Resource, d.Fidelity = c.budget, &study.Fidelity{Min: 1, Max: 3}
		})
		a, b := p.ask(), p.ask()
		if v, err := p.report(a.Ticket, 3, 1); v != study.VerdictContinue || err != nil {
			t.Fatal(v, err)
		}
		if v, err := p.report(b.Ticket, c.budget-3, 1); v != c.want || err != nil {
			t.Errorf("with a budget of %v the trial is told to %q (%v), want %q", c.budget, v, err, c.want)
		}
		if orders := p.beat("w", a.Ticket); len(orders) > 0 {
			t.Errorf("the trial that has done everything is told %v", orders)
		}
		p.tell(a.Ticket, 1)
		if c.want == study.VerdictStop {
			p.wantCode(p.finish(b.Ticket, study.Outcome{State: study.Cancelled}), "")
		} else {
			p.tell(b.Ticket, 1)
		}
		p.want(c.states, study.StatusFinished)
	}
}
