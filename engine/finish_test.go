package engine

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/study"
)

// What an outcome does to a trial whose attempt is running, for each state it
// may name.
func TestOutcomes(t *testing.T) {
	for _, test := range []struct {
		name    string
		outcome study.Outcome
		report  []float64 // losses at steps 1, 2, …
		want    study.State
		class   study.Class
		values  []float64
	}{
		{"complete", complete(3), nil, study.Complete, "", []float64{3}},
		{"complete by its last report", study.Outcome{State: study.Complete}, []float64{4, 2, 3}, study.Complete, "", []float64{3}},
		{"what is told counts more", complete(9), []float64{4}, study.Complete, "", []float64{9}},
		{"without a value", study.Outcome{State: study.Complete}, nil, study.Failed, study.ClassNoMetric, nil},
		{"not a number", complete(math.NaN()), nil, study.Failed, study.ClassNonFinite, nil},
		{"infinite", complete(math.Inf(-1)), nil, study.Failed, study.ClassNonFinite, nil},
		{"diverged at the end", study.Outcome{State: study.Complete}, []float64{4, math.NaN()}, study.Failed, study.ClassNonFinite, nil},
		{"pruned", study.Outcome{State: study.Pruned}, []float64{4, 5}, study.Pruned, "", []float64{5}},
		{"pruned with nothing", study.Outcome{State: study.Pruned}, nil, study.Pruned, "", nil},
		{"pruned as it diverged", study.Outcome{State: study.Pruned}, []float64{math.Inf(1)}, study.Pruned, "", nil},
		{"failed", failure(study.ClassOOM), nil, study.Failed, study.ClassOOM, nil},
		{"failed without a reason", study.Outcome{State: study.Failed}, nil, study.Failed, study.ClassTold, nil},
		{"infeasible", study.Outcome{State: study.Infeasible, Failure: &study.Failure{Class: study.ClassExit, Exit: 78}}, nil, study.Infeasible, study.ClassExit, nil},
		{"cancelled", study.Outcome{State: study.Cancelled}, nil, study.Cancelled, "", nil},
		{"failed, to be tried again", failure(study.ClassTemporary), nil, study.Queued, "", nil},
		{"lost by its own word", failure(study.ClassLost), nil, study.Queued, "", nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t, nil)
			a := p.ask()
			for i, x := range test.report {
				if _, err := p.report(a.Ticket, float64(i+1), x); err != nil {
					t.Fatal(err)
				}
			}
			if err := p.finish(a.Ticket, test.outcome); err != nil {
				t.Fatal(err)
			}
			got := p.s.log.Book.Trial(0)
			class := study.Class("")
			if got.Failure != nil {
				class = got.Failure.Class
			}
			if got.State != test.want || class != test.class || !cmp.Equal(got.Values, test.values) {
				t.Errorf("it is %s (%s) with %v, want %s (%s) with %v", got.State, class, got.Values, test.want, test.class, test.values)
			}
			// Whoever has not seen the answer sends it again.
			before := showLog(p.s.log)
			if err := p.finish(a.Ticket, test.outcome); err != nil {
				t.Errorf("sent again: %v", err)
			}
			if diff := cmp.Diff(before, showLog(p.s.log)); diff != "" {
				t.Errorf("sent again it changed something:\n%s", diff)
			}
		})
	}
}

// An attempt that was taken from its worker, and what the worker says later.
func TestLateResults(t *testing.T) {
	for _, test := range []struct {
		name    string
		outcome study.Outcome
		code    study.Code
		want    study.State
	}{
		{"a result counts", complete(1), "", study.Complete},
		{"a pruned one too", study.Outcome{State: study.Pruned}, "", study.Pruned},
		{"infeasible is infeasible", study.Outcome{State: study.Infeasible}, "", study.Infeasible},
		{"it was stopped because it was lost", study.Outcome{State: study.Cancelled}, "", study.Queued},
		{"it failed for good", failure(study.ClassExit), "", study.Failed},
		{"it failed and may be tried again", failure(study.ClassTemporary), "", study.Queued},
		{"its worker noticed the loss as well", failure(study.ClassLost), "", study.Queued},
		{"it cannot have paused", study.Outcome{State: study.Paused}, study.Conflict, study.Queued},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := newPlay(t, nil)
			a := p.ask()
			p.later(ttl)
			p.want("queued", study.StatusRunning)
			p.wantCode(p.finish(a.Ticket, test.outcome), test.code)
			p.want(string(test.want), study.StatusRunning)
		})
	}
}

