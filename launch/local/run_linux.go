package local

import (
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/afina-hpo/afina/launch"
)

// run is one run in progress or over. It implements [launch.Run].
type run struct {
	l     *Launcher
	g     *guard
	proc  proc // the guardian
	id    string
	out   *outputs
	ended chan struct{} // closed when the tree is gone
	done  chan struct{} // closed when the output is delivered too
	exit  launch.Exit   // read after done
	err   error         // read after done

	mu       sync.Mutex
	patience *time.Timer // armed by the first Kill
}

// runIDLen is the length of a Ref.
const runIDLen = 24

func isHex(s string) bool {
	for _, c := range s {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// Ref implements [launch.Run].
func (r *run) Ref() string { return r.id }

// Wait implements [launch.Run]. If the guardian was killed the error wraps
// [launch.ErrGone], and calling again does not help.
func (r *run) Wait(ctx context.Context) (launch.Exit, error) {
	select {
	case <-r.done:
		return r.exit, r.err
	default:
	}
	select {
	case <-r.done:
		return r.exit, r.err
	case <-ctx.Done():
		return launch.Exit{}, fmt.Errorf("wait for run %s: %w", r.id, ctx.Err())
	}
}

// Terminate implements [launch.Run].
func (r *run) Terminate() error { return r.ask(opTerm) }

// Kill implements [launch.Run]. A guardian that does not answer is killed
// after some seconds, and the run is lost then.
func (r *run) Kill() error {
	r.mu.Lock()
	if r.patience == nil {
		r.patience = time.AfterFunc(r.l.patience, func() {
			select {
			case <-r.ended:
			default:
				signalProc(r.proc, unix.SIGKILL)
			}
		})
	}
	r.mu.Unlock()
	return r.ask(opKill)
}

func (r *run) ask(op string) error {
	err := r.g.w.send(message{Op: op, Run: r.id})
	select {
	case <-r.ended:
		return nil // nothing was left to ask
	default:
	}
	if err != nil && !r.g.isLost() {
		return fmt.Errorf("run %s: %w", r.id, err)
	}
	return nil // a lost guardian means that the run is being killed already
}

// watch sees the run to its end.
func (r *run) watch() {
	defer r.l.wg.Done()
	m, ok := <-r.g.msgs
	if ok && m.Op == opExit && m.Exit != nil {
		r.exit = *m.Exit
	} else {
		r.l.bury(r.g, r.id)
		r.err = fmt.Errorf("run %s: its guardian process was killed: %w", r.id, launch.ErrGone)
	}
	close(r.ended)
	r.mu.Lock()
	if r.patience == nil {
		r.patience = time.NewTimer(0)
	}
	r.patience.Stop()
	r.mu.Unlock()
	r.l.release(r.g)
	r.out.finish()
	r.l.mu.Lock()
	delete(r.l.runs, r.id)
	r.l.mu.Unlock()
	close(r.done)
}
