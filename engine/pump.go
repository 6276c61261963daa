package engine

import (
	"errors"
	"fmt"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// pump serves the requests that wait, in order of arrival, until they have all
// they want or there is no more to be had, and notes with each why: "" means
// that a suggestion is on its way. What one cannot get the others of its group
// cannot either.
func (s *state) pump() {
	var refused map[string]study.GrantState // by group, where several wait
	for _, w := range s.waiting {
		w.why = study.GrantRunning
		for len(w.got) < w.n && w.why == study.GrantRunning {
			if why, known := refused[w.wish.group]; known {
				w.why = why
				break
			}
			if w.why = s.serve(w); w.why == study.GrantRunning || len(s.waiting) == 1 {
				continue
			}
			if refused == nil {
				refused = map[string]study.GrantState{}
			}
			refused[w.wish.group] = w.why
		}
	}
}

// serve gives w one trial and returns GrantRunning, or says why it cannot.
func (s *state) serve(w *waiter) study.GrantState {
	if !s.running() {
		if s.ending != nil && s.ending.status == study.StatusFinished && s.log.Def.Final != nil {
			return study.GrantWaiting // there may be a final comparison to come
		}
		return study.GrantStopped
	}
	if s.comparing {
		return ""
	}
	if t := s.ready(w, s.line.again); t != nil {
		s.assign(w, t)
		return study.GrantRunning
	}
	if t := s.finalNext(w); t != nil {
		s.assign(w, t)
		return study.GrantRunning
	}
	fresh := s.ready(w, s.line.fresh)
	if s.over {
		if fresh == nil {
			return study.GrantWaiting
		}
		s.assign(w, fresh)
		return study.GrantRunning
	}
	order := s.order()
	switch order.Action {
	case schedule.Resume:
		return s.resume(w, order)
	case schedule.Start:
		switch {
		case !order.Config.IsZero() && s.mayCreate():
			// A copy is no work of the suggester's, which may be exhausted.
			c := s.imposed(&w.wish, order.Config)
			if !w.wish.accepts(c) {
				return study.GrantWaiting
			}
			s.launch(w, c, order, study.Origin{
				Method: s.log.Def.Schedule.Name, Version: s.version, Stream: s.log.Book.Len(), Seen: s.log.Book.Len(), SeenEnded: s.log.Book.EndedLen(), Fixed: suggest.FixedKey(w.wish.fixed),
			})
			return study.GrantRunning
		case fresh != nil && !order.Config.IsZero(): // no budget for the copy
			s.assign(w, fresh)
			return study.GrantRunning
		case fresh != nil:
			s.assign(w, s.grant(fresh, order))
			return study.GrantRunning
		}
	case schedule.Wait:
		switch {
		case fresh != nil && len(s.leases) == 0:
			s.assign(w, fresh) // nothing will happen that it could wait for
			return study.GrantRunning
		case s.stuck():
			s.end(study.StatusFailed, fmt.Sprintf("the scheduler %s waits although nothing runs", s.log.Def.Schedule.Name))
			return study.GrantStopped
		}
		return study.GrantWaiting
	case schedule.Done:
		if fresh != nil {
			s.assign(w, fresh)
			return study.GrantRunning
		}
		s.exhausted = "the schedule is complete"
	}
	return s.suggest(w.wish, order)
}

// order asks the scheduler what a free slot does, and one that wants to know
// tells that no new trial will be made any more.
func (s *state) order() schedule.Order {
	h := s.log.Book.History()
	if c, is := s.sched.(schedule.Closer); is {
		starved := len(s.leases) == 0 && !s.asking && s.starved == h.EndedLen()
		if s.exhausted != "" || starved || !s.mayCreate() {
			return c.Close(h)
		}
	}
	return s.sched.Next(h)
}

// mayCreate reports whether the budget allows one more trial.
func (s *state) mayCreate() bool {
	if f := s.log.Def.Final; f != nil && (f.Now || s.decided || s.finals > 0) {
		return false
	}
	limit := s.log.Def.Stop.Trials
	return limit == 0 || s.created < limit
}

// stuck reports whether nothing is left for which a scheduler could wait,
// although the study has not come to its end.
func (s *state) stuck() bool {
	return len(s.leases) == 0 && s.line.len() == 0 && !s.asking &&
		s.exhausted == "" && s.mayCreate() && s.starved != s.log.Book.EndedLen()
}

// ready returns the first of some queued trials that may start now and suits
// the request, or nil.
func (s *state) ready(w *waiter, numbers []int) *study.Trial {
	for _, n := range numbers {
		t := s.log.Book.Trial(n)
		if !t.NotBefore.After(s.now) && (!s.over || s.extra[n]) && w.wish.accepts(t.Config) {
			return t
		}
	}
	return nil
}

// resume lets a paused trial go on.
func (s *state) resume(w *waiter, order schedule.Order) study.GrantState {
	t := s.log.Book.Trial(order.Trial)
	if t == nil || t.State != study.Paused {
		s.end(study.StatusFailed, fmt.Sprintf("the scheduler %s resumes trial %d, which is not paused", s.log.Def.Schedule.Name, order.Trial))
		return study.GrantStopped
	}
	if !w.wish.accepts(t.Config) {
		return study.GrantWaiting // for a request that can run it
	}
	t = s.emit(study.Event{Kind: study.EventGranted, Trial: t.Number, Resume: order.From, Until: order.Until, Bracket: order.Bracket})
	s.assign(w, t)
	return study.GrantRunning
}

// launch makes a trial as the scheduler ordered and starts it.
func (s *state) launch(w *waiter, c space.Config, order schedule.Order, o study.Origin) {
	t := s.emit(study.Event{
		Kind: study.EventQueued, Trial: s.log.Book.Len(), Config: c, Origin: &o,
		Until: order.Until, Bracket: order.Bracket, Copy: s.copied(order),
	})
	s.assign(w, s.grant(t, order))
}

// copied returns whose checkpoint a new trial begins with, nil for none.
func (s *state) copied(order schedule.Order) *study.Copy {
	if order.Config.IsZero() || order.CopyFrom < 0 || order.CopyFrom >= s.log.Book.Len() {
		return nil
	}
	return &study.Copy{Trial: order.CopyFrom, Step: order.From}
}

// grant stores what the scheduler ordered for a queued trial, where that is
// not known yet.
func (s *state) grant(t *study.Trial, order schedule.Order) *study.Trial {
	if order.From == t.Resume && order.Until == t.Until && order.Bracket == t.Bracket {
		return t
	}
	return s.emit(study.Event{Kind: study.EventGranted, Trial: t.Number, Resume: order.From, Until: order.Until, Bracket: order.Bracket})
}

// assign starts an attempt at t for w.
func (s *state) assign(w *waiter, t *study.Trial) {
	t = s.emit(study.Event{Kind: study.EventStarted, Trial: t.Number, Attempt: len(t.Attempts) + 1, Worker: w.worker})
	l := &lease{ticket: study.Ticket{Trial: t.Number, Attempt: len(t.Attempts)}, worker: w.worker}
	if w.expires {
		l.expires = s.now.Add(s.leaseTTL)
	}
	s.hold(l)
	a, err := s.assignment(t, l)
	if err != nil {
		s.fail(t, study.Event{}, &study.Failure{Class: study.ClassStart, Message: err.Error()})
		return
	}
	w.got = append(w.got, a)
}

func (s *state) assignment(t *study.Trial, l *lease) (study.Assignment, error) {
	derived, err := s.log.Book.Space.Derive(t.Config)
	if err != nil {
		return study.Assignment{}, err
	}
	a := study.Assignment{
		Ticket: l.ticket, Config: t.Config, Derived: derived,
		Seed:   t.Seed(s.log.Def.Seed),
		Resume: t.Resume, Until: t.Until,
		Samples: s.samples.Left(t, s.log.Def.Objectives),
	}
	if f := s.log.Def.Fidelity; f != nil && f.Levels != nil {
		a.Level, a.LevelStep = f.Level(t.Until)
	}
	switch {
	case t.Copy != nil && t.Resume == t.Copy.Step:
		a.Copy = t.Copy
	case s.copies:
		a.Keep = t.Resume > 0
	}
	if !l.expires.IsZero() {
		a.Lease = study.Duration(s.leaseTTL)
	}
	return a, nil
}

// proposals turns the suggester's answer into trials, as far as they are still
// wanted: requests may have been given up, and the study may have moved on,
// while it was thinking. What is not used is proposed again when it is.
func (s *state) proposals(in proposalsInput) {
	s.asking = false
	if in.order.final > 0 {
		s.chosen(in)
		return
	}
	exhausted := errors.Is(in.err, suggest.ErrExhausted)
	if in.err != nil && !exhausted {
		s.end(study.StatusFailed, "the search algorithm "+s.made.name+" failed: "+in.err.Error())
		return
	}
	if s.enough = s.enoughBy(in); s.enough != "" {
		return
	}
	known := s.log.Book.Len()
	for i, p := range in.proposals {
		if p.Repeat.Run == 0 && s.madeSince(in.order.history.Len(), known, p.Config) {
			continue
		}
		w := s.next(in.order.wish.group)
		if w == nil && (s.lacking() <= 0 || in.order.wish.group != "") || s.over || !s.mayCreate() || !s.running() {
			return
		}
		order := s.sched.Next(s.log.Book.History())
		if order.Action != schedule.Start || !order.Config.IsZero() {
			return
		}
		if w != nil && p.Until > 0 && p.Until != order.Until {
			return // it was made for another rung
		}
		o := study.Origin{
			Method: s.made.name, Version: s.made.version, Note: p.Note, Stream: in.order.first + i,
			Seen: in.order.history.Len(), SeenEnded: in.order.history.EndedLen(),
			Fixed: suggest.FixedKey(in.order.wish.fixed),
		}
		p.Mark(&o)
		if w == nil {
			s.queue(p.Config, o) // chosen ahead; granted when it is its turn
		} else {
			s.launch(w, p.Config, order, o)
		}
	}
	switch group := in.order.wish.group; {
	case exhausted && group != "":
		s.usedUp[group] = true
	case len(in.proposals) < in.order.n && group != "":
		s.dry[group] = in.order.history.EndedLen()
	case exhausted && len(in.order.wish.fixed) > 0:
		s.exhausted = "the search space is exhausted, with the values that are fixed"
	case exhausted:
		s.exhausted = "the search space is exhausted"
	case len(in.proposals) < in.order.n:
		s.starved = in.order.history.EndedLen()
	}
}

// madeSince reports whether one of the trials from number lo to below hi has
// the configuration c: somebody added it while the suggester was thinking.
func (s *state) madeSince(lo, hi int, c space.Config) bool {
	for n := lo; n < hi; n++ {
		if s.log.Book.Trial(n).Config.Equal(c) {
			return true
		}
	}
	return false
}
