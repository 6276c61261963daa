package worker_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/study"
)

// TestOutcome: how a command ended, in the study's words.
func TestOutcome(t *testing.T) {
	says := func(stdout, stderr string, exit launch.Exit) func(*process) launch.Exit {
		return func(p *process) launch.Exit {
			io.WriteString(p.Stdout, stdout)
			io.WriteString(p.Stderr, stderr)
			return exit
		}
	}
	trace := "Traceback (most recent call last):\n  File \"train.py\", line 3\nValueError: lr is too large\n"
	tests := []struct {
		name    string
		program func(*process) launch.Exit
		state   study.State
		failure *study.Failure
	}{
		{"well", good, study.Complete, nil},
		{"not a number is for the study to judge", says("loss=nan\n", "", launch.Exit{}), study.Complete, nil},
		{"no metric", says("accuracy=1\n", "", launch.Exit{}), study.Failed,
			&study.Failure{Class: study.ClassNoMetric, Message: "no value for loss"}},
		{"exit", says("loss=0.5\n", trace, launch.Exit{Code: 1}), study.Failed,
			&study.Failure{Class: study.ClassExit, Message: "exit status 1: ValueError: lr is too large", Exit: 1}},
		{"exit without a word", says("", "", launch.Exit{Code: 3}), study.Failed,
			&study.Failure{Class: study.ClassExit, Message: "exit status 3", Exit: 3}},
		{"the last state of a progress bar", says("", "10%\r20%\rRuntimeError: no space\n", launch.Exit{Code: 1}), study.Failed,
			&study.Failure{Class: study.ClassExit, Message: "exit status 1: RuntimeError: no space", Exit: 1}},
		{"a long last line", says("", strings.Repeat("é", 1000), launch.Exit{Code: 1}), study.Failed,
			&study.Failure{Class: study.ClassExit, Message: "exit status 1: " + strings.Repeat("é", 150) + "…", Exit: 1}},
		{"temporary", says("", "", launch.Exit{Code: 75}), study.Failed,
			&study.Failure{Class: study.ClassTemporary, Message: "exit status 75 asks for another try", Exit: 75}},
		{"infeasible", says("", "width is odd\n", launch.Exit{Code: 78}), study.Infeasible,
			&study.Failure{Class: study.ClassExit, Message: "exit status 78: the configuration cannot work: width is odd", Exit: 78}},
		{"crash", says("", "", launch.Exit{Code: -1, Signal: "SIGSEGV"}), study.Failed,
			&study.Failure{Class: study.ClassCrash, Message: "SIGSEGV", Signal: "SIGSEGV"}},
		{"killed", says("", "", launch.Exit{Code: -1, Signal: "SIGKILL"}), study.Failed,
			&study.Failure{Class: study.ClassKilled, Message: "killed from outside (the machine may be out of memory)", Signal: "SIGKILL"}},
		{"memory", says("", "", launch.Exit{Code: -1, Signal: "SIGKILL", OOM: true}), study.Failed,
			&study.Failure{Class: study.ClassOOM, Message: "went over its memory of 64 MiB", Signal: "SIGKILL"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, tt.program)
			b.def.Resources.Memory = 64 << 20
			o := b.work(t)
			if o.State != tt.state {
				t.Errorf("state %s, want %s", o.State, tt.state)
			}
			shorten := cmp.FilterPath(func(p cmp.Path) bool { return p.String() == "Message" && tt.failure.Class == study.ClassNoMetric },
				cmp.Comparer(func(a, b string) bool { return strings.Contains(a, "loss") && strings.Contains(b, "loss") }))
			if diff := cmp.Diff(tt.failure, o.Failure, shorten); diff != "" {
				t.Errorf("failure (-want +got):\n%s", diff)
			}
			if o.Ended.IsZero() {
				t.Error("nobody knows when it ended")
			}
		})
	}
}

// TestStartFails: what the user has to mend, and what another try may help.
func TestStartFails(t *testing.T) {
	tests := []struct {
		name   string
		refuse error
		class  study.Class
	}{
		{"no such program", &launch.StartError{Argv0: "program", Err: fs.ErrNotExist}, study.ClassStart},
		{"the machine's trouble", errors.New("no process could be made"), study.ClassLost},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, good)
			b.launcher.refuse = tt.refuse
			o := b.work(t)
			if o.State != study.Failed || o.Failure.Class != tt.class || o.Failure.Message != tt.refuse.Error() {
				t.Errorf("outcome %s %v, want %s: %v", o.State, o.Failure, tt.class, tt.refuse)
			}
		})
	}
}

