// Package repeat lets a search run promising configurations again instead of
// believing a lucky one.
//
// It is no search algorithm but a rule around one: [New] takes a suggester and
// returns one that now and then answers with a configuration of the history
// ([suggest.Proposal].Repeat) where the other had a new one. It has no model of
// its own. There are two rules:
//
//   - By gain: the algorithm says what one more run of an old configuration and
//     what its new one are worth ([suggest.Repeater]), and the larger wins. At
//     most a fifth of the trials repeat. A program whose first repeats gave
//     exactly what was there already has no noise, and is not asked again.
//   - By number: whatever looks best, by the mean of its runs, runs again until
//     it has so many. At most every second trial repeats. This is the
//     intensification of SMAC (F. Hutter, H. Hoos and K. Leyton-Brown,
//     "Sequential model-based optimization for general algorithm
//     configuration", LION 2011) for one instance, and goes with every
//     algorithm.
//
// A repeat is a trial of its own, whose origin says of which trial it is one
// ([study.Trial.Repeats]); so what was repeated, and what may be, is a function
// of the history.
package repeat

import (
	"context"
	"math"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// The bounds of both rules.
const (
	// begin is how many complete trials come before any repeat.
	begin = 10
	// byGain and byNumber are the shares of the trials that may repeat.
	byGain, byNumber = 0.2, 0.5
	// An exact rerun is a test of whether there is noise at all: one, a second
	// after so many trials, and no third.
	tests, nextTest = 2, 40
	// dear is how much more than a new configuration a repeat has to be worth:
	// what is learned of a new one serves later choices, too.
	dear = 1.0
)

// New returns inner with repeats as rule says; inner itself where it is nil.
func New(inner suggest.Suggester, rule *study.Limit, p suggest.Problem, name string) (suggest.Suggester, error) {
	if rule == nil {
		return inner, nil
	}
	s := &suggester{inner: inner, holder: suggest.Holding(inner)}
	if p.Objectives > 1 {
		return nil, study.Errorf(study.Invalid, "remove repeat", "repeats are for one objective, and there are %d", p.Objectives)
	}
	if rule.Auto {
		r, ok := repeater(inner)
		if !ok {
			return nil, study.Errorf(study.Invalid, "give a number of runs, or choose an algorithm that models the objective",
				"the search algorithm %s cannot say what a repeat is worth", name)
		}
		s.repeater = r
		return s, nil
	}
	if rule.Value != math.Trunc(rule.Value) || !(rule.Value >= 2) {
		return nil, study.Errorf(study.Invalid, "give auto, or a whole number of at least 2", "what looks best cannot have %v runs", rule.Value)
	}
	s.runs = int(math.Min(rule.Value, math.MaxInt32))
	return s, nil
}

// repeater returns who of inner and what it is around can say what a repeat is
// worth.
func repeater(inner suggest.Suggester) (suggest.Repeater, bool) {
	for {
		if r, ok := inner.(suggest.Repeater); ok {
			return r, true
		}
		around, ok := inner.(interface{ Inner() suggest.Suggester })
		if !ok {
			return nil, false
		}
		inner = around.Inner()
	}
}

type suggester struct {
	inner    suggest.Suggester
	holder   suggest.Holder   // inner
	repeater suggest.Repeater // by gain; nil: by number
	runs     int
	ledger   ledger
}

// Holds implements [suggest.Holder]: only configurations with the held values
// run again, and which of them looks best is a question among them.
func (s *suggester) Holds() {}

// Suggest implements [suggest.Suggester]. What the other method proposed where
// a repeat takes its place is proposed again when it is worth it.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.ledger.follow(r.History)
	made := s.ledger.made
	of := map[int]int{} // repeats in this answer
	beside := append([]space.Config(nil), r.Beside...)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		one := r
		one.N, one.First, one.Beside = 1, r.First+i, beside
		ps, err := s.holder.Suggest(ctx, one)
		if err != nil || len(ps) == 0 {
			if len(out) > 0 && ctx.Err() == nil {
				return out, err
			}
			return ps, err
		}
		p := ps[0]
		if s.may(r.First+i, made) {
			if a, ok := s.again(ctx, one, p, of); ok {
				t := r.History.Trial(a.Trial)
				of[a.Trial]++
				made++
				p = suggest.Proposal{Config: t.Config, Repeat: study.Repeat{
					Of: a.Trial, Run: s.ledger.runs[a.Trial] + of[a.Trial] + 1, Gain: a.Gain,
				}}
			}
		}
		beside = append(beside, p.Config)
		out = append(out, p)
	}
	return out, nil
}

// may reports whether trial number n may be a repeat after so many of them.
func (s *suggester) may(n, made int) bool {
	l := &s.ledger
	if l.complete < begin {
		return false
	}
	if s.repeater == nil {
		return float64(made+1) <= byNumber*float64(n+1)
	}
	if l.differ == 0 && made >= min(tests, 1+l.complete/nextTest) {
		return false
	}
	return float64(made+1) <= byGain*float64(n+1)
}

// again returns the trial to repeat, false where p is better.
func (s *suggester) again(ctx context.Context, r suggest.Request, p suggest.Proposal, of map[int]int) (suggest.Again, bool) {
	if s.repeater != nil {
		a, ok := s.repeater.Repeat(ctx, r, p)
		return a, ok && a.Worth > dear*a.New && r.History.Trial(a.Trial).Config.Agrees(r.Fixed)
	}
	n := s.ledger.best(r)
	if n < 0 || s.ledger.runs[n]+of[n]+1 >= s.runs {
		return suggest.Again{}, false
	}
	return suggest.Again{Trial: n}, true
}

// Estimate implements [suggest.Estimator]: what the other method believes.
func (s *suggester) Estimate(h *study.History, c space.Config) (mean, se []float64, ok bool) {
	if e, is := s.inner.(suggest.Estimator); is {
		return e.Estimate(h, c)
	}
	return nil, nil, false
}

// Forecast implements [suggest.Forecaster]: what the other method expects.
func (s *suggester) Forecast(ctx context.Context, r suggest.Request) (suggest.Outlook, bool) {
	return suggest.Forecast(ctx, s.holder, r)
}
