package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/afina-hpo/afina/launch"
)

// selfExe is this program even if its file was replaced or removed since.
const selfExe = "/proc/self/exe"

// killPatience is how long a guardian may take to end a tree before it is
// taken for stopped and killed itself, which hands the tree to the warden.
// The warden gets as long to clear up after a dead guardian before a sweep by
// marker is made regardless.
const killPatience = 10 * time.Second

// errGuard is the launcher's own trouble: a guardian could not be had.
var errGuard = errors.New("no guardian process could be started")

// Launcher runs jobs on this machine. Its methods are safe for concurrent
// use. It implements [launch.Launcher].
type Launcher struct {
	opts    Options
	owner   owner
	cgroups cgroups
	swept   int
	// patience is killPatience but in tests.
	patience time.Duration
	wg       sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	warden   *wardenProc         // nil before the first start
	wardens  []*wardenProc       // every one there was
	idle     []*guard            // last used last
	runs     map[string]*run     // in progress
	starting map[*guard]struct{} // taken from idle, not yet a run
	next     int
}

var _ launch.Launcher = (*Launcher)(nil)

// New returns a launcher for this machine after having killed what dead
// launchers of the same marker left behind (see [Options.Marker]); it takes a
// few milliseconds, and up to some seconds where there is something to kill.
// It is an error if the program does not call [GuardianMain].
func New(opts Options) (*Launcher, error) { return newLauncher(opts, detectCgroups()) }

func newLauncher(opts Options, c cgroups) (*Launcher, error) {
	if !mainCalled.Load() {
		return nil, errors.New("local launcher: the program does not call local.GuardianMain() first thing in main")
	}
	if err := checkMarker(opts); err != nil {
		return nil, err
	}
	o, err := newOwner()
	if err != nil {
		return nil, fmt.Errorf("local launcher: %w", err)
	}
	l := &Launcher{opts: opts, owner: o, cgroups: c, patience: killPatience,
		runs: make(map[string]*run), starting: make(map[*guard]struct{})}
	if opts.Marker != "" {
		l.swept = sweepProcs(func(env []byte) bool {
			m, ok := envValue(env, EnvMarker)
			if !ok || m != opts.Marker {
				return false
			}
			s, _ := envValue(env, EnvOwner)
			o, ok := parseOwner(s)
			return ok && o.dead()
		})
		sweepGroups(c, opts.Marker)
	}
	return l, nil
}

// Enforces says by what means process trees are ended and memory limited.
func (l *Launcher) Enforces() Enforcement { return l.cgroups.enforcement() }

// Swept returns how many processes of dead launchers [New] killed.
func (l *Launcher) Swept() int { return l.swept }

// Start implements [launch.Launcher].
func (l *Launcher) Start(ctx context.Context, job launch.Job) (launch.Run, error) {
	path, err := resolve(job)
	if err != nil {
		return nil, err
	}
	dir, err := filepath.Abs(job.Dir)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", job.Argv[0], err)
	}
	id := newID(12)
	env := withEnv(job.Env, EnvRun+"="+id, EnvMarker+"="+l.opts.Marker, EnvOwner+"="+l.owner.String())
	// A guardian may have been killed while it was idle: then another.
	for try := 0; ; try++ {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("start %s: %w", job.Argv[0], err)
		}
		r, err := l.start(ctx, job, id, path, dir, env)
		if err == nil {
			return r, nil
		}
		if !errors.Is(err, errGuard) || try == 2 {
			return nil, err
		}
	}
}

func (l *Launcher) start(ctx context.Context, job launch.Job, id, path, dir string, env []string) (*run, error) {
	cmd := &command{Path: []byte(path), Dir: []byte(dir), Argv: joinNUL(job.Argv), Env: joinNUL(env),
		Out: -1, Err: -1, Memory: job.Memory, Group: groupName(l.opts.Marker, l.owner, id), Cgroups: l.cgroups}
	p, err := openPipes(job, cmd)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", job.Argv[0], err)
	}
	defer p.closeWrite()
	g, err := l.acquire()
	if err != nil {
		p.closeRead()
		return nil, fmt.Errorf("start %s: %w", job.Argv[0], err)
	}
	// Closing the socket makes the guardian end whatever it has begun.
	stop := context.AfterFunc(ctx, g.w.close)
	defer stop()
	var m message
	err = g.w.send(message{Op: opStart, Run: id, Command: cmd}, p.write...)
	if err == nil {
		var ok bool
		if m, ok = <-g.msgs; !ok {
			err = fmt.Errorf("it ended at once%s", g.why())
		}
	}
	switch {
	case err != nil:
		l.bury(g, id) // it may have forked already
	case m.Op == opRefused:
		err = execError(job.Argv[0], path, syscall.Errno(m.Errno))
	default:
		r := &run{l: l, g: g, id: id, out: copyOutput(p.read, p.to), ended: make(chan struct{}), done: make(chan struct{})}
		r.proc, _ = readProc(m.PID)
		l.mu.Lock()
		delete(l.starting, g)
		l.runs[id] = r
		l.mu.Unlock()
		go r.watch() // takes over the count that acquire took
		if !stop() {
			<-r.done
			return nil, fmt.Errorf("start %s: %w", job.Argv[0], ctx.Err())
		}
		return r, nil
	}
	p.closeRead()
	closed := l.release(g)
	l.wg.Done()
	switch {
	case m.Op == opRefused:
		return nil, err
	case ctx.Err() != nil:
		err = ctx.Err()
	case closed:
		err = errClosed
	default:
		err = fmt.Errorf("%w: %w", errGuard, err)
	}
	return nil, fmt.Errorf("start %s: %w", job.Argv[0], err)
}

