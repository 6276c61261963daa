// Package launch is the contract between the worker and the engines that run
// training commands: this machine, Slurm, Kubernetes, a command template.
//
// A [Launcher] starts a [Job] and gives back a [Run] to observe and end it. It
// knows nothing of hyperparameters: the command line, environment and folders
// are already filled in. It promises that nothing of a job is left when
// [Run.Wait] has returned, whatever the job's processes tried, and that a
// failure to observe a job is never reported as the job's own failure.
//
// Package launchtest holds every launcher to this contract.
package launch

import (
	"context"
	"errors"
	"io"
	"time"
)

// ErrGone says that nothing is left of a run and nobody saw how it ended, so
// the attempt counts as lost. [Launcher.Adopt] returns it for a run that is
// over or was never there, [Run.Wait] (wrapped) where what watched the run was
// killed.
var ErrGone = errors.New("the run is gone")

// Job is one command to run, ready to start.
type Job struct {
	// Study, Trial and Attempt name the job in process listings, queue names
	// and labels. They need not be unique across stores.
	Study   string
	Trial   int
	Attempt int

	// Argv is the command and its arguments; Argv[0] is looked up in the PATH
	// of Env when it has no slash. No shell takes part.
	Argv []string
	// Env is the whole environment, as "NAME=value". The launcher adds only
	// what it needs to find strays (see its own documentation).
	Env []string
	// Dir is the working directory; it must exist.
	Dir string

	// Stdout and Stderr get the command's output while it runs. Each is
	// written by one goroutine, and not any more once Wait has returned. A
	// slow writer slows the command, as a full pipe does. An error of theirs
	// stops the copying, not the command.
	Stdout, Stderr io.Writer

	// Memory is the most memory in bytes that the whole process tree may
	// use; 0 means no limit. Going over it ends the tree with [Exit.OOM].
	Memory int64
}

// Exit says how a run ended.
type Exit struct {
	// Code is the exit status, or -1 where a signal ended the command.
	Code int
	// Signal is the signal's name ("SIGKILL"), or "".
	Signal string
	// OOM is true where the kernel or the launcher ended the tree because it
	// went over [Job.Memory], or the machine ran out of memory.
	OOM bool
	// Strays is the number of processes that were still there when the
	// command had ended, and were killed.
	Strays int
	// Started and Ended are wall times of the machine that ran the command.
	Started, Ended time.Time
	// CPU is the processor time of the tree as far as it was seen, and
	// MaxRSS the largest resident set of one process in bytes; 0: unknown.
	CPU    time.Duration
	MaxRSS int64
}

// StartError says that the command could not be started at all: no such
// program, no permission, no such folder. It is the user's to mend and no
// retry helps.
type StartError struct {
	Argv0 string
	Err   error
}

func (e *StartError) Error() string { return "start " + e.Argv0 + ": " + e.Err.Error() }

// Unwrap returns the underlying error.
func (e *StartError) Unwrap() error { return e.Err }

// Launcher starts jobs. Its methods are safe for concurrent use.
type Launcher interface {
	// Start starts job and returns when it runs (or stands in a queue). A
	// command that cannot be started is a *[StartError]; any other error is
	// the launcher's own trouble and worth another try. The context bounds
	// the start alone.
	Start(ctx context.Context, job Job) (Run, error)

	// Adopt takes over a run of an earlier process by its [Run.Ref]. Where
	// the runs of a launcher die with the process that started them, it sees
	// to it that nothing of the run is left and returns [ErrGone].
	Adopt(ctx context.Context, ref string, job Job) (Run, error)

	// Close ends every run still there and frees what the launcher holds.
	Close() error
}

// Run is one started job. Its methods are safe for concurrent use.
type Run interface {
	// Ref names the run across a restart of this process. It is stored with
	// the attempt and handed to [Launcher.Adopt].
	Ref() string

	// Wait waits until the command has ended, its whole process tree is gone
	// and its output was delivered. An error says that waiting was given up
	// (the context ended, the engine could not be asked), not that the job
	// failed: Wait may be called again, unless the error is [ErrGone].
	Wait(ctx context.Context) (Exit, error)

	// Terminate asks every process of the job to end (SIGTERM or the
	// engine's word for it). It does not wait.
	Terminate() error

	// Kill ends every process of the job, now. It does not wait.
	Kill() error
}
