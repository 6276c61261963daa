package engine

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// recalling proposes something else whenever anything in the history, or the
// question, is different.
func recalling(o suggestOrder) ([]suggest.Proposal, error) {
	x := float64(o.n)
	for t := range o.history.All() {
		x = 3*x + float64(len(t.Reports)) + float64(len(t.State)) + float64(5*len(t.Attempts))
		for _, v := range t.Values {
			x += v
		}
		for x > 1e5 {
			x -= 99_990.5
		}
	}
	if v, is := o.wish.fixed["x"]; is {
		c := at(o.history.Space, v.AsFloat())
		return []suggest.Proposal{{Config: c, Note: fmt.Sprint(x)}}, nil
	}
	var ps []suggest.Proposal
	for i := range o.n {
		ps = append(ps, suggest.Proposal{Config: at(o.history.Space, x+float64(i)/8), Note: fmt.Sprint(o.history.EndedLen())})
	}
	return ps, nil
}

// waited reports whether somebody waits for the suggestion under way.
func (p *play) waited() bool {
	return len(p.pending) > 0 && (p.s.asking || len(p.s.waiting) > 0)
}

// Suggestions made early change nothing but the time at which they are there:
// whatever happens, and whenever they come, the events are the same.
func TestEarlySuggestionsChangeNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		edit := func(d *study.Definition) {
			d.Stop.Trials = 15
			d.Stop.Improvement = 1
		}
		plain, early := newPlay(t, edit), newPlay(t, edit)
		both := []*play{plain, early}
		early.took, early.hold = time.Second, true
		paused := rapid.Bool().Draw(t, "rungs")
		worthless := rapid.IntRange(5, 15).Draw(t, "worthless from")
		for _, p := range both {
			p.propose = recalling
			p.outlook = &suggest.Outlook{Gain: 2}
			if paused {
				p.sched = rungs(8, 2)
			}
		}
		do := func(f func(*play)) {
			for _, p := range both {
				if p.s.log.Book.EndedLen() >= worthless {
					p.outlook = &suggest.Outlook{}
				}
				f(p)
				for p.waited() {
					p.deliver()
				}
			}
			if diff := cmp.Diff(showLog(plain.s.log), showLog(early.s.log)); diff != "" {
				t.Fatalf("with early suggestions it is another study:\n%s", diff)
			}
			for i := range plain.events {
				if a, b := show(&plain.events[i]), show(&early.events[i]); a != b {
					t.Fatalf("event %d is\n%s\nand with early suggestions\n%s", i, a, b)
				}
			}
		}
		pick := func(t *rapid.T) (study.Ticket, bool) {
			ls := plain.s.view().Leases
			if len(ls) == 0 {
				return study.Ticket{}, false
			}
			return ls[rapid.IntRange(0, len(ls)-1).Draw(t, "which")].Ticket, true
		}
		t.Repeat(map[string]func(*rapid.T){
			"lease": func(t *rapid.T) {
				n := rapid.SampledFrom([]int{1, 1, 1, 2, 3}).Draw(t, "n")
				fix := rapid.SampledFrom([]map[string]space.Value{nil, nil, nil, {"x": value.Int(7)}, {"x": value.Int(9)}}).Draw(t, "fix")
				do(func(p *play) { p.lease(study.LeaseRequest{Worker: "w", N: n, Fix: fix}) })
			},
			"think": func(t *rapid.T) {
				if len(early.pending) > 0 {
					early.deliver()
				}
			},
			"tell": func(t *rapid.T) {
				if k, ok := pick(t); ok {
					loss := float64(rapid.IntRange(0, 9).Draw(t, "loss"))
					do(func(p *play) { p.tell(k, loss) })
				}
			},
			"fail": func(t *rapid.T) {
				if k, ok := pick(t); ok {
					do(func(p *play) { p.wantCode(p.finish(k, failure(study.ClassTemporary)), "") })
				}
			},
			"report": func(t *rapid.T) {
				if k, ok := pick(t); ok {
					do(func(p *play) { _, _ = p.report(k, 1, 1) })
				}
			},
			"add":  func(t *rapid.T) { do(func(p *play) { _, _ = p.add(7) }) },
			"time": func(t *rapid.T) { do(func(p *play) { p.later(time.Second) }) },
		})
	})
}

