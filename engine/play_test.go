package engine

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// fataler is what *testing.T and *rapid.T have in common.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// play drives the pure half through a scenario on a virtual clock. Beside the
// state it keeps a log that folds the events and nothing else, and a second
// state that is told the same: after every input all three must agree.
type play struct {
	t      fataler
	def    *study.Definition
	now    time.Time
	s      *state
	twin   *state
	mirror *study.Log
	events []study.Event // that the mirror has folded

	sched   fakeSchedule
	propose func(suggestOrder) ([]suggest.Proposal, error)
	outlook *suggest.Outlook
	took    time.Duration  // by the suggester, for every answer
	hold    bool           // proposals wait until deliver
	pending []suggestOrder // suggestions under way

	refs    int
	open    map[int]bool // calls without an answer
	replies map[int]reply
}

// fakeSchedule is a scheduler made of two functions; nil ones start every trial
// and leave it alone.
type fakeSchedule struct {
	next  func(*study.History) schedule.Order
	judge func(*study.History, *study.Trial) study.Verdict
	close func(*study.History) schedule.Order // nil: as next
}

func (f *fakeSchedule) Close(h *study.History) schedule.Order {
	if f.close == nil {
		return f.Next(h)
	}
	return f.close(h)
}

func (f *fakeSchedule) Next(h *study.History) schedule.Order {
	if f.next == nil {
		return schedule.Order{CopyFrom: -1}
	}
	return f.next(h)
}

func (f *fakeSchedule) Judge(h *study.History, t *study.Trial) study.Verdict {
	if f.judge == nil {
		return study.VerdictContinue
	}
	return f.judge(h, t)
}

// lineSpace is a space of one float parameter without a default.
func lineSpace() *space.Space {
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1e6}}})
	if err != nil {
		panic(err)
	}
	return s
}

func at(s *space.Space, x float64) space.Config {
	c, err := s.Config(map[string]space.Value{"x": value.Float(x)})
	if err != nil {
		panic(err)
	}
	return c
}

// numbered proposes x = 100 + the number of the stream.
func numbered(o suggestOrder) ([]suggest.Proposal, error) {
	var ps []suggest.Proposal
	for i := range o.n {
		ps = append(ps, suggest.Proposal{Config: at(o.history.Space, float64(100+o.first+i))})
	}
	return ps, nil
}

const ttl = time.Minute

// newPlay returns a play of a study that has just been opened. Edit changes
// what is not usual: any number of trials, lost ones run again, and one failed
// with "temporary" is tried a second time.
func newPlay(t fataler, edit func(*study.Definition)) *play {
	t.Helper()
	p := unopened(t, edit)
	p.boot()
	return p
}

func unopened(t fataler, edit func(*study.Definition)) *play {
	def := &study.Definition{
		ID: "01", Name: "play", Space: lineSpace(), Seed: 1, Parallel: 1,
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}}},
		Search:     study.Method{Name: "numbered"}, Schedule: study.Method{Name: "fake"},
		Retry: study.Retry{Max: 1, On: []string{"lost", "temporary"}},
	}
	if edit != nil {
		edit(def)
	}
	return &play{
		t: t, def: def, now: time.Unix(1_000_000, 0), mirror: study.NewLog(def), propose: numbered,
		open: map[int]bool{}, replies: map[int]reply{},
	}
}

// boot makes states of what is durable, as a process that is started does.
func (p *play) boot() {
	p.t.Helper()
	p.s, p.twin = p.fresh(), p.fresh()
	out, err := p.s.start(nil)
	if err != nil {
		p.t.Fatalf("start: %v", err)
	}
	also, err := p.twin.start(nil)
	if err != nil {
		p.t.Fatalf("start twice: %v", err)
	}
	p.take("start", out, also)
}

func (p *play) fresh() *state {
	log := study.NewLog(p.def)
	for _, e := range p.events {
		if err := log.Apply(&e); err != nil {
			p.t.Fatalf("fold: %v", err)
		}
	}
	s := newState(log, maker{"numbered", "1"}, p.now, ttl)
	s.sched = &p.sched
	return s
}

