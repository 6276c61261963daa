package local

import (
	"bytes"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/afina-hpo/afina/launch"
)

// envRole tells a re-executed binary what it is; its socket is descriptor 3.
const envRole = "AFINA_GUARDIAN"

const (
	roleWarden   = "warden"
	roleGuardian = "guardian"
)

// mainCalled remembers that the program calls GuardianMain. Without that, to
// execute it again would run the user's own main a second time, with all its
// effects, so New refuses instead.
var mainCalled atomic.Bool

// GuardianMain must be the first call in main of every program that uses this
// package. In a process that a launcher started to guard its trials it does
// that work and never returns; in any other it returns at once.
func GuardianMain() {
	mainCalled.Store(true)
	role := os.Getenv(envRole)
	if role != roleWarden && role != roleGuardian {
		return
	}
	var st unix.Stat_t
	if err := unix.Fstat(3, &st); err != nil || st.Mode&unix.S_IFMT != unix.S_IFSOCK {
		return // the variable got here by accident
	}
	w, err := newWire(3)
	if err != nil {
		os.Exit(1)
	}
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		os.Exit(1)
	}
	// Whatever ends a foreground job must not end its guards before it. A
	// handler, not SIG_IGN: what is ignored stays ignored in the command.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGQUIT, unix.SIGPIPE)
	chld := make(chan os.Signal, 1)
	signal.Notify(chld, unix.SIGCHLD)

	reqs := make(chan request)
	go func() {
		defer close(reqs)
		for {
			m, fds, err := w.recv()
			if err != nil {
				return
			}
			reqs <- request{m, fds}
		}
	}()
	if role == roleWarden {
		newWarden(w, reqs, chld).serve()
	} else {
		lockSpawner(func() { (&guardian{w: w, reqs: reqs, chld: chld}).serve() })
	}
	// Not os.Exit: there is nothing to flush, and a launcher waits for this
	// end, which the race detector would put off by a second.
	syscall.Exit(0)
}

type request struct {
	message
	fds []int
}

func (r request) closeFDs() {
	for _, fd := range r.fds {
		_ = unix.Close(fd)
	}
}

// guardian serves one run after the other. Everything below it in the process
// tree is of the current run.
type guardian struct {
	w    *wire
	reqs <-chan request
	chld <-chan os.Signal
}

// serve returns when the launcher has closed its end or is dead, and nothing
// is left below.
func (g *guardian) serve() {
	for r := range g.reqs {
		if r.Op == opStart && r.Command != nil {
			g.run(r)
		} else {
			r.closeFDs() // a request to end a run that is over
		}
	}
}

// memoryTick is how often a memory limit is looked after.
const memoryTick = 100 * time.Millisecond

// tree is the run in progress.
type tree struct {
	main    int
	leaf    leaf
	exit    launch.Exit
	ended   bool // the main process was reaped
	oom     bool
	limit   int64
	strays  map[strayKey]bool
	machine uint64 // OOM kills of the whole machine before the start
}

type strayKey struct {
	pid   int
	start uint64
}

func (g *guardian) run(r request) {
	c := r.Command
	t := &tree{limit: c.Memory, machine: counter("/proc/vmstat", "oom_kill")}
	errno := t.spawn(r)
	r.closeFDs()
	if errno != 0 {
		t.leaf.close()
		_ = g.w.send(message{Op: opRefused, Run: r.Run, Errno: int(errno)})
		return
	}
	// Errors of send are left alone: they mean that the launcher is dead, and
	// the closed channel of requests says so too.
	_ = g.w.send(message{Op: opStarted, Run: r.Run, PID: os.Getpid()})

	var tick <-chan time.Time
	if t.limit > 0 {
		ticker := time.NewTicker(memoryTick)
		defer ticker.Stop()
		tick = ticker.C
	}
	for end := false; !end; {
		select {
		case <-g.chld:
			t.reap()
			end = t.ended
		case <-tick:
			end = t.overLimit()
		case q, ok := <-g.reqs:
			switch {
			case !ok:
				end = true
			case q.Run != r.Run:
			case q.Op == opTerm:
				terminate(os.Getpid())
			case q.Op == opKill:
				end = true
			}
			q.closeFDs()
		}
	}
	t.sweep(g.chld)
	t.finish()
	_ = g.w.send(message{Op: opExit, Run: r.Run, Exit: &t.exit})
}

// spawn starts the command. The calling thread is locked for good.
func (t *tree) spawn(r request) syscall.Errno {
	c := r.Command
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return errnoOf(err)
	}
	defer unix.Close(null)
	file := func(i int) uintptr {
		if i >= 0 && i < len(r.fds) {
			return uintptr(r.fds[i])
		}
		return uintptr(null)
	}
	attr := &syscall.ProcAttr{
		Dir:   string(c.Dir),
		Env:   splitNUL(c.Env),
		Files: []uintptr{uintptr(null), file(c.Out), file(c.Err)},
		Sys:   &syscall.SysProcAttr{Setsid: true, Pdeathsig: unix.SIGKILL},
	}
	name := c.Group
	t.leaf = newLeaf(c.Cgroups, name, c.Memory)
	if t.leaf.v2 != "" {
		attr.Sys.UseCgroupFD, attr.Sys.CgroupFD = true, t.leaf.v2fd
	}
	t.exit.Started = time.Now()
	fork := func() {
		t.leaf.enter()
		t.main, err = syscall.ForkExec(string(c.Path), splitNUL(c.Argv), attr)
		t.leaf.leave()
	}
	fork()
	if err != nil && attr.Sys.UseCgroupFD {
		switch errnoOf(err) {
		case unix.ENOSYS, unix.EBUSY, unix.EOPNOTSUPP, unix.EINVAL, unix.ENODEV, unix.EPERM, unix.EACCES:
			// It may be the control group that is refused.
			t.leaf.dropV2(c.Cgroups, name, c.Memory)
			attr.Sys.UseCgroupFD = false
			fork()
		}
	}
	return errnoOf(err)
}

