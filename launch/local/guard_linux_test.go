package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/launchtest"
)

func TestConformanceBare(t *testing.T) {
	launchtest.Run(t, func(t *testing.T) launch.Launcher { return open(t, t.TempDir(), cgroups{}) })
}

// TestKilledAtAnyInstant kills a busy launcher, alone or with all its guards,
// without regard to what they are doing.
func TestKilledAtAnyInstant(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 16 {
		mode, all := modes[i%2], i%4 >= 2
		t.Run(fmt.Sprintf("%d/%s/all=%v", i, mode.name, all), func(t *testing.T) {
			marker := t.TempDir()
			cmd := exec.Command(exe, "mini", marker, mode.name, "-", "churn")
			stdin, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			defer stdin.Close()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			victims := []proc{mustProc(t, cmd.Process.Pid)}
			eventually(t, "runs", func() bool { return len(carriers(marker)) > 4 })
			<-time.After(time.Duration(rng.IntN(20_000)) * time.Microsecond)
			if all {
				for _, p := range carriers(marker) {
					if _, ok := envValue(environ(p.pid), envRole); ok {
						victims = append(victims, p)
					}
				}
			}
			strike(t, victims...)
			_ = cmd.Wait() // killed
			if !all {
				eventually(t, "all processes end", func() bool { return len(carriers(marker)) == 0 })
			}
			open(t, marker, mode.c()) // checks at its end that no group is left
			for _, p := range carriers(marker) {
				t.Errorf("process %d is left", p.pid)
			}
		})
	}
}

// TestLauncherKilled kills the launcher, alone and with its guards. Where a
// guard is left nothing else is needed; where none is, the next launcher of
// the same marker clears up.
func TestLauncherKilled(t *testing.T) {
	for _, mode := range modes {
		for _, kind := range []string{"child", "daemon", "bare"} {
			for _, test := range []struct {
				name    string
				victims func(family) []proc
				alone   bool // no next launcher is needed
			}{
				{"launcher", func(f family) []proc { return []proc{f.launcher} }, true},
				{"launcher and guardian", func(f family) []proc { return []proc{f.launcher, f.guardian} }, true},
				{"launcher and warden", func(f family) []proc { return []proc{f.launcher, f.warden} }, true},
				{"all", func(f family) []proc { return []proc{f.launcher, f.warden, f.guardian} }, false},
			} {
				t.Run(mode.name+"/"+kind+"/"+test.name, func(t *testing.T) {
					if !test.alone && kind == "bare" && mode.c().V2 == "" {
						t.Skip("documented: without cgroup v2 nothing tells whose this process is")
					}
					marker := t.TempDir()
					f := newFamily(t, marker, mode.name, kind)
					strike(t, test.victims(f)...)
					if !test.alone {
						l := open(t, marker, mode.c())
						if n := l.Swept(); kind == "daemon" && n == 0 {
							t.Error("the sweep found nothing")
						}
					}
					for _, c := range f.trial {
						c.Gone(t, inTime)
					}
					eventually(t, "guards end", func() bool {
						return gone(f.guardian) && gone(f.warden) && len(carriers(marker)) == 0
					})
					// What was killed with its guardian may leave an empty
					// group, which the next launcher removes.
					open(t, marker, mode.c())
				})
			}
		}
	}
}

// TestGuardsKilled kills guards under a living launcher.
func TestGuardsKilled(t *testing.T) {
	for _, mode := range modes {
		for _, kind := range []string{"child", "daemon", "bare"} {
			for _, test := range []struct {
				name             string
				guardian, warden bool
			}{
				{"guardian", true, false},
				{"warden", false, true},
				{"both", true, true},
			} {
				t.Run(mode.name+"/"+kind+"/"+test.name, func(t *testing.T) {
					if test.guardian && test.warden && kind == "bare" && mode.c().V2 == "" {
						t.Skip("documented: without cgroup v2 nothing tells whose this process is")
					}
					l := open(t, t.TempDir(), mode.c())
					roll := launchtest.NewRoll(t)
					var out bytes.Buffer
					job := launchtest.Job(t, "tree", roll.Addr(), kind)
					job.Stdout, job.Stderr = &out, &out
					r := start(t, l, job)
					trial := roll.Await(t, 2)
					main := launchtest.Find(t, trial, "main")
					warden := mustProc(t, l.warden.cmd.Process.Pid)
					var victims []proc
					if test.warden {
						victims = append(victims, warden)
					}
					if test.guardian {
						victims = append(victims, mustProc(t, main.PPID))
					}
					strike(t, victims...)
					if test.guardian {
						if e, err := wait(t, r); !errors.Is(err, launch.ErrGone) {
							t.Errorf("the guardian was killed, yet Wait says %+v, %v", e, err)
						}
					} else {
						// The run does not suffer.
						eventually(t, "death of the warden", func() bool { return gone(warden) })
						main.Go(t)
						if e, err := wait(t, r); err != nil || e.Code != 0 || e.Strays != 1 {
							t.Errorf("the warden was killed, and the run ended with %+v, %v", e, err)
						}
					}
					for _, c := range trial {
						c.Gone(t, 2*time.Second)
					}
					works(t, l)
				})
			}
		}
	}
}