func TestTicketsThatAreNotTheNewest(t *testing.T) {
	p := newPlay(t, nil)
	old := p.ask().Ticket
	p.later(ttl)
	now := p.ask().Ticket
	p.wantCode(p.finish(old, complete(1)), study.Fenced)
	_, err := p.report(old, 1, 1)
	p.wantCode(err, study.Fenced)
	p.wantCode(p.finish(study.Ticket{Trial: 0, Attempt: 3}, complete(1)), study.NotFound)
	p.wantCode(p.finish(study.Ticket{Trial: 0, Attempt: -1}, complete(1)), study.NotFound)
	p.wantCode(p.finish(study.Ticket{Trial: 5, Attempt: 1}, complete(1)), study.NotFound)
	p.wantCode(p.finish(study.Ticket{Trial: -1}, complete(1)), study.NotFound)
	n, err := p.add(7)
	if err != nil {
		t.Fatal(err)
	}
	p.wantCode(p.finish(study.Ticket{Trial: n}, complete(1)), study.Conflict) // never handed out
	p.want("running queued", study.StatusRunning)
	p.tell(study.Ticket{Trial: 0}, 1) // 0 is the newest
	p.wantCode(p.finish(now, complete(2)), study.Conflict)
	p.wantCode(p.finish(now, failure(study.ClassExit)), study.Conflict)
	p.wantCode(p.finish(now, complete(1)), "")
	_, err = p.report(now, 9, 9)
	p.wantCode(err, study.Fenced)
}

// A trial that waits for its second try is not failed by the word of the
// first that comes twice, nor completed by another.
func TestFinishAgainWhileWaitingForARetry(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Retry.Backoff = study.Duration(ttl) })
	a := p.ask()
	for range 3 {
		p.wantCode(p.finish(a.Ticket, failure(study.ClassTemporary)), "")
		p.want("queued", study.StatusRunning)
	}
	p.wantCode(p.finish(a.Ticket, complete(1)), study.Conflict)
	p.wantCode(p.finish(a.Ticket, failure(study.ClassExit)), study.Conflict)
	p.want("queued", study.StatusRunning)
}

func TestReports(t *testing.T) {
	p := newPlay(t, nil)
	a := p.ask()
	b := p.ref()
	_, err := p.call(b, reportInput{base: b, ticket: a.Ticket, reports: []study.Report{{Step: 1, Values: loss1(1)}, {Step: math.NaN(), Values: loss1(2)}}})
	p.wantCode(err, study.Invalid)
	if n := len(p.s.log.Book.Trial(0).Reports); n != 0 {
		t.Fatalf("%d reports of a call that was refused are stored", n)
	}
	for range 2 { // sent twice it is one
		if v, err := p.report(a.Ticket, 1, 5); v != study.VerdictContinue || err != nil {
			t.Fatal(v, err)
		}
	}
	if n := len(p.s.log.Book.Trial(0).Reports); n != 1 {
		t.Errorf("it has %d reports", n)
	}
}

// However reports are put together into calls, the scheduler sees each, and
// its first word counts.
func TestEachReportOfACallIsJudged(t *testing.T) {
	p := newPlay(t, nil)
	var seen []float64
	p.sched.judge = func(_ *study.History, t *study.Trial) study.Verdict {
		if seen = append(seen, t.LastStep()); t.LastStep() == 2 {
			return study.VerdictPrune
		}
		return study.VerdictContinue
	}
	a := p.ask()
	b := p.ref()
	v, err := p.call(b, reportInput{base: b, ticket: a.Ticket, reports: []study.Report{{Step: 1}, {Step: 2}, {Step: 3}}})
	if v != study.VerdictPrune || err != nil {
		t.Fatal(v, err)
	}
	if diff := cmp.Diff([]float64{1, 2, 1, 2}, seen); diff != "" { // by the state and by its twin
		t.Errorf("judged at %v", seen)
	}
	if n := len(p.s.log.Book.Trial(0).Reports); n != 3 {
		t.Errorf("%d reports are stored", n)
	}
	if got := p.beat("w", a.Ticket)[a.Ticket]; got != study.VerdictPrune {
		t.Errorf("the beat says %q", got)
	}
	p.wantCode(p.finish(a.Ticket, study.Outcome{State: study.Pruned}), "")
}

func TestOutcomeConstraints(t *testing.T) {
	limit, err := expr.Compile("size <= 10 + x")
	if err != nil {
		t.Fatal(err)
	}
	p := newPlay(t, func(d *study.Definition) { d.Outcomes = []*expr.Program{limit} })
	with := func(loss, size float64) study.Outcome {
		return study.Outcome{State: study.Complete, Values: study.Metrics{{Name: "loss", Value: loss}, {Name: "size", Value: size}}}
	}
	for _, o := range []study.Outcome{with(5, 110), with(1, 112), with(2, math.NaN()), complete(3), with(4, 100)} {
		p.wantCode(p.finish(p.ask().Ticket, o), "")
	}
	p.want("complete complete complete complete complete", study.StatusRunning)
	inf := math.Inf(1)
	for n, want := range []float64{0, 1, inf, inf, -14} {
		if got := p.s.log.Book.Trial(n).Violations; len(got) != 1 || got[0] != want {
			t.Errorf("trial %d violates by %v, want %v", n, got, want)
		}
	}
	if best := p.s.view().Best; best != 4 {
		t.Errorf("the best is %d, want 4: of those that satisfy the constraint", best)
	}
}
