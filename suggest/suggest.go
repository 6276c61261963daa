// Package suggest is the contract of everything that answers "which
// configuration next?".
//
// A [Suggester] is a pure function of the history, the study's seed and its
// own settings: asked the same it answers the same, on every platform, with
// any number of workers, after any restart. It may keep caches that save work
// (see [study.History.Continues]), never ones that change an answer. Each
// method is a package below this one; a [Method] value describes it and a
// [Table] lists the methods that a program knows. Package suggesttest holds
// every method to the contract.
//
// Some things a suggester need not care about, because the engine does them
// for all: configurations enqueued by hand and the default configuration come
// first, trials are numbered and stored with their origin, and failed attempts
// are retried. Others it must: it sees running, paused, pruned, failed and
// infeasible trials, has to propose configurations that satisfy
// [space.Space.Feasible], and in a finite space none that the history already
// holds.
package suggest

import (
	"context"
	"errors"
	"math/rand/v2"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// ErrExhausted is returned, perhaps with some proposals, where the space has
// no configuration left that is not in the history. It ends the study once
// every trial has ended.
var ErrExhausted = errors.New("the search space is exhausted")

// Request is one question to a suggester.
type Request struct {
	// History is everything known. Its space may have grown since the last
	// request (define-by-run), never shrunk.
	History *study.History
	// N is how many configurations are wanted, at least 1.
	N int
	// First is the number that the first of them will get; the others follow.
	First int
	// Seed is the study's.
	Seed uint64
	// Beside are configurations that other methods have proposed in the same
	// breath, for the numbers just before First: they count as running,
	// though the history does not hold them yet.
	Beside []space.Config
	// Fixed is the values that some parameters have in every proposal,
	// wherever they exist; the others are searched. Nil: none. The space has
	// taken them ([space.Space.Hold]). Only a [Holder] is asked with it; for
	// others there is [Holding].
	Fixed map[string]space.Value
	// Until is the step up to which the scheduler would let the first of them
	// run as things stand, and most likely the others; 0: to its end.
	Until float64
	// Bracket is the scheduler's own mark of that trial.
	Bracket int
}

// Rand returns the random numbers for the i-th configuration of the request.
// They depend on the seed and the trial's number alone, so that a method that
// draws nothing else proposes the same whether it is asked for 64 at once or
// for one 64 times.
func (r Request) Rand(i int) *rand.Rand {
	return study.Stream(r.Seed, r.First+i, study.PurposeSuggest)
}

// Proposal is one configuration with what the method says about it.
type Proposal struct {
	Config space.Config
	// Note is kept with the trial: JSON of the method's own making, such as
	// the predicted mean; "" for none.
	Note string
	// Until is the step that the configuration was made for, of the request:
	// where the scheduler has come to send the trial elsewhere, it is not used
	// and the method is asked again. 0: it is good for any.
	Until float64
	// Repeat says that Config is to run once more, and what it is a repeat of;
	// zero (Run is 0) for a new configuration.
	Repeat study.Repeat
}

// Mark says in o, the origin of the trial that p becomes, what it repeats.
func (p Proposal) Mark(o *study.Origin) {
	if p.Repeat.Run > 0 {
		o.Method, o.Version, o.Note = study.MethodRepeat, RepeatVersion, p.Repeat.Note()
	}
}

// RepeatVersion is the version of the rules by which configurations run again.
const RepeatVersion = "1"

// Suggester proposes configurations. Suggest is called by one goroutine at a
// time.
type Suggester interface {
	// Suggest returns up to r.N proposals. Fewer without an error mean "ask
	// again when a trial has ended"; with [ErrExhausted] there will be no
	// more. Any other error stops the study: it must say what the user can
	// do. A long computation has to watch ctx.
	Suggest(ctx context.Context, r Request) ([]Proposal, error)
}

// Estimator is implemented by suggesters that can say what they believe of a
// configuration.
type Estimator interface {
	// Estimate returns the believed mean of every objective at c (in the
	// objective's own direction and units) with its standard error, or false
	// where there is no belief yet. Like Suggest it is pure, and called by one
	// goroutine at a time.
	Estimate(h *study.History, c space.Config) (mean, se []float64, ok bool)
}

// Repeater is implemented by suggesters that can say whether running a
// configuration of the history again is worth more than a new one. Package
// repeat asks them.
type Repeater interface {
	// Repeat is called right after Suggest has answered r with p alone. It
	// returns the configuration whose next run is worth the most and what that
	// and p are worth, on one scale of the method's own; false where there is
	// nothing to compare. Of r.Fixed it minds what Suggest does. Like Suggest
	// it is pure, whether Suggest was called before or not, and called by one
	// goroutine at a time.
	Repeat(ctx context.Context, r Request, p Proposal) (Again, bool)
}

// Again is what running a configuration once more is worth, beside something
// new.
type Again struct {
	Trial int     // the first with the configuration
	Worth float64 // of one more run of it
	New   float64 // of the new configuration
	Gain  float64 // Worth in units of the objective
}

// Problem is what a method may know when it is set up; the space arrives with
// each request.
type Problem struct {
	Objectives int
	Parallel   int // trials that may run at once
	Trials     int // the budget; 0: unknown
	// Earlier is what the study knows of earlier ones. Package warm tries the
	// best of their configurations for every method; a method may learn more
	// from them.
	Earlier []study.Earlier
	// Budget is what else bounds the study, nil for nothing that one
	// configuration uses more of than another.
	Budget *Budget
}

// Method describes one way to suggest.
type Method struct {
	Name string
	// Version changes whenever the same history would get another answer; it
	// is stored with every trial.
	Version string
	// Doc says in a sentence what it is and when to use it, with its paper.
	Doc string
	// Schedule is the scheduler that the method is made for: it runs a study
	// that has a fidelity and names none. "": the program's own choice.
	Schedule string
	Settings []setting.Setting
	// New returns a suggester. The settings have been checked against
	// Settings; an error says what else is wrong with them or the problem.
	New func(p Problem, v setting.Values) (Suggester, error)
}

// Table is the methods that a program knows, in the order in which help
// lists them.
type Table []Method

// ScheduleOf returns the scheduler that the method called name is made for,
// and otherwise where it has none or is not known.
func (t Table) ScheduleOf(name, otherwise string) string {
	for _, m := range t {
		if m.Name == name && m.Schedule != "" {
			return m.Schedule
		}
	}
	return otherwise
}

// Lookup returns the method called name. The error names the nearest.
func (t Table) Lookup(name string) (Method, error) {
	names := make([]string, len(t))
	for i, m := range t {
		if m.Name == name {
			return m, nil
		}
		names[i] = m.Name
	}
	return Method{}, study.Errorf(study.Invalid, diag.DidYouMean(name, names), "there is no search algorithm %q", name)
}
