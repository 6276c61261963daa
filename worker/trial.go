package worker

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/afina-hpo/afina/harvest"
	"github.com/afina-hpo/afina/internal/checkpoint"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// Times of the stop order: how long a program that was told to stop by its
// stop file has before SIGTERM, where the study does not say, and how long
// from there to SIGKILL. A paused trial gets longer, because its checkpoint is
// the point of pausing; of a pruned one everything worth knowing is known.
const (
	pauseGrace = 15 * time.Second
	stopGrace  = time.Second
	killGrace  = 30 * time.Second
	pollEvery  = 200 * time.Millisecond // of metrics files
)

// trial is one attempt being run.
type trial struct {
	w   *Worker
	a   study.Assignment
	dir string // of the attempt
	log *logFile

	sample   string // the one that the command runs now, where it runs one at a time
	deadline time.Time

	run     launch.Run
	reports *reporter
	reader  *harvest.Reader
	stderr  tail
	silence *time.Timer

	mu    sync.Mutex
	end   reason // why it was told to end
	late  reason // why it would have been, had it not ended by itself
	shot  bool   // it had to be killed
	ended chan struct{}
	told  chan struct{} // closed when end is set
}

// reason is why a worker ends a command before its time.
type reason string

const (
	becausePruned  reason = reason(study.VerdictPrune)
	becausePaused  reason = reason(study.VerdictPause)
	becauseStopped reason = reason(study.VerdictStop)
	becauseTime    reason = "time"
	becauseSilence reason = "silence"
)

// order passes a verdict on to the command. The first one counts.
func (t *trial) order(v study.Verdict) {
	if v != study.VerdictContinue && v != "" {
		t.stop(reason(v))
	}
}

// stop notes why the command is to end. A command that has ended by itself
// needs no reason any more; what a verdict on its last words makes of it,
// [trial.rested] says.
func (t *trial) stop(why reason) {
	t.mu.Lock()
	defer t.mu.Unlock()
	select {
	case <-t.ended:
		if t.late == "" {
			t.late = why
		}
		return
	default:
	}
	if t.end == "" {
		t.end = why
		close(t.told)
	}
}

// why returns the reason for which the command was told to end, "" for none,
// and whether it took SIGKILL to do so.
func (t *trial) why() (why reason, shot bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.end, t.shot
}

// rested returns what becomes of a trial whose command has ended well, at the
// step at which it was to: it was not its end, and the verdict on its last
// words says whether it will go on.
func (t *trial) rested() (study.State, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	full := t.w.opts.Definition.Fidelity
	switch {
	case t.a.Until == 0:
	case t.late == becausePaused:
		return study.Paused, true
	case t.late == becausePruned:
		return study.Pruned, true
	case t.late == becauseStopped && full != nil && t.a.Until < full.Max:
		return study.Cancelled, true
	}
	return "", false
}

// run runs one attempt to its end.
func (w *Worker) run(ctx context.Context, slot int, a study.Assignment) study.Outcome {
	t := &trial{w: w, a: a, ended: make(chan struct{}), told: make(chan struct{})}
	t.stderr.limit = 8 << 10
	w.mu.Lock()
	w.running[a.Ticket] = t
	w.mu.Unlock()
	defer func() {
		w.mu.Lock()
		delete(w.running, a.Ticket)
		w.mu.Unlock()
	}()
	o, err := t.do(ctx, slot)
	if err != nil {
		if ctx.Err() != nil { // it was not the trial that went wrong
			return study.Outcome{State: study.Cancelled, Ended: time.Now()}
		}
		class := study.ClassLost // the machine's trouble, not the trial's
		if _, ok := errors.AsType[*launch.StartError](err); ok {
			class = study.ClassStart
		} else if _, ok := errors.AsType[*renderError](err); ok {
			class = study.ClassStart
		} else if _, ok := errors.AsType[*checkpoint.GoneError](err); ok {
			class = study.ClassStart
		}
		return study.Outcome{State: study.Failed, Failure: &study.Failure{Class: class, Message: err.Error()}, Ended: time.Now()}
	}
	return o
}