func TestWhenASuggestionIsMadeEarly(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Trials = 4 })
	p.took = time.Second
	asked := 0
	p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
		asked++
		return numbered(o)
	}
	want := func(n int, when string) {
		t.Helper()
		if asked != n {
			t.Fatalf("%s the suggester has been asked %d times, want %d", when, asked, n)
		}
	}
	a := p.ask()
	want(1, "while the only trial runs")
	p.tell(a.Ticket, 1)
	want(2, "when it has ended")
	p.later(time.Second)
	want(2, "when time has passed")
	b := p.ask()
	want(2, "when the early one is used")
	if b.Config.At(0).AsFloat() != 101 {
		t.Fatalf("the early suggestion is %v", b.Config)
	}
	p.hold = true
	p.tell(b.Ticket, 1)
	call := p.lease(study.LeaseRequest{Worker: "w"})
	p.waits(call)
	if len(p.pending) != 1 {
		t.Fatalf("%d suggestions are under way", len(p.pending))
	}
	p.hold = false
	p.deliver()
	p.wantGrant(call, "2/1 running")
	want(3, "when one under way was waited for")
	p.took = 0
	p.tell(study.Ticket{Trial: 2, Attempt: 1}, 1)
	want(4, "after a slow one")
	p.tell(p.ask().Ticket, 1)
	want(4, "when the budget is spent")
	p.want("complete complete complete complete", study.StatusFinished)
}

func TestEarlySuggestionIsGivenUp(t *testing.T) {
	p := newPlay(t, nil)
	p.took = time.Second
	p.tell(p.ask().Ticket, 1)
	p.tell(p.ask().Ticket, 1) // the next is ready, and thrown away:
	if _, err := p.add(5); err != nil {
		t.Fatal(err)
	}
	a := p.ask()
	p.hold = true
	p.tell(a.Ticket, 1)
	if e := p.s.early; e == nil || e.stale {
		t.Fatalf("no suggestion is made early: %+v", e)
	}
	if _, err := p.add(6); err != nil {
		t.Fatal(err)
	}
	if e := p.s.early; e == nil || !e.stale {
		t.Fatalf("the suggestion is not given up: %+v", e)
	}
	p.ask() // the one that was added
	call := p.lease(study.LeaseRequest{Worker: "w"})
	p.waits(call) // the suggester is not free
	p.deliver()
	p.deliver()
	p.wantGrant(call, "4/1 running")
	if o := p.s.log.Book.Trial(4).Origin; o.Seen != 4 {
		t.Fatalf("the trial is of %d that were seen", o.Seen)
	}
}

// A search that answers at once, and the first of a batch that comes back,
// cause no work.
func TestNoEarlySuggestion(t *testing.T) {
	p := newPlay(t, nil)
	p.took = worthPreparing - 1
	p.tell(p.ask().Ticket, 1)
	if p.s.early != nil {
		t.Error("a fast search works ahead")
	}
	p = newPlay(t, nil)
	p.took = time.Second
	call := p.lease(study.LeaseRequest{Worker: "w", N: 3})
	p.wantGrant(call, "0/1 1/1 2/1 running")
	for n := range 3 {
		if p.s.early != nil {
			t.Errorf("with %d of 3 told the next 3 are made", n)
		}
		p.tell(study.Ticket{Trial: n, Attempt: 1}, 1)
	}
	if e := p.s.early; e == nil || e.order.n != 3 || e.answer == nil {
		t.Errorf("when all are told: %+v", e)
	}
}

func TestAhead(t *testing.T) {
	edit := func(d *study.Definition) { d.Stop.Trials, d.Ahead = 6, 1 }
	// The trials are the same whether the suggester is fast or slow: each is
	// chosen when the one before starts.
	run := func(slow bool) string {
		p := newPlay(t, edit)
		p.propose = recalling
		a := p.ask()
		for p.s.log.Status == study.StatusRunning {
			if slow {
				p.hold = true
				p.tell(a.Ticket, a.Config.At(0).AsFloat())
				call := p.lease(study.LeaseRequest{Worker: "w"})
				p.answerAll()
				if r := p.replies[call].val.(study.Grant); len(r.Trials) == 1 {
					a = r.Trials[0]
				}
				continue
			}
			n := len(p.s.leases) + p.s.line.len()
			if made := p.s.created; n != min(2, 6-p.s.log.Book.EndedLen()) {
				t.Fatalf("%d trials are there beside the running one, of %d", n-1, made)
			}
			p.tell(a.Ticket, a.Config.At(0).AsFloat())
			call := p.lease(study.LeaseRequest{Worker: "w"})
			if r := p.replies[call].val.(study.Grant); len(r.Trials) == 1 {
				a = r.Trials[0]
			}
		}
		var b strings.Builder
		for tr := range p.s.log.Book.History().All() {
			fmt.Fprintf(&b, "%d %s saw %d %d: %v\n", tr.Number, tr.Config, tr.Origin.Seen, tr.Origin.SeenEnded, tr.Values)
		}
		return b.String()
	}
	fast := run(false)
	if diff := cmp.Diff(fast, run(true)); diff != "" {
		t.Error(diff)
	}
	if want := "saw 5 4"; !strings.Contains(fast, want) {
		t.Errorf("the last trial should have been chosen while the one before ran (%s):\n%s", want, fast)
	}
}

