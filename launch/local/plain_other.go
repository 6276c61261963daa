//go:build !linux

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/afina-hpo/afina/launch"
)

// GuardianMain does nothing on this system. Call it first thing in main all
// the same: on Linux the launcher needs it.
func GuardianMain() {}

// Launcher runs jobs on this machine. Its methods are safe for concurrent
// use. It implements [launch.Launcher].
type Launcher struct {
	opts  Options
	owner string
	wg    sync.WaitGroup

	mu     sync.Mutex
	closed bool
	runs   map[string]*run
}

var _ launch.Launcher = (*Launcher)(nil)

// New returns a launcher for this machine.
func New(opts Options) (*Launcher, error) {
	if err := checkMarker(opts); err != nil {
		return nil, err
	}
	return &Launcher{opts: opts, owner: newID(6), runs: make(map[string]*run)}, nil
}

// Enforces says by what means process trees are ended and memory limited.
func (l *Launcher) Enforces() Enforcement { return Enforcement{Tree: treeMeans} }

// Swept returns 0: strays of dead launchers cannot be told on this system.
func (l *Launcher) Swept() int { return 0 }

// run is one run in progress or over. It implements [launch.Run].
type run struct {
	cmd  *exec.Cmd
	id   string
	out  *outputs
	done chan struct{}
	exit launch.Exit // read after done
}

// Start implements [launch.Launcher].
func (l *Launcher) Start(ctx context.Context, job launch.Job) (launch.Run, error) {
	path, err := resolve(job)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("start %s: %w", job.Argv[0], err)
	}
	id := newID(12)
	r := &run{id: id, done: make(chan struct{})}
	r.cmd = &exec.Cmd{
		Path: path, Args: job.Argv, Dir: job.Dir,
		Env: withEnv(job.Env, EnvRun+"="+id, EnvMarker+"="+l.opts.Marker, EnvOwner+"="+l.owner),
	}
	ownGroup(r.cmd)

	// Own pipes, as those of os/exec would wait for whoever holds the other
	// end.
	var read, write []*os.File
	var to []io.Writer
	closeAll := func(files []*os.File) {
		for _, f := range files {
			_ = f.Close()
		}
	}
	pipe := func(w io.Writer) (*os.File, error) {
		pr, pw, err := os.Pipe()
		if err != nil {
			return nil, fmt.Errorf("make pipe: %w", err)
		}
		read, write, to = append(read, pr), append(write, pw), append(to, w)
		return pw, nil
	}
	// Assigned only where there is a file: a nil *os.File in the interface
	// would not be the nil that means no output.
	connect := func() error {
		if job.Stdout != nil {
			f, err := pipe(job.Stdout)
			if err != nil {
				return err
			}
			r.cmd.Stdout = f
		}
		if sameWriter(job.Stdout, job.Stderr) {
			r.cmd.Stderr = r.cmd.Stdout
		} else if job.Stderr != nil {
			f, err := pipe(job.Stderr)
			if err != nil {
				return err
			}
			r.cmd.Stderr = f
		}
		return nil
	}
	if err := connect(); err != nil {
		closeAll(read)
		closeAll(write)
		return nil, fmt.Errorf("start %s: %w", job.Argv[0], err)
	}

	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		closeAll(read)
		closeAll(write)
		return nil, errClosed
	}
	r.exit.Started = time.Now()
	err = r.cmd.Start()
	closeAll(write)
	if err != nil {
		closeAll(read)
		var errno syscall.Errno
		if errors.As(err, &errno) {
			return nil, execError(job.Argv[0], path, errno)
		}
		return nil, fmt.Errorf("start %s: %w", job.Argv[0], err)
	}
	r.out = copyOutput(read, to)
	l.runs[id] = r
	l.wg.Add(1)
	go func() {
		defer l.wg.Done()
		r.watch()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.runs, id)
	}()
	return r, nil
}

// Adopt implements [launch.Launcher]. A run of another process cannot be
// found again on this system.
func (l *Launcher) Adopt(ctx context.Context, ref string, _ launch.Job) (launch.Run, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return nil, errClosed
	}
	if r := l.runs[ref]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("adopt local run %q: %w", ref, launch.ErrGone)
}

// Close kills every run and waits until all are gone.
func (l *Launcher) Close() error {
	l.mu.Lock()
	l.closed = true
	for _, r := range l.runs {
		_ = r.Kill() // it may have ended just now
	}
	l.mu.Unlock()
	l.wg.Wait()
	return nil
}

func (r *run) watch() {
	err := r.cmd.Wait()
	r.exit.Ended = time.Now()
	killGroup(r.cmd.Process)
	s := r.cmd.ProcessState
	r.exit.Code = s.ExitCode()
	r.exit.Signal = signalOf(s)
	r.exit.CPU = s.UserTime() + s.SystemTime()
	r.exit.MaxRSS = maxRSS(s)
	var ee *exec.ExitError
	if err != nil && !errors.As(err, &ee) {
		r.exit.Code = -1
	}
	r.out.finish()
	close(r.done)
}

// Ref implements [launch.Run].
func (r *run) Ref() string { return r.id }

// Wait implements [launch.Run].
func (r *run) Wait(ctx context.Context) (launch.Exit, error) {
	select {
	case <-r.done:
		return r.exit, nil
	default:
	}
	select {
	case <-r.done:
		return r.exit, nil
	case <-ctx.Done():
		return launch.Exit{}, fmt.Errorf("wait for run %s: %w", r.id, ctx.Err())
	}
}

// Terminate implements [launch.Run].
func (r *run) Terminate() error { return r.end(terminateGroup) }

// Kill implements [launch.Run].
func (r *run) Kill() error {
	return r.end(func(p *os.Process) error { killGroup(p); return nil })
}

func (r *run) end(how func(*os.Process) error) error {
	select {
	case <-r.done:
		return nil
	default:
	}
	if err := how(r.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("run %s: %w", r.id, err)
	}
	return nil
}
