package engine

import (
	"fmt"
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// end begins the study's end: no new trials, and running ones are told to stop
// unless the study wants to let them finish. A study ends once.
func (s *state) end(status study.Status, reason string) {
	if !s.running() {
		return
	}
	s.ending = &ending{status: status, reason: reason, handBack: status == study.StatusFailed}
	// Where a new trial is not worth it, those that run still are.
	finish := s.log.Def.Stop.Finish || s.enough != "" && reason == s.enough
	switch over := s.log.Def.Stop.Time > 0 && s.spent() >= time.Duration(s.log.Def.Stop.Time); {
	case status == study.StatusFailed || over && !finish:
		s.orderAll(study.VerdictStop, nil)
	case !finish:
		// A trial that has done its last step has cost all that it will, and
		// there is only its result to come.
		s.orderAll(study.VerdictStop, s.trained)
	}
}

// trained reports whether a trial has done the last step of the fidelity, or
// without one has reported its result together with a cost that it says itself.
func (s *state) trained(t *study.Trial) bool {
	f := s.log.Def.Fidelity
	if c := s.bill.of; f == nil && c != nil && c.Metric != "" {
		_, missing := s.reduce(t, nil)
		return missing == ""
	}
	return f != nil && f.Max > 0 && t.LastStep() >= f.Max
}

// checkBudget begins the end where a budget is spent or the target reached,
// and nothing runs that was added in spite of that.
func (s *state) checkBudget() {
	if !s.running() {
		return
	}
	s.checkCost()
	reason := s.spentUp()
	s.over = reason != ""
	if s.over && len(s.extra) == 0 && !s.comparing {
		s.end(study.StatusFinished, reason)
	}
}

// spentUp returns which of the budgets other than that of trials is spent, or
// why more trials are not worth it; "" while neither is.
func (s *state) spentUp() string {
	stop := &s.log.Def.Stop
	switch {
	case stop.Target != nil && s.best >= 0 && s.reached(*stop.Target):
		return "the target is reached"
	case stop.Time > 0 && s.spent() >= time.Duration(stop.Time):
		return fmt.Sprintf("the time of %s is over", stop.Time)
	case stop.NoImprovement > 0 && s.sinceBest >= stop.NoImprovement:
		return fmt.Sprintf("%d trials brought no improvement", s.sinceBest)
	case stop.Cost > 0 && s.owed() >= stop.Cost:
		return fmt.Sprintf("the cost of %s is reached", value.FormatFloat(stop.Cost))
	case stop.Resource > 0 && s.paid >= stop.Resource:
		return fmt.Sprintf("the resource of %s units is spent", value.FormatFloat(stop.Resource))
	}
	return s.enough
}

// reached reports whether the best value is at least as good as target.
func (s *state) reached(target float64) bool {
	best := s.log.Book.Trial(s.best).Values[0]
	return !s.log.Def.Objectives[0].Better(target, best)
}

// checkEnd closes the study when nothing runs any more and nothing will, and
// reports whether it did. The scheduler is asked only where all else says so.
func (s *state) checkEnd() bool {
	if s.log.Status != study.StatusRunning || len(s.leases) > 0 {
		return false
	}
	status, reason := study.StatusFinished, ""
	switch {
	case s.ending != nil:
		status, reason = s.ending.status, s.ending.reason
	case s.line.len() > 0 || s.asking:
		return false
	case s.exhausted != "":
		reason = s.exhausted
	case s.decided:
		reason = "the final comparison has been made"
	case !s.mayCreate():
		reason = fmt.Sprintf("%d trials have ended", s.created)
		if s.created == 1 {
			reason = "1 trial has ended"
		}
	case s.starved == s.log.Book.EndedLen():
		reason = "the search algorithm " + s.made.name + " has nothing more to propose"
	default:
		return false
	}
	if s.ending == nil && s.goesOn() {
		return false
	}
	if status == study.StatusFinished && s.compares() {
		return false
	}
	s.emit(study.Event{Kind: study.EventStatus, Status: status, Reason: reason, Spent: s.spent()})
	if status == study.StatusFinished {
		s.ending = nil
	}
	return true
}

// goesOn reports whether the scheduler would use a free slot without the
// suggester: for a paused trial or a copy.
func (s *state) goesOn() bool {
	order := s.order()
	return order.Action == schedule.Resume || order.Action == schedule.Start && !order.Config.IsZero() && s.mayCreate()
}
