package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// idle is how long the loop sleeps where nothing will happen by itself.
const idle = time.Hour

// Run is the engine at work. It returns nil when ctx ends, with everything
// that was decided stored, or the reason when the store fails or another
// process has taken the study over. A study that has ended keeps the engine
// answering; see [Engine.Finished]. Run is called once.
func (e *Engine) Run(ctx context.Context) error {
	// What is decided is stored even when ctx has ended: the committer gets a
	// context of its own.
	failed := make(chan error, 1)
	go func() { failed <- e.commits.run(context.WithoutCancel(ctx)) }()
	// One suggestion is made at a time, so neither channel ever blocks.
	orders := make(chan question, 1)
	asked := make(chan proposalsInput, 1)
	thinking, stopThinking := context.WithCancel(ctx)
	var thoughts sync.WaitGroup
	thoughts.Go(func() {
		for q := range orders {
			asked <- e.think(q.ctx, q.order)
		}
	})

	giveUp := func() {} // the suggestion under way
	handle := func(out effects) {
		e.commits.push(out)
		if out.giveUp {
			giveUp()
		}
		if out.ask != nil {
			var q question
			q.order = *out.ask
			q.ctx, giveUp = context.WithCancel(thinking)
			orders <- q
		}
	}
	handle(e.first)
	e.first = effects{}

	timer := time.NewTimer(idle)
	defer timer.Stop()
	var alarm time.Time // for which timer is set; zero: none
	var err error
loop:
	for {
		if at := e.state.wake(); !at.Equal(alarm) {
			alarm = at
			wait := idle
			if !at.IsZero() {
				wait = time.Until(at)
			}
			timer.Reset(wait)
		}
		var in input
		select {
		case in = <-e.in:
		case in = <-asked:
			giveUp() // frees what watches its context
		case <-timer.C:
			alarm = time.Time{}
			in = tickInput{}
		case err = <-failed:
			break loop
		case <-ctx.Done():
			break loop
		}
		handle(e.state.decide(time.Now(), in))
	}
	stopThinking()
	close(orders)
	thoughts.Wait()
	if err == nil {
		e.commits.close()
		err = <-failed
	}
	e.err = err
	if e.err == nil {
		e.err = study.Errorf(study.Unavailable, "", "the study was closed")
	}
	close(e.dead)
	return err
}

// question is a question to the suggester, with the context in which it is
// worth an answer.
type question struct {
	ctx   context.Context
	order suggestOrder
}

// think asks the suggester, and holds it to its contract.
func (e *Engine) think(ctx context.Context, order suggestOrder) proposalsInput {
	if order.final > 0 {
		e.thinking.Lock()
		defer e.thinking.Unlock()
		in := proposalsInput{order: order}
		in.finalists, in.err = e.choose(ctx, order)
		return in
	}
	r := suggest.Request{
		History: order.history, N: order.n, First: order.first, Seed: order.seed,
		Fixed: order.wish.fixed, Until: order.until, Bracket: order.bracket,
	}
	in := proposalsInput{order: order}
	e.thinking.Lock()
	began := time.Now()
	proposals, err := e.holder.Suggest(ctx, r)
	if order.forecast && err == nil {
		if o, ok := suggest.Forecast(ctx, e.holder, r); ok {
			in.outlook = &o
		}
	}
	in.took = time.Since(began)
	e.thinking.Unlock()
	in.proposals, in.err = proposals, err
	if err != nil && !errors.Is(err, suggest.ErrExhausted) {
		return in
	}
	if len(proposals) > order.n {
		in.err = fmt.Errorf("it made %d proposals where %d were wanted", len(proposals), order.n)
	}
	for _, p := range proposals {
		if p.Config.IsZero() {
			in.err = errors.New("it proposed an empty configuration")
		} else if !p.Config.Agrees(order.wish.fixed) {
			in.err = fmt.Errorf("it proposed a configuration without the fixed values %s", suggest.FixedKey(order.wish.fixed))
		} else if refused := order.history.Space.Check(p.Config); refused != nil {
			in.err = fmt.Errorf("it proposed a configuration that %w", refused)
		}
	}
	return in
}

// call is one caller waiting for an answer.
type call struct{ done chan reply }

// ask sends the input that say makes and waits for its answer. An input that
// can be cancelled is when ctx ends, and its answer, which comes then, is
// returned: what it grants must not be lost.
func (e *Engine) ask(ctx context.Context, say func(base) input, cancel bool) (any, error) {
	c := e.calls.Get().(*call)
	select {
	case e.in <- say(base{ref: c}):
	case <-e.dead:
		return nil, e.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	select {
	case r := <-c.done:
		e.calls.Put(c)
		return r.val, r.err
	case <-e.dead:
		return e.last(c)
	case <-ctx.Done():
		if !cancel {
			return nil, ctx.Err()
		}
	}
	select {
	case e.in <- cancelInput{of: c}:
	case r := <-c.done:
		return r.val, r.err
	case <-e.dead:
		return e.last(c)
	}
	select {
	case r := <-c.done:
		return r.val, r.err
	case <-e.dead:
		return e.last(c)
	}
}

// last returns the answer that was given before Run returned, or why it did.
func (e *Engine) last(c *call) (any, error) {
	select {
	case r := <-c.done:
		return r.val, r.err
	default:
		return nil, e.err
	}
}
