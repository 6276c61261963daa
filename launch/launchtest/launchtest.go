// Package launchtest holds launchers to the contract of package launch.
//
// It is for tests only and knows nothing of any engine: it starts real
// processes, the test binary itself in the modes of [Helper], and watches
// them over a [Roll], where each holds a connection open as long as it lives.
// The one idea is that a process which is gone cannot answer: after Wait no
// connection may be open, whatever the process did to hide.
//
// A launcher's test binary plays the helper in TestMain and calls [Run]:
//
//	func TestMain(m *testing.M) {
//		local.GuardianMain()
//		launchtest.Helper()
//		os.Exit(m.Run())
//	}
//
//	func TestLauncher(t *testing.T) {
//		launchtest.Run(t, func(t *testing.T) launch.Launcher { … })
//	}
//
// The launcher must run commands where the loopback interface and the file
// system of the test can be reached.
package launchtest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/launch"
)

// Memory limits of the suite: what a job may use and what a glutton tries to.
const (
	limit    = 160 << 20
	appetite = 640 << 20
)

// atOnce is how long a dead process may take to show. The kernel closes its
// connection before it can be waited for, so this is slack for the network
// stack of a busy machine.
const atOnce = 2 * time.Second

// Run runs the suite, each test with a launcher of its own that newLauncher
// makes and the suite closes.
func Run(t *testing.T, newLauncher func(t *testing.T) launch.Launcher) {
	for _, test := range []struct {
		name string
		unix bool // needs signals or sessions
		f    func(*testing.T, launch.Launcher)
	}{
		{"output and success", false, testSuccess},
		{"exit codes", false, testCodes},
		{"death by signal", true, testSignal},
		{"arguments environment folder", false, testWhere},
		{"start errors", true, testStartErrors},
		{"start after the context ended", false, testStartContext},
		{"wait again after giving up", false, testWaitContext},
		{"large output", false, testFlood},
		{"slow writer", false, testSlowWriter},
		{"broken writer", false, testBrokenWriter},
		{"terminate", true, testTerminate},
		{"terminate ignored then kill", true, testDeaf},
		{"kill at once", false, testKillAtOnce},
		{"kill after the end", false, testKillLate},
		{"strays after the end", true, testStrays},
		{"strays after kill", true, testTreeKill},
		{"fork storm", true, testStorm},
		{"memory", true, testMemory},
		{"memory of a child", true, testMemoryChild},
		{"many at once", false, testMany},
		{"adopt what is gone", false, testAdopt},
		{"close", false, testClose},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.unix && runtime.GOOS == "windows" {
				t.Skip("needs signals and sessions")
			}
			l := newLauncher(t)
			t.Cleanup(func() {
				if err := l.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
			})
			test.f(t, l)
		})
	}
}

// Job returns a job that runs a helper in an empty folder.
func Job(t testing.TB, mode string, args ...string) launch.Job {
	return launch.Job{Study: "conformance", Trial: 3, Attempt: 1,
		Argv: Command(mode, args...), Env: os.Environ(), Dir: t.TempDir()}
}

