package engine

import (
	"context"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// The final comparison. When the search is over, whatever ended it, the study
// goes on for some more trials: the best configurations and the default are run
// again, each so many times with the same seeds. They are beyond every budget,
// as what is added by hand is. Which configurations those are is asked of the
// search algorithm, in the goroutine that thinks; what was chosen is in the
// trials themselves, so a study that is killed meanwhile goes on with them.

// compares begins the final comparison, or a part of it that is missing, and
// reports whether the study goes on for it. It is asked when everything else
// has ended.
func (s *state) compares() bool {
	f := s.log.Def.Final
	if f == nil || s.contextual() { // an open space may have got contexts by now
		return false
	}
	h := s.log.Book.History()
	if s.compared == moment(h) {
		return false // what there is to compare has been asked for: nothing
	}
	if round, ok := analyze.LastRound(h); ok && len(round.Trials) >= analyze.RoundSize(h, f.Top) {
		if s.rerun(round.Trials, round.Seen, round.SeenEnded) {
			s.ending, s.reopened = nil, true
			return true
		}
		return false
	}
	s.ending, s.reopened = nil, true
	s.asking, s.comparing = true, true
	s.out.ask = &suggestOrder{history: h, first: h.Len(), seed: s.log.Def.Seed, final: f.Top}
	return true
}

// choose answers an order for a final comparison: the trials whose
// configurations are to be compared.
func (e *Engine) choose(ctx context.Context, order suggestOrder) (of []int, err error) {
	believe := analyze.Belief(nil)
	if est, is := e.suggester.(suggest.Estimator); is {
		believe = func(c space.Config) (mean, se []float64, ok bool) { return est.Estimate(order.history, c) }
	}
	return analyze.Finalists(order.history, order.final, believe), ctx.Err()
}

// chosen queues the runs of the configurations that were chosen. Where
// something has happened meanwhile, they are chosen again when that is over.
func (s *state) chosen(in proposalsInput) {
	s.comparing = false
	h := in.order.history
	if moment(h) != moment(s.log.Book.History()) || in.err != nil {
		return
	}
	if !s.rerun(in.finalists, h.Len(), h.EndedLen()) {
		s.compared = moment(h)
	}
}

// moment is how many trials h has and how many have ended.
func moment(h *study.History) [2]int { return [2]int{h.Len(), h.EndedLen()} }

// rerun queues the runs that are missing of some trials' configurations, the
// first run of each before the second of any, and reports whether there were
// any.
func (s *state) rerun(of []int, seen, seenEnded int) bool {
	made := map[study.Repeat]bool{}
	for t := range s.log.Book.History().All() {
		if r, ok := t.Repeats(); ok && t.Final() && t.State != study.Cancelled {
			made[r] = true
		}
	}
	more := false
	for run := 1; run <= s.log.Def.Final.Runs; run++ {
		for _, n := range of {
			r := study.Repeat{Of: n, Run: run}
			if made[r] {
				continue
			}
			t := s.queue(s.log.Book.Trial(n).Config, study.Origin{
				Method: study.MethodFinal, Version: suggest.RepeatVersion, Note: r.FinalNote(of),
				Stream: -1, Seen: seen, SeenEnded: seenEnded,
			})
			s.extra[t.Number] = true
			more = true
		}
	}
	return more
}

// finalNext returns the next trial of the final comparison that may start and
// suits the request, nil for none. No scheduler decides about those. They run
// configurations as they are, whatever the study fixes meanwhile; a request
// that brings values of its own gets only those that have them.
func (s *state) finalNext(w *waiter) *study.Trial {
	if t := s.ready(w, s.line.fresh); t != nil && t.Final() {
		return t
	}
	return nil
}
