package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/afina-hpo/afina/cli"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/launch/local"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/store/sqlite"
)

// The parts that the test binary plays, as first argument.
const (
	playAfina   = "e2e-afina"
	playTrainer = "e2e-trainer"
)

// faultVariable tells afina to die by SIGKILL at a fault point of the store:
// "point n" means at the n-th passage there.
const faultVariable = "E2E_FAULT"

// patience bounds every wait for another process. It is generous, because a
// loaded machine is no mistake, and nothing waits for it to pass.
const patience = 5 * time.Minute

func TestMain(m *testing.M) {
	local.GuardianMain()
	if len(os.Args) > 1 {
		switch os.Args[1] {
		case playAfina:
			os.Exit(afinaMain(os.Args[2:]))
		case playTrainer:
			os.Exit(train(os.Args[2:]))
		}
	}
	// Under the race detector every process would take a second to exit.
	os.Setenv("GORACE", os.Getenv("GORACE")+" atexit_sleep_ms=0")
	os.Exit(m.Run())
}

// afinaMain is what cmd/afina does, with a store that can be told to die.
func afinaMain(args []string) int {
	interrupts := make(chan os.Signal, 4)
	signal.Notify(interrupts, os.Interrupt, syscall.SIGTERM)
	return cli.Run(context.Background(), args, cli.Adapters{
		Version:          "test",
		Search:           builtin.Search(),
		Schedule:         builtin.Schedule(),
		DefaultSearch:    builtin.DefaultSearch,
		DefaultSchedule:  builtin.DefaultSchedule,
		FidelitySchedule: builtin.FidelitySchedule,
		OpenStore: func(ctx context.Context, path string, allowNetworkFS bool) (cli.Store, error) {
			return sqlite.Open(ctx, path, sqlite.Options{AllowNetworkFS: allowNetworkFS, Fault: faultFrom(os.Getenv(faultVariable))})
		},
		ReadStore: func(ctx context.Context, path string) (store.Store, error) {
			return sqlite.OpenReadOnly(ctx, path, sqlite.Options{})
		},
		MemoryStore: func() store.Store { return memory.New() },
		Control: func(path string) (string, error) {
			h, held, err := sqlite.ReadHolder(path)
			if err != nil || !held {
				return "", err
			}
			return h.Address, nil
		},
		Launcher: func(marker string) (launch.Launcher, error) {
			return local.New(local.Options{Marker: marker})
		},
	}, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Environ: os.Environ(), Interrupts: interrupts})
}

// faultFrom returns the fault that text describes, nil for none.
func faultFrom(text string) func(string) error {
	where, count, ok := strings.Cut(text, " ")
	if !ok {
		return nil
	}
	n, err := strconv.Atoi(count)
	if err != nil {
		panic("e2e: " + faultVariable + "=" + text)
	}
	return func(point string) error { // called by one goroutine
		if point == where {
			if n--; n == 0 {
				if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
					panic(err)
				}
				select {} // until the signal arrives
			}
		}
		return nil
	}
}

// self is the test binary.
func self(t testing.TB) string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return exe
}

// place is a folder in which commands are run.
type place struct {
	dir string
	env []string // beside the test's own
}

func newPlace(t testing.TB) *place {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &place{dir: dir}
	t.Cleanup(func() { p.reap(t) })
	return p
}

// write makes a file and returns its path.
func (p *place) write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command returns the process that runs afina with args. It is killed when the
// test's patience ends.
func (p *place) command(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, self(t), append([]string{playAfina}, args...)...)
	cmd.Dir = p.dir
	cmd.Env = append(append(os.Environ(), "NO_COLOR=1"), p.env...)
	// A trial that got hold of our pipes must not keep the test waiting.
	cmd.WaitDelay = patience
	return cmd
}

// result is what a command that has ended leaves behind.
type result struct {
	args     []string
	code     int
	out, err string
}

// afina runs a command to its end.
func (p *place) afina(t testing.TB, args ...string) result {
	t.Helper()
	cmd := p.command(t, args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("afina %q: %v", args, err)
	}
	return result{args, cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// want ends the test unless the command ended with the exit status code.
func (r result) want(t testing.TB, code int) result {
	t.Helper()
	if r.code != code {
		t.Fatalf("afina %q ended with status %d, want %d\nstandard output:\n%s\nstandard error:\n%s", r.args, r.code, code, r.out, r.err)
	}
	return r
}

// says checks that the words are in what the command printed, on either
// stream.
func (r result) says(t testing.TB, words ...string) result {
	t.Helper()
	for _, w := range words {
		if !strings.Contains(r.out+r.err, w) {
			t.Errorf("afina %q does not say %q\nstandard output:\n%s\nstandard error:\n%s", r.args, w, r.out, r.err)
		}
	}
	return r
}

// into decodes the JSON that the command printed.
func (r result) into(t testing.TB, val any) {
	t.Helper()
	if err := json.Unmarshal([]byte(r.out), val); err != nil {
		t.Fatalf("afina %q printed no JSON: %v\n%s%s", r.args, err, r.out, r.err)
	}
}

// trial is a trial as afina show --json prints it.
type trial struct {
	Number   int                        `json:"number"`
	State    string                     `json:"state"`
	Class    string                     `json:"class"`
	Message  string                     `json:"message"`
	Params   map[string]json.RawMessage `json:"params"`
	Values   map[string]any             `json:"values"`
	Reports  []map[string]any           `json:"reports"`
	Attempts []struct {
		Number  int    `json:"attempt"`
		Outcome string `json:"outcome"`
	} `json:"attempts"`
	Violates bool    `json:"violates"`
	Paid     float64 `json:"paid"`
	LogTail  string  `json:"log_tail"`
}

// param returns a parameter as text.
func (tr trial) param(name string) string { return strings.Trim(string(tr.Params[name]), `"`) }

// trials returns all trials of a study with everything about them.
func (p *place) trials(t testing.TB, ref string) []trial {
	t.Helper()
	r := p.afina(t, "export", ref, "--json").want(t, 0)
	var out []trial
	dec := json.NewDecoder(strings.NewReader(r.out))
	for {
		var tr trial
		err := dec.Decode(&tr)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, tr)
	}
}

// processes returns the processes that work for a study in this place: trials
// and their guardians carry its folder in their environment.
func (p *place) processes() []int {
	found, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil { // the pattern is ours, and right
		panic(err)
	}
	var pids []int
	for _, path := range found {
		env, err := os.ReadFile(path)
		if err != nil || !bytes.Contains(env, []byte(local.EnvMarker+"="+p.dir)) {
			continue // has ended, is another user's, or not ours
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// nothingLeft waits until no process of this place is left.
func (p *place) nothingLeft(t testing.TB) {
	t.Helper()
	var pids []int
	if !within(20*time.Second, func() bool { pids = p.processes(); return len(pids) == 0 }) {
		for _, pid := range pids {
			line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
			t.Errorf("process %d is left: %q", pid, bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
		}
	}
}

// reap kills what a failed test left, so that it does not disturb others.
func (p *place) reap(t testing.TB) {
	for _, pid := range p.processes() {
		if t.Failed() {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// within polls a condition that nothing announces, until it holds or the time
// is over.
func within(most time.Duration, holds func() bool) bool {
	deadline := time.Now().Add(most)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		if time.Now().After(deadline) {
			return holds()
		}
		<-tick.C
	}
	return true
}

// trainerLine returns a command of the study file that starts the trainer.
func trainerLine(t testing.TB, args ...string) string {
	words := append([]string{self(t), playTrainer}, args...)
	b, err := json.Marshal(words)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
