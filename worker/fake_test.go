package worker_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/worker"
)

// queue is a Queue that hands out a number of trials and keeps what it hears.
type queue struct {
	trials  int         // how many there are
	resume  float64     // step from which they are resumed
	until   float64     // step up to which they may run
	copy    *study.Copy // what they are copies of
	samples []string    // what they are to run
	level   space.Value // the value of the fidelity's parameter, with its step
	at      float64
	keep    bool          // whether their checkpoints are to be kept
	hang    chan struct{} // where not nil, a lease without trials waits for it or its context

	join   func() error
	report func(k study.Ticket, reports []study.Report) (study.Verdict, error)
	beat   func(tickets []study.Ticket) (map[study.Ticket]study.Verdict, error)
	ended  func(k study.Ticket) error

	mu       sync.Mutex
	leased   int
	joined   []string
	reports  map[int][]study.Report
	outcomes map[int]study.Outcome
	calls    []string // leases and ends in order
	beats    int
}

func (q *queue) Join(_ context.Context, name string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.joined = append(q.joined, name)
	if q.join != nil {
		return q.join()
	}
	return nil
}

func (q *queue) Lease(ctx context.Context, r study.LeaseRequest) (study.Grant, error) {
	if r.N != 1 || !r.Wait || !r.Expires {
		return study.Grant{}, fmt.Errorf("unexpected request %+v", r)
	}
	late := ""
	if r.Ended != nil {
		switch err := q.Finish(ctx, r.Ended.Ticket, r.Ended.Outcome); study.CodeOf(err) {
		case "":
		case study.Fenced, study.Conflict:
			late = err.Error()
		default:
			return study.Grant{}, err
		}
	}
	q.mu.Lock()
	if q.leased == q.trials {
		q.mu.Unlock()
		if q.hang != nil {
			select {
			case <-q.hang:
			case <-ctx.Done():
			}
		}
		return study.Grant{State: study.GrantStopped, Late: late}, nil
	}
	defer q.mu.Unlock()
	n := q.leased
	q.leased++
	q.calls = append(q.calls, fmt.Sprint("lease ", n))
	config, ok := testSpace.Default()
	if !ok {
		return study.Grant{}, errors.New("the space has no default")
	}
	return study.Grant{State: study.GrantRunning, Late: late, Trials: []study.Assignment{{
		Ticket: study.Ticket{Trial: n, Attempt: 1}, Config: config, Seed: int64(n), Resume: q.resume,
		Until: q.until, Copy: q.copy, Keep: q.keep, Samples: q.samples, Level: q.level, LevelStep: q.at,
	}}}, nil
}

func (q *queue) Report(_ context.Context, k study.Ticket, reports []study.Report) (study.Verdict, error) {
	q.mu.Lock()
	if q.reports == nil {
		q.reports = map[int][]study.Report{}
	}
	q.reports[k.Trial] = append(q.reports[k.Trial], reports...)
	q.mu.Unlock()
	if q.report != nil {
		return q.report(k, reports)
	}
	return study.VerdictContinue, nil
}

func (q *queue) Beat(_ context.Context, _ string, tickets []study.Ticket) (map[study.Ticket]study.Verdict, error) {
	q.mu.Lock()
	q.beats++
	q.mu.Unlock()
	if q.beat != nil {
		return q.beat(tickets)
	}
	return nil, nil
}

func (q *queue) Finish(_ context.Context, k study.Ticket, o study.Outcome) error {
	q.mu.Lock()
	if q.outcomes == nil {
		q.outcomes = map[int]study.Outcome{}
	}
	q.outcomes[k.Trial] = o
	q.calls = append(q.calls, fmt.Sprint("end ", k.Trial))
	q.mu.Unlock()
	if q.ended != nil {
		return q.ended(k)
	}
	return nil
}

// process is a command that the fake launcher runs: a function.
type process struct {
	launch.Job
	terminated, killed chan struct{} // closed by the signal
	done               chan struct{}
	exit               launch.Exit

	mu    sync.Mutex
	start time.Time
	marks []string
}

// mark notes what happened, with the seconds since the start.
func (p *process) mark(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marks = append(p.marks, fmt.Sprintf("%s %v", what, time.Since(p.start).Round(time.Millisecond)))
}

