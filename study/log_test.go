package study_test

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/study"
)

// noon is the beginning of time here; at(n) is n seconds later.
var noon = time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)

func at(n int) time.Time { return noon.Add(time.Duration(n) * time.Second) }

func newLog() *study.Log {
	return study.NewLog(&study.Definition{
		ID: "s1", Name: "test", Space: spacetest.Floats(2),
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize}},
	})
}

func metrics(loss float64) study.Metrics { return study.Metrics{{Name: "loss", Value: loss}} }

func queued(n int) *study.Event {
	return &study.Event{Kind: study.EventQueued, At: at(0), Trial: n, Origin: &study.Origin{Method: "random", Stream: n}}
}

func started(n, attempt int) *study.Event {
	return &study.Event{Kind: study.EventStarted, At: at(1), Trial: n, Attempt: attempt, Worker: "w1", Ref: "pid 7"}
}

func reported(n, attempt int, step, loss float64) *study.Event {
	return &study.Event{Kind: study.EventReported, At: at(2), Trial: n, Attempt: attempt, Step: step, Values: metrics(loss)}
}

func requeued(n, attempt int) *study.Event {
	return &study.Event{Kind: study.EventRequeued, At: at(3), Trial: n, Attempt: attempt, NotBefore: at(60), Failure: &study.Failure{Class: study.ClassLost}}
}

func paused(n, attempt int) *study.Event {
	return &study.Event{Kind: study.EventPaused, At: at(4), Trial: n, Attempt: attempt}
}

func granted(n int) *study.Event {
	return &study.Event{Kind: study.EventGranted, At: at(5), Trial: n, Resume: 3, Until: 9, Bracket: 1}
}

func ended(n, attempt int, s study.State) *study.Event {
	e := &study.Event{Kind: study.EventEnded, At: at(6), Trial: n, Attempt: attempt, State: s, Values: metrics(0.5)}
	switch s {
	case study.Complete:
		e.Objectives = []float64{0.5}
	case study.Failed:
		e.Failure = &study.Failure{Class: study.ClassExit, Exit: 1}
	}
	return e
}

func apply(t *testing.T, l *study.Log, events ...*study.Event) {
	t.Helper()
	for _, e := range events {
		if err := l.Apply(e); err != nil {
			t.Fatalf("%s of trial %d: %v", e.Kind, e.Trial, err)
		}
	}
}

// reach returns a log whose trial 0 is in state s, with attempt 2 the newest
// where a trial in that state has one.
func reach(t *testing.T, s study.State) *study.Log {
	t.Helper()
	l := newLog()
	apply(t, l, queued(0), started(0, 1), requeued(0, 1))
	switch s {
	case study.Queued:
		return l
	case study.Running:
		apply(t, l, started(0, 2))
	case study.Paused:
		apply(t, l, started(0, 2), paused(0, 2))
	default:
		apply(t, l, started(0, 2), ended(0, 2, s))
	}
	return l
}

