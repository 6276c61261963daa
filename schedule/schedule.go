// Package schedule is the contract of everything that answers "how long does
// each trial run?": whether it goes on after a report, is pruned or paused,
// and what a free slot does: start a new trial or resume a paused one.
//
// A [Scheduler] is a pure function of the history and the question: asked the
// same it answers the same, after any restart. What it decided before is in
// the history (a trial's [study.Trial.Until], Resume and Bracket, its state),
// so it needs no memory of its own; caches are allowed as for suggesters. The
// same code therefore decides for real and on the virtual clock of a
// simulation. Package scheduletest holds every scheduler to the contract.
package schedule

import (
	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// Action is what a free slot does.
type Action uint8

// The actions. The zero Action is Start.
const (
	Start  Action = iota // a new trial, whose configuration the suggester proposes
	Resume               // the paused Trial goes on
	Wait                 // nothing, until a trial reports or ends
	Done                 // nothing any more: the schedule is complete
)

// Order is the answer to a free slot.
type Order struct {
	Action Action
	// Trial is the paused trial, of Resume.
	Trial int
	// From is the step it goes on from (0: from the start; its checkpoint
	// folder is kept), Until the step up to which it may run (0: to its end).
	// At Until it is judged, as at every report.
	From, Until float64
	// Bracket is the scheduler's own mark, kept with the trial.
	Bracket int
	// Config replaces the suggester's proposal for a new trial: a copy of
	// another trial's configuration, perturbed (population-based training).
	// The zero Config means that the suggester is asked.
	Config space.Config
	// CopyFrom is the trial from whose checkpoint a new trial with Config
	// starts; -1 or, without Config, any number: none.
	CopyFrom int
}

// Scheduler decides. Its methods are called by one goroutine at a time.
type Scheduler interface {
	// Next says what a free slot does. It is asked again after every order
	// that was carried out, until it says Wait or Done or no slot is free.
	Next(h *study.History) Order

	// Judge says what running trial t does after its newest report, which is
	// already in t.Reports and in h.
	Judge(h *study.History, t *study.Trial) study.Verdict
}

// Closer is implemented by schedulers that hold paused trials back while others
// may still come to be compared with.
type Closer interface {
	// Close is asked instead of Next once no new trial will be made, because
	// the search has nothing left to propose: what it says of starting one is
	// not carried out. Like Next it follows from the history alone.
	Close(h *study.History) Order
}

// Problem is what a scheduler may know when it is set up.
type Problem struct {
	// Space is what may be chosen; of an open study what it is at the start.
	Space      *space.Space
	Objectives []study.Objective
	Fidelity   *study.Fidelity
	Parallel   int
	Trials     int // the budget; 0: unknown
	Seed       uint64
}

// Method describes one scheduler.
type Method struct {
	Name    string
	Version string // changes whenever the same history would get another answer
	Doc     string
	// Rungs says that trials have an Until.
	Rungs bool
	// Copies says that new trials may be copies of others: then the
	// checkpoints that trials were paused with are kept.
	Copies   bool
	Settings []setting.Setting
	New      func(p Problem, v setting.Values) (Scheduler, error)
}

// Table is the schedulers that a program knows, in the order in which help
// lists them.
type Table []Method

// Lookup returns the scheduler called name. The error names the nearest.
func (t Table) Lookup(name string) (Method, error) {
	names := make([]string, len(t))
	for i, m := range t {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return Method{}, study.Errorf(study.Invalid, diag.DidYouMean(name, names), "there is no scheduler %q", name)
}
