package engine

import (
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// An input is one thing that decide is told. Most hold a ref: who waits for
// the answer, opaque to decide; nil where nobody does.
type input interface{ input() }

type base struct{ ref any }

func (base) input() {}

// joinInput: a worker (by name) has started anew; what an earlier one of the
// same name held is lost.
type joinInput struct {
	base
	worker string
}

// leaseInput: a worker asks for up to n trials. With wait it is answered when
// there is at least one, or never will be; without, as soon as it is known
// what can be had now. What it brings back (ended) is decided first.
type leaseInput struct {
	base
	worker  string
	n       int
	wait    bool
	expires bool   // the lease must be renewed
	request string // idempotency; "" none
	fix     map[string]space.Value
	ended   *finishInput
	// strict says that nothing is handed out where ended does not count.
	strict bool
}

func leaseOf(b base, r study.LeaseRequest) leaseInput {
	in := leaseInput{base: b, worker: r.Worker, n: r.N, wait: r.Wait, expires: r.Expires, request: r.Request, fix: r.Fix}
	if r.Ended != nil {
		in.ended = &finishInput{ticket: r.Ended.Ticket, outcome: r.Ended.Outcome}
	}
	return in
}

// cancelInput: the lease request of ref is given up.
type cancelInput struct {
	base
	of any
}

// proposalsInput: the suggester has answered.
type proposalsInput struct {
	base
	order     suggestOrder
	proposals []suggest.Proposal
	err       error
	outlook   *suggest.Outlook // nil: it was not asked for, or is not known
	took      time.Duration
	finalists []int // trials, of an order for the final comparison
}

type reportInput struct {
	base
	ticket  study.Ticket
	reports []study.Report
}

type finishInput struct {
	base
	ticket  study.Ticket // attempt 0: the newest
	outcome study.Outcome
	config  space.Config // as it was run, where it differs from what was leased
}

type beatInput struct {
	base
	worker  string
	tickets []study.Ticket
}

// addInput: a configuration given by hand, to be tried next.
type addInput struct {
	base
	values map[string]space.Value
}

// extendInput: the space has more parameters.
type extendInput struct {
	base
	params []space.Param
}

// stopInput: no new trials. With kill, running ones are told to stop and
// handed back, to be run again when the study is resumed.
type stopInput struct {
	base
	reason string
	kill   bool
}

// tickInput: time has passed.
type tickInput struct{ base }

// viewInput: somebody wants to look.
type viewInput struct{ base }

// effects is what decide wants done, in this order: events stored, then
// replies given. The suggestion may be given up, and start, at once.
type effects struct {
	events  []*study.Event
	status  study.Status // what the events make of the study's; "": no change
	replies []reply
	giveUp  bool // the suggestion under way: nobody wants it any more
	ask     *suggestOrder
}

// reply answers one ref.
type reply struct {
	ref any
	val any
	err error
}

// suggestOrder is a question to the suggester.
type suggestOrder struct {
	history *study.History
	n       int
	first   int
	seed    uint64
	wish    wish
	// until and bracket are the scheduler's of the first of them.
	until   float64
	bracket int
	// forecast asks for the outlook, too, after so many idle trials that
	// brought no improvement.
	forecast bool
	idle     int
	// final, above 0, asks for the configurations of the final comparison
	// instead: so many, and the default.
	final int
}