func testContext(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

func start(t *testing.T, l launch.Launcher, job launch.Job) launch.Run {
	t.Helper()
	r, err := l.Start(testContext(t), job)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return r
}

func wait(t *testing.T, r launch.Run) launch.Exit {
	t.Helper()
	e, err := r.Wait(testContext(t))
	if err != nil {
		t.Fatalf("wait: %v", err)
	}
	return e
}

func runJob(t *testing.T, l launch.Launcher, job launch.Job) launch.Exit {
	t.Helper()
	return wait(t, start(t, l, job))
}

// brief is what of an exit is the same each time.
type brief struct {
	Code   int
	Signal string
	OOM    bool
}

func (b brief) want(t *testing.T, e launch.Exit) {
	t.Helper()
	if d := cmp.Diff(b, brief{e.Code, e.Signal, e.OOM}); d != "" {
		t.Errorf("exit (-want +got):\n%s", d)
	}
}

func testSuccess(t *testing.T, l launch.Launcher) {
	var out, errs bytes.Buffer
	job := Job(t, "say", "0", "hello\nout", "hello\nerr")
	job.Stdout, job.Stderr = &out, &errs
	before := time.Now()
	r := start(t, l, job)
	e := wait(t, r)
	brief{}.want(t, e)
	if out.String() != "hello\nout" || errs.String() != "hello\nerr" {
		t.Errorf("output %q and %q", out.String(), errs.String())
	}
	if e.Started.Before(before.Add(-time.Second)) || e.Ended.Before(e.Started) || e.Ended.After(time.Now().Add(time.Second)) {
		t.Errorf("started %v, ended %v; asked at %v", e.Started, e.Ended, before)
	}
	if e.Strays != 0 {
		t.Errorf("%d strays of a command without children", e.Strays)
	}
	if r.Ref() == "" {
		t.Error("the run has no ref")
	}
	if again := wait(t, r); again != e {
		t.Errorf("waiting again: %+v, first %+v", again, e)
	}

	// One writer for both streams sees both.
	var both bytes.Buffer
	job.Stdout, job.Stderr = &both, &both
	runJob(t, l, job)
	if s := both.String(); s != "hello\nouthello\nerr" {
		t.Errorf("both streams in one writer: %q", s)
	}

	job.Stdout, job.Stderr = nil, nil
	brief{}.want(t, runJob(t, l, job))
}

func testCodes(t *testing.T, l launch.Launcher) {
	for _, code := range []int{1, 2, 75, 78, 126, 255} {
		brief{Code: code}.want(t, runJob(t, l, Job(t, "say", fmt.Sprint(code))))
	}
}

func testSignal(t *testing.T, l launch.Launcher) {
	for n, name := range map[string]string{"9": "SIGKILL", "15": "SIGTERM", "1": "SIGHUP"} {
		brief{Code: -1, Signal: name}.want(t, runJob(t, l, Job(t, "signal", n)))
	}
}

func testWhere(t *testing.T, l launch.Launcher) {
	var out bytes.Buffer
	job := Job(t, "where", "two words", "", "$HOME", "ünï\n")
	job.Env = []string{"FIRST=1", "EMPTY=", "WORDS=a b=c"}
	if runtime.GOOS == "windows" {
		job.Env = append(job.Env, "SYSTEMROOT="+os.Getenv("SYSTEMROOT"))
	}
	job.Stdout = &out
	runJob(t, l, job)
	var got Where
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("helper said %q: %v", out.String(), err)
	}
	if d := cmp.Diff(job.Argv, got.Args); d != "" {
		t.Errorf("arguments (-want +got):\n%s", d)
	}
	for _, e := range job.Env {
		if !slices.Contains(got.Env, e) {
			t.Errorf("environment lacks %q", e)
		}
	}
	for _, e := range got.Env {
		if !slices.Contains(job.Env, e) && !strings.HasPrefix(e, "AFINA_") {
			t.Errorf("environment has %q, which the job does not", e)
		}
	}
	want, err := filepath.EvalSymlinks(job.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if have, _ := filepath.EvalSymlinks(got.Dir); have != want {
		t.Errorf("folder %q, want %q", have, want)
	}
}

func testStartErrors(t *testing.T, l launch.Launcher) {
	dir := t.TempDir()
	file := func(name, text string, mode fs.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	file("here.sh", "#!/bin/sh\n", 0o755)
	env := []string{"PATH=/usr/bin:/bin"}
	for name, test := range map[string]struct {
		argv []string
		env  []string
		dir  string
		say  string
	}{
		"empty":             {nil, env, dir, "empty"},
		"not in PATH":       {[]string{"afina-no-such-program"}, env, dir, "PATH"},
		"no PATH":           {[]string{"true"}, nil, dir, "no PATH"},
		"in the folder":     {[]string{"here.sh"}, env, dir, "./here.sh"},
		"no such file":      {[]string{"./nothing.sh"}, env, dir, "nothing.sh"},
		"not executable":    {[]string{file("plain.py", "print()", 0o644)}, env, dir, "chmod +x"},
		"a folder":          {[]string{dir}, env, dir, "folder"},
		"no such folder":    {[]string{"true"}, env, filepath.Join(dir, "nowhere"), "working directory"},
		"folder is a file":  {[]string{"true"}, env, file("flat", "", 0o644), "working directory"},
		"no program format": {[]string{file("data.bin", "\x00\x01\x02", 0o755)}, env, dir, "#!"},
		"no interpreter":    {[]string{file("lost.sh", "#!/no/such/shell -e\n", 0o755)}, env, dir, "/no/such/shell"},
		"NUL in argument":   {[]string{"true", "a\x00b"}, env, dir, "NUL"},
		"too long":          {[]string{"true", strings.Repeat("x", 4<<20)}, env, dir, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := l.Start(testContext(t), launch.Job{Argv: test.argv, Env: test.env, Dir: test.dir})
			if err == nil {
				_ = r.Kill()
				t.Fatal("started")
			}
			var se *launch.StartError
			if !errors.As(err, &se) {
				t.Fatalf("%v (%T) is no *launch.StartError", err, err)
			}
			if !strings.Contains(err.Error(), test.say) {
				t.Errorf("%q does not mention %q", err, test.say)
			}
		})
	}
	// And it still starts what can be started.
	brief{}.want(t, runJob(t, l, launch.Job{Argv: []string{"./here.sh"}, Env: env, Dir: dir}))
	brief{}.want(t, runJob(t, l, launch.Job{Argv: []string{"true"}, Env: env, Dir: dir}))
}

func testStartContext(t *testing.T, l launch.Launcher) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := l.Start(ctx, Job(t, "say", "0"))
	var se *launch.StartError
	if !errors.Is(err, context.Canceled) || errors.As(err, &se) {
		t.Errorf("start with an ended context: %v", err)
	}
	brief{}.want(t, runJob(t, l, Job(t, "say", "0")))
}

