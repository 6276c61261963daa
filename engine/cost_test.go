package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/afina-hpo/afina/study"
)

func dollars(x float64) study.Metrics {
	return study.Metrics{{Name: "dollars", Value: x}, {Name: "loss", Value: 1}}
}

// The study ends when what trials have reported of their cost is as much as
// they may; what a running one has reported counts, and the newest value only.
func TestCostReported(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Cost, d.Stop.Cost = &study.Cost{Metric: "dollars"}, 10 })
	report := func(k study.Ticket, step, x float64) study.Verdict {
		b := p.ref()
		v, err := p.call(b, reportInput{base: b, ticket: k, reports: []study.Report{{Step: step, Values: study.Metrics{{Name: "dollars", Value: x}}}}})
		if err != nil {
			t.Fatal(err)
		}
		return v.(study.Verdict)
	}
	one := p.ask().Ticket
	report(one, 1, 2)
	report(one, 2, 5)
	if err := p.finish(one, study.Outcome{State: study.Complete, Values: dollars(6)}); err != nil {
		t.Fatal(err)
	}
	two := p.ask().Ticket
	if v := report(two, 1, 3.9); v != study.VerdictContinue || p.s.bill.total != 9.9 {
		t.Errorf("with %v spent the verdict is %s", p.s.bill.total, v)
	}
	p.restart() // which knows what has been spent
	if got := p.s.bill.total; got != 9.9 {
		t.Errorf("after a restart the cost is %v", got)
	}
	if v := report(two, 2, 4); v != study.VerdictStop || !strings.Contains(p.s.ending.reason, "the cost of 10 is reached") {
		t.Errorf("with all spent the verdict is %s", v)
	}
}

// A trial that says its cost together with its result has been paid for.
func TestCostWithTheResult(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Cost, d.Stop.Cost = &study.Cost{Metric: "dollars"}, 1 })
	k := p.ask().Ticket
	b := p.ref()
	v, err := p.call(b, reportInput{base: b, ticket: k, reports: []study.Report{{Step: 1, Values: dollars(2)}}})
	if err != nil || v != study.VerdictContinue || p.s.ending == nil {
		t.Errorf("the verdict is %v, %v", v, err)
	}
	p.tell(k, 0.5)
	if st := p.s.log.Book.Trial(0).State; st != study.Complete || p.s.log.Status != study.StatusFinished {
		t.Errorf("the trial is %s, the study %s", st, p.s.log.Status)
	}
}

func TestCostByTheHour(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Cost, d.Stop.Cost = &study.Cost{PerHour: 2}, 10 })
	one := p.lease(study.LeaseRequest{Worker: "a", N: 1})
	p.later(2 * time.Hour)
	p.tell(p.replies[one].val.(study.Grant).Trials[0].Ticket, 1) // 4
	for _, w := range []string{"a", "b"} {
		p.lease(study.LeaseRequest{Worker: w, N: 1})
	}
	if at, want := p.s.wake(), p.now.Add(90*time.Minute); at.Before(want) && at.After(p.now.Add(noteEvery)) || at.After(want.Add(time.Second)) {
		t.Errorf("it wakes after %s, want %s at most", at.Sub(p.now), want.Sub(p.now))
	}
	p.later(89 * time.Minute)
	if p.s.ending != nil {
		t.Errorf("it ends with %v spent", p.s.owed())
	}
	p.later(time.Minute)
	if p.s.ending == nil || !strings.Contains(p.s.ending.reason, "the cost of 10 is reached") {
		t.Errorf("it goes on with %v spent", p.s.owed())
	}
}

// A bound that cannot be kept is no bound: who forgets to report the cost is
// told before everything is spent.
func TestCostNotReported(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Cost, d.Stop.Cost = &study.Cost{Metric: "dollars"}, 10 })
	p.tell(p.ask().Ticket, 1)
	if p.s.log.Status != study.StatusFailed || !strings.Contains(p.s.log.Reason, "trial 0 is complete and has not reported its cost, dollars") {
		t.Errorf("the study is %s: %s", p.s.log.Status, p.s.log.Reason)
	}
}