// Every kind of event in every state of its trial: who may follow whom.
func TestCheckAllows(t *testing.T) {
	const (
		ok       = study.Code("")
		conflict = study.Conflict
		fenced   = study.Fenced
	)
	type row struct {
		name                             string
		event                            func(newest int) *study.Event
		queued, running, paused, theEnds study.Code
	}
	for _, r := range []row{
		{"queued again", func(int) *study.Event { return queued(0) }, conflict, conflict, conflict, conflict},
		{"the next queued", func(int) *study.Event { return queued(1) }, ok, ok, ok, ok},
		{"started", func(n int) *study.Event { return started(0, n+1) }, ok, conflict, conflict, conflict},
		{"started as before", func(n int) *study.Event { return started(0, n) }, fenced, conflict, conflict, conflict},
		{"started ahead", func(n int) *study.Event { return started(0, n+2) }, fenced, conflict, conflict, conflict},
		{"reported", func(n int) *study.Event { return reported(0, n, 1, 1) }, fenced, ok, fenced, conflict},
		{"reported late", func(n int) *study.Event { return reported(0, n-1, 1, 1) }, fenced, fenced, fenced, conflict},
		{"requeued", func(n int) *study.Event { return requeued(0, n) }, fenced, ok, fenced, conflict},
		{"requeued late", func(n int) *study.Event { return requeued(0, n-1) }, fenced, fenced, fenced, conflict},
		{"paused", func(n int) *study.Event { return paused(0, n) }, fenced, ok, fenced, conflict},
		{"paused late", func(n int) *study.Event { return paused(0, n-1) }, fenced, fenced, fenced, conflict},
		{"granted", func(int) *study.Event { return granted(0) }, ok, conflict, ok, conflict},
		{"complete", func(n int) *study.Event { return ended(0, n, study.Complete) }, ok, ok, ok, conflict},
		{"cancelled", func(n int) *study.Event { return ended(0, n, study.Cancelled) }, ok, ok, ok, conflict},
		{"ended late", func(n int) *study.Event { return ended(0, n-1, study.Failed) }, fenced, fenced, fenced, conflict},
		{"ended as running", func(n int) *study.Event { return ended(0, n, study.Running) }, study.Invalid, study.Invalid, study.Invalid, conflict},
		{"finished", func(int) *study.Event {
			return &study.Event{Kind: study.EventStatus, Status: study.StatusFinished}
		}, ok, ok, ok, ok},
		{"extended", func(int) *study.Event { return &study.Event{Kind: study.EventExtended, Space: spacetest.Floats(3)} },
			study.Invalid, study.Invalid, study.Invalid, study.Invalid}, // the space is not open
		{"unheard of", func(int) *study.Event { return &study.Event{Kind: "renamed"} },
			study.Invalid, study.Invalid, study.Invalid, study.Invalid},
		{"of another trial", func(int) *study.Event { return started(7, 1) },
			study.NotFound, study.NotFound, study.NotFound, study.NotFound},
	} {
		for _, s := range study.States {
			want := r.theEnds
			newest := 2
			switch s {
			case study.Queued:
				want, newest = r.queued, 1
			case study.Running:
				want = r.running
			case study.Paused:
				want = r.paused
			}
			t.Run(r.name+"/"+string(s), func(t *testing.T) {
				l := reach(t, s)
				seq := l.Seq
				before := l.Book.Trial(0)
				e := r.event(newest)
				err := l.Check(e)
				if study.CodeOf(err) != want {
					t.Fatalf("got %q (%v), want %q", study.CodeOf(err), err, want)
				}
				if l.Seq != seq || e.Seq != 0 {
					t.Error("Check changes something")
				}
				if got := l.Apply(e); study.CodeOf(got) != want {
					t.Fatalf("Apply says %v, Check %v", got, err)
				}
				if want == ok && (l.Seq != seq+1 || e.Seq != l.Seq) {
					t.Errorf("the event has number %d after %d", e.Seq, seq)
				}
				if want != ok && (l.Seq != seq || l.Book.Trial(0) != before) {
					t.Error("a refused event has an effect")
				}
			})
		}
	}
}

func TestCheckRefusesNonsense(t *testing.T) {
	open := func(names ...string) *space.Space {
		var ps []space.Param
		for _, n := range names {
			ps = append(ps, space.Param{Name: n, Kind: space.Bool})
		}
		return spacetest.Must(space.Spec{Params: ps, Open: true})
	}
	l := study.NewLog(&study.Definition{Space: open("a", "b")})
	apply(t, l, queued(0), started(0, 1))
	for _, c := range []struct {
		name string
		e    *study.Event
		want string
	}{
		{"no status", &study.Event{Kind: study.EventStatus}, `"" is no status of a study`},
		{"odd status", &study.Event{Kind: study.EventStatus, Status: "asleep"}, `"asleep" is no status of a study`},
		{"no space", &study.Event{Kind: study.EventExtended}, "only an open space can be extended"},
		{"shrunk", &study.Event{Kind: study.EventExtended, Space: open("a")}, "only an open space can be extended"},
		{"closed", &study.Event{Kind: study.EventExtended, Space: spacetest.Floats(3)}, "only an open space can be extended"},
		{"moved", &study.Event{Kind: study.EventExtended, Space: open("b", "a", "c")}, "parameter 0 is a and cannot become b (new parameters come behind the present ones)"},
		{"NaN step", reported(0, 1, math.NaN(), 1), "the step NaN of trial 0 is not finite (count steps from 0 or 1)"},
		{"infinite step", reported(0, 1, math.Inf(1), 1), "the step +Inf of trial 0 is not finite (count steps from 0 or 1)"},
		{"unheard of", &study.Event{Kind: "renamed"}, `unknown kind of event "renamed"`},
		{"paused is no end", ended(0, 1, study.Paused), `"paused" is no end of a trial`},
	} {
		err := l.Check(c.e)
		if study.CodeOf(err) != study.Invalid || err.Error() != c.want {
			t.Errorf("%s: got %v (%s), want %s", c.name, err, study.CodeOf(err), c.want)
		}
	}
	grown := open("a", "b", "c")
	apply(t, l, &study.Event{Kind: study.EventExtended, Space: grown})
	if l.Book.Space != grown || l.Def.Space != grown || l.Book.History().Space != grown {
		t.Error("the space has not grown everywhere")
	}
}

