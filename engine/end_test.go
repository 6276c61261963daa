package engine

import (
	"strings"
	"testing"
	"time"

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

func TestResourceIsPaidOnce(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Resource = 15 })
	a := p.ask()
	for step := range 10 {
		if _, err := p.report(a.Ticket, float64(step+1), 1); err != nil {
			t.Fatal(err)
		}
	}
	p.later(ttl) // lost; the next attempt takes the same steps again
	a = p.ask()
	for step := range 10 {
		if _, err := p.report(a.Ticket, float64(step+1), 1); err != nil {
			t.Fatal(err)
		}
	}
	p.restart()
	if p.s.paid != 10 || p.s.ending != nil {
		t.Fatalf("%v units are paid", p.s.paid)
	}
	if v, err := p.report(a.Ticket, 15, 1); v != study.VerdictContinue || err != nil {
		t.Fatal(v, err)
	}
	if v := p.beat("w", a.Ticket)[a.Ticket]; v != study.VerdictStop {
		t.Errorf("the budget is spent, and the trial is told %q", v)
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