// env returns a variable of the command's environment.
func (p *process) env(name string) string {
	for _, word := range slices.Backward(p.Env) {
		if v, ok := strings.CutPrefix(word, name+"="); ok {
			return v
		}
	}
	return ""
}

// print writes a line to standard output.
func (p *process) print(format string, args ...any) { fmt.Fprintf(p.Stdout, format+"\n", args...) }

func (p *process) Ref() string { return "fake" }

func (p *process) Wait(ctx context.Context) (launch.Exit, error) {
	select {
	case <-p.done:
		return p.exit, nil
	case <-ctx.Done():
		return launch.Exit{}, ctx.Err()
	}
}

func (p *process) Terminate() error {
	p.mark("SIGTERM")
	close(p.terminated)
	return nil
}

func (p *process) Kill() error {
	p.mark("SIGKILL")
	close(p.killed)
	return nil
}

// launcher runs functions instead of commands.
type launcher struct {
	program func(p *process) launch.Exit
	refuse  error // of Start

	mu        sync.Mutex
	processes []*process
}

func (l *launcher) Start(ctx context.Context, job launch.Job) (launch.Run, error) {
	if err := errors.Join(ctx.Err(), l.refuse); err != nil {
		return nil, err
	}
	p := &process{Job: job, terminated: make(chan struct{}), killed: make(chan struct{}), done: make(chan struct{}), start: time.Now()}
	if p.Stdout == nil {
		p.Stdout = io.Discard
	}
	l.mu.Lock()
	l.processes = append(l.processes, p)
	l.mu.Unlock()
	go func() {
		defer close(p.done)
		p.exit = l.program(p)
		p.exit.Started, p.exit.Ended = p.start, time.Now()
	}()
	return p, nil
}

func (l *launcher) Adopt(context.Context, string, launch.Job) (launch.Run, error) {
	return nil, launch.ErrGone
}

func (l *launcher) Close() error { return nil }

// left returns how many processes have not ended.
func (l *launcher) left() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, p := range l.processes {
		select {
		case <-p.done:
		default:
			n++
		}
	}
	return n
}

var testSpace = spacetest.Must(space.Spec{Params: []space.Param{
	{Name: "x", Kind: space.Float, Low: 0, High: 1, Default: value.Float(0.5)},
}})

// bench is a worker on a table: everything around it is fake, but for its
// folder.
type bench struct {
	queue    *queue
	launcher *launcher
	def      *study.Definition
	home     home.Home
	slots    int
	gpus     []string
	environ  []string

	mu    sync.Mutex
	warns []string
}

// newBench returns a bench for one trial of a study with the objective loss,
// whose command is program.
func newBench(t *testing.T, program func(p *process) launch.Exit) *bench {
	return &bench{
		queue: &queue{trials: 1}, launcher: &launcher{program: program}, slots: 1,
		home: home.Home{Dir: t.TempDir()},
		def: &study.Definition{
			ID: "id", Name: "test", Space: testSpace, Dir: t.TempDir(),
			Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize}},
			Command:    &study.Command{Argv: []string{"program", "{x}"}},
		},
	}
}

func (b *bench) new() (*worker.Worker, error) {
	return worker.New(worker.Options{
		Name: "w", Queue: b.queue, Launcher: b.launcher, Definition: b.def, Home: b.home,
		Slots: b.slots, GPUs: b.gpus, Environ: b.environ,
		Warn: func(trial int, message string) {
			b.mu.Lock()
			defer b.mu.Unlock()
			b.warns = append(b.warns, fmt.Sprintf("%d: %s", trial, message))
		},
	})
}

// run runs the worker until there is nothing more to do.
func (b *bench) run(t *testing.T, ctx context.Context) error {
	t.Helper()
	w, err := b.new()
	if err != nil {
		t.Fatal(err)
	}
	err = w.Run(ctx)
	if n := b.launcher.left(); n > 0 {
		t.Errorf("%d processes are left", n)
	}
	return err
}

// work runs one trial and returns its outcome.
func (b *bench) work(t *testing.T) study.Outcome {
	t.Helper()
	if err := b.run(t, t.Context()); err != nil {
		t.Fatal(err)
	}
	o, ok := b.queue.outcomes[0]
	if !ok {
		t.Fatal("the trial was never finished")
	}
	return o
}

// good is a program that measures once and ends well.
func good(p *process) launch.Exit {
	p.print("loss=0.5")
	return launch.Exit{}
}
