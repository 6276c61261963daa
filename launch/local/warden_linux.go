package local

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// wardenGrace is how long guardians may take to end after the launcher has.
// They kill as fast as they can; one that is still there was stopped.
const wardenGrace = 3 * time.Second

// warden starts guardians and outlives them: what a dead guardian leaves is
// re-parented to it.
type warden struct {
	w    *wire
	reqs <-chan request
	chld <-chan os.Signal

	guardians map[int]int // process to number, of the living
	gone      []int       // dead ones that still have to be reported
	orphans   bool        // a sweep is due
	hurry     bool        // guardians are swept too
}

func newWarden(w *wire, reqs <-chan request, chld <-chan os.Signal) *warden {
	return &warden{w: w, reqs: reqs, chld: chld, guardians: make(map[int]int)}
}

// serve returns when the launcher is gone and nothing is left below.
func (w *warden) serve() {
	reqs := w.reqs
	var deadline <-chan time.Time
	const quick = 500 * time.Microsecond
	pause := quick
	for {
		// A sweep is repeated with pauses between, not in a loop of its own:
		// an orphan that cannot be killed must not stop new guardians.
		var again <-chan time.Time
		if w.orphans {
			again = time.After(pause)
			pause = min(2*pause, 50*time.Millisecond)
		} else {
			pause = quick
		}
		select {
		case r, ok := <-reqs:
			if !ok {
				reqs, deadline = nil, time.After(wardenGrace)
				break
			}
			w.request(r)
		case <-w.chld:
		case <-again:
		case <-deadline:
			w.hurry, w.orphans = true, true
		}
		if none := w.reap(); none && reqs == nil {
			return
		}
		if w.orphans {
			w.sweep()
		}
	}
}

func (w *warden) request(r request) {
	if r.Op == opGuardian {
		if err := w.spawn(r); err != nil {
			_ = w.w.send(message{Op: opGone, Guardian: r.Guardian, Text: err.Error()})
		}
	}
	r.closeFDs()
}

// spawn starts a guardian on the socket that came with the request. It keeps
// no copy: the launcher alone holds the other end, and whose death it shows.
func (w *warden) spawn(r request) error {
	if len(r.fds) != 1 {
		return syscall.EINVAL
	}
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(null)
	pid, err := syscall.ForkExec(selfExe, []string{"afina-" + roleGuardian}, &syscall.ProcAttr{
		Dir:   "/",
		Env:   withEnv(os.Environ(), envRole+"="+roleGuardian),
		Files: []uintptr{uintptr(null), 2, 2, uintptr(r.fds[0])},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return err
	}
	w.guardians[pid] = r.Guardian
	return nil
}

// reap takes in what has ended and reports whether no child is left.
func (w *warden) reap() bool {
	for {
		pid, err := unix.Wait4(-1, nil, unix.WNOHANG|unix.WALL, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			w.swept()
			return true
		case pid == 0:
			return false
		default:
			// Any other child that ends was an orphan, and where one was
			// there may be more.
			w.orphans = true
			if n, ok := w.guardians[pid]; ok {
				delete(w.guardians, pid)
				w.gone = append(w.gone, n)
			}
		}
	}
}

// sweep kills what no living guardian covers.
func (w *warden) sweep() {
	covered := func(pid int) bool {
		_, ok := w.guardians[pid]
		return ok && !w.hurry
	}
	list := descendants(os.Getpid(), covered)
	if len(list) == 0 {
		// The kernel's lists of children may miss one while others end, and
		// here, unlike in a guardian, no ECHILD tells the truth.
		list = below(allProcs(), os.Getpid(), covered)
	}
	if len(list) == 0 {
		w.swept()
		return
	}
	killProcs(alive(list))
}

// swept reports the dead guardians: nothing of theirs is left.
func (w *warden) swept() {
	for _, n := range w.gone {
		_ = w.w.send(message{Op: opGone, Guardian: n})
	}
	w.gone = nil
	w.orphans = w.hurry
}