// renderError says that the command cannot be filled in.
type renderError struct{ error }

// do prepares the attempt's folder and runs the command: once, or once for
// every sample of the study where the command takes one at a time.
func (t *trial) do(ctx context.Context, slot int) (study.Outcome, error) {
	if d := time.Duration(t.w.opts.Definition.Command.PerTrial); d > 0 {
		t.deadline = time.Now().Add(d)
	}
	if err := t.w.shelf.Prepare(ctx, t.a); err != nil {
		return study.Outcome{}, err
	}
	t.log = newLog(t.w.opts.Home.Log(t.a.Trial, t.a.Attempt), t.w.opts.Definition.Command.LogLimit)
	defer func() {
		if err := t.log.Close(); err != nil {
			t.w.warn(t.a.Trial, "its log cannot be packed: %v", err)
		}
	}()
	if !t.each() {
		return t.command(ctx, slot)
	}
	for i, sample := range t.a.Samples {
		t.sample = sample
		if i > 0 {
			t.again()
		}
		o, err := t.command(ctx, slot)
		if err != nil || o.State != study.Complete || i == len(t.a.Samples)-1 {
			return o, err
		}
		if state, told := t.between(); told {
			o.State = state
			return o, nil
		}
	}
	return study.Outcome{}, fmt.Errorf("trial %d has no sample to run", t.a.Trial)
}

// each reports whether the command runs one sample at a time.
func (t *trial) each() bool {
	f := t.w.opts.Definition.Fidelity
	return f.Sampled() && f.Samples.Each && len(t.a.Samples) > 0
}

// again makes t ready for its next command.
func (t *trial) again() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = make(chan struct{})
}

// between returns what becomes of a trial that was judged between two of its
// commands; false where it goes on.
func (t *trial) between() (study.State, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.late {
	case "":
		return "", false
	case becausePaused:
		return study.Paused, true
	case becausePruned:
		return study.Pruned, true
	}
	return study.Cancelled, true
}

// command starts the command and sees it through.
func (t *trial) command(ctx context.Context, slot int) (study.Outcome, error) {
	job, err := t.prepare(slot)
	if err != nil {
		return study.Outcome{}, err
	}
	if t.reader, err = t.newReader(); err != nil {
		return study.Outcome{}, &renderError{err}
	}
	stdout, stderr := t.reader.Stream("stdout"), t.reader.Stream("stderr")
	job.Stdout = &fan{t: t, stream: stdout}
	job.Stderr = &fan{t: t, stream: stderr, tail: &t.stderr}
	if t.run, err = t.w.opts.Launcher.Start(ctx, job); err != nil {
		return study.Outcome{}, err
	}
	var watchers sync.WaitGroup
	watchers.Go(func() { t.watch(ctx) })
	watchers.Go(func() { t.reports.run(context.WithoutCancel(ctx)) })
	files := t.followFiles()
	watchers.Go(func() { files.run(t.ended) })

	exit, err := t.run.Wait(context.WithoutCancel(ctx))
	close(t.ended)
	stdout.Close()
	stderr.Close()
	// The files are read to their end before the reporter is told that there
	// is no more.
	files.wait()
	values, resultErr := t.result()
	t.reports.close()
	watchers.Wait()
	if err != nil {
		return study.Outcome{}, err
	}
	return t.outcome(exit, values, resultErr), nil
}

