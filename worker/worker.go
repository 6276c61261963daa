package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/afina-hpo/afina/internal/checkpoint"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/study"
)

// Queue is where trials come from and results go. Its methods are safe for
// concurrent use. Errors of code [study.Fenced] mean that an attempt is not
// this worker's any more.
type Queue interface {
	// Join says that the worker called name starts anew.
	Join(ctx context.Context, name string) error
	// Lease asks for trials; with Wait it returns when there is one or never
	// will be. When ctx ends it returns what it has.
	Lease(ctx context.Context, r study.LeaseRequest) (study.Grant, error)
	// Report sends measurements, durable when it returns, and says how the
	// trial goes on.
	Report(ctx context.Context, k study.Ticket, reports []study.Report) (study.Verdict, error)
	// Beat renews leases and returns orders for trials that are to end.
	Beat(ctx context.Context, worker string, tickets []study.Ticket) (map[study.Ticket]study.Verdict, error)
	// Finish ends an attempt, durable when it returns.
	Finish(ctx context.Context, k study.Ticket, o study.Outcome) error
}

// Options is what a worker is made of.
type Options struct {
	// Name is the worker's, unique among those of the study; a worker that
	// is started anew under a name loses what the earlier one held.
	Name       string
	Queue      Queue
	Launcher   launch.Launcher
	Definition *study.Definition
	Home       home.Home
	// Slots is how many trials run at once, at least 1.
	Slots int
	// GPUs are the devices to share out, as CUDA_VISIBLE_DEVICES names them.
	GPUs []string
	// Environ is the environment that commands inherit.
	Environ []string
	// Warn receives remarks for the user; nil drops them. It must be safe for
	// concurrent use.
	Warn func(trial int, message string)
}

// Worker runs trials of one study.
type Worker struct {
	opts     Options
	template *command.Template
	samples  *study.SampleOrder // nil: steps are none
	shelf    *checkpoint.Shelf
	setupEnv []string // of the setup commands
	dir      string
	setup    [][]string

	mu      sync.Mutex
	running map[study.Ticket]*trial
}

// New returns a worker. The error says what in the definition cannot be run
// here: no command, a template that does not parse, more devices wanted than
// there are.
func New(o Options) (*Worker, error) {
	cmd := o.Definition.Command
	if cmd == nil {
		return nil, study.Errorf(study.Invalid, "add command: [program, arguments …] to the study file, or drive it with afina serve --stdio", "the study has no command to run")
	}
	t, err := command.Parse(cmd.Argv, cmd.Shell)
	if err != nil {
		return nil, err
	}
	w := &Worker{opts: o, template: t, samples: study.OrderOf(o.Definition), shelf: checkpoint.NewShelf(o.Home), running: map[study.Ticket]*trial{}, setupEnv: slices.Clone(o.Environ)}
	lookup := environLookup(o.Environ)
	for _, name := range slices.Sorted(maps.Keys(cmd.Env)) {
		text, err := command.ExpandVariable(cmd.Env[name], lookup)
		if err != nil {
			return nil, fmt.Errorf("variable %s of the study: %w", name, err)
		}
		w.setupEnv = append(w.setupEnv, name+"="+text)
	}
	w.dir = resolve(o.Definition.Dir, cmd.Dir)
	for _, argv := range cmd.Setup {
		s, err := command.ParseSetup(argv)
		if err != nil {
			return nil, err
		}
		filled, err := s.RenderStudy(o.Definition.Name, home.Absolute(o.Home.Dir))
		if err != nil {
			return nil, err
		}
		w.setup = append(w.setup, filled)
	}
	if need := o.Definition.Resources.GPU; need > 0 {
		fit := len(o.GPUs) / need
		if fit == 0 {
			return nil, study.Errorf(study.Invalid, "set CUDA_VISIBLE_DEVICES to the devices to use, or lower resources.gpu", "a trial needs %d GPUs, and %d are here", need, len(o.GPUs))
		}
		if w.opts.Slots > fit {
			w.warn(-1, "%d trials at once instead of %d: each needs %d of the %d GPUs", fit, w.opts.Slots, need, len(o.GPUs))
			w.opts.Slots = fit
		}
	}
	return w, nil
}

// Slots returns how many trials run at once.
func (w *Worker) Slots() int { return w.opts.Slots }