func errnoOf(err error) syscall.Errno {
	if err == nil {
		return 0
	}
	if e, ok := err.(syscall.Errno); ok {
		return e
	}
	return syscall.EIO
}

// reap takes in every process that has ended and reports whether no
// descendant is left at all.
func (t *tree) reap() bool {
	for {
		var ws unix.WaitStatus
		var ru unix.Rusage
		pid, err := unix.Wait4(-1, &ws, unix.WNOHANG|unix.WALL, &ru)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return true // ECHILD
		case pid == 0:
			return false
		}
		// What a process waited for is in its own figures, so that the sum
		// over those that ended here is the whole tree. The resident set has
		// a floor of some megabytes: until its exec the command shares the
		// memory of the guardian, and the kernel counts that.
		t.exit.CPU += time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
		t.exit.MaxRSS = max(t.exit.MaxRSS, ru.Maxrss*1024)
		if pid == t.main && !t.ended {
			t.ended = true
			t.exit.Ended = time.Now()
			if ws.Signaled() {
				t.exit.Code, t.exit.Signal = -1, signalName(ws.Signal())
			} else {
				t.exit.Code = ws.ExitStatus()
			}
		}
	}
}

func signalName(s syscall.Signal) string {
	if n := unix.SignalName(s); n != "" {
		return n
	}
	return "signal " + strconv.Itoa(int(s))
}

// sweep kills until the kernel says that no descendant is left. It has no
// other way out: a process that cannot be killed now, because a device or a
// file server does not answer, still holds what it holds.
func (t *tree) sweep(chld <-chan os.Signal) {
	pause := 200 * time.Microsecond
	for !t.reap() {
		list := alive(descendants(os.Getpid(), nil))
		if t.ended {
			if t.strays == nil {
				t.strays = make(map[strayKey]bool)
			}
			for _, p := range list {
				t.strays[strayKey{p.pid, p.start}] = true
			}
		}
		t.leaf.kill()
		killProcs(list)
		select {
		case <-chld:
		case <-time.After(pause):
			pause = min(2*pause, 50*time.Millisecond)
		}
	}
}

// finish completes the exit once the tree is gone.
func (t *tree) finish() {
	t.exit.Strays = len(t.strays)
	killed := t.exit.Signal == "SIGKILL" || t.exit.Code == 128+int(unix.SIGKILL)
	t.exit.OOM = t.oom || t.leaf.oomKills() > 0 ||
		// Without a group to ask, a death by SIGKILL while
		// the kernel's counter moved is as near as one can tell.
		killed && !t.leaf.memory && counter("/proc/vmstat", "oom_kill") > t.machine
	t.leaf.close()
}

// overLimit reports whether the tree has to end for its use of memory.
func (t *tree) overLimit() bool {
	if t.leaf.memory {
		// The kernel may have killed one worker of many and left the rest.
		t.oom = t.leaf.oomKills() > 0
		return t.oom
	}
	list := descendants(os.Getpid(), nil)
	// Pages shared after a fork count once for each process here, so this is
	// an upper bound, and the exact sum is only asked for beyond the limit.
	page := int64(os.Getpagesize())
	var sum int64
	for _, p := range list {
		sum += rss(p.pid) * page
	}
	if sum <= t.limit {
		return false
	}
	sum = 0
	for _, p := range list {
		sum += pss(p.pid, page)
	}
	t.oom = sum > t.limit
	return t.oom
}

// rss returns the resident pages of a process.
func rss(pid int) int64 {
	var buf [256]byte
	f := bytes.Fields(readSmall("/proc/"+strconv.Itoa(pid)+"/statm", buf[:]))
	if len(f) < 2 {
		return 0
	}
	n, _ := strconv.ParseInt(string(f[1]), 10, 64)
	return n
}

// pss returns the resident bytes of a process, shared pages divided among
// those that share them.
func pss(pid int, page int64) int64 {
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/smaps_rollup")
	if err == nil {
		for line := range bytes.Lines(b) {
			f := bytes.Fields(line)
			if len(f) >= 2 && string(f[0]) == "Pss:" {
				n, _ := strconv.ParseInt(string(f[1]), 10, 64)
				return n << 10
			}
		}
	}
	return rss(pid) * page
}

// terminate asks every process below pid to end. A stopped process is woken,
// or it would never hear of it. Processes that appear meanwhile are asked in
// another pass.
func terminate(pid int) {
	asked := make(map[strayKey]bool)
	for range 5 {
		fresh := false
		for _, p := range descendants(pid, nil) {
			k := strayKey{p.pid, p.start}
			if asked[k] || p.dead() {
				continue
			}
			asked[k], fresh = true, true
			signalProc(p, unix.SIGTERM)
			signalProc(p, unix.SIGCONT)
		}
		if !fresh {
			return
		}
	}
}

func joinNUL(list []string) []byte { return []byte(strings.Join(list, "\x00")) }

func splitNUL(b []byte) []string {
	if len(b) == 0 {
		return nil
	}
	return strings.Split(string(b), "\x00")
}