// acquire returns a guardian for one run. It counts one in l.wg, which Close
// waits for, until the run is over.
func (l *Launcher) acquire() (*guard, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errClosed
	}
	for len(l.idle) > 0 {
		g := l.idle[len(l.idle)-1]
		l.idle = l.idle[:len(l.idle)-1]
		if g.usable() {
			l.starting[g] = struct{}{}
			l.wg.Add(1)
			return g, nil
		}
		g.w.close()
	}
	if l.warden == nil || !l.warden.alive() {
		w, err := l.startWarden()
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errGuard, err)
		}
		l.warden = w
		l.wardens = append(l.wardens, w)
	}
	w, fd, err := socketpair()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errGuard, err)
	}
	defer unix.Close(fd)
	l.next++
	g := &guard{n: l.next, w: w, warden: l.warden, msgs: make(chan message, 2), gone: make(chan struct{})}
	l.warden.add(g)
	if err := l.warden.w.send(message{Op: opGuardian, Guardian: g.n}, fd); err != nil {
		w.close()
		l.warden.w.close() // it is dead; the next try gets another
		return nil, fmt.Errorf("%w: %w", errGuard, err)
	}
	l.wg.Add(2)
	go func() {
		defer l.wg.Done()
		g.read()
	}()
	l.starting[g] = struct{}{}
	return g, nil
}

// release gives a guardian back after its run and reports whether the
// launcher is closed.
func (l *Launcher) release(g *guard) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.starting, g)
	if l.closed || !g.usable() || len(l.idle) >= maxIdle() {
		g.w.close()
	} else {
		l.idle = append(l.idle, g)
	}
	return l.closed
}

// maxIdle bounds the guardians kept for later runs, some megabytes each.
func maxIdle() int { return max(4, runtime.GOMAXPROCS(0)) }

// bury makes sure that nothing is left of a run whose guardian is lost.
func (l *Launcher) bury(g *guard, id string) {
	g.w.close()
	t := time.NewTimer(l.patience)
	defer t.Stop()
	select {
	case <-g.gone: // the warden cleared up
	case <-g.warden.dead:
	case <-t.C:
	}
	l.clear(id)
}

// clear kills what can still be found of a run by its traces.
func (l *Launcher) clear(id string) {
	sweepProcs(func(env []byte) bool {
		s, ok := envValue(env, EnvRun)
		return ok && s == id
	})
	for _, base := range []string{l.cgroups.V2, l.cgroups.V1Memory} {
		if base == "" {
			continue
		}
		dirs, _ := filepath.Glob(filepath.Join(escapeGlob(base), leafPrefix+"*-"+id))
		for _, dir := range dirs {
			_ = removeGroup(dir)
		}
	}
}

// Adopt implements [launch.Launcher]. A run of this launcher is returned as
// it is, with the writers it was started with. A run of another process
// cannot be taken over: what is left of it is killed and the error wraps
// [launch.ErrGone].
func (l *Launcher) Adopt(ctx context.Context, ref string, _ launch.Job) (launch.Run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	r, closed := l.runs[ref], l.closed
	l.mu.Unlock()
	switch {
	case closed:
		return nil, errClosed
	case r != nil:
		return r, nil
	case len(ref) == runIDLen && isHex(ref): // else it was never one of ours
		l.clear(ref)
	}
	return nil, fmt.Errorf("adopt local run %q: %w", ref, launch.ErrGone)
}

// Close kills every run, waits until all are gone and ends the guardians. The
// error says what could not be ended. Later calls return nil.
func (l *Launcher) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		l.wg.Wait()
		return nil
	}
	l.closed = true
	runs := make([]*run, 0, len(l.runs))
	for _, r := range l.runs {
		runs = append(runs, r)
	}
	for g := range l.starting {
		g.w.close()
	}
	for _, g := range l.idle {
		g.w.close()
	}
	l.idle = nil
	wardens := l.wardens
	l.mu.Unlock()

	for _, r := range runs {
		_ = r.Kill() // a lost guardian is seen by the watcher
	}
	t := time.NewTimer(3 * l.patience)
	defer t.Stop()
	var err error
	for _, r := range runs {
		select {
		case <-r.ended:
			continue
		case <-t.C:
			err = errors.New("close local launcher: a process does not end, it is stuck in the kernel")
		}
		break
	}
	for _, r := range runs {
		r.g.w.close()
	}
	for _, w := range wardens {
		w.w.close()
	}
	for _, w := range wardens {
		select {
		case <-w.exited:
		case <-time.After(wardenGrace + l.patience):
			_ = w.cmd.Process.Kill()
		}
	}
	l.wg.Wait()
	return err
}