// Run leases and runs trials until the queue says that there will be no more,
// or ctx ends; then the trials that still run are killed at once and handed
// back as cancelled. Whoever wants them to end in peace says so through the
// queue, whose orders give them their grace. It returns the first error of the
// queue, if any, and leaves nothing running.
func (w *Worker) Run(ctx context.Context) error {
	if err := w.opts.Queue.Join(ctx, w.opts.Name); err != nil {
		return err
	}
	if err := w.runSetup(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	beating, stopBeating := context.WithCancel(context.WithoutCancel(ctx))
	var beat, slots sync.WaitGroup
	beat.Go(func() { w.beat(beating, cancel) })
	for i := range w.opts.Slots {
		slots.Go(func() {
			if err := w.slot(ctx, i); err != nil {
				cancel(err)
			}
		})
	}
	slots.Wait()
	stopBeating()
	beat.Wait()
	if err := context.Cause(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// slot runs one trial after another. Each request for a trial brings the end of
// the one before, which is decided first: the next configuration is chosen
// knowing the result, a program that does not work is found out before it is
// run again, and both are stored at once.
func (w *Worker) slot(ctx context.Context, slot int) error {
	var ended *study.Ended
	for {
		grant, err := w.opts.Queue.Lease(ctx, study.LeaseRequest{Worker: w.opts.Name, N: 1, Wait: true, Expires: true, Ended: ended})
		if err != nil {
			// Whether the end has arrived is not known; saying it again does
			// no harm.
			if ctx.Err() == nil {
				return err
			}
			return w.finish(ctx, ended)
		}
		if grant.Late != "" {
			w.warn(ended.Trial, "its result came too late: %s", grant.Late)
		}
		ended = nil
		if len(grant.Trials) > 0 {
			a := grant.Trials[0]
			ended = &study.Ended{Ticket: a.Ticket, Outcome: w.run(ctx, slot, a)}
			continue
		}
		if grant.State == study.GrantStopped || grant.State == study.GrantExhausted || ctx.Err() != nil {
			return nil
		}
	}
}

// finish sends the end of a trial, if there is one, when ctx has ended.
func (w *Worker) finish(ctx context.Context, ended *study.Ended) error {
	if ended == nil {
		return nil
	}
	err := w.opts.Queue.Finish(context.WithoutCancel(ctx), ended.Ticket, ended.Outcome)
	if study.CodeOf(err) == study.Fenced || study.CodeOf(err) == study.Conflict {
		w.warn(ended.Trial, "its result came too late: %v", err)
		return nil
	}
	return err
}

// beat renews the leases and passes orders on.
func (w *Worker) beat(ctx context.Context, failed context.CancelCauseFunc) {
	const every = 250 * time.Millisecond // orders are not to wait for a lease
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		tickets, trials := w.snapshot()
		if len(tickets) == 0 {
			continue
		}
		orders, err := w.opts.Queue.Beat(ctx, w.opts.Name, tickets)
		if err != nil {
			if ctx.Err() == nil {
				failed(err)
			}
			return
		}
		for k, v := range orders {
			if t := trials[k]; t != nil { // else: not one that we asked about
				t.order(v)
			}
		}
	}
}

func (w *Worker) snapshot() ([]study.Ticket, map[study.Ticket]*trial) {
	w.mu.Lock()
	defer w.mu.Unlock()
	tickets := make([]study.Ticket, 0, len(w.running))
	trials := make(map[study.Ticket]*trial, len(w.running))
	for k, t := range w.running {
		tickets = append(tickets, k)
		trials[k] = t
	}
	return tickets, trials
}

// runSetup runs the commands that come before the first trial.
func (w *Worker) runSetup(ctx context.Context) error {
	for _, argv := range w.setup {
		out := sharedTail{tail: tail{limit: 16 << 10}}
		run, err := w.opts.Launcher.Start(ctx, launch.Job{
			Study: w.opts.Definition.Name, Trial: -1, Argv: argv, Dir: w.dir,
			Env: w.setupEnv, Stdout: &out, Stderr: &out,
		})
		if err != nil {
			return &study.Error{Code: study.Invalid, Message: "setup: " + command.Quote(argv), Err: err}
		}
		exit, err := run.Wait(ctx)
		if err != nil {
			if errors.Is(err, launch.ErrGone) {
				return err
			}
			err = errors.Join(err, run.Kill())
			// Its end is awaited, so that nothing of it runs beside what
			// comes next; how it ended does not matter any more.
			_, _ = run.Wait(context.WithoutCancel(ctx))
			return err
		}
		if exit.Code != 0 {
			return &study.Error{Code: study.Invalid,
				Message: fmt.Sprintf("setup: %s ended with %s\n%s", command.Quote(argv), describe(exit), strings.TrimRight(out.String(), "\n"))}
		}
	}
	return nil
}

func (w *Worker) warn(trial int, format string, args ...any) {
	if w.opts.Warn != nil {
		w.opts.Warn(trial, fmt.Sprintf(format, args...))
	}
}

// devices returns the GPUs of a slot, and false where none are shared out.
func (w *Worker) devices(slot int) (string, bool) {
	n := w.opts.Definition.Resources.GPU
	if n == 0 {
		return "", false
	}
	return strings.Join(w.opts.GPUs[slot*n:(slot+1)*n], ","), true
}

func environLookup(environ []string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := len(environ) - 1; i >= 0; i-- {
			if rest, ok := strings.CutPrefix(environ[i], name+"="); ok {
				return rest, true
			}
		}
		return "", false
	}
}

// resolve returns dir as seen from base.
func resolve(base, dir string) string {
	if filepath.IsAbs(dir) {
		return dir
	}
	return filepath.Join(base, dir, ".")
}

// trialID names an attempt everywhere: study, trial and attempt.
func trialID(def *study.Definition, k study.Ticket) string {
	return def.ID + "-" + strconv.Itoa(k.Trial) + "-" + strconv.Itoa(k.Attempt)
}
