package engine

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// defaults is a space of one parameter whose default is 7.
func defaults() *space.Space {
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1e6, Default: value.Float(7)}}})
	if err != nil {
		panic(err)
	}
	return s
}

// final is a study of four trials that ends with two runs each of the two best
// configurations and the default.
func final(d *study.Definition) {
	d.Space = defaults()
	d.Stop.Trials = 4
	d.Final = &study.Final{Top: 2, Runs: 2}
}

// finals returns the runs of the final comparison, as "3#1" for the first of
// trial 3's configuration.
func (p *play) finals() string {
	var out []string
	for t := range p.s.log.Book.History().All() {
		if r, ok := t.Repeats(); ok && t.Final() {
			if !t.Config.Equal(p.s.log.Book.Trial(r.Of).Config) {
				p.t.Fatalf("trial %d has not the configuration of trial %d", t.Number, r.Of)
			}
			out = append(out, fmt.Sprintf("%d#%d", r.Of, r.Run))
		}
	}
	return strings.Join(out, " ")
}

// search runs the trials of the search: the default's loss is 5.
func (p *play) search(losses ...float64) {
	p.t.Helper()
	for _, loss := range losses {
		p.tell(p.ask().Ticket, loss)
	}
}

func TestFinalComparison(t *testing.T) {
	p := newPlay(t, final)
	p.search(5, 3, 4, 2)
	p.want("complete complete complete complete queued queued queued queued queued queued", study.StatusRunning)
	if got, want := p.finals(), "3#1 1#1 0#1 3#2 1#2 0#2"; got != want {
		t.Fatalf("the runs are %s, want %s", got, want)
	}
	seeds := map[int]int64{}
	for range 6 {
		a := p.ask()
		r, _ := p.s.log.Book.Trial(a.Trial).Repeats()
		if seed, ok := seeds[r.Run]; ok && seed != a.Seed {
			t.Errorf("run %d has the seeds %d and %d", r.Run, seed, a.Seed)
		}
		seeds[r.Run] = a.Seed
		p.tell(a.Ticket, float64(a.Trial))
	}
	if len(seeds) != 2 || seeds[1] == seeds[2] {
		t.Errorf("the seeds are %v", seeds)
	}
	p.want("complete complete complete complete complete complete complete complete complete complete", study.StatusFinished)
	if p.s.log.Reason != "4 trials have ended" || p.s.created != 4 || p.s.best != 3 {
		t.Errorf("it ended because %q, with %d trials, the best %d", p.s.log.Reason, p.s.created, p.s.best)
	}
	p.restart() // and ends again
	if len(p.s.log.Book.History().Trial(0).Attempts) != 1 || p.s.log.Book.Len() != 10 || p.s.log.Status != study.StatusFinished {
		t.Errorf("started again it has %d trials and is %s", p.s.log.Book.Len(), p.s.log.Status)
	}
}

// However often it is killed, every run is made once.
func TestFinalComparisonIsKilled(t *testing.T) {
	for _, stop := range []study.Stop{{Trials: 4}, {NoImprovement: 2}, {Time: study.Duration(4 * time.Second)}} {
		p := newPlay(t, func(d *study.Definition) { final(d); d.Stop = stop })
		for _, loss := range []float64{5, 2, 3, 4} {
			a := p.ask()
			p.now = p.now.Add(time.Second)
			p.tell(a.Ticket, loss)
			if stop.Time == 0 { // what was spent is stored now and then only
				p.restart()
			}
		}
		for p.s.log.Status == study.StatusRunning {
			p.ask()
			p.restart()
			p.join("w")
			p.tell(p.ask().Ticket, 1)
			if p.s.log.Book.Len() > 20 {
				t.Fatalf("%+v: it does not end", stop)
			}
		}
		if got, want := p.finals(), "1#1 2#1 0#1 1#2 2#2 0#2"; got != want {
			t.Errorf("%+v: the runs are %s, want %s", stop, got, want)
		}
	}
}

// The search may end with trials running, or because there is nothing left;
// requests wait until it is known that there is more to do.
func TestFinalComparisonKeepsWorkers(t *testing.T) {
	target := 2.0
	p := newPlay(t, func(d *study.Definition) {
		final(d)
		d.Stop = study.Stop{Target: &target, Finish: true}
	})
	p.search(5)
	a, b := p.ask(), p.ask()
	p.tell(a.Ticket, 1)
	call := p.lease(study.LeaseRequest{Worker: "v", Wait: true})
	p.waits(call)
	p.tell(b.Ticket, 3)
	p.wantGrant(call, "3/1 running")
	if got, want := p.finals(), "1#1 2#1 0#1 1#2 2#2 0#2"; got != want {
		t.Errorf("the runs are %s, want %s", got, want)
	}
	for p.s.log.Status == study.StatusRunning {
		if t := p.s.finalNext(&waiter{}); t != nil {
			p.tell(p.ask().Ticket, 1)
			continue
		}
		p.tell(study.Ticket{Trial: 3, Attempt: 1}, 0.5)
	}
	if p.s.log.Reason != "the target is reached" {
		t.Errorf("it ended because %q", p.s.log.Reason)
	}
}

