package engine

import (
	"fmt"
	"slices"
	"time"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// decide takes one input, at a time that never runs backwards, and returns
// what is to be done.
func (s *state) decide(now time.Time, in input) effects {
	s.out = effects{}
	if now.After(s.now) {
		s.now = now
	}
	switch in := in.(type) {
	case joinInput:
		s.join(in)
	case leaseInput:
		s.lease(in)
	case cancelInput:
		s.cancel(in)
	case proposalsInput:
		s.arrived(in)
	case reportInput:
		s.report(in)
	case finishInput:
		s.finish(in)
	case beatInput:
		s.beat(in)
		s.expire()
		if len(s.out.events) == 0 {
			return s.out // a thousand workers beat, and nothing follows from it
		}
	case addInput:
		s.add(in)
	case extendInput:
		s.extend(in)
	case stopInput:
		s.stop(in)
	case viewInput:
		s.answer(in.ref, s.view(), nil)
		return s.out
	case tickInput:
	default:
		panic(fmt.Sprintf("engine: unknown input %T", in))
	}
	s.expire()
	s.pulse()
	s.conclude()
	return s.out
}

// noteEvery is how often a study with running trials stores the time it has
// spent: so much is lost of the budget of time when afina is killed.
const noteEvery = 30 * time.Second

// pulse stores the time spent, now and then.
func (s *state) pulse() {
	if s.log.Status == study.StatusRunning && len(s.leases) > 0 && s.now.Sub(s.noted) >= noteEvery {
		s.emit(study.Event{Kind: study.EventStatus, Status: study.StatusRunning, Spent: s.spent()})
	}
}

// conclude draws the consequences of what has happened: budgets, requests that
// can be served, the study's end, what can be thought of meanwhile.
func (s *state) conclude() {
	s.checkBudget()
	s.pump()
	ended := s.checkEnd()
	if s.reopened { // for the final comparison
		s.reopened = false
		s.checkBudget()
		s.pump()
	}
	s.settle(ended)
	s.prepare()
}

// start is decided once, when the study is opened: the definition where it
// has changed, the status, and on the first time the configurations that come
// before any algorithm. Those run even where they are more than the budget:
// they were asked for by name. After an error the state is not to be used.
func (s *state) start(redefine *study.Definition) (effects, error) {
	s.out = effects{}
	if redefine != nil {
		def := *redefine // what was copied of earlier studies stays, and need not be written again
		def.WarmStart, def.Earlier = nil, nil
		s.emit(study.Event{Kind: study.EventRedefined, Def: &def})
	}
	for _, n := range s.log.Book.Open() {
		if o := s.log.Book.Trial(int(n)).Origin; o != nil && (o.Method == MethodAdded || o.Method == study.MethodFinal) {
			s.extra[int(n)] = true
		}
	}
	s.emit(study.Event{Kind: study.EventStatus, Status: study.StatusRunning, Spent: s.spentBefore})
	def := s.log.Def
	if s.base, s.baseErr = s.wishOf(nil); s.baseErr != nil && !s.contextual() {
		return effects{}, s.baseErr
	}
	if redefine == nil && def.Final != nil {
		_, s.decided = analyze.LastRound(s.log.Book.History())
	}
	wantDefault, wantEnqueued := s.missing()
	if wantDefault && !def.Space.Open() { // who defines by run has defaults at hand
		if c, ok := s.first(); ok {
			s.queue(c, study.Origin{Method: MethodDefault, Stream: -1, Fixed: suggest.FixedKey(s.base.fixed)})
		}
	}
	if wantEnqueued {
		for i, values := range def.Enqueue {
			n := s.log.Book.Len()
			c, err := s.fill(n, values)
			if err != nil {
				return effects{}, &study.Error{Code: study.Invalid, Message: fmt.Sprintf("enqueued configuration %d", i+1), Err: err}
			}
			s.queue(c, study.Origin{Method: MethodEnqueued, Stream: n})
		}
	}
	s.conclude()
	return s.out, nil
}

// missing reports which of the configurations that come first are still to be
// made: the default one where it was never tried, or was ended with the study,
// or tried only with a program that could not run at all and may have been
// mended since; the enqueued ones where none was made.
func (s *state) missing() (wantDefault, wantEnqueued bool) {
	wantDefault, wantEnqueued = true, true
	for t := range s.log.Book.History().All() {
		switch {
		case t.Origin == nil:
		case t.Origin.Method == MethodDefault && !broken(t) && t.State != study.Cancelled:
			wantDefault = false
		case t.Origin.Method == MethodEnqueued:
			wantEnqueued = false
		}
	}
	return wantDefault, wantEnqueued
}

// queue makes a trial.
func (s *state) queue(c space.Config, o study.Origin) *study.Trial {
	return s.emit(study.Event{Kind: study.EventQueued, Trial: s.log.Book.Len(), Config: c, Origin: &o})
}

// join takes from a worker what an earlier one of its name held, and gives up
// the requests that it may have left behind.
func (s *state) join(in joinInput) {
	for _, w := range slices.Clone(s.waiting) {
		if w.worker == in.worker {
			s.drop(w)
		}
	}
	for _, n := range s.leased(func(l *lease) bool { return l.worker == in.worker }) {
		s.lost(n, "the worker was restarted")
	}
	s.answer(in.ref, nil, nil)
}

// leased returns the running trials whose lease satisfies is, in order.
func (s *state) leased(is func(*lease) bool) []int {
	var ns []int
	for n, l := range s.leases {
		if is(l) {
			ns = append(ns, n)
		}
	}
	slices.Sort(ns)
	return ns
}

// add queues a configuration given by hand. A study that had finished goes on
// for it.
func (s *state) add(in addInput) {
	if s.ending != nil && s.ending.status != study.StatusFinished {
		s.answer(in.ref, nil, study.Errorf(study.Conflict, "start it again with the same command, then add", "the study has been stopped: %s", s.ending.reason))
		return
	}
	n := s.log.Book.Len()
	c, err := s.fill(n, in.values)
	if err != nil {
		s.answer(in.ref, nil, &study.Error{Code: study.Invalid, Message: "the configuration cannot be added", Err: err})
		return
	}
	if !s.running() {
		s.extra[n] = true
		s.ending, s.enough = nil, ""
	}
	if s.log.Status != study.StatusRunning {
		s.opened, s.spentBefore = s.now, s.log.Spent
		s.emit(study.Event{Kind: study.EventStatus, Status: study.StatusRunning, Spent: s.spentBefore})
	}
	s.queue(c, study.Origin{Method: MethodAdded, Stream: n})
	s.answer(in.ref, n, nil)
}

func (s *state) extend(in extendInput) {
	sp := s.log.Book.Space
	var more []space.Param
	for _, p := range in.params {
		if sp.Lookup(p.Name) < 0 {
			more = append(more, p)
		}
	}
	if len(more) > 0 {
		bigger, err := sp.Extend(more...)
		if err == nil && !sp.Open() {
			err = fmt.Errorf("the space is closed, and %s is not in it", more[0].Name)
		}
		if err != nil {
			s.answer(in.ref, nil, &study.Error{Code: study.Invalid, Message: "extend the space", Err: err})
			return
		}
		s.emit(study.Event{Kind: study.EventExtended, Space: bigger})
		s.exhausted, s.starved = "", -1
		s.usedUp, s.dry = map[string]bool{}, map[string]int{}
		s.base, s.baseErr = s.wishOf(nil)
	}
	s.answer(in.ref, s.log.Book.Space, nil)
}

// stop ends the study by somebody's wish, which overrules a budget but not a
// program that does not work.
func (s *state) stop(in stopInput) {
	if s.log.Status == study.StatusRunning {
		if s.ending == nil || s.ending.status == study.StatusFinished {
			s.ending = &ending{status: study.StatusStopped, reason: in.reason, handBack: true}
		}
		if in.kill {
			s.orderAll(study.VerdictStop, nil)
		}
	}
	s.answer(in.ref, nil, nil)
}

// orderAll tells every running trial to end, with the answer to its next
// report or beat, but those to be spared. One that was told to end otherwise is
// doing so.
func (s *state) orderAll(v study.Verdict, spare func(*study.Trial) bool) {
	for n, l := range s.leases {
		if spare != nil && spare(s.log.Book.Trial(n)) {
			continue
		}
		if l.order == "" {
			l.order = v
		}
	}
}

func (s *state) beat(in beatInput) {
	orders := make(map[study.Ticket]study.Verdict)
	for _, k := range in.tickets {
		l := s.leases[k.Trial]
		if l == nil || l.ticket != k || l.worker != in.worker {
			orders[k] = study.VerdictStop
			continue
		}
		s.renew(l)
		if l.order != "" {
			orders[k] = l.order
		}
	}
	s.answer(in.ref, orders, nil)
}

// renew notes that a worker was heard of. Leases only get longer, so soonest
// stays true.
func (s *state) renew(l *lease) {
	if !l.expires.IsZero() {
		l.expires = s.now.Add(s.leaseTTL)
	}
}

// expire takes trials from workers that have not been heard of. It looks at
// the leases only once in the length of one, however many there are.
func (s *state) expire() {
	if s.soonest.IsZero() || s.now.Before(s.soonest) {
		return
	}
	for _, n := range s.leased(func(l *lease) bool { return !l.expires.IsZero() && !s.now.Before(l.expires) }) {
		s.lost(n, fmt.Sprintf("worker %s was not heard of for %s", s.leases[n].worker, s.leaseTTL))
	}
	s.soonest = time.Time{}
	for _, l := range s.leases {
		s.hold(l)
	}
}

// wake returns when decide wants to be called again if nothing else happens;
// zero: never. It may be too early, never past.
func (s *state) wake() time.Time {
	at := s.soonest
	earlier := func(t time.Time) {
		if t.After(s.now) && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if len(s.waiting) > 0 {
		for _, n := range s.line.again {
			earlier(s.log.Book.Trial(n).NotBefore)
		}
	}
	if s.log.Status == study.StatusRunning && len(s.leases) > 0 {
		earlier(s.noted.Add(noteEvery))
	}
	if limit := s.log.Def.Stop.Time; limit > 0 && s.running() {
		earlier(s.opened.Add(time.Duration(limit) - s.spentBefore))
	}
	earlier(s.costOver())
	return at
}