// reports returns what trial 0 reported, without times, merged by step as the
// study merges it.
func (b *bench) reports() []study.Report {
	var out []study.Report
	for _, r := range b.queue.reports[0] {
		r.At = time.Time{}
		i := slices.IndexFunc(out, func(o study.Report) bool { return o.Step == r.Step })
		if i < 0 {
			out = append(out, r)
		} else {
			out[i].Values = out[i].Values.With(r.Values)
		}
	}
	return out
}

func report(step float64, values map[string]float64) study.Report {
	return study.Report{Step: step, Values: study.MakeMetrics(values)}
}

// TestReports: which step a printed value belongs to.
func TestReports(t *testing.T) {
	nan := math.NaN()
	tests := []struct {
		name   string
		lines  []string
		resume float64
		want   []study.Report
	}{
		{"with steps", []string{`{"epoch":1,"loss":3}`, `{"epoch":2,"loss":2}`}, 0,
			[]study.Report{report(1, map[string]float64{"loss": 3}), report(2, map[string]float64{"loss": 2})}},
		{"a value after the step was said", []string{`{"epoch":3,"loss":3}`, `{"accuracy":0.5}`}, 0,
			[]study.Report{report(3, map[string]float64{"loss": 3, "accuracy": 0.5})}},
		{"no steps: each metric counts for itself", []string{"loss=3", "accuracy=0.1", "loss=2", "loss=1", "accuracy=0.2"}, 0,
			[]study.Report{
				report(1, map[string]float64{"loss": 3, "accuracy": 0.1}),
				report(2, map[string]float64{"loss": 2, "accuracy": 0.2}),
				report(3, map[string]float64{"loss": 1}),
			}},
		{"no steps, resumed", []string{"loss=3", "loss=2"}, 4,
			[]study.Report{report(5, map[string]float64{"loss": 3}), report(6, map[string]float64{"loss": 2})}},
		{"not finite", []string{`{"epoch":1,"loss":NaN}`}, 0, []study.Report{report(1, map[string]float64{"loss": nan})}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(p *process) launch.Exit {
				for _, l := range tt.lines {
					p.print("%s", l)
				}
				return launch.Exit{}
			})
			b.queue.resume = tt.resume
			b.def.Objectives = append(b.def.Objectives, study.Objective{Metric: "accuracy", Goal: study.Maximize})
			b.work(t)
			if diff := cmp.Diff(tt.want, b.reports(), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("reports (-want +got):\n%s", diff)
			}
		})
	}
}

// TestReportsMerge: while the queue is slow the command is not held up, and
// what it says meanwhile goes in one call.
func TestReportsMerge(t *testing.T) {
	const lines = 1000
	printed := make(chan struct{})
	b := newBench(t, func(p *process) launch.Exit {
		defer close(printed)
		for i := range lines {
			p.print(`{"epoch":%d,"loss":1}`, i+1)
		}
		return launch.Exit{}
	})
	var calls int
	b.queue.report = func(study.Ticket, []study.Report) (study.Verdict, error) {
		calls++
		<-printed // a disk that takes all that time
		return study.VerdictContinue, nil
	}
	b.work(t)
	if got := len(b.queue.reports[0]); got != lines {
		t.Errorf("%d reports arrived, want %d", got, lines)
	}
	if calls > 3 {
		t.Errorf("%d calls for what was printed at once, want at most 3", calls)
	}
}

// TestMetricsFile: what a program writes to its metrics file, and to the
// study's, is a report, also when it is written in the last moment.
func TestMetricsFile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(p *process) launch.Exit {
			write := func(path, text string) {
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Error(err)
				}
			}
			write(p.env("AFINA_METRICS"), `{"epoch":1,"loss":3}`+"\n")
			time.Sleep(time.Second)
			write(filepath.Join(p.Dir, "own.jsonl"), `{"epoch":2,"loss":2}`+"\n")
			return launch.Exit{}
		})
		b.def.Report.File = "own.jsonl"
		if o := b.work(t); o.State != study.Complete {
			t.Errorf("outcome %+v, want complete", o)
		}
		want := []study.Report{report(1, map[string]float64{"loss": 3}), report(2, map[string]float64{"loss": 2})}
		if diff := cmp.Diff(want, b.reports()); diff != "" {
			t.Errorf("reports (-want +got):\n%s", diff)
		}
	})
}

