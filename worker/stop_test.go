package worker_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/study"
)

// stubborn ends for nothing but SIGKILL, after a first report.
func stubborn(p *process) launch.Exit {
	p.print("loss=0.5")
	<-p.killed
	// A launcher that has no better means takes any SIGKILL for the kernel's
	// where the machine was short of memory meanwhile.
	return launch.Exit{Code: -1, Signal: "SIGKILL", OOM: true}
}

// stopWord returns what the stop file of trial 0 says.
func (b *bench) stopWord(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(b.home.Attempt(0, 1), "stop"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(text))
}

// TestStopOrder pins the order and the times in which a program that does not
// want to end is ended, by verdict. Time is that of synctest: nothing waits.
func TestStopOrder(t *testing.T) {
	tests := []struct {
		name    string
		verdict study.Verdict
		grace   time.Duration
		want    []string
		state   study.State
	}{
		{"prune", study.VerdictPrune, 0, []string{"SIGTERM 1s", "SIGKILL 31s"}, study.Pruned},
		{"stop", study.VerdictStop, 0, []string{"SIGTERM 1s", "SIGKILL 31s"}, study.Cancelled},
		{"pause has a checkpoint to write", study.VerdictPause, 0, []string{"SIGTERM 15s", "SIGKILL 45s"}, study.Paused},
		{"the study's own grace", study.VerdictPrune, 4 * time.Second, []string{"SIGTERM 4s", "SIGKILL 34s"}, study.Pruned},
		{"the study's own grace, pause", study.VerdictPause, 4 * time.Second, []string{"SIGTERM 4s", "SIGKILL 34s"}, study.Paused},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, stubborn)
				b.def.Command.Grace = study.Duration(tt.grace)
				b.queue.report = func(study.Ticket, []study.Report) (study.Verdict, error) { return tt.verdict, nil }
				o := b.work(t)
				if diff := cmp.Diff(tt.want, b.launcher.processes[0].marks); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
				if o.State != tt.state || o.Failure != nil {
					t.Errorf("outcome %+v, want %s", o, tt.state)
				}
				if got := b.stopWord(t); got != string(tt.verdict) {
					t.Errorf("the stop file says %q, want %q", got, tt.verdict)
				}
			})
		})
	}
}

// TestStopPolite: a program that looks at the stop file, or handles SIGTERM,
// sees no signal stronger than it needs.
func TestStopPolite(t *testing.T) {
	tests := []struct {
		name    string
		program func(p *process) launch.Exit
		want    []string
	}{
		{"stop file", func(p *process) launch.Exit {
			p.print("loss=0.5")
			for {
				if _, err := os.Stat(p.env("AFINA_STOP_FILE")); err == nil {
					return launch.Exit{}
				}
				select {
				case <-p.killed:
					return launch.Exit{Code: -1, Signal: "SIGKILL"}
				case <-time.After(100 * time.Millisecond):
				}
			}
		}, nil},
		{"SIGTERM", func(p *process) launch.Exit {
			p.print("loss=0.5")
			<-p.terminated
			return launch.Exit{Code: -1, Signal: "SIGTERM"}
		}, []string{"SIGTERM 1s"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, tt.program)
				b.queue.report = func(study.Ticket, []study.Report) (study.Verdict, error) { return study.VerdictPrune, nil }
				if o := b.work(t); o.State != study.Pruned {
					t.Errorf("outcome %+v, want pruned", o)
				}
				if diff := cmp.Diff(tt.want, b.launcher.processes[0].marks); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// TestLimits: a trial that runs for too long, or says nothing for too long, is
// ended without any grace.
func TestLimits(t *testing.T) {
	tests := []struct {
		name              string
		perTrial, silence time.Duration
		program           func(p *process) launch.Exit
		want              []string
		class             study.Class
		message           string
	}{
		{"wall time", 3 * time.Second, 0, stubborn, []string{"SIGTERM 3s", "SIGKILL 33s"}, study.ClassTimeout, "ran longer than 3s"},
		{"silence from the start", 0, 2 * time.Second, func(p *process) launch.Exit {
			<-p.terminated
			return launch.Exit{Code: -1, Signal: "SIGTERM"}
		}, []string{"SIGTERM 2s"}, study.ClassSilence, "printed nothing for 2s"},
		{"output puts silence off", 0, 2 * time.Second, func(p *process) launch.Exit {
			for range 5 {
				time.Sleep(1500 * time.Millisecond)
				p.Stderr.Write([]byte("."))
			}
			<-p.terminated
			return launch.Exit{Code: -1, Signal: "SIGTERM"}
		}, []string{"SIGTERM 9.5s"}, study.ClassSilence, "printed nothing for 2s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, tt.program)
				b.def.Command.PerTrial, b.def.Command.Silence = study.Duration(tt.perTrial), study.Duration(tt.silence)
				o := b.work(t)
				if diff := cmp.Diff(tt.want, b.launcher.processes[0].marks); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
				if o.State != study.Failed || o.Failure.Class != tt.class || o.Failure.Message != tt.message {
					t.Errorf("outcome %s %v, want failed by %s: %s", o.State, o.Failure, tt.class, tt.message)
				}
			})
		})
	}
}

