package engine

import (
	"fmt"
	"testing"
	"time"

	"github.com/afina-hpo/afina/study"
)

func TestOneWorkerAsksAndTells(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Trials = 2 })
	a := p.ask()
	if x := a.Config.At(0).AsFloat(); a.Trial != 0 || a.Attempt != 1 || x != 100 || a.Lease != study.Duration(ttl) {
		t.Fatalf("leased %+v", a)
	}
	p.tell(a.Ticket, 5)
	p.tell(p.ask().Ticket, 4)
	p.want("complete complete", study.StatusFinished)
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", Wait: true}), "stopped")
	if v := p.s.view(); v.Best != 1 || v.Reason != "2 trials have ended" {
		t.Errorf("best %d, reason %q", v.Best, v.Reason)
	}
}

// Who asks for more than there is gets what there is.
func TestLeaseOfMoreThanThereIs(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Trials = 3 })
	p.hold = true
	many := p.lease(study.LeaseRequest{Worker: "a", N: 64, Wait: true})
	if n := p.pending[0].n; n != 3 {
		t.Fatalf("%d are suggested, and 3 can be used", n)
	}
	p.deliver()
	p.wantGrant(many, "0/1 1/1 2/1 waiting")
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "b", N: 64}), "waiting")
	waiting := p.lease(study.LeaseRequest{Worker: "b", N: 2, Wait: true})
	p.waits(waiting)
	for n := range 3 {
		p.tell(study.Ticket{Trial: n, Attempt: 1}, 1)
	}
	p.wantGrant(waiting, "stopped")
}

// Several requests share one suggestion, in order of arrival.
func TestRequestsAreServedInOrderOfArrival(t *testing.T) {
	p := newPlay(t, nil)
	p.hold = true
	a := p.lease(study.LeaseRequest{Worker: "a", N: 2, Wait: true})
	b := p.lease(study.LeaseRequest{Worker: "b", Wait: true})
	c := p.lease(study.LeaseRequest{Worker: "c", Wait: true})
	if n := p.pending[0].n; n != 2 {
		t.Fatalf("the first suggestion is for %d", n)
	}
	p.deliver()
	p.wantGrant(a, "0/1 1/1 running")
	p.waits(b)
	if o := p.pending[0]; o.n != 2 || o.first != 2 {
		t.Fatalf("the second suggestion is for %d from number %d", o.n, o.first)
	}
	p.deliver()
	p.wantGrant(b, "2/1 running")
	p.wantGrant(c, "3/1 running")
}

// A request that is given up while its trial is being suggested gets none, and
// none is made.
func TestCancelledRequest(t *testing.T) {
	p := newPlay(t, nil)
	p.hold = true
	a := p.lease(study.LeaseRequest{Worker: "a", Wait: true})
	p.do(cancelInput{of: a})
	p.wantGrant(a, "waiting")
	p.deliver()
	p.want("", study.StatusRunning)
	p.do(cancelInput{of: a}) // again, and without effect
	p.hold = false
	if a := p.ask(); a.Trial != 0 || a.Config.At(0).AsFloat() != 100 {
		t.Errorf("then trial %d with %s is leased", a.Trial, a.Config)
	}
}

func TestSilentWorkerLosesItsTrial(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Retry.Backoff = study.Duration(ttl) }) // not for lost ones
	a, b := p.ask(), p.ask()
	p.later(ttl * 2 / 3)
	if orders := p.beat("w", a.Ticket); len(orders) != 0 {
		t.Fatalf("orders %v", orders)
	}
	p.later(ttl * 2 / 3)
	p.want("running queued", study.StatusRunning)
	if got := p.beat("w", b.Ticket)[b.Ticket]; got != study.VerdictStop {
		t.Errorf("the worker that was away is told %q", got)
	}
	if again := p.ask(); again.Ticket != (study.Ticket{Trial: 1, Attempt: 2}) {
		t.Errorf("then %v is leased", again.Ticket)
	}
}

// A report is a sign of life too, and a beat under another name is none.
func TestWhatRenewsALease(t *testing.T) {
	p := newPlay(t, nil)
	a, b := p.ask(), p.ask()
	p.later(ttl - time.Second)
	if _, err := p.report(a.Ticket, 1, 5); err != nil {
		t.Fatal(err)
	}
	if got := p.beat("thief", b.Ticket)[b.Ticket]; got != study.VerdictStop {
		t.Errorf("a stranger is told %q", got)
	}
	p.later(time.Second)
	p.want("running queued", study.StatusRunning)
}

func TestLeaseWithoutExpiryStays(t *testing.T) {
	p := newPlay(t, nil)
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w"}), "0/1 running")
	p.later(1000 * ttl)
	p.want("running", study.StatusRunning)
}

func TestJoinTakesWhatAnEarlierWorkerHeld(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Trials = 3 })
	p.ask()
	p.ask()
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "other"}), "2/1 running")
	left := p.lease(study.LeaseRequest{Worker: "w", Wait: true})
	p.join("w")
	p.want("queued queued running", study.StatusRunning)
	p.wantGrant(left, "waiting") // nobody is there to run a trial of it
}