// TestResultFile: a result file has the last word, and needs no output.
func TestResultFile(t *testing.T) {
	tests := []struct {
		name, text string
		state      study.State
		values     study.Metrics
		message    string
	}{
		{"alone", `{"loss": 0.25, "size": 3}`, study.Complete, study.MakeMetrics(map[string]float64{"loss": 0.25, "size": 3}), ""},
		{"without the objective", `{"size": 3}`, study.Failed, study.MakeMetrics(map[string]float64{"size": 3}), "loss"},
		{"broken", `{"loss": `, study.Failed, nil, "result"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, func(p *process) launch.Exit {
				if err := os.WriteFile(p.env("AFINA_RESULT"), []byte(tt.text), 0o600); err != nil {
					t.Error(err)
				}
				return launch.Exit{}
			})
			o := b.work(t)
			if diff := cmp.Diff(tt.values, o.Values); o.State != tt.state || diff != "" {
				t.Errorf("outcome %s %v, want %s; values (-want +got):\n%s", o.State, o.Failure, tt.state, diff)
			}
			if tt.message != "" && (o.Failure == nil || o.Failure.Class != study.ClassNoMetric || !strings.Contains(o.Failure.Message, tt.message)) {
				t.Errorf("failure %v, want no_metric with %q", o.Failure, tt.message)
			}
		})
	}
}

