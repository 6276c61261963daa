package engine

import (
	"testing"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// Retries wait longer each time, and nobody is woken for one that nobody asks
// for.
func TestBackoff(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) {
		d.Retry = study.Retry{Max: 2, On: []string{"exit:9"}, Backoff: study.Duration(ttl)}
		d.Stop.Trials = 1
	})
	fail := study.Outcome{State: study.Failed, Failure: &study.Failure{Class: study.ClassExit, Exit: 9}}
	wait := ttl
	for range 2 {
		a := p.ask()
		p.wantCode(p.finish(a.Ticket, fail), "")
		at := p.s.log.Book.Trial(0).NotBefore
		if d := at.Sub(p.now); d < wait || d > wait*5/4 {
			t.Fatalf("the wait is %v, want %v and up to a quarter more", d, wait)
		}
		if got := p.s.wake(); !got.IsZero() {
			t.Errorf("woken at %v for nobody", got)
		}
		call := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
		p.waits(call)
		if got := p.s.wake(); got != at {
			t.Errorf("woken at %v, want %v", got, at)
		}
		p.do(cancelInput{of: call})
		p.later(2 * wait) // past its time, and still nobody asks
		if got := p.s.wake(); !got.IsZero() {
			t.Errorf("woken at %v for nobody", got)
		}
		wait *= 2
	}
	p.wantCode(p.finish(p.ask().Ticket, fail), "")
	p.want("failed", study.StatusFinished)
}

func TestLostTooOften(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Trials = 1 })
	for range lossesForgiven + 1 {
		p.ask()
		p.later(ttl)
	}
	p.want("failed", study.StatusFinished)
}

func TestCircuitBreaker(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Retry.MaxConsecutiveFailed = 3 })
	for _, o := range []study.Outcome{failure("exit"), failure("exit"), complete(1), failure("oom"), failure("exit")} {
		p.wantCode(p.finish(p.ask().Ticket, o), "")
	}
	waits, bad := p.ask(), p.ask()
	p.wantCode(p.finish(bad.Ticket, failure("crash")), "")
	if v := p.beat("w", waits.Ticket)[waits.Ticket]; v != study.VerdictStop {
		t.Fatalf("the others are told %q", v)
	}
	p.wantCode(p.finish(waits.Ticket, study.Outcome{State: study.Cancelled}), "")
	p.want("failed failed complete failed failed queued failed", study.StatusFailed)
	if want := "3 trials in a row failed, the last with crash"; p.s.log.Reason != want {
		t.Errorf("the reason is %q", p.s.log.Reason)
	}
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", Wait: true}), "stopped")
	p.restart() // whoever does that has mended something
	if a := p.ask(); a.Trial != 5 {
		t.Errorf("then trial %d runs", a.Trial)
	}
	p.wantCode(p.finish(study.Ticket{Trial: 5}, failure("exit")), "")
	p.want("failed failed complete failed failed failed failed", study.StatusRunning)
}

// A program that cannot be started ends the study as long as it never could;
// later it is a failure like others.
func TestProgramThatCannotBeStarted(t *testing.T) {
	p := newPlay(t, nil)
	p.wantCode(p.finish(p.ask().Ticket, failure(study.ClassStart)), "")
	p.want("failed", study.StatusFailed)

	p = newPlay(t, nil)
	p.tell(p.ask().Ticket, 1)
	p.wantCode(p.finish(p.ask().Ticket, failure(study.ClassStart)), "")
	p.want("complete failed", study.StatusRunning)
}

// withDefault gives the parameter a default.
func withDefault(d *study.Definition) {
	params := []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1e6, Default: value.Float(1)}}
	s, err := space.New(space.Spec{Params: params})
	if err != nil {
		panic(err)
	}
	d.Space = s
}

func TestDefaultComesFirst(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) {
		withDefault(d)
		d.Enqueue = []map[string]space.Value{{"x": value.Float(5)}, {}}
	})
	for n, want := range []float64{1, 5, 1, 103} {
		if a := p.ask(); a.Trial != n || a.Config.At(0).AsFloat() != want {
			t.Fatalf("trial %d has %s, want %v", a.Trial, a.Config, want)
		}
	}
	p.restart()
	p.want("running running running running", study.StatusRunning) // nothing twice
}

// A program that fails with its own defaults is broken. They are tried again
// when the study is resumed, but not once they have been tried in earnest.
func TestBrokenDefault(t *testing.T) {
	p := newPlay(t, withDefault)
	p.wantCode(p.finish(p.ask().Ticket, failure(study.ClassExit)), "")
	p.want("failed", study.StatusFailed)
	p.restart()
	p.want("failed queued", study.StatusRunning)
	p.wantCode(p.finish(p.ask().Ticket, failure(study.ClassOOM)), "")
	p.want("failed failed", study.StatusRunning)
	p.restart()
	p.want("failed failed", study.StatusRunning)
	if p.s.created != 2 {
		t.Errorf("%d trials count against the budget", p.s.created)
	}
}

func TestDefaultThatEndedWithTheStudy(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) {
		withDefault(d)
		d.Stop.Time = study.Duration(ttl / 2)
	})
	a := p.ask()
	p.later(ttl / 2)
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Cancelled}), "")
	p.want("cancelled", study.StatusFinished)
	p.def.Stop.Time = study.Duration(time.Hour)
	p.restart()
	p.want("cancelled queued", study.StatusRunning)
}

func TestEnqueuedThatCannotBe(t *testing.T) {
	p := unopened(t, func(d *study.Definition) { d.Enqueue = []map[string]space.Value{{"y": value.Float(5)}} })
	p.s = p.fresh()
	_, err := p.s.start(nil)
	p.wantCode(err, study.Invalid)
}

// A derived value that cannot be computed fails its trial before it runs.
func TestDerivedThatCannotBe(t *testing.T) {
	e, err := expr.Compile("-(x == 101 ? 'a' : x)")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlay(t, func(d *study.Definition) {
		s, err := space.New(space.Spec{
			Params:  []space.Param{{Name: "x", Kind: space.Int, Low: 0, High: 1e6}},
			Derived: []space.Derived{{Name: "y", Expr: e}},
		})
		if err != nil {
			t.Fatal(err)
		}
		d.Space = s
	})
	p.tell(p.ask().Ticket, 1)
	if a := p.ask(); a.Trial != 2 {
		t.Errorf("trial %d is leased", a.Trial)
	}
	p.want("complete failed running", study.StatusRunning)
}