// A request with a name gets the same trials however often it is sent, while
// it waits and afterwards.
func TestRepeatedRequest(t *testing.T) {
	p := newPlay(t, nil)
	p.hold = true
	r := study.LeaseRequest{Worker: "w", N: 2, Wait: true, Request: "r1"}
	first, second, third, fourth := p.lease(r), p.lease(r), p.lease(r), p.lease(r)
	p.do(cancelInput{of: first})
	p.wantGrant(first, "waiting")
	p.do(cancelInput{of: third})
	p.wantGrant(third, "waiting")
	p.deliver()
	p.wantGrant(second, "0/1 1/1 running")
	p.wantGrant(fourth, "0/1 1/1 running")
	p.wantGrant(p.lease(r), "0/1 1/1 running")
	p.tell(study.Ticket{Trial: 0, Attempt: 1}, 1)
	p.wantGrant(p.lease(r), "1/1 running") // what still runs of them
	other := r
	other.Worker = "v"
	p.hold = false
	p.wantGrant(p.lease(other), "2/1 3/1 running") // a name is a worker's own
}

func TestRequestsAreForgottenInTime(t *testing.T) {
	var r requests
	for i := range maxRequests + 10 {
		r.note(requestKey{"w", fmt.Sprint(i)}, nil)
	}
	if len(r.granted) != maxRequests || len(r.order) != maxRequests {
		t.Fatalf("%d requests are remembered, %d in order", len(r.granted), len(r.order))
	}
	if _, ok := r.granted[requestKey{"w", "9"}]; ok {
		t.Error("an old one is remembered")
	}
	if _, ok := r.granted[requestKey{"w", "10"}]; !ok {
		t.Error("a young one is forgotten")
	}
}

// Thousands of leases cost nothing as long as none is due.
func TestExpiryLooksAtLeasesRarely(t *testing.T) {
	p := newPlay(t, nil)
	p.lease(study.LeaseRequest{Worker: "w", N: 100, Expires: true})
	first := p.s.soonest
	p.later(ttl / 2)
	for n := range 100 {
		p.beat("w", study.Ticket{Trial: n, Attempt: 1})
	}
	if p.s.soonest != first {
		t.Fatal("a beat looked at all leases")
	}
	p.later(ttl / 2) // a false alarm, after which the next is known
	if want := first.Add(ttl / 2); p.s.soonest != want || p.s.log.Book.Trial(99).State != study.Running {
		t.Errorf("the next lease ends at %v, want %v", p.s.soonest, want)
	}
}

// A request may bring back the worker's last trial: its end is decided first,
// so that a default that does not work is known before another trial starts.
func TestLeaseThatBringsBackATrial(t *testing.T) {
	p := newPlay(t, nil)
	first := p.ask().Ticket
	call := p.lease(study.LeaseRequest{Worker: "w", N: 1, Ended: &study.Ended{Ticket: first, Outcome: complete(3)}})
	p.wantGrant(call, "1/1 running")
	if got := p.s.log.Book.Trial(first.Trial).State; got != study.Complete {
		t.Errorf("the trial that was brought back is %s", got)
	}
	origin := p.s.log.Book.Trial(first.Trial + 1).Origin
	if origin.SeenEnded != 1 {
		t.Errorf("the next trial was made seeing %d ended trials", origin.SeenEnded)
	}
	late := p.lease(study.LeaseRequest{Worker: "w", N: 1, Ended: &study.Ended{Ticket: study.Ticket{Trial: first.Trial, Attempt: 7}, Outcome: study.Outcome{State: study.Complete}}})
	if g := p.replies[late].val.(study.Grant); g.Late == "" || len(g.Trials) != 1 {
		t.Errorf("a late outcome: %+v", g)
	}
}

// A client that only wants another trial if the last one counts gets none
// where it does not.
func TestStrictLease(t *testing.T) {
	p := newPlay(t, nil)
	first := p.ask().Ticket
	strict := func(k study.Ticket) (study.Grant, error) {
		b := p.ref()
		in := leaseOf(b, study.LeaseRequest{Worker: "w", N: 1, Ended: &study.Ended{Ticket: k, Outcome: complete(3)}})
		in.strict = true
		val, err := p.call(b, in)
		g, _ := val.(study.Grant)
		return g, err
	}
	_, err := strict(study.Ticket{Trial: first.Trial, Attempt: 7})
	p.wantCode(err, study.NotFound)
	if n := p.s.log.Book.Len(); n != 1 {
		t.Fatalf("there are %d trials", n)
	}
	g, err := strict(first)
	p.wantCode(err, "")
	if len(g.Trials) != 1 || g.Late != "" || p.s.log.Book.Trial(first.Trial).State != study.Complete {
		t.Errorf("granted %+v", g)
	}
}