// TestContextKills: the end of the context leaves no time for anything, also
// where a grace has begun, and the trial is handed back.
func TestContextKills(t *testing.T) {
	tests := []struct {
		name  string
		order study.Verdict // of beats before
		want  []string
		state study.State
	}{
		{"running", study.VerdictContinue, []string{"SIGKILL 10s"}, study.Cancelled},
		{"during the grace of a pause", study.VerdictPause, []string{"SIGKILL 10s"}, study.Paused},
		{"after SIGTERM", study.VerdictStop, []string{"SIGTERM 1.25s", "SIGKILL 10s"}, study.Cancelled},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, stubborn)
				b.queue.beat = func(tickets []study.Ticket) (map[study.Ticket]study.Verdict, error) {
					return map[study.Ticket]study.Verdict{
						tickets[0]:             tt.order,
						{Trial: 7, Attempt: 1}: study.VerdictStop, // not ours; must not matter
					}, nil
				}
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if err := b.run(t, ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Run returned %v", err)
				}
				if diff := cmp.Diff(tt.want, b.launcher.processes[0].marks); diff != "" {
					t.Errorf("signals (-want +got):\n%s", diff)
				}
				if o := b.queue.outcomes[0]; o.State != tt.state {
					t.Errorf("outcome %+v, want %s", o, tt.state)
				}
			})
		})
	}
}

// TestContextBeforeStart: a trial that was leased too late to be started goes
// back; nothing speaks against it.
func TestContextBeforeStart(t *testing.T) {
	b := newBench(t, good)
	ctx, cancel := context.WithCancel(t.Context())
	b.queue.join = func() error { cancel(); return nil }
	if err := b.run(t, ctx); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if o := b.queue.outcomes[0]; o.State != study.Cancelled || o.Failure != nil {
		t.Errorf("outcome %+v, want cancelled", o)
	}
}

// TestQueueFails: when the queue is gone nothing is left running, and the
// first error is the one to tell.
func TestQueueFails(t *testing.T) {
	gone := errors.New("the disk is full")
	tests := []struct {
		name  string
		setup func(b *bench)
	}{
		{"join", func(b *bench) { b.queue.join = func() error { return gone } }},
		{"beat", func(b *bench) {
			b.queue.beat = func([]study.Ticket) (map[study.Ticket]study.Verdict, error) { return nil, gone }
		}},
		{"report, then finish", func(b *bench) {
			b.queue.report = func(study.Ticket, []study.Report) (study.Verdict, error) { return "", gone }
			b.queue.ended = func(study.Ticket) error { return gone }
		}},
		{"finish of one, while another runs", func(b *bench) {
			b.slots, b.queue.trials = 2, 2
			b.launcher.program = func(p *process) launch.Exit {
				if p.Trial == 0 {
					return good(p)
				}
				return stubborn(p)
			}
			b.queue.ended = func(k study.Ticket) error {
				if k.Trial == 0 {
					return gone
				}
				return nil
			}
			b.queue.hang = make(chan struct{})
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t, stubborn)
				tt.setup(b)
				if err := b.run(t, t.Context()); !errors.Is(err, gone) {
					t.Errorf("Run returned %v, want %v", err, gone)
				}
			})
		})
	}
}

// TestFenced: a trial that another attempt has taken over is ended, and its
// result, which comes too late, is a warning and no more.
func TestFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(p *process) launch.Exit {
			if p.Trial == 0 {
				return stubborn(p)
			}
			return good(p)
		})
		b.queue.trials = 2
		fenced := func(k study.Ticket) error {
			if k.Trial == 0 {
				return study.Errorf(study.Fenced, "", "attempt 1 of trial 0 is not the newest")
			}
			return nil
		}
		b.queue.report = func(k study.Ticket, _ []study.Report) (study.Verdict, error) {
			return study.VerdictContinue, fenced(k)
		}
		b.queue.ended = fenced
		b.work(t)
		if o := b.queue.outcomes[1]; o.State != study.Complete {
			t.Errorf("the next trial is %+v, want complete", o)
		}
		want := []string{"0: its result came too late: attempt 1 of trial 0 is not the newest"}
		if diff := cmp.Diff(want, b.warns); diff != "" {
			t.Errorf("warnings (-want +got):\n%s", diff)
		}
	})
}

// TestLeasesRenewed: while a trial runs its lease is renewed several times a
// second; with nothing running there is nothing to renew.
func TestLeasesRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(p *process) launch.Exit {
			time.Sleep(10 * time.Second)
			return good(p)
		})
		b.queue.hang = make(chan struct{})
		b.queue.ended = func(study.Ticket) error {
			time.AfterFunc(time.Hour, func() { close(b.queue.hang) })
			return nil
		}
		b.queue.beat = func(tickets []study.Ticket) (map[study.Ticket]study.Verdict, error) {
			if want := []study.Ticket{{Trial: 0, Attempt: 1}}; !cmp.Equal(tickets, want) {
				t.Errorf("renewed %v, want %v", tickets, want)
			}
			return nil, nil
		}
		b.work(t)
		if n := b.queue.beats; n < 30 || n > 40 {
			t.Errorf("%d beats in 10 s of running and an hour of waiting, want about 40", n)
		}
		if diff := cmp.Diff([]string{"w"}, b.queue.joined); diff != "" {
			t.Errorf("joined (-want +got):\n%s", diff)
		}
	})
}
