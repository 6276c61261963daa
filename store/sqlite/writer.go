package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// writer is the one goroutine that writes, and the queue before it.
type writer struct {
	path  string
	fault func(string) error

	mu      sync.Mutex
	queue   []*call
	closing bool
	fatal   error         // why nothing can be written any more
	wake    chan struct{} // holds one token when there is something to do
	done    chan struct{}

	// Of the goroutine alone:
	conn *conn
	live map[string]*live
}

// call is somebody who waits for the writer.
type call struct {
	txs      []entry
	admin    func(*batch) error // instead of txs
	receipts []store.Receipt
	err      error
	done     chan struct{}
}

func startWriter(ctx context.Context, path string, fault func(string) error) (*writer, error) {
	// synchronous(FULL): the log is synced in every commit. Nobody else
	// writes; the timeout is for a process that comes to clean up after one
	// that has died.
	c, err := dial(ctx, dsn(path, "_pragma=busy_timeout(10000)", "_pragma=journal_mode(WAL)",
		"_pragma=synchronous(FULL)", "_pragma=foreign_keys(0)", "_pragma=wal_autocheckpoint(4000)"))
	if err != nil {
		return nil, err
	}
	w := &writer{
		path: path, fault: fault, conn: c, live: make(map[string]*live),
		wake: make(chan struct{}, 1), done: make(chan struct{}),
	}
	if w.fault == nil {
		w.fault = func(string) error { return nil }
	}
	list, err := migrations(schema, "schema")
	if err == nil {
		err = migrate(ctx, c, list)
	}
	if err == nil {
		err = quickCheck(ctx, c)
	}
	if err != nil {
		return nil, errors.Join(err, c.close())
	}
	go w.run()
	return w, nil
}

// quickCheck finds the damage that can be found without reading the file: a
// study whose last event is not where it should be.
func quickCheck(ctx context.Context, c *conn) error {
	return c.query(ctx, func(r row) error {
		return study.Errorf(study.Internal, "restore a copy of the store", "study %q is damaged: its last event is %d, and the log ends at %d", r.text(0), r.int(1), r.int(2))
	}, `SELECT name, seq, last FROM (
		SELECT name, seq, coalesce((SELECT max(id) FROM events e
			WHERE e.id BETWEEN s.study << 40 AND (s.study + 1 << 40) - 1), s.study << 40) - (s.study << 40) AS last
		FROM studies s) WHERE seq <> last`)
}

// append queues txs and waits for their receipts.
func (w *writer) append(ctx context.Context, txs []store.Tx) ([]store.Receipt, error) {
	if len(txs) == 0 {
		return nil, ctx.Err()
	}
	// Written as text here, where many can do it at once.
	c := &call{txs: make([]entry, len(txs)), receipts: make([]store.Receipt, len(txs))}
	for i := range txs {
		c.txs[i] = newEntry(&txs[i])
	}
	if err := w.submit(ctx, c); err != nil {
		return nil, err
	}
	return c.receipts, nil
}

// do queues f, which runs in the order of the queue.
func (w *writer) do(ctx context.Context, f func(*batch) error) error {
	return w.submit(ctx, &call{admin: f})
}

func (w *writer) submit(ctx context.Context, c *call) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.done = make(chan struct{})
	w.mu.Lock()
	switch {
	case w.fatal != nil:
		err := w.fatal
		w.mu.Unlock()
		return err
	case w.closing:
		w.mu.Unlock()
		return errClosed()
	}
	w.queue = append(w.queue, c)
	w.mu.Unlock()
	w.notify()
	select {
	case <-c.done:
		return c.err
	case <-ctx.Done():
	}
	if w.withdraw(c) {
		return ctx.Err()
	}
	<-c.done // too late: the writer has it
	return c.err
}

func (w *writer) notify() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// withdraw takes c out of the queue and reports whether it was there.
func (w *writer) withdraw(c *call) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, d := range w.queue {
		if d == c {
			w.queue = append(w.queue[:i], w.queue[i+1:]...)
			return true
		}
	}
	return false
}

// run commits what is in the queue until the writer is closed.
func (w *writer) run() {
	defer close(w.done)
	for range w.wake {
		w.mu.Lock()
		calls, closing, fatal := w.queue, w.closing, w.fatal
		w.queue = nil
		w.mu.Unlock()
		if len(calls) > 0 {
			if fatal == nil {
				fatal = w.commit(calls)
			}
			for _, c := range calls {
				if fatal != nil {
					c.err, c.receipts = fatal, nil
				}
				close(c.done)
			}
		}
		if closing {
			return
		}
	}
}

// commit applies calls in one transaction. Its error is for good.
func (w *writer) commit(calls []*call) error {
	err := w.transact(calls)
	if err == nil {
		return nil
	}
	// A sync that failed must not be tried again: the system may have thrown
	// away what it could not write, and the second try would succeed.
	if e := w.conn.script("ROLLBACK"); e != nil {
		// Most failures have rolled back already; the next open will see.
		err = errors.Join(err, e)
	}
	err = explain("write to", w.path, err)
	err = fmt.Errorf("the store is out of use until it is opened again: %w", err)
	w.mu.Lock()
	w.fatal = err
	w.mu.Unlock()
	return err
}

func (w *writer) transact(calls []*call) error {
	if err := w.fault(FaultBegin); err != nil {
		return err
	}
	if err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	b := batch{w: w}
	for _, c := range calls {
		if c.admin != nil {
			var refused *refusal
			err := c.admin(&b)
			if errors.As(err, &refused) {
				c.err = refused.error
			} else if err != nil {
				return err
			}
			continue
		}
		for i := range c.txs {
			r, err := b.apply(&c.txs[i])
			if err != nil {
				return err
			}
			c.receipts[i] = r
		}
	}
	if err := w.fault(FaultWrite); err != nil {
		return err
	}
	if err := b.finish(); err != nil {
		return err
	}
	if err := w.fault(FaultCommit); err != nil {
		return err
	}
	if err := w.conn.exec("COMMIT"); err != nil {
		return err
	}
	return w.fault(FaultAcknowledge)
}

// close stops the goroutine after what is queued, and closes the connection.
func (w *writer) close() error {
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.notify()
	<-w.done
	return w.conn.close()
}

// refusal is an error that concerns one caller and not the store.
type refusal struct{ error }

func refuse(code study.Code, hint, format string, args ...any) error {
	return &refusal{study.Errorf(code, hint, format, args...)}
}