// log returns the packed log of trial 0.
func (b *bench) log(t *testing.T) string {
	t.Helper()
	path := b.home.Log(0, 1)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("beside the packed log there is the plain one (%v)", err)
	}
	packed, err := os.ReadFile(path + ".gz")
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestLog: of a log the first half of its limit and the last are kept, and
// what is left out is said.
func TestLog(t *testing.T) {
	for _, n := range []int{1, 500, 1000, 1001, 5000} {
		t.Run(fmt.Sprint(n, " bytes"), func(t *testing.T) {
			var all strings.Builder
			for i := 0; all.Len() < n; i++ {
				fmt.Fprintf(&all, "%d;", i)
			}
			text := all.String()[:n]
			b := newBench(t, func(p *process) launch.Exit {
				for at := 0; at < n; at += 7 {
					io.WriteString(p.Stdout, text[at:min(at+7, n)])
				}
				return launch.Exit{}
			})
			b.def.Command.LogLimit = 1000
			b.work(t)
			want := text
			if n > 1000 {
				want = text[:500] + fmt.Sprintf("\n… %d bytes left out …\n", n-1000) + text[n-500:]
			}
			if diff := cmp.Diff(want, b.log(t)); diff != "" {
				t.Errorf("log (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLogWhileRunning: the log is a plain file while the trial runs, so that
// one that was cut off is there, too.
func TestLogWhileRunning(t *testing.T) {
	var b *bench
	b = newBench(t, func(p *process) launch.Exit {
		p.print("loss=0.5")
		text, err := os.ReadFile(b.home.Log(0, 1))
		if err != nil || string(text) != "loss=0.5\n" {
			t.Errorf("the log is %q (%v) while the trial runs", text, err)
		}
		return launch.Exit{}
	})
	b.work(t)
	if got := b.log(t); got != "loss=0.5\n" {
		t.Errorf("log %q", got)
	}
}

// TestLogFails: a log that cannot be written is a warning; the trial goes on.
func TestLogFails(t *testing.T) {
	b := newBench(t, good)
	if err := os.MkdirAll(b.home.Log(0, 1), 0o700); err != nil { // in its place
		t.Fatal(err)
	}
	if o := b.work(t); o.State != study.Complete {
		t.Errorf("outcome %+v, want complete", o)
	}
	if len(b.warns) == 0 || !strings.HasPrefix(b.warns[0], "0: its log is incomplete: ") {
		t.Errorf("warnings %q", b.warns)
	}
}

// TestOneAfterAnother: where nothing runs beside a trial, its result is known
// before the next one is chosen, however short it was.
func TestOneAfterAnother(t *testing.T) {
	b := newBench(t, good)
	b.queue.trials = 3
	b.work(t)
	want := []string{"lease 0", "end 0", "lease 1", "end 1", "lease 2", "end 2"}
	if diff := cmp.Diff(want, b.queue.calls); diff != "" {
		t.Errorf("calls (-want +got):\n%s", diff)
	}
}

// TestGPUs: trials that run at once get devices of their own.
func TestGPUs(t *testing.T) {
	const trials = 12
	var mu sync.Mutex
	inUse, most := map[string]bool{}, 0
	meet := make(chan struct{}) // two at a time meet here
	b := newBench(t, nil)
	b.launcher.program = func(p *process) launch.Exit {
		mine := strings.Split(p.env("CUDA_VISIBLE_DEVICES"), ",")
		mu.Lock()
		for _, id := range mine {
			if inUse[id] {
				t.Errorf("device %s is given to two trials at once", id)
			}
			inUse[id] = true
		}
		most = max(most, len(inUse))
		mu.Unlock()
		select {
		case meet <- struct{}{}:
		case <-meet:
		}
		mu.Lock()
		for _, id := range mine {
			delete(inUse, id)
		}
		mu.Unlock()
		if len(mine) != 2 {
			t.Errorf("a trial that needs two devices got %q", mine)
		}
		return good(p)
	}
	b.queue.trials = trials
	b.slots, b.gpus, b.def.Resources.GPU = 5, []string{"4", "5", "6", "7", "GPU-x"}, 2
	b.environ = []string{"CUDA_VISIBLE_DEVICES=4,5,6,7,GPU-x"}
	b.work(t)
	if most != 4 || len(b.queue.outcomes) != trials {
		t.Errorf("%d devices in use at once, %d trials; want 4 and %d", most, len(b.queue.outcomes), trials)
	}
	if want := []string{"-1: 2 trials at once instead of 5: each needs 2 of the 5 GPUs"}; !slices.Equal(b.warns, want) {
		t.Errorf("warnings %q, want %q", b.warns, want)
	}
}

// TestNew: what cannot be run here is said before anything runs.
func TestNew(t *testing.T) {
	tests := []struct {
		name string
		set  func(b *bench)
		want string
	}{
		{"no command", func(b *bench) { b.def.Command = nil }, "the study has no command to run"},
		{"too few GPUs", func(b *bench) { b.def.Resources.GPU, b.gpus = 2, []string{"0"} }, "a trial needs 2 GPUs, and 1 are here"},
		{"a template with a mistake", func(b *bench) { b.def.Command.Argv = []string{"p", "{x"} }, "argument 2"},
		{"a variable with a mistake", func(b *bench) { b.def.Command.Env = map[string]string{"A": "${env:B"} }, "variable A of the study"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, good)
			tt.set(b)
			if _, err := b.new(); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New returned %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestEnvironment: a study's variables take values from the surroundings once;
// what those hold is never taken for a reference itself.
func TestEnvironment(t *testing.T) {
	b := newBench(t, func(p *process) launch.Exit {
		if got := p.env("DATA"); got != "/data/${env:SECRET}" {
			t.Errorf("%d: DATA is %q", p.Trial, got)
		}
		return good(p)
	})
	b.environ = []string{"ROOT=/data/${env:SECRET}", "SECRET=x"}
	b.def.Command.Env = map[string]string{"DATA": "${env:ROOT}"}
	b.def.Command.Setup = [][]string{{"prepare"}}
	b.work(t)
	if n := len(b.launcher.processes); n != 2 {
		t.Errorf("%d processes, want the setup and the trial", n)
	}
}

// TestSetup: commands run once before the first trial; the first that fails
// ends it all and shows what it printed, on both streams.
func TestSetup(t *testing.T) {
	b := newBench(t, func(p *process) launch.Exit {
		var streams sync.WaitGroup // the launcher writes them at the same time
		for _, w := range []io.Writer{p.Stdout, p.Stderr} {
			streams.Go(func() { io.WriteString(w, strings.Repeat("go: no such package\n", 100)) })
		}
		streams.Wait()
		if p.Argv[0] == "second" {
			return launch.Exit{Code: 2}
		}
		return launch.Exit{}
	})
	b.def.Command.Setup = [][]string{{"first"}, {"second", "{study.name}"}, {"third"}}
	err := b.run(t, t.Context())
	if err == nil || study.CodeOf(err) != study.Invalid ||
		!strings.Contains(err.Error(), "setup: second test ended with exit status 2") || !strings.Contains(err.Error(), "go: no such package") {
		t.Errorf("Run returned %v", err)
	}
	if n := len(b.launcher.processes); n != 2 {
		t.Errorf("%d commands ran, want 2", n)
	}
	if b.queue.leased != 0 {
		t.Error("a trial was leased")
	}
}

// TestSetupInterrupted: the end of the context kills a setup command and
// waits for its end.
func TestSetupInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, stubborn)
		b.def.Command.Setup = [][]string{{"long"}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.run(t, ctx); err == nil {
			t.Error("Run returned no error")
		}
		if diff := cmp.Diff([]string{"SIGKILL 1s"}, b.launcher.processes[0].marks); diff != "" {
			t.Errorf("signals (-want +got):\n%s", diff)
		}
	})
}
