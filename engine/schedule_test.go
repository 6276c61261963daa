package engine

import (
	"context"
	"errors"
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// rungs pauses every trial at step 1 and resumes the one of the smallest
// number when `width` are paused, up to step 2, until `total` were begun.
func rungs(total, width int) fakeSchedule {
	return fakeSchedule{
		next: func(h *study.History) schedule.Order {
			paused, first := 0, -1
			for t := range h.Open() {
				if t.State == study.Paused {
					if paused++; first < 0 {
						first = t.Number
					}
				}
			}
			switch {
			case paused >= width:
				return schedule.Order{Action: schedule.Resume, Trial: first, From: 1, Until: 2, Bracket: 1}
			case h.Len() < total:
				return schedule.Order{Until: 1, Bracket: 1}
			case h.OpenLen() == paused:
				return schedule.Order{Action: schedule.Done}
			}
			return schedule.Order{Action: schedule.Wait}
		},
		judge: func(_ *study.History, t *study.Trial) study.Verdict {
			if t.Until == 1 && t.LastStep() >= 1 {
				return study.VerdictPause
			}
			return study.VerdictContinue
		},
	}
}

// pause runs a trial up to its pause.
func (p *play) pause(a study.Assignment) {
	p.t.Helper()
	if v, err := p.report(a.Ticket, 1, 1); v != study.VerdictPause || err != nil {
		p.t.Fatalf("at step 1: %s, %v", v, err)
	}
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Paused}), "")
}

func TestPauseAndResume(t *testing.T) {
	p := newPlay(t, nil)
	p.sched = rungs(2, 2)
	a := p.ask()
	if a.Until != 1 {
		t.Fatalf("it may run to %v", a.Until)
	}
	p.pause(a)
	p.pause(p.ask())
	p.want("paused paused", study.StatusRunning)
	p.restart() // what the scheduler decided is in the history
	a = p.ask()
	if a.Ticket != (study.Ticket{Trial: 0, Attempt: 2}) || a.Resume != 1 || a.Until != 2 {
		t.Fatalf("then %+v is leased", a)
	}
	waiting := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
	p.waits(waiting) // the scheduler waits for trial 0
	p.tell(a.Ticket, 1)
	p.wantGrant(waiting, "exhausted")
	p.want("complete paused", study.StatusFinished)
	if p.s.log.Reason != "the schedule is complete" {
		t.Errorf("it ended because %q", p.s.log.Reason)
	}
}

// A study is not over while its scheduler would let a paused trial go on, even
// if nobody asks at the moment and nothing new can be made.
func TestPausedTrialsOutliveBudgetAndSpace(t *testing.T) {
	for _, exhausted := range []bool{false, true} {
		p := newPlay(t, func(d *study.Definition) {
			if !exhausted {
				d.Stop.Trials = 2
			}
		})
		p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
			if exhausted && o.first+o.n >= 2 {
				o.n = max(0, 2-o.first)
				ps, _ := numbered(o)
				return ps, suggest.ErrExhausted
			}
			return numbered(o)
		}
		p.sched = rungs(99, 2)
		p.pause(p.ask())
		p.pause(p.ask())
		p.want("paused paused", study.StatusRunning)
		a := p.ask()
		if a.Attempt != 2 {
			t.Fatalf("leased %v", a.Ticket)
		}
		p.tell(a.Ticket, 1)
		p.want("complete paused", study.StatusFinished)
	}
}

// A scheduler that waits for company is told when none will come: the space or
// the budget is exhausted. Then it sends on whom it has.
func TestCloser(t *testing.T) {
	for _, exhausted := range []bool{false, true} {
		p := newPlay(t, func(d *study.Definition) {
			if !exhausted {
				d.Stop.Trials = 2
			}
		})
		p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
			if exhausted && o.first+o.n > 2 {
				o.n = max(0, 2-o.first)
				ps, _ := numbered(o)
				return ps, suggest.ErrExhausted
			}
			return numbered(o)
		}
		p.sched = rungs(99, 99) // nobody goes on as long as somebody may come
		p.sched.close = func(h *study.History) schedule.Order {
			if h.Trial(1).State == study.Paused {
				return schedule.Order{Action: schedule.Resume, Trial: 1, From: 1, Until: 2}
			}
			return schedule.Order{Action: schedule.Done}
		}
		p.pause(p.ask())
		p.pause(p.ask())
		p.restart()
		a := p.ask()
		if a.Ticket != (study.Ticket{Trial: 1, Attempt: 2}) {
			t.Fatalf("leased %v", a.Ticket)
		}
		p.tell(a.Ticket, 1)
		p.want("paused complete", study.StatusFinished)
	}
}