// slow is a suggester that takes its time, and stops when it is told.
type slow struct {
	takes time.Duration
	asked int
	given int // up
}

func (s *slow) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.asked++
	select {
	case <-time.After(s.takes):
		c, err := r.History.Space.Sample(r.Rand(0))
		return []suggest.Proposal{{Config: c}}, err
	case <-ctx.Done():
		s.given++
		return nil, ctx.Err()
	}
}

func (s *slow) method() suggest.Method {
	m := searchOf(nil)
	m.New = func(suggest.Problem, setting.Values) (suggest.Suggester, error) { return s, nil }
	return m
}

// How long who asks has to wait, by a virtual clock, for a suggestion that
// takes 100 ms.
func TestAskIsNotKeptWaiting(t *testing.T) {
	const takes = 100 * time.Millisecond
	for _, c := range []struct {
		name                 string
		between, want, train time.Duration
		ahead                int
		asked, given         int
	}{
		{name: "told and asked at once", want: takes, asked: 5},
		{name: "half the time between", between: takes / 2, want: takes / 2, asked: 5},
		{name: "time enough between", between: 2 * takes, want: 0, asked: 5},
		{name: "chosen ahead, long trials", ahead: 1, train: time.Second, want: 0, asked: 5},
		{name: "chosen ahead, short trials", ahead: 1, train: takes / 4, want: takes * 3 / 4, asked: 5},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, def := newStore(t, func(d *study.Definition) { d.Stop.Trials, d.Ahead = 5, c.ahead })
				who := &slow{takes: takes}
				o := options(s, def)
				o.Search = who.method()
				e := running(t, o)
				for n := range 5 {
					began := time.Now()
					g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "w", N: 1, Wait: true})
					if err != nil || len(g.Trials) != 1 {
						t.Fatal(g, err)
					}
					// The first is asked for without notice.
					if waited := time.Since(began); n > 0 && waited != c.want {
						t.Errorf("trial %d was waited for %s, want %s", n, waited, c.want)
					}
					time.Sleep(c.train)
					if err := e.Finish(t.Context(), g.Trials[0].Ticket, complete(1)); err != nil {
						t.Fatal(err)
					}
					time.Sleep(c.between)
				}
				if who.asked != c.asked || who.given != c.given {
					t.Errorf("the suggester was asked %d times and given up %d, want %d and %d", who.asked, who.given, c.asked, c.given)
				}
			})
		})
	}
}

// A suggestion that is given up, or under way when the engine ends, is told by
// its context and leaves nothing behind.
func TestGivenUpSuggestionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, def := newStore(t, nil)
		who := &slow{takes: time.Minute}
		o := options(s, def)
		o.Search = who.method()
		e, err := Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		ran := make(chan error, 1)
		go func() { ran <- e.Run(ctx) }()
		lease := func() study.Ticket {
			g, err := e.Lease(t.Context(), study.LeaseRequest{Worker: "w", N: 1, Wait: true})
			if err != nil {
				t.Fatal(err)
			}
			return g.Trials[0].Ticket
		}
		if err := e.Finish(t.Context(), lease(), complete(1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if who.asked != 2 || who.given != 0 {
			t.Fatalf("asked %d times, given up %d", who.asked, who.given)
		}
		if _, err := e.Add(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if who.asked != 2 || who.given != 1 {
			t.Fatalf("after an addition: asked %d times, given up %d", who.asked, who.given)
		}
		if err := e.Finish(t.Context(), lease(), complete(1)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		cancel()
		if err := <-ran; err != nil {
			t.Fatal(err)
		}
		if who.asked != 3 || who.given != 2 {
			t.Errorf("in the end: asked %d times, given up %d", who.asked, who.given)
		}
	})
}

// A study that ends wants no suggestion any more, and one that is opened again
// by hand meanwhile asks anew.
func TestEndAbandonsSuggestion(t *testing.T) {
	target := 0.0
	p := newPlay(t, func(d *study.Definition) { d.Stop.Target = &target })
	a := p.ask()
	p.hold = true
	call := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
	p.waits(call)
	p.tell(a.Ticket, -1)
	p.wantGrant(call, "stopped")
	p.want("complete", study.StatusFinished)
	if e := p.s.early; e == nil || !e.stale || p.s.asking {
		t.Fatalf("the suggestion is not given up: %+v", e)
	}
	if _, err := p.add(5); err != nil {
		t.Fatal(err)
	}
	b := p.ask()
	p.propose = func(suggestOrder) ([]suggest.Proposal, error) { return nil, context.Canceled }
	p.deliver()
	p.want("complete running", study.StatusRunning)
	p.tell(b.Ticket, 1)
	p.want("complete complete", study.StatusFinished)
}
