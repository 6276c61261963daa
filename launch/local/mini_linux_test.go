package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/launchtest"
)

// modes are the means a launcher may find on a machine: all that this one
// offers, and no control groups at all.
var modes = []struct {
	name string
	c    func() cgroups
}{
	{"detected", detectCgroups},
	{"bare", func() cgroups { return cgroups{} }},
}

// inTime is the deadline for what happens without anybody waiting for it.
const inTime = 20 * time.Second

func open(t *testing.T, marker string, c cgroups) *Launcher {
	t.Helper()
	l, err := newLauncher(Options{Marker: marker}, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		noGroups(t, marker)
	})
	return l
}

// noGroups fails the test if control groups of the marker are left.
func noGroups(t *testing.T, marker string) {
	t.Helper()
	c := detectCgroups()
	for _, base := range []string{c.V2, c.V1Memory} {
		if base == "" {
			continue
		}
		dirs, err := filepath.Glob(filepath.Join(base, leafPrefix+markerHash(marker)+"-*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dirs {
			t.Errorf("control group left: %s", d)
		}
	}
}

// eventually waits until f is true.
func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(inTime); !f(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("not in time: %s", what)
		}
	}
}

func gone(p proc) bool {
	now, ok := readProc(p.pid)
	return !ok || now.start != p.start || now.dead()
}

// strike kills processes as nearly at once as can be, all being stopped
// before the first is killed, so that none can react to the death of another;
// it returns when they are dead, as whoever starts a program again does.
func strike(t *testing.T, procs ...proc) {
	t.Helper()
	for _, p := range procs {
		signalProc(p, unix.SIGSTOP)
	}
	for _, p := range procs {
		signalProc(p, unix.SIGKILL)
	}
	for _, p := range procs {
		eventually(t, fmt.Sprintf("death of process %d", p.pid), func() bool { return gone(p) })
	}
}

func mustProc(t *testing.T, pid int) proc {
	t.Helper()
	p, ok := readProc(pid)
	if !ok {
		t.Fatalf("no process %d", pid)
	}
	return p
}

// carriers returns the living processes whose environment holds the marker.
func carriers(marker string) []proc {
	var out []proc
	for _, p := range allProcs() {
		if m, ok := envValue(environ(p.pid), EnvMarker); ok && m == marker && !p.dead() {
			out = append(out, p)
		}
	}
	return out
}

func start(t *testing.T, l *Launcher, job launch.Job) *run {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), inTime)
	defer cancel()
	r, err := l.Start(ctx, job)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	return r.(*run)
}

func wait(t *testing.T, r launch.Run) (launch.Exit, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), inTime)
	defer cancel()
	e, err := r.Wait(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("wait: %v", err)
	}
	return e, err
}

// works fails the test unless a next run goes well.
func works(t *testing.T, l *Launcher) {
	t.Helper()
	if e, err := wait(t, start(t, l, launchtest.Job(t, "say", "5"))); err != nil || e.Code != 5 {
		t.Errorf("the next run: %+v, %v", e, err)
	}
}

// playMini is a small program that uses the launcher: mini MARKER MODE ADDR
// KIND starts a tree and waits to be killed.
func playMini() {
	if len(os.Args) != 6 || os.Args[1] != "mini" {
		return
	}
	var c cgroups
	if os.Args[3] == "detected" {
		c = detectCgroups()
	}
	l, err := newLauncher(Options{Marker: os.Args[2]}, c)
	switch {
	case err != nil:
	case os.Args[5] == "churn":
		for range 3 {
			go churn(l)
		}
	default:
		_, err = l.Start(context.Background(), launch.Job{
			Argv: launchtest.Command("tree", os.Args[4], os.Args[5]), Env: os.Environ(), Dir: os.TempDir(),
			Stdout: os.Stdout, Stderr: os.Stderr,
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "mini:", err)
		os.Exit(1)
	}
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	os.Exit(0)
}

// churn starts one run after the other, each of which leaves strays.
func churn(l *Launcher) {
	for {
		r, err := l.Start(context.Background(), launch.Job{
			Argv: []string{"sh", "-c", "sleep 1000 & setsid sleep 1000 & exit 0"}, Env: os.Environ(), Dir: "/",
			Stdout: io.Discard, Memory: 1 << 30,
		})
		if err == nil {
			_, err = r.Wait(context.Background())
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "mini:", err)
			os.Exit(1)
		}
	}
}

// family is a mini program with its guards and the trial below.
type family struct {
	launcher, warden, guardian proc
	trial                      []*launchtest.Caller
}

func newFamily(t *testing.T, marker, mode, kind string) family {
	t.Helper()
	roll := launchtest.NewRoll(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe, "mini", marker, mode, roll.Addr(), kind)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, most of the time
	})
	f := family{launcher: mustProc(t, cmd.Process.Pid), trial: roll.Await(t, 2)}
	f.guardian = mustProc(t, launchtest.Find(t, f.trial, "main").PPID)
	f.warden = mustProc(t, f.guardian.ppid)
	if f.warden.ppid != f.launcher.pid {
		t.Fatalf("the warden's parent is %d, not the launcher %d", f.warden.ppid, f.launcher.pid)
	}
	return f
}