// Runs of the comparison are trained to their end, whatever the scheduler says.
func TestFinalComparisonIsNotScheduled(t *testing.T) {
	p := unopened(t, final)
	p.sched.next = func(*study.History) schedule.Order { return schedule.Order{Until: 3, CopyFrom: -1} }
	p.sched.judge = func(*study.History, *study.Trial) study.Verdict { return study.VerdictPrune }
	p.boot()
	p.search(5, 3, 4, 2)
	a := p.ask()
	if a.Until != 0 {
		t.Errorf("a run may go up to step %v", a.Until)
	}
	if v, err := p.report(a.Ticket, 1, 9); err != nil || v != study.VerdictContinue {
		t.Errorf("after a report it is told to %s (%v)", v, err)
	}
}

// Who raises the budget goes on searching, and has what is new compared, too;
// what was run is not run again.
func TestFinalComparisonAfterMore(t *testing.T) {
	p := newPlay(t, final)
	p.search(5, 3, 4, 2, 1, 1, 1, 1, 1, 1)
	p.def.Stop.Trials = 5
	p.s, p.twin = p.fresh(), p.fresh()
	more := *p.def
	out, err := p.s.start(&more)
	if err != nil {
		t.Fatal(err)
	}
	also, err := p.twin.start(&more)
	if err != nil {
		t.Fatal(err)
	}
	p.take("start", out, also)
	p.search(0.5)
	if got, want := p.finals(), "3#1 1#1 0#1 3#2 1#2 0#2 10#1 10#2"; got != want {
		t.Errorf("the runs are %s, want %s", got, want)
	}
	if among := p.s.log.Book.Trial(11).Among(); fmt.Sprint(among) != "[10 3 0]" {
		t.Errorf("compared are %v", among)
	}
	p.search(1, 1)
	if p.s.log.Status != study.StatusFinished {
		t.Errorf("the study is %s", p.s.log.Status)
	}
}

// An interruption is no end of the search, and one in the comparison hands its
// runs back.
func TestFinalComparisonIsInterrupted(t *testing.T) {
	p := newPlay(t, final)
	p.search(5, 3)
	p.stop(true)
	if p.finals() != "" || p.s.log.Status != study.StatusStopped {
		t.Fatalf("stopped, it has the runs %q and is %s", p.finals(), p.s.log.Status)
	}
	p.restart()
	p.search(4, 2)
	a := p.ask()
	p.stop(true)
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Cancelled}), "")
	if p.s.log.Status != study.StatusStopped {
		t.Fatalf("the study is %s", p.s.log.Status)
	}
	p.restart()
	p.search(1, 1, 1, 1, 1, 1)
	if got, want := p.finals(), "3#1 1#1 0#1 3#2 1#2 0#2"; got != want || p.s.log.Status != study.StatusFinished {
		t.Errorf("the runs are %s, want %s, and the study is %s", got, want, p.s.log.Status)
	}
}

// A comparison now ends the search where it is.
func TestFinalComparisonNow(t *testing.T) {
	p := newPlay(t, final)
	p.search(5, 3)
	p.stop(false)
	p.def.Final.Now = true
	p.restart()
	if got, want := p.finals(), "1#1 0#1 1#2 0#2"; got != want {
		t.Errorf("the runs are %s, want %s", got, want)
	}
}

// Where nothing is complete there is nothing to compare.
func TestNothingToCompare(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { final(d); d.Stop.Trials = 2 })
	for range 2 {
		p.wantCode(p.finish(p.ask().Ticket, study.Outcome{State: study.Infeasible}), "")
	}
	p.want("infeasible infeasible", study.StatusFinished)
}

// The comparison runs configurations as they are, whatever the study fixes by
// now; who asks with values of its own gets only the runs that have them.
func TestFinalComparisonBesideWhatIsFixed(t *testing.T) {
	p := newPlane(t, func(d *study.Definition) {
		d.Stop.Trials = 3
		d.Final = &study.Final{Top: 2, Runs: 2}
	})
	for i, y := range []float64{4, 6, 4} {
		p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(y)})
		p.tell(study.Ticket{Trial: i, Attempt: 1}, float64(3-i))
	}
	if got, want := p.finals(), "2#1 1#1 2#2 1#2"; got != want {
		t.Fatalf("the runs are %s, want %s", got, want)
	}
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(6)}), "4/1 running")
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(6)}), "6/1 running")
	p.wantGrant(p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(6)}), "waiting")
	p.def.Fix = fixing(9)
	p.restart()
	p.join("w")
	for range 4 {
		p.tell(p.ask().Ticket, 1)
	}
	if p.s.log.Status != study.StatusFinished {
		t.Errorf("the study is %s", p.s.log.Status)
	}
	for n := 3; n < p.s.log.Book.Len(); n++ {
		if p.y(n) == 9 {
			t.Errorf("trial %d has what is fixed now", n)
		}
	}
}

// A repeat has what the request holds, and says so.
func TestRepeatUnderWhatIsFixed(t *testing.T) {
	p := newPlane(t, nil)
	p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
		for tr := range o.history.All() {
			if tr.Config.Agrees(o.wish.fixed) {
				return []suggest.Proposal{{Config: tr.Config, Repeat: study.Repeat{Of: tr.Number, Run: 2}}}, nil
			}
		}
		return obeying(o)
	}
	for i, y := range []float64{4, 6, 6} {
		p.lease(study.LeaseRequest{Worker: "w", N: 1, Fix: fixing(y)})
		p.tell(study.Ticket{Trial: i, Attempt: 1}, 1)
	}
	tr := p.s.log.Book.Trial(2)
	if r, ok := tr.Repeats(); !ok || r.Of != 1 || tr.Origin.Fixed != suggest.FixedKey(fixing(6)) {
		t.Errorf("trial 2 repeats %+v, %v, with %s", r, ok, tr.Origin.Fixed)
	}
}