// TestIdleGuardsKilled: guards that die between runs are replaced.
func TestIdleGuardsKilled(t *testing.T) {
	l := open(t, t.TempDir(), detectCgroups())
	for range 3 {
		works(t, l)
		l.mu.Lock()
		w := l.warden.cmd.Process.Pid
		l.mu.Unlock()
		for _, p := range alive(descendants(w, nil)) {
			signalProc(p, unix.SIGKILL)
		}
		works(t, l)
		signalProc(mustProc(t, w), unix.SIGKILL)
		works(t, l)
	}
}

// TestGuardianStopped: a trial that stops its guardian delays its own end,
// no more.
func TestGuardianStopped(t *testing.T) {
	l := open(t, t.TempDir(), cgroups{})
	l.patience = 200 * time.Millisecond
	for _, closing := range []bool{false, true} {
		roll := launchtest.NewRoll(t)
		r := start(t, l, launchtest.Job(t, "tree", roll.Addr(), "bare"))
		trial := roll.Await(t, 2)
		signalProc(mustProc(t, launchtest.Find(t, trial, "main").PPID), unix.SIGSTOP)
		if closing {
			if err := l.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		} else if err := r.Kill(); err != nil {
			t.Errorf("kill: %v", err)
		}
		if e, err := wait(t, r); !errors.Is(err, launch.ErrGone) {
			t.Errorf("the guardian was stopped, yet Wait says %+v, %v", e, err)
		}
		for _, c := range trial {
			c.Gone(t, 2*time.Second)
		}
	}
}

// TestShellStorms runs what a careless script does to a machine, bounded.
func TestShellStorms(t *testing.T) {
	for _, mode := range modes {
		for name, script := range map[string]string{
			"fan":         `i=0; while [ $i -lt 50 ]; do sleep 1000 & i=$((i+1)); done; exit 3`,
			"daemons":     `i=0; while [ $i -lt 30 ]; do (setsid sleep 1000 &) ; i=$((i+1)); done; exit 3`,
			"hop":         `hop() { [ $1 -gt 400 ] || ( hop $(($1+1)) & ) ; }; hop 0; exit 3`,
			"hop session": `cat > hop.sh <<'X'` + "\n" + `[ $1 -gt 60 ] || setsid sh hop.sh $(($1+1)) &` + "\nX\nsh hop.sh 0; exit 3",
			"spread":      `cat > s.sh <<'X'` + "\n" + `[ $1 -gt 4 ] || { sh s.sh $(($1+1)) & sh s.sh $(($1+1)) & }; trap '' TERM; sleep 1000` + "\nX\nsh s.sh 0 & exit 3",
		} {
			t.Run(mode.name+"/"+name, func(t *testing.T) {
				l := open(t, t.TempDir(), mode.c())
				r := start(t, l, launch.Job{Argv: []string{"sh", "-c", script}, Env: os.Environ(), Dir: t.TempDir()})
				if e, err := wait(t, r); err != nil || e.Code != 3 {
					t.Errorf("%+v, %v", e, err)
				}
				for _, p := range allProcs() {
					if id, _ := envValue(environ(p.pid), EnvRun); id == r.Ref() && !p.dead() {
						t.Errorf("process %d is left", p.pid)
					}
				}
			})
		}
	}
}

