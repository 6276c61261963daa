package engine

import "github.com/afina-hpo/afina/study"

// tally is the sums that the stop rules look at. All but failedRow are a
// function of the log, so that a study that is resumed goes by the same
// numbers as one that was never interrupted.
type tally struct {
	created   int     // trials that count against the budget: all but the cancelled and those of the final comparison
	paid      float64 // units of resource; see [study.Trial.Paid]
	worked    bool    // the program has come to an end of its own
	failedRow int     // trials failed in a row, in this process
	sinceBest int     // trials ended since the last improvement
	best      int     // the best complete trial by the first objective; -1
	front     []int
}

// newTally sums up a log.
func newTally(log *study.Log) tally {
	y := tally{best: -1}
	h := log.Book.History()
	for t := range h.All() {
		if !t.Final() {
			y.created++ // note takes the cancelled ones out again
		}
		y.paid += t.Paid()
	}
	for i := range h.EndedLen() {
		y.note(log, h.Ended(i))
	}
	y.failedRow = 0 // whoever resumes has had a look
	return y
}

// note counts a trial that has ended.
func (y *tally) note(log *study.Log, t *study.Trial) {
	switch t.State {
	case study.Cancelled:
		if !t.Final() {
			y.created--
		}
	case study.Failed:
		y.failedRow++
	case study.Infeasible:
		y.failedRow, y.worked = 0, true
	case study.Pruned:
		y.failedRow, y.worked = 0, true
		y.sinceBest++
	case study.Complete:
		y.failedRow, y.worked = 0, true
		if t.Final() {
			return // it is over, whatever this one's luck
		}
		y.sinceBest++
		if t.Feasible() && y.improves(log, t) {
			y.sinceBest = 0
		}
	}
}

// improves notes a complete trial that satisfies the outcome constraints and
// reports whether it is an improvement: with one objective better than all
// before, with several not matched in all of them by any before, which keeps a
// study from ending while its front grows. The time is proportional to the
// size of the front.
func (y *tally) improves(log *study.Log, t *study.Trial) bool {
	objectives := log.Def.Objectives
	lead := y.best < 0 || objectives[0].Better(t.Values[0], log.Book.Trial(y.best).Values[0])
	if lead {
		y.best = t.Number
	}
	if len(objectives) == 1 {
		return lead
	}
	for _, n := range y.front {
		if matches(objectives, log.Book.Trial(n), t) {
			return false
		}
	}
	keep := y.front[:0]
	for _, n := range y.front {
		if !matches(objectives, t, log.Book.Trial(n)) {
			keep = append(keep, n)
		}
	}
	y.front = append(keep, t.Number)
	return true
}

// matches reports whether a is at least as good as b in every objective.
func matches(objectives []study.Objective, a, b *study.Trial) bool {
	for i, o := range objectives {
		if o.Better(b.Values[i], a.Values[i]) {
			return false
		}
	}
	return true
}