// A scheduler may be slow. It is asked where something has changed for whoever
// waits, not for every sign of life, and not at all while nobody waits.
func TestSchedulerIsNotAskedForNothing(t *testing.T) {
	p := newPlay(t, nil)
	a := p.ask()
	asked := 0
	p.sched.next = func(*study.History) schedule.Order {
		asked++
		return schedule.Order{Action: schedule.Wait}
	}
	if _, err := p.report(a.Ticket, 1, 1); err != nil || asked != 0 {
		t.Errorf("%v; asked %d times by a report that nobody waits for", err, asked)
	}
	p.waits(p.lease(study.LeaseRequest{Worker: "v", Wait: true}))
	asked = 0
	p.beat("w", a.Ticket)
	p.do(viewInput{p.ref()})
	if asked != 0 {
		t.Errorf("asked %d times by a beat and a look", asked)
	}
}

func TestSchedulerThatWaitsForNothing(t *testing.T) {
	p := newPlay(t, nil)
	p.sched.next = func(*study.History) schedule.Order { return schedule.Order{Action: schedule.Wait} }
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", Wait: true}), "stopped")
	p.want("", study.StatusFailed)
}

func TestSchedulerThatResumesWhatIsNotPaused(t *testing.T) {
	for _, n := range []int{-1, 0, 7} {
		p := newPlay(t, nil)
		p.tell(p.ask().Ticket, 1)
		p.sched.next = func(*study.History) schedule.Order { return schedule.Order{Action: schedule.Resume, Trial: n} }
		p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", Wait: true}), "stopped")
		p.want("complete", study.StatusFailed)
	}
}

// Trials made by hand are in the schedule's hands like others; where it has
// nothing for them they run to their end.
func TestScheduleOfTrialsMadeByHand(t *testing.T) {
	for _, test := range []struct {
		name  string
		order schedule.Order
		until float64
	}{
		{"start", schedule.Order{Until: 3, Bracket: 2}, 3},
		{"wait", schedule.Order{Action: schedule.Wait}, 0},
		{"done", schedule.Order{Action: schedule.Done}, 0},
		{"a copy beyond the budget", schedule.Order{Config: at(lineSpace(), 1), From: 2, Until: 3}, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t, func(d *study.Definition) { d.Stop.Trials = 1 })
			p.sched.next = func(*study.History) schedule.Order { return test.order }
			if _, err := p.add(5); err != nil {
				t.Fatal(err)
			}
			a := p.ask()
			if a.Trial != 0 || a.Until != test.until || p.s.log.Book.Trial(0).Bracket != test.order.Bracket {
				t.Errorf("leased %+v", a)
			}
		})
	}
}