// The texts of refusals say what happened instead.
func TestCheckTexts(t *testing.T) {
	for _, c := range []struct {
		state study.State
		e     *study.Event
		want  string
	}{
		{study.Running, reported(0, 1, 1, 1), "attempt 1 of trial 0 is not the newest, which is 2 (a newer attempt has taken over)"},
		{study.Paused, reported(0, 2, 1, 1), "attempt 2 of trial 0 is over: the trial is paused"},
		{study.Complete, ended(0, 2, study.Failed), "trial 0 is already complete"},
		{study.Running, started(0, 3), "trial 0 is running and cannot be started"},
		{study.Queued, started(0, 1), "attempt 1 of trial 0 cannot be started: the next is 2"},
		{study.Running, granted(0), "trial 0 is running, neither paused nor queued"},
		{study.Queued, queued(5), "trial 5 cannot be made: the next is 1"},
		{study.Queued, started(3, 1), "there is no trial 3; the study has 1"},
		{study.Queued, &study.Event{Kind: study.EventQueued, Trial: 1, Copy: &study.Copy{Trial: 1}}, "trial 1 cannot be a copy of trial 1"},
		{study.Queued, &study.Event{Kind: study.EventQueued, Trial: 1, Copy: &study.Copy{Step: math.NaN()}}, "the step NaN at which trial 0 is copied is not finite"},
		{study.Running, &study.Event{Kind: study.EventPaused, Attempt: 2, Paid: -1}, "an attempt of trial 0 cannot have used -1 units"},
	} {
		if err := reach(t, c.state).Check(c.e); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

// One trial with everything that can happen to it.
func TestApplyFoldsALife(t *testing.T) {
	l := newLog()
	failure := &study.Failure{Class: study.ClassLost}
	apply(t, l,
		&study.Event{Kind: study.EventStatus, Status: study.StatusRunning, Spent: time.Minute},
		queued(0), started(0, 1), reported(0, 1, 1, 0.9), reported(0, 1, 3, 0.7), requeued(0, 1),
		started(0, 2), reported(0, 2, 2, 0.8), reported(0, 2, 3, 0.6), paused(0, 2),
		granted(0), started(0, 3), ended(0, 3, study.Complete),
		&study.Event{Kind: study.EventStatus, Status: study.StatusFinished, Reason: "done", Spent: time.Second},
	)
	want := &study.Trial{
		State: study.Complete, Origin: &study.Origin{Method: "random"},
		Resume: 3, Until: 9, Bracket: 1,
		Values: []float64{0.5}, Metrics: metrics(0.5),
		Reports: []study.Report{
			{Step: 1, Values: metrics(0.9), At: at(2), Attempt: 1}, {Step: 2, Values: metrics(0.8), At: at(2), Attempt: 2}, {Step: 3, Values: metrics(0.6), At: at(2), Attempt: 2},
		},
		Attempts: []study.Attempt{
			{Number: 1, Worker: "w1", Ref: "pid 7", Started: at(1), Ended: at(3), Outcome: "requeued", Failure: failure},
			{Number: 2, Worker: "w1", Ref: "pid 7", Started: at(1), Ended: at(4), Outcome: "paused"},
			{Number: 3, Worker: "w1", Ref: "pid 7", Started: at(1), Ended: at(6), Outcome: "complete"},
		},
		Created: at(0), Ended: at(6),
	}
	if d := cmp.Diff(want, l.Book.Trial(0), compareConfigs); d != "" {
		t.Error(d)
	}
	if l.Status != study.StatusFinished || l.Reason != "done" || l.Spent != time.Minute || l.Seq != 14 {
		t.Errorf("status %s (%s), spent %v, seq %d", l.Status, l.Reason, l.Spent, l.Seq)
	}
}

var compareConfigs = cmp.Comparer(func(a, b space.Config) bool { return a.Equal(b) })

// A trial that waits between attempts keeps how the last one ended when it is
// cancelled.
func TestCancelBetweenAttempts(t *testing.T) {
	l := reach(t, study.Queued)
	apply(t, l, ended(0, 1, study.Cancelled))
	tr := l.Book.Trial(0)
	if a := tr.Attempt(); a.Outcome != study.Requeued || !a.Ended.Equal(at(3)) {
		t.Errorf("the attempt became %+v", a)
	}
	if tr.State != study.Cancelled || !tr.NotBefore.Equal(at(60)) {
		t.Errorf("got %+v", tr)
	}
	fresh := newLog()
	apply(t, fresh, queued(0), ended(0, 0, study.Cancelled))
	if fresh.Book.Trial(0).Attempt() != nil {
		t.Error("an attempt out of nowhere")
	}
}

func TestCodeOf(t *testing.T) {
	cause := errors.New("disk full")
	e := &study.Error{Code: study.Unavailable, Message: "save trial", Hint: "free some space", Err: cause}
	for _, c := range []struct {
		err  error
		want study.Code
	}{
		{nil, ""},
		{cause, study.Internal},
		{e, study.Unavailable},
		{fmt.Errorf("while told: %w", e), study.Unavailable},
		{errors.Join(cause, study.Errorf(study.Fenced, "", "no")), study.Fenced},
	} {
		if got := study.CodeOf(c.err); got != c.want {
			t.Errorf("%v: got %q, want %q", c.err, got, c.want)
		}
	}
	if got, want := e.Error(), "save trial: disk full (free some space)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(e, cause) {
		t.Error("the cause is lost")
	}
}