func testWaitContext(t *testing.T, l launch.Launcher) {
	roll := NewRoll(t)
	r := start(t, l, Job(t, "wait", roll.Addr(), "main"))
	c := roll.Await(t, 1)[0]
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("wait with an ended context: %v", err)
	}
	c.Go(t)
	brief{}.want(t, wait(t, r))
}

func testFlood(t *testing.T, l launch.Launcher) {
	var out bytes.Buffer
	job := Job(t, "flood", fmt.Sprint(1<<20))
	job.Stdout = &out
	brief{}.want(t, runJob(t, l, job))
	if !bytes.Equal(out.Bytes(), Pattern(1<<20)) {
		t.Errorf("%d bytes arrived, or not as they were sent", out.Len())
	}
}

// gate is a writer that lets nothing through until it is opened.
type gate struct {
	open chan struct{}
	buf  bytes.Buffer
}

func (g *gate) Write(b []byte) (int, error) {
	<-g.open
	return g.buf.Write(b)
}

func testSlowWriter(t *testing.T, l launch.Launcher) {
	// Less than a pipe holds, so that the command ends long before its output
	// is taken.
	g := &gate{open: make(chan struct{})}
	job := Job(t, "flood", "20000")
	job.Stdout = g
	r := start(t, l, job)
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, err := r.Wait(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("wait returned before the output was delivered: %v", err)
	}
	close(g.open)
	brief{}.want(t, wait(t, r))
	if !bytes.Equal(g.buf.Bytes(), Pattern(20000)) {
		t.Errorf("%d bytes arrived", g.buf.Len())
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func testBrokenWriter(t *testing.T, l launch.Launcher) {
	job := Job(t, "flood", fmt.Sprint(1<<20))
	job.Stdout = brokenWriter{}
	brief{}.want(t, runJob(t, l, job))
}

func testTerminate(t *testing.T, l launch.Launcher) {
	roll := NewRoll(t)
	var out bytes.Buffer
	job := Job(t, "polite", roll.Addr(), "main")
	job.Stdout = &out
	r := start(t, l, job)
	c := roll.Await(t, 1)[0]
	if err := r.Terminate(); err != nil {
		t.Errorf("terminate: %v", err)
	}
	brief{Code: 7}.want(t, wait(t, r))
	c.Gone(t, atOnce)
	if out.String() != "bye" {
		t.Errorf("last words %q", out.String())
	}
}

func testDeaf(t *testing.T, l launch.Launcher) {
	roll := NewRoll(t)
	r := start(t, l, Job(t, "deaf", roll.Addr(), "main"))
	c := roll.Await(t, 1)[0]
	if err := r.Terminate(); err != nil {
		t.Errorf("terminate: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	if e, err := r.Wait(ctx); err == nil {
		t.Fatalf("ended by SIGTERM, which it ignores: %+v", e)
	}
	if err := r.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	brief{Code: -1, Signal: "SIGKILL"}.want(t, wait(t, r))
	c.Gone(t, atOnce)
}

func testKillAtOnce(t *testing.T, l launch.Launcher) {
	roll := NewRoll(t)
	for range 5 {
		r := start(t, l, Job(t, "wait", roll.Addr(), "main"))
		if err := r.Kill(); err != nil {
			t.Errorf("kill: %v", err)
		}
		if e := wait(t, r); e.Code == 0 {
			t.Errorf("killed at once, yet exited with 0: %+v", e)
		}
	}
	for _, c := range roll.Rest() {
		c.Gone(t, atOnce)
	}
	// A start that is given up while under way leaves nothing either.
	for i := range 5 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(i)*400*time.Microsecond)
		if r, err := l.Start(ctx, Job(t, "wait", roll.Addr(), "main")); err == nil {
			_ = r.Kill()
			wait(t, r)
		}
		cancel()
	}
	for _, c := range roll.Rest() {
		c.Gone(t, atOnce)
	}
}

func testKillLate(t *testing.T, l launch.Launcher) {
	r := start(t, l, Job(t, "say", "3"))
	e := wait(t, r)
	if err := errors.Join(r.Kill(), r.Terminate()); err != nil {
		t.Errorf("ending a run that is over: %v", err)
	}
	if again := wait(t, r); again != e {
		t.Errorf("exit changed from %+v to %+v", e, again)
	}
	// The next run does not suffer for it.
	brief{}.want(t, runJob(t, l, Job(t, "say", "0")))
}

func testStrays(t *testing.T, l launch.Launcher) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			roll := NewRoll(t)
			var out bytes.Buffer
			job := Job(t, "tree", roll.Addr(), kind)
			job.Stdout, job.Stderr = &out, &out
			r := start(t, l, job)
			all := roll.Await(t, 2)
			Find(t, all, "main").Go(t)
			e := wait(t, r)
			brief{}.want(t, e)
			if e.Strays != 1 {
				t.Errorf("%d strays, want 1", e.Strays)
			}
			Find(t, all, "stray").Gone(t, atOnce)
		})
	}
}