// A copy that the scheduler orders does not need the suggester, but the budget.
// Where it comes from outlives every restart, and is told until the trial has
// a checkpoint of its own.
func TestCopies(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Stop.Trials = 2 })
	p.propose = func(suggestOrder) ([]suggest.Proposal, error) { return nil, errors.New("asked") }
	p.sched.next = func(h *study.History) schedule.Order {
		switch {
		case h.Len() == 0:
			return schedule.Order{Config: at(h.Space, 4), Until: 3, CopyFrom: -1}
		case h.Len() == 1:
			return schedule.Order{Config: at(h.Space, 5), From: 3, Until: 6, Bracket: 1, CopyFrom: 0}
		}
		for t := range h.Open() {
			if t.State == study.Paused {
				return schedule.Order{Action: schedule.Resume, Trial: t.Number, From: 6, Until: 9}
			}
		}
		return schedule.Order{Action: schedule.Wait}
	}
	p.sched.judge = func(_ *study.History, t *study.Trial) study.Verdict {
		if t.LastStep() == 6 {
			return study.VerdictPause
		}
		return study.VerdictContinue
	}
	first := p.ask()
	if first.Copy != nil || first.Resume != 0 || first.Keep {
		t.Fatalf("leased %+v", first)
	}
	copied := func(attempt int) study.Assignment {
		t.Helper()
		a := p.ask()
		if a.Ticket != (study.Ticket{Trial: 1, Attempt: attempt}) || a.Resume != 3 || a.Until != 6 || a.Config.At(0).AsFloat() != 5 ||
			a.Copy == nil || *a.Copy != (study.Copy{Trial: 0, Step: 3}) {
			t.Fatalf("leased %+v", a)
		}
		return a
	}
	copied(1)
	p.restart()
	p.later(ttl)
	if k := p.ask().Ticket; k.Trial != 0 {
		t.Fatalf("leased %v", k)
	}
	a := copied(2)
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "v", N: 2}), "waiting")
	if v, err := p.report(a.Ticket, 6, 1); v != study.VerdictPause || err != nil {
		t.Fatal(v, err)
	}
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Paused}), "")
	if p.s.paid != 3 {
		t.Errorf("the copy has paid %v for steps 4 to 6", p.s.paid)
	}
	p.restart()
	p.s.copies, p.twin.copies = true, true // as the engine does where the scheduler makes copies
	a = p.ask()
	if a.Trial != 1 || a.Resume != 6 || a.Copy != nil || !a.Keep {
		t.Fatalf("leased %+v", a)
	}
	p.tell(a.Ticket, 1)
	p.tell(study.Ticket{Trial: 0}, 1)
	p.want("complete complete", study.StatusFinished)
}

func TestExhaustedSpace(t *testing.T) {
	p := newPlay(t, nil)
	p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
		o.n = 1
		ps, _ := numbered(o)
		return ps, suggest.ErrExhausted
	}
	call := p.lease(study.LeaseRequest{Worker: "w", N: 3, Wait: true, Expires: true})
	p.wantGrant(call, "0/1 waiting") // it may fail and come back
	waiting := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
	p.later(ttl)
	p.wantGrant(waiting, "0/2 running")
	p.tell(study.Ticket{Trial: 0}, 1)
	p.want("complete", study.StatusFinished)
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", Wait: true}), "stopped")
}

// With everything tried and the study closed on retries that were left, nobody
// waits for ever.
func TestExhaustedAndStoppedWithTrialsLeft(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Retry.Backoff = study.Duration(ttl) })
	p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
		ps, _ := numbered(o)
		return ps, suggest.ErrExhausted
	}
	p.wantCode(p.finish(p.ask().Ticket, failure(study.ClassTemporary)), "")
	waiting := p.lease(study.LeaseRequest{Worker: "w", Wait: true})
	p.waits(waiting)
	p.stop(false)
	p.wantGrant(waiting, "stopped")
	p.want("queued", study.StatusStopped)
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", Wait: true}), "stopped")
}

// A suggester that has fewer to say than were wanted is asked again when a
// trial has ended, and if none runs that is the end.
func TestSuggesterThatHasNothingToSayYet(t *testing.T) {
	p := newPlay(t, nil)
	asked := 0
	p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
		asked++
		o.n = min(o.n, 1+o.history.EndedLen()-o.history.Len()) // one at a time
		return numbered(o)
	}
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 2}), "0/1 waiting")
	waiting := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
	p.waits(waiting)
	if asked != 1 {
		t.Fatalf("it was asked %d times", asked)
	}
	p.tell(study.Ticket{Trial: 0}, 1)
	p.wantGrant(waiting, "1/1 running")
	p.propose = func(suggestOrder) ([]suggest.Proposal, error) { return nil, nil }
	p.tell(study.Ticket{Trial: 1}, 1)
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "v", Wait: true}), "stopped")
	if want := "the search algorithm numbered has nothing more to propose"; p.s.log.Reason != want {
		t.Errorf("it ended because %q", p.s.log.Reason)
	}
}