// restart is a crash: calls get no answer, suggestions are forgotten, and a new
// process goes on from what is durable.
func (p *play) restart() {
	p.t.Helper()
	clear(p.open)
	p.pending = nil
	p.boot()
}

// do tells both states an input.
func (p *play) do(in input) {
	p.t.Helper()
	p.take(fmt.Sprintf("%T", in), p.s.decide(p.now, in), p.twin.decide(p.now, in))
}

// take checks effects and carries them out.
func (p *play) take(what string, out, twin effects) {
	p.t.Helper()
	if diff := cmp.Diff(showAll(out.events), showAll(twin.events)); diff != "" {
		p.t.Fatalf("%s: the same inputs had other events:\n%s", what, diff)
	}
	if a, b := len(out.replies), len(twin.replies); a != b {
		p.t.Fatalf("%s: the same inputs had %d and %d answers", what, a, b)
	}
	for _, e := range out.events {
		mine := *e
		if err := p.mirror.Apply(&mine); err != nil {
			p.t.Fatalf("%s: event %s is refused: %v", what, show(e), err)
		}
		p.events = append(p.events, mine)
	}
	if diff := cmp.Diff(showLog(p.mirror), showLog(p.s.log)); diff != "" {
		p.t.Fatalf("%s: the log is not the fold of its events:\n%s", what, diff)
	}
	p.check()
	for i, r := range out.replies {
		n := r.ref.(int)
		if !p.open[n] {
			p.t.Fatalf("%s: call %d has two answers", what, n)
		}
		if twin.replies[i].ref != r.ref {
			p.t.Fatalf("%s: the same inputs answered other calls", what)
		}
		delete(p.open, n)
		p.replies[n] = r
	}
	if out.ask != nil {
		p.pending = append(p.pending, *out.ask)
		if len(p.pending) > 1 {
			p.t.Fatalf("%s: two suggestions at once", what)
		}
		if !p.hold {
			p.deliver()
		}
	}
	if out.giveUp != twin.giveUp || out.giveUp && (out.ask != nil || len(p.pending) == 0) {
		p.t.Fatalf("%s: a suggestion is given up that is not under way", what)
	}
}

// deliver lets the suggester answer.
func (p *play) deliver() {
	p.t.Helper()
	order := p.pending[0]
	p.pending = p.pending[1:]
	if order.final > 0 {
		p.do(proposalsInput{order: order, finalists: analyze.Finalists(order.history, order.final, nil)})
		return
	}
	ps, err := p.propose(order)
	in := proposalsInput{order: order, proposals: ps, err: err, took: p.took}
	if order.forecast {
		in.outlook = p.outlook
	}
	p.do(in)
}

// later lets time pass. The loop would tick at wake.
func (p *play) later(d time.Duration) {
	p.t.Helper()
	p.now = p.now.Add(d)
	p.do(tickInput{})
}

func (p *play) ref() base {
	p.refs++
	p.open[p.refs] = true
	return base{p.refs}
}

// call tells an input that must be answered at once.
func (p *play) call(b base, in input) (any, error) {
	p.t.Helper()
	p.do(in)
	r, ok := p.replies[b.ref.(int)]
	if !ok {
		p.t.Fatalf("%T was not answered", in)
	}
	return r.val, r.err
}

// lease sends a request and returns the call.
func (p *play) lease(r study.LeaseRequest) int {
	p.t.Helper()
	b := p.ref()
	r.N = max(1, r.N)
	p.do(leaseOf(b, r))
	return b.ref.(int)
}

// waits fails if a call has been answered.
func (p *play) waits(call int) {
	p.t.Helper()
	if r, ok := p.replies[call]; ok {
		p.t.Fatalf("call %d is answered: %+v", call, r)
	}
}

