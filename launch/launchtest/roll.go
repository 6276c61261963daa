package launchtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait of the suite. It is long because nothing takes
// that long unless it is broken.
const patience = 30 * time.Second

// Roll is where helper processes call in. Each holds its connection open as
// long as it lives, so that its death is an event and no guess: the kernel
// closes the connection of a dead process before anybody can wait for it.
type Roll struct {
	ln    net.Listener
	calls chan *Caller
	wg    sync.WaitGroup
	mu    sync.Mutex
	conns []net.Conn
}

// Caller is one helper process that called in.
type Caller struct {
	Name      string
	PID, PPID int
	conn      net.Conn
}

// NewRoll returns a roll that is closed, and its helpers told to go, at the
// end of the test.
func NewRoll(t testing.TB) *Roll {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("open roll: %v", err)
	}
	r := &Roll{ln: ln, calls: make(chan *Caller, 1024)}
	r.wg.Add(1)
	go r.accept()
	t.Cleanup(r.close)
	return r
}

func (r *Roll) accept() {
	defer r.wg.Done()
	for {
		c, err := r.ln.Accept()
		if err != nil {
			return
		}
		r.mu.Lock()
		r.conns = append(r.conns, c)
		r.mu.Unlock()
		r.wg.Add(1)
		go func() {
			defer r.wg.Done()
			line, err := bufio.NewReader(c).ReadString('\n')
			if err != nil {
				return // killed while it called
			}
			caller := &Caller{conn: c}
			if _, err := fmt.Sscan(line, &caller.Name, &caller.PID, &caller.PPID); err == nil {
				r.calls <- caller
			}
		}()
	}
}

func (r *Roll) close() {
	_ = r.ln.Close()
	r.mu.Lock()
	for _, c := range r.conns {
		_ = c.Close()
	}
	r.mu.Unlock()
	r.wg.Wait()
}

// Addr is the address for the helper's command line.
func (r *Roll) Addr() string { return r.ln.Addr().String() }

// Await waits until n more helpers have called in.
func (r *Roll) Await(t testing.TB, n int) []*Caller {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	var out []*Caller
	for len(out) < n {
		select {
		case c := <-r.calls:
			out = append(out, c)
		case <-deadline.C:
			t.Fatalf("%d of %d helpers called in", len(out), n)
		}
	}
	return out
}

// Rest returns those that have called in without being awaited.
func (r *Roll) Rest() []*Caller {
	var out []*Caller
	for {
		select {
		case c := <-r.calls:
			out = append(out, c)
		default:
			return out
		}
	}
}

// Go tells the helper to exit with code 0.
func (c *Caller) Go(t testing.TB) {
	t.Helper()
	if _, err := io.WriteString(c.conn, "go\n"); err != nil {
		t.Fatalf("tell helper %s: %v", c.Name, err)
	}
}

// Gone fails the test unless the helper is dead, or dies within the time.
func (c *Caller) Gone(t testing.TB, within time.Duration) {
	t.Helper()
	_ = c.conn.SetReadDeadline(time.Now().Add(within))
	var b [1]byte
	if _, err := c.conn.Read(b[:]); err != nil {
		if ne, ok := err.(net.Error); ok && ne.Timeout() {
			t.Errorf("process %d (%s) is still alive", c.PID, c.Name)
		}
	}
}

// Find returns the caller of that name.
func Find(t testing.TB, list []*Caller, name string) *Caller {
	t.Helper()
	for _, c := range list {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no helper %q called in", name)
	return nil
}
