package engine

import (
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
)

// early is a suggestion that nobody has asked for yet: the answer to the
// question that the next request will put, if nothing changes before. Because
// suggesters are functions of the history, it is used only where history and
// number are those that it was made for, and then it is what asking would have
// given; who asks does not see the difference but in time. What changes the
// history makes it worthless, and it is given up.
type early struct {
	order  suggestOrder
	answer *proposalsInput // nil: it is still being made
	stale  bool
}

// worthPreparing is how long the last suggestion must have taken for the next
// to be made early. A search that answers faster keeps nobody waiting.
const worthPreparing = time.Millisecond

// outdate gives up an early suggestion, as the history has changed. One that
// is being made is told to stop; the suggester is free when its answer has
// come, whatever it is.
func (s *state) outdate() {
	switch e := s.early; {
	case e == nil || e.stale:
	case e.answer != nil:
		s.early = nil
	default:
		e.stale = true
		s.out.giveUp = true
	}
}

// abandon gives up whatever the suggester is thinking of: the study ends.
func (s *state) abandon() {
	if s.asking {
		s.comparing = false
		s.asking, s.early = false, &early{}
	}
	s.outdate()
}

// prepare lets the suggester think while it would otherwise idle: configurations
// that wait in line where the study wants some chosen ahead, else what the
// next request will ask for.
func (s *state) prepare() {
	if !s.running() {
		s.abandon()
		return
	}
	switch {
	case s.over || s.asking || s.early != nil || len(s.waiting) > 0:
		return
	case s.exhausted != "" || !s.mayCreate() || s.starved == s.log.Book.EndedLen():
		return
	case s.log.Def.Ahead > 0:
		if n := s.lacking(); n > 0 && len(s.leases) > 0 && s.base.group == "" && s.baseErr == nil {
			if order, ok := s.wouldSuggest(); ok {
				s.asking = true
				s.out.ask = s.question(n, s.base, order)
			}
		}
		return
	}
	// A slot that is free is one that somebody may ask for before anything
	// else happens. Where reports make the answer worthless it is not made
	// again until a trial is made or ends.
	moment := [2]int{s.log.Book.Len(), s.log.Book.EndedLen()}
	switch {
	case s.took < worthPreparing || s.line.len() > 0 || s.prepared == moment:
	case s.parched(s.usualWish.group) || len(s.leases)+s.usual > s.most:
	default:
		if order, ok := s.wouldSuggest(); ok {
			s.prepared = moment
			s.early = &early{order: *s.question(s.usual, s.usualWish, order)}
			s.out.ask = &s.early.order
		}
	}
}

// lacking is how many configurations should be chosen ahead and are not.
func (s *state) lacking() int { return s.log.Def.Ahead - s.line.len() }

// wouldSuggest reports whether the scheduler would give a free slot to a new
// trial of the suggester's, and with what order.
func (s *state) wouldSuggest() (schedule.Order, bool) {
	order := s.sched.Next(s.log.Book.History())
	return order, order.Action == schedule.Start && order.Config.IsZero()
}

// question is the question that n more trials of a wish put now, as far as the
// budget allows them; of the first the scheduler has the given order.
func (s *state) question(n int, w wish, order schedule.Order) *suggestOrder {
	if budget := s.log.Def.Stop.Trials; budget > 0 {
		n = min(n, budget-s.created)
	}
	return &suggestOrder{
		history: s.log.Book.History(), n: n, first: s.log.Book.Len(), seed: s.log.Def.Seed,
		wish: w, until: order.Until, bracket: order.Bracket,
		forecast: w.group == "" && s.wantsForecast(), idle: s.sinceBest,
	}
}

// suggest asks the suggester on behalf of all requests of a wish that wait,
// unless it is known that it must not be asked or has nothing to say. Next is
// the scheduler's order for the first of them.
func (s *state) suggest(want wish, next schedule.Order) study.GrantState {
	switch {
	case s.exhausted != "" || s.usedUp[want.group]:
		return study.GrantExhausted
	case !s.mayCreate() || s.starved == s.log.Book.EndedLen() || s.parched(want.group):
		return study.GrantWaiting
	case s.asking:
		return ""
	}
	s.usual, s.usualWish = s.wanted(want.group), want
	order := s.question(s.usual, want, next)
	e := s.early
	switch {
	case e == nil:
	case e.stale || e.order.history != order.history || e.order.n != order.n || e.order.wish.group != order.wish.group:
		if s.outdate(); s.early != nil {
			return "" // the suggester is not free yet
		}
	case e.answer != nil:
		s.early = nil
		s.proposals(*e.answer)
		s.checkBudget() // it may have said that more is not worth it
		return study.GrantRunning
	default:
		s.early, s.asking = nil, true // it is under way already
		return ""
	}
	s.asking = true
	s.out.ask = order
	return ""
}

// parched reports whether the suggester has nothing for a group of requests
// until another trial has ended, or ever.
func (s *state) parched(group string) bool {
	at, dry := s.dry[group]
	return s.usedUp[group] || dry && at == s.log.Book.EndedLen()
}

// arrived takes the suggester's answer.
func (s *state) arrived(in proposalsInput) {
	e := s.early
	switch {
	case e == nil:
		s.took = in.took
		s.proposals(in)
	case e.stale:
		s.early = nil // conclude asks anew
	default:
		s.took = in.took
		e.answer = &in
	}
}