// pipes collects the pipes of one command.
type pipes struct {
	read  []*os.File
	to    []io.Writer
	write []int
}

// openPipes makes the pipes that job asks for and notes them in cmd.
func openPipes(job launch.Job, cmd *command) (*pipes, error) {
	p := &pipes{}
	var err error
	if job.Stdout != nil {
		cmd.Out, err = p.add(job.Stdout)
	}
	switch {
	case err != nil:
	case sameWriter(job.Stdout, job.Stderr):
		cmd.Err = cmd.Out
	case job.Stderr != nil:
		cmd.Err, err = p.add(job.Stderr)
	}
	if err != nil {
		p.closeWrite()
		p.closeRead()
		return nil, err
	}
	return p, nil
}

// add makes a pipe whose output goes to w and returns its index.
func (p *pipes) add(w io.Writer) (int, error) {
	var fd [2]int
	// Not os.Pipe: it makes both ends non-blocking, and few programs expect
	// that of their standard output.
	if err := unix.Pipe2(fd[:], unix.O_CLOEXEC); err != nil {
		return -1, fmt.Errorf("make pipe: %w", err)
	}
	if err := unix.SetNonblock(fd[0], true); err != nil {
		_, _ = unix.Close(fd[0]), unix.Close(fd[1])
		return -1, fmt.Errorf("make pipe: %w", err)
	}
	p.read = append(p.read, os.NewFile(uintptr(fd[0]), "output of the trial"))
	p.to = append(p.to, w)
	p.write = append(p.write, fd[1])
	return len(p.write) - 1, nil
}

func (p *pipes) closeWrite() {
	for _, fd := range p.write {
		_ = unix.Close(fd)
	}
	p.write = nil
}

func (p *pipes) closeRead() {
	for _, f := range p.read {
		_ = f.Close()
	}
}

// wardenProc is the launcher's side of a warden.
type wardenProc struct {
	cmd    *exec.Cmd
	w      *wire
	dead   chan struct{} // its socket is closed
	exited chan struct{} // it was reaped

	mu     sync.Mutex
	guards map[int]*guard
}

func (l *Launcher) startWarden() (*wardenProc, error) {
	w, fd, err := socketpair()
	if err != nil {
		return nil, err
	}
	sock := os.NewFile(uintptr(fd), "warden socket")
	defer sock.Close()
	cmd := exec.Command(selfExe)
	cmd.Args = []string{"afina-" + roleWarden}
	cmd.Dir = "/"
	// Nothing of the user's environment: guards need none, and its limits for
	// Go programs (GOGC, GODEBUG) are not meant for them.
	cmd.Env = []string{envRole + "=" + roleWarden, EnvMarker + "=" + l.opts.Marker, EnvOwner + "=" + l.owner.String()}
	cmd.ExtraFiles = []*os.File{sock}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		w.close()
		return nil, fmt.Errorf("start warden: %w", err)
	}
	p := &wardenProc{cmd: cmd, w: w, dead: make(chan struct{}), exited: make(chan struct{}), guards: make(map[int]*guard)}
	l.wg.Add(2)
	go func() {
		defer l.wg.Done()
		p.read()
	}()
	go func() {
		defer l.wg.Done()
		_ = cmd.Wait() // how it ended does not matter
		close(p.exited)
	}()
	return p, nil
}

func (p *wardenProc) alive() bool {
	select {
	case <-p.dead:
		return false
	default:
		return true
	}
}

func (p *wardenProc) add(g *guard) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.guards[g.n] = g
}

func (p *wardenProc) read() {
	defer close(p.dead)
	for {
		m, _, err := p.w.recv()
		if err != nil {
			return
		}
		p.mu.Lock()
		if g := p.guards[m.Guardian]; g != nil && m.Op == opGone {
			delete(p.guards, m.Guardian)
			g.text = m.Text
			close(g.gone)
		}
		p.mu.Unlock()
	}
}

// guard is the launcher's side of a guardian.
type guard struct {
	n      int
	w      *wire
	warden *wardenProc
	msgs   chan message  // closed when the guardian is lost
	gone   chan struct{} // closed when the warden says that all is gone
	text   string        // why it could not be started; read after gone
	lost   bool          // guarded by warden.mu
}

func (g *guard) read() {
	defer func() {
		g.warden.mu.Lock()
		g.lost = true
		g.warden.mu.Unlock()
		close(g.msgs)
	}()
	for {
		m, _, err := g.w.recv()
		if err != nil {
			return
		}
		g.msgs <- m // at most two for a run, and each run is watched
	}
}

// usable reports whether a next run may be given to the guardian: it is there
// and a warden stands behind it.
func (g *guard) usable() bool {
	return g.warden.alive() && !g.isLost()
}

func (g *guard) isLost() bool {
	g.warden.mu.Lock()
	defer g.warden.mu.Unlock()
	return g.lost
}

// why returns the reason in parentheses if the warden gave one.
func (g *guard) why() string {
	select {
	case <-g.gone:
		if g.text != "" {
			return " (" + g.text + ")"
		}
	default:
	}
	return ""
}
