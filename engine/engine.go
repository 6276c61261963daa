package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/repeat"
	"github.com/afina-hpo/afina/suggest/warm"
)

// Options is what an engine is made of.
type Options struct {
	Store store.Store
	Study string // id; the study must be in the store
	// Holder names this process to others that want the study: host and pid.
	Holder string

	Search   suggest.Method
	Schedule schedule.Method

	// Redefine replaces the parts of the stored definition that may change
	// between runs: budget, command, resources; nil keeps it.
	Redefine *study.Definition
	// Lease is how long a worker may stay silent; 0 means a minute.
	Lease time.Duration
	// Observe, if set, gets every event once it is durable, in order. It must
	// not block, nor call the engine. Who waits for an answer may get it
	// before; a [Engine.View] that is asked for then waits.
	Observe func([]*study.Event)
}

// Engine runs one study. Its methods are safe for concurrent use while Run
// runs; before, they wait for it, and afterwards they return the error that
// ended it, or that the study was closed.
type Engine struct {
	state     *state
	thinking  sync.Mutex // held while the suggester is in use
	suggester suggest.Suggester
	holder    suggest.Holder // the same, which heeds what is fixed
	first     effects
	commits   *committer

	objectives []study.Objective

	in    chan input
	dead  chan struct{} // closed when Run returns
	err   error         // why, once dead is closed
	calls sync.Pool     // of *call

	mu       sync.Mutex
	finished chan struct{} // closed while the study is not running
}

// Open claims and loads a study. The engine does nothing until Run.
func Open(ctx context.Context, o Options) (*Engine, error) {
	if o.Lease == 0 {
		o.Lease = time.Minute
	}
	epoch, err := o.Store.Claim(ctx, o.Study, o.Holder)
	if err != nil {
		return nil, err
	}
	log, err := o.Store.Load(ctx, o.Study)
	if err != nil {
		return nil, err
	}
	redefine, err := redefinition(log, o.Redefine)
	if err != nil {
		return nil, err
	}
	def := log.Def
	if redefine != nil {
		def = redefine
	}
	if err := schedule.CheckFinal(def, o.Schedule); err != nil {
		return nil, err
	}
	e := &Engine{
		objectives: def.Objectives,
		in:         make(chan input), dead: make(chan struct{}), finished: make(chan struct{}),
	}
	e.calls.New = func() any { return &call{done: make(chan reply, 1)} }
	e.suggester, err = warm.New(o.Search, suggest.Problem{Objectives: len(def.Objectives), Parallel: def.Parallel, Trials: def.Stop.Trials, Earlier: def.Earlier, Budget: suggest.BudgetOf(def)}, def.Search.Settings)
	if err != nil {
		return nil, err
	}
	if err := suggest.CheckStop(def, e.suggester); err != nil {
		return nil, err
	}
	if e.suggester, err = repeat.New(e.suggester, def.Repeat, suggest.Problem{Objectives: len(def.Objectives)}, def.Search.Name); err != nil {
		return nil, err
	}
	e.holder = suggest.Holding(e.suggester)
	e.state = newState(log, maker{o.Search.Name, o.Search.Version}, time.Now(), o.Lease)
	e.state.version, e.state.copies = o.Schedule.Version, o.Schedule.Copies
	e.state.sched, err = o.Schedule.New(schedule.Problem{Space: def.Space, Objectives: def.Objectives, Fidelity: def.Fidelity, Parallel: def.Parallel, Trials: def.Stop.Trials, Seed: def.Seed}, def.Schedule.Settings)
	if err != nil {
		return nil, err
	}
	if e.first, err = e.state.start(redefine); err != nil {
		return nil, err
	}
	e.commits = newCommitter(o.Store, o.Study, epoch)
	e.commits.observe, e.commits.status = o.Observe, e.noteStatus
	return e, nil
}

// redefinition returns the definition that is to replace that of log: def with
// what never changes, nil where that is what log has.
func redefinition(log *study.Log, def *study.Definition) (*study.Definition, error) {
	if def == nil {
		return nil, nil
	}
	d := *def
	d.ID, d.Name, d.Created = log.Def.ID, log.Def.Name, log.Def.Created
	d.Space, d.Objectives, d.Fidelity = log.Def.Space, log.Def.Objectives, log.Def.Fidelity
	d.WarmStart, d.Earlier = log.Def.WarmStart, log.Def.Earlier
	was, err := json.Marshal(log.Def)
	if err != nil {
		return nil, err
	}
	is, err := json.Marshal(&d)
	if err != nil || bytes.Equal(was, is) {
		return nil, err
	}
	return &d, nil
}

// noteStatus opens and closes the channel that Finished returns.
func (e *Engine) noteStatus(s study.Status) {
	e.mu.Lock()
	defer e.mu.Unlock()
	select {
	case <-e.finished:
		if s == study.StatusRunning {
			e.finished = make(chan struct{})
		}
	default:
		if s != study.StatusRunning {
			close(e.finished)
		}
	}
}

// Finished returns a channel that is closed while the study is not running:
// finished, stopped or failed, and that is durable. Configurations added to a
// finished study make it run again, with a new channel.
func (e *Engine) Finished() <-chan struct{} {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.finished
}