// TestOtherGroup: a process that leaves its control group is found all the
// same, and a group it made is removed.
func TestOtherGroup(t *testing.T) {
	c := detectCgroups()
	if c.V2 == "" {
		t.Skip("needs a writable cgroup v2 tree")
	}
	l := open(t, t.TempDir(), c)
	// Beside the run's group, and below it.
	for _, place := range []string{c.V2, c.V2 + "$(sed -n s,^0::,,p /proc/self/cgroup)"} {
		roll := launchtest.NewRoll(t)
		dir := t.TempDir()
		script := fmt.Sprintf("d=%s/sub$$; mkdir $d && echo $$ > $d/cgroup.procs && exec %s\n",
			place, strings.Join(launchtest.Command("deaf", roll.Addr(), "stray"), " "))
		if err := os.WriteFile(filepath.Join(dir, "move.sh"), []byte(script), 0o644); err != nil {
			t.Fatal(err)
		}
		r := start(t, l, launch.Job{Argv: []string{"sh", "-c", "setsid sh ./move.sh & exec " +
			strings.Join(launchtest.Command("wait", roll.Addr(), "main"), " ")}, Env: os.Environ(), Dir: dir,
			Stderr: os.Stderr})
		trial := roll.Await(t, 2)
		stray := launchtest.Find(t, trial, "stray")
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", stray.PID))
		if err != nil || !strings.Contains(string(b), "/sub") {
			t.Fatalf("the stray did not move: %s %v", b, err)
		}
		launchtest.Find(t, trial, "main").Go(t)
		if e, err := wait(t, r); err != nil || e.Strays != 1 {
			t.Errorf("%+v, %v", e, err)
		}
		stray.Gone(t, 2*time.Second)
		subs, _ := filepath.Glob(filepath.Join(c.V2, "sub*"))
		for _, d := range subs {
			_ = os.Remove(d) // made outside of the run's group, ours to remove
		}
	}
}

// TestGroupRefused: where the kernel does not let a process into the control
// group, the run goes on without.
func TestGroupRefused(t *testing.T) {
	c := detectCgroups()
	if c.V2 == "" {
		t.Skip("needs a writable cgroup v2 tree")
	}
	// Beside a threaded group no new group may hold processes (cgroups(7)).
	top := filepath.Join(c.V2, "afina-test-"+newID(4))
	threaded := filepath.Join(top, "threaded")
	for _, d := range []string{top, threaded} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
		defer os.Remove(d)
	}
	if err := writeFile(filepath.Join(threaded, "cgroup.type"), "threaded"); err != nil {
		t.Fatal(err)
	}
	c.V2 = top
	l := open(t, t.TempDir(), c)
	works(t, l)
	left, err := filepath.Glob(filepath.Join(top, leafPrefix+"*"))
	if err != nil || len(left) > 0 {
		t.Errorf("groups left: %q %v", left, err)
	}
}