// prepare makes the folders and files of the command and fills in the job.
func (t *trial) prepare(slot int) (launch.Job, error) {
	w, k, def := t.w, t.a.Ticket, t.w.opts.Definition
	h := w.opts.Home
	t.dir = home.Absolute(h.Attempt(k.Trial, k.Attempt))
	tr := command.Trial{
		Study: def.Name, StudyDir: home.Absolute(h.Dir), ID: trialID(def, k),
		Number: k.Trial, Attempt: k.Attempt, CheckpointDir: home.Absolute(h.Checkpoint(k.Trial)),
		Seed: t.a.Seed, Resume: t.a.Resume, Until: t.a.Until, Config: t.a.Config, Derived: t.a.Derived,
		Samples: t.a.Samples,
	}
	if t.each() {
		step, _ := w.samples.Step(t.sample)
		t.dir = filepath.Join(t.dir, value.FormatFloat(step))
		tr.Samples, tr.Each = []string{t.sample}, true
	}
	tr.Dir = t.dir
	if !t.a.Level.IsAbsent() {
		tr.Level = command.Level{Name: def.Fidelity.Levels.Parameter, Value: t.a.Level}
	}
	if t.a.Copy != nil {
		tr.CopyOf = &t.a.Copy.Trial
	}
	cmd, err := w.template.Render(tr)
	if err != nil {
		return launch.Job{}, &renderError{err}
	}
	own := def.Command.Env
	if gpus, ok := w.devices(slot); ok {
		own = maps.Clone(own)
		if own == nil {
			own = map[string]string{}
		}
		own["CUDA_VISIBLE_DEVICES"] = gpus
	}
	env, err := command.Environ(w.opts.Environ, own, tr)
	if err != nil {
		return launch.Job{}, &renderError{err}
	}
	if err := os.MkdirAll(t.dir, 0o700); err != nil {
		return launch.Job{}, fmt.Errorf("make the trial's folder: %w", err)
	}
	for _, f := range cmd.Files {
		if err := os.WriteFile(filepath.Join(t.dir, f.Name), f.Content, 0o600); err != nil {
			return launch.Job{}, fmt.Errorf("write the trial's parameters: %w", err)
		}
	}
	t.reports = newReporter(t)
	return launch.Job{
		Study: def.Name, Trial: k.Trial, Attempt: k.Attempt,
		Argv: cmd.Argv, Env: env, Dir: w.dir, Memory: def.Resources.Memory,
	}, nil
}

// watch ends the command when it is told to, when a limit is reached, or when
// ctx ends.
func (t *trial) watch(ctx context.Context) {
	var wall, silence <-chan time.Time
	if !t.deadline.IsZero() {
		timer := time.NewTimer(time.Until(t.deadline))
		defer timer.Stop()
		wall = timer.C
	}
	if t.silence != nil {
		defer t.silence.Stop()
		silence = t.silence.C
	}
	select {
	case <-t.ended:
		return
	case <-wall:
		t.stop(becauseTime)
	case <-silence:
		t.stop(becauseSilence)
	case <-ctx.Done():
		t.stop(becauseStopped)
	case <-t.told:
	}
	t.shut(ctx)
}

// shut is the stop order: the stop file, after a grace SIGTERM to every
// process, after another SIGKILL. The end of ctx cuts every grace short.
func (t *trial) shut(ctx context.Context) {
	why, _ := t.why()
	grace := stopGrace
	switch {
	case why == becauseTime || why == becauseSilence:
		grace = 0
	case t.w.opts.Definition.Command.Grace > 0:
		grace = time.Duration(t.w.opts.Definition.Command.Grace)
	case why == becausePaused:
		grace = pauseGrace
	}
	if err := os.WriteFile(filepath.Join(t.dir, command.StopFile), []byte(why+"\n"), 0o600); err != nil {
		t.w.warn(t.a.Trial, "its stop file cannot be written: %v", err)
	}
	if t.patient(ctx, grace) {
		t.send(t.run.Terminate)
		t.patient(ctx, killGrace)
	}
	select {
	case <-t.ended:
	default:
		t.mu.Lock()
		t.shot = true
		t.mu.Unlock()
		t.send(t.run.Kill)
		<-t.ended
	}
}

// patient waits for the command to end, at most for so long and not beyond
// the end of ctx. It reports whether the time ran out.
func (t *trial) patient(ctx context.Context, most time.Duration) bool {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-t.ended:
	case <-ctx.Done():
	case <-timer.C:
		return ctx.Err() == nil
	}
	return false
}

func (t *trial) send(signal func() error) {
	if err := signal(); err != nil {
		t.w.warn(t.a.Trial, "it cannot be ended: %v", err)
	}
}
