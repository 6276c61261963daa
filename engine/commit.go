package engine

import (
	"context"
	"sync"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// committer makes effects durable and gives their answers, in order. While one
// commit is being synced the next effects gather, and go into the next commit
// together: the busier the study, the fewer syncs a trial costs, with no timer
// and no waiting when it is quiet.
type committer struct {
	store store.Store
	study string
	epoch int64
	// observe and status are told what is durable, in order, from the
	// committer's goroutine.
	observe func([]*study.Event)
	status  func(study.Status)

	mu     sync.Mutex
	ready  sync.Cond
	queue  []effects
	busy   bool // what was taken from queue is not answered yet
	closed bool
}

func newCommitter(s store.Store, id string, epoch int64) *committer {
	c := &committer{store: s, study: id, epoch: epoch}
	c.ready.L = &c.mu
	return c
}

// push takes effects. Those that store nothing are answered at once where
// nothing that came before is still to be stored.
func (c *committer) push(e effects) {
	if len(e.events) == 0 && len(e.replies) == 0 {
		return
	}
	c.mu.Lock()
	if len(e.events) == 0 && len(c.queue) == 0 && !c.busy {
		c.mu.Unlock()
		answer(e.replies, nil)
		return
	}
	c.queue = append(c.queue, e)
	c.mu.Unlock()
	c.ready.Signal()
}

// close lets run return when everything pushed is durable.
func (c *committer) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.ready.Signal()
}

// run commits until close, or until the store fails; then it returns why, and
// what it has not answered is never answered.
func (c *committer) run(ctx context.Context) error {
	var batch []effects
	for {
		batch = c.take(batch)
		if len(batch) == 0 {
			return nil
		}
		events := gather(batch)
		err := c.commit(ctx, events)
		if err == nil && c.status != nil {
			for _, e := range batch {
				if e.status != "" {
					c.status(e.status)
				}
			}
		}
		for _, e := range batch {
			answer(e.replies, err)
		}
		if err != nil {
			return err // busy stays set: nothing is answered any more
		}
		if c.observe != nil && len(events) > 0 {
			c.observe(events)
		}
		clear(batch)
	}
}

// take waits for effects and returns all there are, none after close. It
// reuses the memory of the batch before.
func (c *committer) take(done []effects) []effects {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.busy = false
	for len(c.queue) == 0 && !c.closed {
		c.ready.Wait()
	}
	batch := c.queue
	c.queue = done[:0]
	c.busy = len(batch) > 0
	return batch
}

// gather returns the events of a batch in order.
func gather(batch []effects) []*study.Event {
	if len(batch) == 1 {
		return batch[0].events
	}
	n := 0
	for _, e := range batch {
		n += len(e.events)
	}
	events := make([]*study.Event, 0, n)
	for _, e := range batch {
		events = append(events, e.events...)
	}
	return events
}

// commit stores events in one transaction. All of them or none are taken, so
// that a refusal leaves no gap between what is stored and what comes after.
func (c *committer) commit(ctx context.Context, events []*study.Event) error {
	if len(events) == 0 {
		return nil
	}
	receipts, err := c.store.Append(ctx, []store.Tx{{Study: c.study, Epoch: c.epoch, Events: events}})
	if err != nil {
		return &study.Error{Code: study.Unavailable, Message: "the study cannot be stored", Err: err,
			Hint: "nothing that was acknowledged is lost; mend the cause and run the same command again"}
	}
	return receipts[0].Err // Fenced: another process has claimed the study
}

// answer gives the answers; with err, all of them are that.
func answer(replies []reply, err error) {
	for _, r := range replies {
		if err != nil {
			r.val, r.err = nil, err
		}
		r.ref.(*call).done <- r
	}
}
