package sqlite

import (
	"context"
	"errors"
	"sync"

	"github.com/afina-hpo/afina/study"
)

// maxIdle is how many connections wait for the next reader.
const maxIdle = 4

func readDSN(path string) string {
	return dsn(path, "mode=ro", "_pragma=busy_timeout(10000)", "_pragma=query_only(1)")
}

// readers is a pool of connections that read. It is safe for concurrent use.
type readers struct {
	dsn    string
	mu     sync.Mutex
	closed bool
	busy   sync.WaitGroup
	idle   []*conn
}

// do calls f with a connection inside one read transaction: everything f
// reads is of one moment.
func (p *readers) do(ctx context.Context, f func(*conn) error) (err error) {
	c, err := p.take(ctx)
	if err != nil {
		return err
	}
	defer p.busy.Done()
	if err = c.script("BEGIN"); err == nil {
		if err = f(c); err == nil {
			err = c.script("COMMIT")
		}
	}
	if err != nil { // the connection may be in the middle of something
		return errors.Join(err, c.close())
	}
	return p.give(c)
}

func (p *readers) take(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, errClosed()
	}
	p.busy.Add(1)
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := dial(ctx, p.dsn)
	if err != nil {
		p.busy.Done()
	}
	return c, err
}

func (p *readers) give(c *conn) error {
	p.mu.Lock()
	if !p.closed && len(p.idle) < maxIdle {
		p.idle = append(p.idle, c)
		p.mu.Unlock()
		return nil
	}
	p.mu.Unlock()
	return c.close()
}

// close waits for readers that are at work.
func (p *readers) close() error {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	p.busy.Wait()
	var err error
	for _, c := range idle {
		err = errors.Join(err, c.close())
	}
	return err
}

func errClosed() error { return study.Errorf(study.Unavailable, "", "the store is closed") }