// granted returns what a call was answered, as "0/1 1/1 running".
func (p *play) granted(call int) string {
	p.t.Helper()
	r, ok := p.replies[call]
	if !ok {
		return "nothing yet"
	}
	if r.err != nil {
		return r.err.Error()
	}
	g := r.val.(study.Grant)
	var words []string
	for _, a := range g.Trials {
		words = append(words, fmt.Sprintf("%d/%d", a.Trial, a.Attempt))
	}
	return strings.Join(append(words, string(g.State)), " ")
}

// ask leases one trial for worker w and returns it.
func (p *play) ask() study.Assignment {
	p.t.Helper()
	call := p.lease(study.LeaseRequest{Worker: "w", Expires: true})
	r, ok := p.replies[call]
	if !ok || r.err != nil || len(r.val.(study.Grant).Trials) != 1 {
		p.t.Fatalf("no trial: %s", p.granted(call))
	}
	return r.val.(study.Grant).Trials[0]
}

func (p *play) report(k study.Ticket, step, loss float64) (study.Verdict, error) {
	p.t.Helper()
	b := p.ref()
	v, err := p.call(b, reportInput{base: b, ticket: k, reports: []study.Report{{Step: step, Values: loss1(loss)}}})
	if err != nil {
		return "", err
	}
	return v.(study.Verdict), nil
}

func (p *play) finish(k study.Ticket, o study.Outcome) error {
	p.t.Helper()
	b := p.ref()
	_, err := p.call(b, finishInput{base: b, ticket: k, outcome: o})
	return err
}

// tell completes a trial.
func (p *play) tell(k study.Ticket, loss float64) {
	p.t.Helper()
	if err := p.finish(k, complete(loss)); err != nil {
		p.t.Fatalf("finish %v: %v", k, err)
	}
}

func (p *play) beat(worker string, ks ...study.Ticket) map[study.Ticket]study.Verdict {
	p.t.Helper()
	b := p.ref()
	v, err := p.call(b, beatInput{base: b, worker: worker, tickets: ks})
	if err != nil {
		p.t.Fatalf("beat: %v", err)
	}
	return v.(map[study.Ticket]study.Verdict)
}

func (p *play) add(x float64) (int, error) {
	p.t.Helper()
	b := p.ref()
	v, err := p.call(b, addInput{base: b, values: map[string]space.Value{"x": value.Float(x)}})
	if err != nil {
		return -1, err
	}
	return v.(int), nil
}

func (p *play) stop(kill bool) {
	p.t.Helper()
	b := p.ref()
	if _, err := p.call(b, stopInput{base: b, reason: "enough", kill: kill}); err != nil {
		p.t.Fatalf("stop: %v", err)
	}
}

func (p *play) join(worker string) {
	p.t.Helper()
	b := p.ref()
	if _, err := p.call(b, joinInput{base: b, worker: worker}); err != nil {
		p.t.Fatalf("join: %v", err)
	}
}

// want checks the states of all trials, as "complete running", and the status.
func (p *play) want(trials string, status study.Status) {
	p.t.Helper()
	var states []string
	for t := range p.s.log.Book.History().All() {
		states = append(states, string(t.State))
	}
	if got := strings.Join(states, " "); got != trials || p.s.log.Status != status {
		p.t.Fatalf("the trials are %q and the study %s (%s), want %q and %s", got, p.s.log.Status, p.s.log.Reason, trials, status)
	}
}

// wantGrant checks what a call was answered.
func (p *play) wantGrant(call int, want string) {
	p.t.Helper()
	if got := p.granted(call); got != want {
		p.t.Fatalf("the request was answered %q, want %q", got, want)
	}
}

// wantCode checks the code of an error.
func (p *play) wantCode(err error, want study.Code) {
	p.t.Helper()
	if got := study.CodeOf(err); got != want {
		p.t.Fatalf("the error is %v (%s), want %q", err, got, want)
	}
}

func loss1(x float64) study.Metrics { return study.Metrics{{Name: "loss", Value: x}} }

func complete(loss float64) study.Outcome {
	return study.Outcome{State: study.Complete, Values: loss1(loss)}
}