func TestSuggesterThatFails(t *testing.T) {
	p := newPlay(t, nil)
	a := p.ask()
	p.propose = func(suggestOrder) ([]suggest.Proposal, error) { return nil, errors.New("singular matrix") }
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", Wait: true}), "stopped")
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Cancelled}), "")
	p.want("queued", study.StatusFailed)
	if want := "the search algorithm numbered failed: singular matrix"; p.s.log.Reason != want {
		t.Errorf("it ended because %q", p.s.log.Reason)
	}
}

// Proposals that arrive when the study has moved on: stopped, or with their
// place taken by somebody else's trials.
func TestProposalsThatArriveLate(t *testing.T) {
	p := newPlay(t, nil)
	p.hold = true
	call := p.lease(study.LeaseRequest{Worker: "w", Wait: true})
	p.stop(false)
	p.wantGrant(call, "stopped")
	p.want("", study.StatusStopped)
	p.propose = func(suggestOrder) ([]suggest.Proposal, error) { return nil, context.Canceled }
	p.deliver()
	p.want("", study.StatusStopped)

	p = newPlay(t, func(d *study.Definition) { d.Stop.Trials = 3 })
	p.hold = true
	call = p.lease(study.LeaseRequest{Worker: "w", N: 3, Wait: true})
	if _, err := p.add(101); err != nil { // what is about to be proposed second
		t.Fatal(err)
	}
	p.waits(call)
	p.deliver()
	p.wantGrant(call, "0/1 1/1 2/1 running")
	var got []float64
	var streams []int
	for tr := range p.s.log.Book.History().All() {
		got, streams = append(got, tr.Config.At(0).AsFloat()), append(streams, tr.Origin.Stream)
	}
	if got[0] != 101 || got[1] != 100 || got[2] != 102 || streams[1] != 0 || streams[2] != 2 {
		t.Errorf("the trials have %v of streams %v", got, streams)
	}
}

// The engine holds suggesters to their contract.
func TestThink(t *testing.T) {
	sp := lineSpace()
	order := suggestOrder{history: study.NewBook(sp, nil, nil).History(), n: 1}
	for name, test := range map[string]struct {
		proposals []suggest.Proposal
		err       error
		bad       bool
	}{
		"as wanted": {proposals: []suggest.Proposal{{Config: at(sp, 1)}}},
		"exhausted": {err: suggest.ErrExhausted},
		"too many":  {proposals: []suggest.Proposal{{Config: at(sp, 1)}, {Config: at(sp, 2)}}, bad: true},
		"empty":     {proposals: []suggest.Proposal{{}}, bad: true},
		"an error":  {err: errors.New("no"), bad: true},
	} {
		e := &Engine{holder: suggest.Holding(suggestFunc(func(suggest.Request) ([]suggest.Proposal, error) { return test.proposals, test.err }))}
		in := e.think(t.Context(), order)
		if bad := in.err != nil && !errors.Is(in.err, suggest.ErrExhausted); bad != test.bad {
			t.Errorf("%s: %v", name, in.err)
		}
	}
}

// suggestFunc is a suggester made of a function.
type suggestFunc func(suggest.Request) ([]suggest.Proposal, error)

func (f suggestFunc) Suggest(_ context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	return f(r)
}

func TestExtend(t *testing.T) {
	y := space.Param{Name: "y", Kind: space.Float, Low: 0, High: 1}
	extend := func(p *play) error {
		b := p.ref()
		_, err := p.call(b, extendInput{base: b, params: []space.Param{y}})
		return err
	}
	p := newPlay(t, func(d *study.Definition) {
		spec := d.Space.Spec()
		spec.Open = true
		s, err := space.New(spec)
		if err != nil {
			t.Fatal(err)
		}
		d.Space = s
	})
	for range 2 { // the second time there is nothing to do
		if err := extend(p); err != nil || p.s.log.Book.Space.Len() != 2 || len(p.events) != 2 {
			t.Fatalf("%v, %d parameters, %d events", err, p.s.log.Book.Space.Len(), len(p.events))
		}
	}
	p.wantCode(extend(newPlay(t, nil)), study.Invalid) // a closed space
}