// TestNothingLeaks: goroutines, descriptors and processes are as before after
// Close.
func TestNothingLeaks(t *testing.T) {
	count := func() (goroutines, fds, kids int) {
		k, _ := children(os.Getpid())
		return runtime.NumGoroutine(), len(numbers("/proc/self/fd")), len(k)
	}
	round := func() {
		l, err := New(Options{Marker: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		for range 5 {
			job := launchtest.Job(t, "say", "0", "x", "y")
			job.Stdout, job.Stderr = &out, &out
			if _, err := wait(t, start(t, l, job)); err != nil {
				t.Error(err)
			}
			if _, err := l.Start(context.Background(), launch.Job{Argv: []string{"/etc/passwd"}, Dir: "/"}); err == nil {
				t.Error("started a text file")
			}
		}
		start(t, l, launch.Job{Argv: []string{"sleep", "1000"}, Env: os.Environ(), Dir: "/", Stdout: &out})
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	round() // what the runtime makes once is made now
	g, f, k := count()
	for range 3 {
		round()
	}
	var g2, f2, k2 int
	eventually(t, "goroutines and descriptors as before", func() bool {
		g2, f2, k2 = count()
		return g2 <= g && f2 <= f && k2 <= k
	})
}

// TestOthersAreSpared: a sweep leaves alone what belongs to a living launcher
// of the same marker, and what carries another.
func TestOthersAreSpared(t *testing.T) {
	marker := t.TempDir()
	roll := launchtest.NewRoll(t)
	first := open(t, marker, detectCgroups())
	r := start(t, first, launchtest.Job(t, "wait", roll.Addr(), "main"))
	c := roll.Await(t, 1)[0]
	if n := open(t, marker, detectCgroups()).Swept(); n != 0 {
		t.Errorf("swept %d processes of a living launcher", n)
	}
	f := newFamily(t, t.TempDir(), "bare", "daemon")
	strike(t, f.launcher, f.warden, f.guardian)
	if n := open(t, marker, detectCgroups()).Swept(); n != 0 {
		t.Errorf("swept %d processes of another marker", n)
	}
	if m := launchtest.Find(t, f.trial, "stray"); gone(mustProc(t, m.PID)) {
		t.Error("the stray of another marker is gone")
	}
	c.Go(t)
	if e, err := wait(t, r); err != nil || e.Code != 0 {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestAdoptKills: what a dead launcher left of a run is killed by its ref.
func TestAdoptKills(t *testing.T) {
	f := newFamily(t, t.TempDir(), "bare", "daemon")
	strike(t, f.launcher, f.warden, f.guardian)
	stray := launchtest.Find(t, f.trial, "stray")
	ref, ok := envValue(environ(stray.PID), EnvRun)
	if !ok {
		t.Fatal("the stray carries no ref")
	}
	l := open(t, t.TempDir(), cgroups{})
	if _, err := l.Adopt(context.Background(), ref, launch.Job{}); !errors.Is(err, launch.ErrGone) {
		t.Errorf("adopt: %v", err)
	}
	stray.Gone(t, 2*time.Second)
}

func TestNewRefuses(t *testing.T) {
	if _, err := New(Options{Marker: "a\x00b"}); err == nil {
		t.Error("a marker with NUL was accepted")
	}
	mainCalled.Store(false)
	defer mainCalled.Store(true)
	if _, err := New(Options{}); err == nil || !strings.Contains(err.Error(), "GuardianMain") {
		t.Errorf("New in a program without GuardianMain: %v", err)
	}
}

// TestUsage: the exit tells what the whole tree used.
func TestUsage(t *testing.T) {
	l := open(t, t.TempDir(), detectCgroups())
	burn := `i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done`
	one, err := wait(t, start(t, l, launch.Job{Argv: []string{"sh", "-c", burn}, Env: os.Environ(), Dir: "/"}))
	if err != nil {
		t.Fatal(err)
	}
	two, err := wait(t, start(t, l, launch.Job{Argv: []string{"sh", "-c", "(" + burn + ") & (" + burn + "); wait"}, Env: os.Environ(), Dir: "/"}))
	if err != nil {
		t.Fatal(err)
	}
	if one.CPU <= 0 || two.CPU < one.CPU*5/4 {
		t.Errorf("one loop took %v, two %v", one.CPU, two.CPU)
	}
	if one.MaxRSS < 100<<10 || one.MaxRSS > 1<<30 {
		t.Errorf("a shell used %d bytes", one.MaxRSS)
	}
}

// BenchmarkStart measures whole runs of a command that does nothing.
func BenchmarkStart(b *testing.B) {
	for _, mode := range modes {
		for _, width := range []int{1, 4} {
			b.Run(fmt.Sprintf("%s/%d", mode.name, width), func(b *testing.B) {
				l, err := newLauncher(Options{Marker: b.TempDir()}, mode.c())
				if err != nil {
					b.Fatal(err)
				}
				defer l.Close()
				b.SetParallelism(max(1, width/runtime.GOMAXPROCS(0)))
				if width == 1 {
					for b.Loop() {
						benchOnce(b, l)
					}
				} else {
					b.RunParallel(func(pb *testing.PB) {
						for pb.Next() {
							benchOnce(b, l)
						}
					})
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "starts/s")
			})
		}
	}
}

func benchOnce(b *testing.B, l *Launcher) {
	var out, errs bytes.Buffer
	r, err := l.Start(context.Background(), launch.Job{Argv: []string{"/bin/true"}, Env: os.Environ(), Dir: "/", Stdout: &out, Stderr: &errs})
	if err != nil {
		b.Fatal(err)
	}
	if e, err := r.Wait(context.Background()); err != nil || e.Code != 0 {
		b.Fatal(e, err)
	}
}