// Join says that the worker called name has started anew: what an earlier
// worker of that name held is lost, and runs again.
func (e *Engine) Join(ctx context.Context, name string) error {
	_, err := e.ask(ctx, func(b base) input { return joinInput{base: b, worker: name} }, false)
	return err
}

// Lease hands out trials, after it has ended the one that the request brings
// back. When ctx ends while it waits, it returns what it has.
func (e *Engine) Lease(ctx context.Context, r study.LeaseRequest) (study.Grant, error) {
	return e.lease(ctx, r, false)
}

func (e *Engine) lease(ctx context.Context, r study.LeaseRequest, strict bool) (study.Grant, error) {
	if r.N < 1 {
		return study.Grant{}, study.Errorf(study.Invalid, "", "ask for at least 1 trial, not %d", r.N)
	}
	val, err := e.ask(ctx, func(b base) input {
		in := leaseOf(b, r)
		in.strict = strict
		return in
	}, true)
	if err != nil {
		return study.Grant{}, err
	}
	return val.(study.Grant), nil
}

// Report stores what a running trial measured and says how it goes on. The
// worker counts as heard of.
func (e *Engine) Report(ctx context.Context, k study.Ticket, reports []study.Report) (study.Verdict, error) {
	val, err := e.ask(ctx, func(b base) input { return reportInput{base: b, ticket: k, reports: reports} }, false)
	if err != nil {
		return "", err
	}
	return val.(study.Verdict), nil
}

// Finish ends an attempt. Attempt 0 in the ticket stands for the newest.
// Repeating a call that has had effect is no error. The result of an attempt
// that was taken for lost still counts as long as no other has been started;
// then the error is [study.Fenced].
func (e *Engine) Finish(ctx context.Context, k study.Ticket, o study.Outcome) error {
	return e.FinishAs(ctx, k, o, space.Config{})
}

// FinishAs is Finish for a trial whose configuration turned out differently
// from the one that was handed out (define-by-run).
func (e *Engine) FinishAs(ctx context.Context, k study.Ticket, o study.Outcome, config space.Config) error {
	_, err := e.ask(ctx, func(b base) input { return finishInput{base: b, ticket: k, outcome: o, config: config} }, false)
	return err
}

// FinishAndLease is Finish and, where that succeeds, Lease, in one: what ended
// and what is handed out is stored together. The Ended of the request is not
// looked at.
func (e *Engine) FinishAndLease(ctx context.Context, k study.Ticket, o study.Outcome, r study.LeaseRequest) (study.Grant, error) {
	r.Ended = &study.Ended{Ticket: k, Outcome: o}
	return e.lease(ctx, r, true)
}

// Beat renews leases and returns the orders for trials that are to end.
func (e *Engine) Beat(ctx context.Context, worker string, tickets []study.Ticket) (map[study.Ticket]study.Verdict, error) {
	val, err := e.ask(ctx, func(b base) input { return beatInput{base: b, worker: worker, tickets: tickets} }, false)
	if err != nil {
		return nil, err
	}
	return val.(map[study.Ticket]study.Verdict), nil
}

// Add queues a configuration given by hand, completed by [Fill], and returns
// the number of its trial. It runs even where the budget is spent.
func (e *Engine) Add(ctx context.Context, values map[string]space.Value) (int, error) {
	val, err := e.ask(ctx, func(b base) input { return addInput{base: b, values: values} }, false)
	if err != nil {
		return 0, err
	}
	return val.(int), nil
}

// Extend adds parameters to an open space, those that it does not have yet,
// and returns the space.
func (e *Engine) Extend(ctx context.Context, params ...space.Param) (*space.Space, error) {
	val, err := e.ask(ctx, func(b base) input { return extendInput{base: b, params: params} }, false)
	if err != nil {
		return nil, err
	}
	return val.(*space.Space), nil
}

// Stop ends the study: no new trials. With kill, running ones are told to end
// and will run again when the study is resumed; without, they may finish. A
// study that has ended stays as it is.
func (e *Engine) Stop(ctx context.Context, reason string, kill bool) error {
	_, err := e.ask(ctx, func(b base) input { return stopInput{base: b, reason: reason, kill: kill} }, false)
	return err
}

// View looks at the study.
func (e *Engine) View(ctx context.Context) (View, error) {
	val, err := e.ask(ctx, func(b base) input { return viewInput{b} }, false)
	if err != nil {
		return View{}, err
	}
	return val.(View), nil
}

// Estimate returns what the search algorithm believes of a configuration; see
// [suggest.Estimator]. It waits while a suggestion is being made.
func (e *Engine) Estimate(h *study.History, c space.Config) (mean, se []float64, ok bool) {
	if est, is := e.suggester.(suggest.Estimator); is {
		e.thinking.Lock()
		defer e.thinking.Unlock()
		return est.Estimate(h, c)
	}
	return nil, nil, false
}

// Objectives returns the study's objectives, which never change. Do not
// modify them.
func (e *Engine) Objectives() []study.Objective { return e.objectives }