func failure(c study.Class) study.Outcome {
	return study.Outcome{State: study.Failed, Failure: &study.Failure{Class: c}}
}

// show returns all that matters of an event.
func show(e *study.Event) string {
	s := fmt.Sprintf("%s %d/%d config=%s from=%v until=%v bracket=%d worker=%q step=%v values=%v state=%s objectives=%v violations=%v not before=%v status=%s %q %v paid=%v",
		e.Kind, e.Trial, e.Attempt, e.Config, e.Resume, e.Until, e.Bracket, e.Worker, e.Step, e.Values, e.State, e.Objectives, e.Violations, e.NotBefore, e.Status, e.Reason, e.Spent, e.Paid)
	if e.Copy != nil {
		s += fmt.Sprintf(" copy=%+v", *e.Copy)
	}
	if e.Failure != nil {
		s += " failure=" + e.Failure.String()
	}
	if e.Origin != nil {
		s += fmt.Sprintf(" origin=%+v", *e.Origin)
	}
	return s
}

func showAll(es []*study.Event) []string {
	var out []string
	for _, e := range es {
		out = append(out, show(e))
	}
	return out
}

func showTrial(t *study.Trial) string {
	s := fmt.Sprintf("%d %s %s from=%v until=%v bracket=%d values=%v violations=%v metrics=%v reports=%v attempts=%d paid=%v not before=%v",
		t.Number, t.State, t.Config, t.Resume, t.Until, t.Bracket, t.Values, t.Violations, t.Metrics, t.Reports, len(t.Attempts), t.Paid(), t.NotBefore)
	if t.Copy != nil {
		s += fmt.Sprintf(" copy=%+v", *t.Copy)
	}
	return s
}

func showLog(l *study.Log) []string {
	out := []string{fmt.Sprintf("%s %q %v seq=%d", l.Status, l.Reason, l.Spent, l.Seq)}
	h := l.Book.History()
	for t := range h.All() {
		out = append(out, showTrial(t))
	}
	for i := range h.EndedLen() {
		out = append(out, fmt.Sprint(h.Ended(i).Number))
	}
	return out
}

// check holds a state to what must be true between any two inputs.
func (p *play) check() {
	p.t.Helper()
	s := p.s
	held, queued := 0, 0
	h := s.log.Book.History()
	for t := range h.All() {
		l := s.leases[t.Number]
		if (t.State == study.Running) != (l != nil) {
			p.t.Fatalf("trial %d is %s, its lease %+v", t.Number, t.State, l)
		}
		if l != nil {
			held++
			if l.ticket != (study.Ticket{Trial: t.Number, Attempt: len(t.Attempts)}) || l.worker != t.Attempt().Worker {
				p.t.Fatalf("trial %d is leased as %+v", t.Number, *l)
			}
			if !l.expires.IsZero() && (s.soonest.IsZero() || s.soonest.After(l.expires)) {
				p.t.Fatalf("a lease ends at %v, before %v", l.expires, s.soonest)
			}
		}
		_, again := slices.BinarySearch(s.line.again, t.Number)
		_, fresh := slices.BinarySearch(s.line.fresh, t.Number)
		if (t.State == study.Queued) != (again || fresh) || again && len(t.Attempts) == 0 || fresh && len(t.Attempts) > 0 {
			p.t.Fatalf("trial %d is %s and in line: %v, %v", t.Number, t.State, again, fresh)
		}
		if again || fresh {
			queued++
		}
	}
	if held != len(s.leases) || queued != s.line.len() {
		p.t.Fatalf("%d leases for %d running, a line of %d for %d queued", len(s.leases), held, s.line.len(), queued)
	}
	want := newTally(s.log)
	want.failedRow = s.failedRow
	if diff := cmp.Diff(want, s.tally, cmp.AllowUnexported(tally{})); diff != "" {
		p.t.Fatalf("a restart would count otherwise:\n%s", diff)
	}
	if at := s.wake(); !at.IsZero() && !at.After(s.now) {
		p.t.Fatalf("to be woken at %v, and it is %v", at, s.now)
	}
}