func testTreeKill(t *testing.T, l launch.Launcher) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			roll := NewRoll(t)
			r := start(t, l, Job(t, "tree", roll.Addr(), kind))
			all := roll.Await(t, 2)
			if err := r.Kill(); err != nil {
				t.Errorf("kill: %v", err)
			}
			brief{Code: -1, Signal: "SIGKILL"}.want(t, wait(t, r))
			for _, c := range all {
				c.Gone(t, atOnce)
			}
		})
	}
}

func testStorm(t *testing.T, l launch.Launcher) {
	roll := NewRoll(t)
	r := start(t, l, Job(t, "storm", roll.Addr(), "5")) // 63 processes in all
	all := roll.Await(t, 12)
	if err := r.Kill(); err != nil {
		t.Errorf("kill: %v", err)
	}
	brief{Code: -1, Signal: "SIGKILL"}.want(t, wait(t, r))
	for _, c := range append(all, roll.Rest()...) {
		c.Gone(t, atOnce)
	}
}

func testMemory(t *testing.T, l launch.Launcher) {
	roll := NewRoll(t)
	job := Job(t, "eat", roll.Addr(), "main", fmt.Sprint(appetite))
	job.Memory = limit
	e := runJob(t, l, job)
	brief{Code: -1, Signal: "SIGKILL", OOM: true}.want(t, e)
	if e.MaxRSS > 2*limit {
		t.Errorf("used %d bytes under a limit of %d", e.MaxRSS, int64(limit))
	}
	for _, c := range roll.Rest() {
		c.Gone(t, atOnce)
	}
	// The limit is not the next run's.
	job = Job(t, "say", "0")
	job.Memory = limit
	brief{}.want(t, runJob(t, l, job))
}

func testMemoryChild(t *testing.T, l launch.Launcher) {
	roll := NewRoll(t)
	job := Job(t, "tree", roll.Addr(), "eat")
	job.Memory = limit
	r := start(t, l, job)
	all := roll.Await(t, 2)
	e := wait(t, r) // nobody tells main to go: the limit ends the tree
	if !e.OOM {
		t.Errorf("a child went over the limit, but the exit says %+v", e)
	}
	for _, c := range all {
		c.Gone(t, atOnce)
	}
}

func testMany(t *testing.T, l launch.Launcher) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 3 {
				var out bytes.Buffer
				want := fmt.Sprintf("%d.%d", i, j)
				job := Job(t, "say", fmt.Sprint(i), want, "")
				job.Stdout = &out
				r, err := l.Start(testContext(t), job)
				if err != nil {
					t.Errorf("start: %v", err)
					return
				}
				e, err := r.Wait(testContext(t))
				if err != nil || e.Code != i || out.String() != want {
					t.Errorf("run %s: %+v, %v, said %q", want, e, err, out.String())
				}
			}
		})
	}
	wg.Wait()
}

func testAdopt(t *testing.T, l launch.Launcher) {
	job := Job(t, "say", "0")
	r := start(t, l, job)
	wait(t, r)
	for _, ref := range []string{r.Ref(), "", "no such run", strings.Repeat("0", len(r.Ref()))} {
		if _, err := l.Adopt(testContext(t), ref, job); !errors.Is(err, launch.ErrGone) {
			t.Errorf("adopt %q: %v, want launch.ErrGone", ref, err)
		}
	}
}

func testClose(t *testing.T, l launch.Launcher) {
	roll := NewRoll(t)
	var runs []launch.Run
	for range 3 {
		runs = append(runs, start(t, l, Job(t, "deaf", roll.Addr(), "main")))
	}
	all := roll.Await(t, 3)
	if err := l.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	for _, c := range all {
		c.Gone(t, atOnce)
	}
	for _, r := range runs {
		// An error would do too, but not a success that never was.
		if e, err := r.Wait(testContext(t)); err == nil && e.Code == 0 {
			t.Errorf("ended by close, yet the exit says %+v", e)
		}
	}
	if _, err := l.Start(testContext(t), Job(t, "say", "0")); err == nil {
		t.Error("started after close")
	}
}
