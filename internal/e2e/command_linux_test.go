package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// small is a study of a handful of trials that end at once.
const small = `
name: small
command: [echo, "epoch=1 loss={x}"]
objective: { minimize: loss }
parameters:
  x: { float: [0, 1], default: 0.5 }
  kind: { choice: [a, b], default: a }
search: { algorithm: random, seed: 1 }
stop: { trials: 5 }
`

// TestCommands walks through what a user does with a study, as text and as
// JSON.
func TestCommands(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "small.yaml", small)
	p.afina(t, "version").want(t, 0).says(t, "afina test (go1.")
	p.afina(t, "ls").want(t, 0).says(t, "no studies below ./.afina")

	p.afina(t, "run", "small.yaml").want(t, 0).says(t, "study small has ended: 5 trials have ended", "best: loss 0.", "default: loss 0.5 (trial 0)", "afina best small")

	p.afina(t, "ls").want(t, 0).says(t, "small", "finished", "5 complete")
	p.afina(t, "ls", "small").want(t, 0).says(t, "complete best", "x=0.5")
	p.afina(t, "ls", "small", "--state", "failed").want(t, 0)
	p.afina(t, "show", "small", "0").want(t, 0).says(t, "made by", "default", "1: loss=0.5", "epoch=1 loss=0.5")
	p.afina(t, "logs", "0").want(t, 0).says(t, "epoch=1 loss=0.5\n") // the one study there is
	p.afina(t, "best", "small.yaml").want(t, 0).says(t, "run it again:\n  echo 'epoch=1 loss=0.")

	var studies struct {
		Studies []struct {
			Name, Status, Store string
			Trials              map[string]int
			Best                struct{ Number int }
		}
	}
	p.afina(t, "ls", "--json").want(t, 0).into(t, &studies)
	if len(studies.Studies) != 1 || studies.Studies[0].Name != "small" || studies.Studies[0].Status != "finished" || studies.Studies[0].Trials["complete"] != 5 {
		t.Errorf("ls --json: %+v", studies)
	}
	var list struct{ Trials []trial }
	p.afina(t, "ls", ".afina/small", "--json").want(t, 0).into(t, &list)
	best, number := 2.0, -1
	for i, tr := range list.Trials {
		x := tr.Values["loss"].(float64)
		if tr.Number != i || tr.State != "complete" || fmt.Sprint(x) != tr.param("x") {
			t.Errorf("trial %d: %+v", i, tr)
		}
		if x < best {
			best, number = x, tr.Number
		}
	}
	var one trial
	p.afina(t, "best", "--json").want(t, 0).into(t, &one)
	if one.Number != number || one.Values["loss"] != best {
		t.Errorf("best --json: %+v, want trial %d with %v", one, number, best)
	}
	one = trial{}
	p.afina(t, "show", ".afina/small/study.db", "1", "--json").want(t, 0).into(t, &one)
	if one.Number != 1 || len(one.Attempts) != 1 || len(one.Reports) != 1 || !strings.HasPrefix(one.LogTail, "epoch=1 loss=") {
		t.Errorf("show --json: %+v", one)
	}

	p.afina(t, "export", "small", "-o", "small.csv").want(t, 0)
	text, err := os.ReadFile(filepath.Join(p.dir, "small.csv"))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"number", "state", "class", "method", "attempts", "started", "seconds", "loss", "param:x", "param:kind"}; len(rows) != 6 || !slices.Equal(rows[0], want) {
		t.Errorf("export wrote %d rows under %q, want 6 under %q", len(rows), rows[0], want)
	}
	for _, row := range rows[1:] {
		if row[7] != row[8] {
			t.Errorf("exported loss %s of x %s", row[7], row[8])
		}
	}

	// A finished study takes a configuration by hand, and a larger budget.
	p.afina(t, "add", "small.yaml", "x=0", "kind=b").want(t, 0).says(t, "added as trial 5")
	p.afina(t, "run", "small.yaml", "--trials", "7").want(t, 0).says(t, "study small goes on: 1 queued, 5 complete", "best: loss 0 (trial 5")
	if n := len(p.trials(t, "small")); n != 7 {
		t.Errorf("%d trials, want 7", n)
	}
	// The same command once more changes nothing.
	p.afina(t, "run", "small.yaml", "--trials", "7").want(t, 0).says(t, "best: loss 0 (trial 5")

	// --new keeps the old study.
	p.afina(t, "run", "small.yaml", "--new", "--trials", "2").want(t, 0).says(t, "the old study is kept as .afina/small.old1")
	if n, m := len(p.trials(t, "small")), len(p.trials(t, ".afina/small.old1")); n != 2 || m != 7 {
		t.Errorf("%d trials in the new study and %d in the old, want 2 and 7", n, m)
	}

	// A changed space would make old results mean something else.
	p.write(t, "small.yaml", strings.Replace(small, "[0, 1]", "[0, 2]", 1))
	p.afina(t, "run", "small.yaml").want(t, 5).says(t, "cannot go on as it is written now", "parameter x", "--new")
	p.nothingLeft(t)
}

// TestEvents: run --json prints every event as a line, and a summary last.
func TestEvents(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "small.yaml", small)
	r := p.afina(t, "run", "small.yaml", "--json").want(t, 0)
	count := map[string]int{}
	var last map[string]any
	for text := range strings.Lines(r.out) {
		last = nil
		if err := json.Unmarshal([]byte(text), &last); err != nil {
			t.Fatalf("line %q: %v", text, err)
		}
		count[last["event"].(string)]++
	}
	if diff := cmp.Diff(map[string]int{"queued": 5, "started": 5, "reported": 5, "ended": 5, "summary": 1}, count); diff != "" {
		t.Errorf("lines by event (-want +got):\n%s", diff)
	}
	if last["event"] != "summary" || last["status"] != "finished" || last["best"] == nil || last["default"] == nil {
		t.Errorf("the last line is %v", last)
	}
}

// TestNonsense reads aloud what afina says to mistakes. The golden file is
// there to be read by a person: each message says what, where and what to do.
func TestNonsense(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "small.yaml", small)
	p.write(t, "mistakes.yaml", `
comand: [echo, "loss={x}"]
objective: { minimise: loss }
parameters:
  x: { float: [1, 0] }
  y: { choise: [a, b] }
  x: { int: [0, 5] }
search: { algorithm: rand0m }
stop: { trials: -1, time: soon }
`)
	p.write(t, "nocommand.yaml", served)
	p.write(t, "unclosed.yaml", "command: [echo\n")
	p.write(t, "not-a-study.db", "this is no database")
	p.afina(t, "run", "small.yaml").want(t, 0)
	commands := [][]string{
		{"rnu", "small.yaml"},
		{"run"},
		{"run", "missing.yaml"},
		{"run", "mistakes.yaml"},
		{"run", "mistakes.yaml", "--json"},
		{"run", "unclosed.yaml"},
		{"run", "nocommand.yaml"},
		{"run", "small.yaml", "--metric", "loss"},
		{"run", "small.yaml", "--trails", "3"},
		{"run", "small.yaml", "--trials", "many"},
		{"run", "small.yaml", "--time", "5"},
		{"run", "small.yaml", "--parallel", "0"},
		{"run", "small.yaml", "--parallel", "99999"},
		{"simulate", "small.yaml", "--parallel", "99999"},
		{"compare", "small", "--parallel", "99999"},
		{"run", "small.yaml", "--search", "tep"},
		{"run", "small.yaml", "--schedule", "meridian"},
		{"run", "small.yaml", "--name", "../up"},
		{"run", "small.yaml", "--seed", "99"},
		{"run", "--", "echo", "{x:float(0,1)}"},
		{"run", "--metric", "loss", "--", "echo", "hello"},
		{"run", "--metric", "loss", "--", "echo", "{x:float(0)}"},
		{"run", "--metric", "loss", "--", "echo", "{x:flaot(0,1)}"},
		{"ls", "smal"},
		{"ls", "small", "--state", "done"},
		{"ls", "not-a-study.db"},
		{"show", "small", "99"},
		{"show", "small", "first"},
		{"show", "small", "99", "--json"},
		{"logs", "small", "0", "--attempt", "2"},
		{"best", "a", "b"},
		{"add", "small.yaml", "x"},
		{"add", "small.yaml", "x=2"},
		{"add", "small.yaml", "z=1"},
		{"add", "small.yaml", "{x: 1}"},
		{"stop", "small"},
		{"export", "small", "--format", "xml"},
		{"serve", "small.yaml"},
		{"version", "please"},
	}
	var b strings.Builder
	for _, args := range commands {
		r := p.afina(t, args...)
		if r.code == 0 {
			t.Errorf("afina %q is no mistake", args)
		}
		fmt.Fprintf(&b, "$ afina %s\n", strings.Join(args, " "))
		b.WriteString(strings.ReplaceAll(r.out+r.err, p.dir, "DIR"))
		fmt.Fprintf(&b, "[%d]\n\n", r.code)
	}
	golden(t, "nonsense.txt", b.String())
}

// golden compares text with a golden file.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("%s (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

// staying is a study whose trials stay until they are told to go.
func (p *place) staying(t testing.TB) {
	t.Helper()
	p.write(t, "stay.yaml", fmt.Sprintf(`
name: stay
command: %s
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
search: { algorithm: random, seed: 1, parallel: 2 }
stop: { trials: 4, grace: 10ms }
`, trainerLine(t, "stay", p.dir, "{x}")))
}

// running is afina run in the background.
type running struct {
	*place
	cmd  *exec.Cmd
	errs *bufio.Reader
	out  bytes.Buffer
}

// start starts afina run on the study stay.
func (p *place) start(t testing.TB) *running {
	t.Helper()
	r := &running{place: p, cmd: p.command(t, "run", "stay.yaml")}
	r.cmd.Stdout = &r.out
	pipe, err := r.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.errs = bufio.NewReader(pipe)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return r
}

// trialRuns waits until an attempt of a trial runs.
func (r *running) trialRuns(t testing.TB, trial, attempt int) {
	t.Helper()
	path := filepath.Join(r.dir, fmt.Sprintf("trial-%d-%d", trial, attempt))
	if !within(patience, func() bool { _, err := os.Stat(path); return err == nil }) {
		t.Fatalf("attempt %d of trial %d does not start\n%s", attempt, trial, r.out.String())
	}
}

// heard waits for a line on standard error that holds words.
func (r *running) heard(t testing.TB, words string) {
	t.Helper()
	for {
		line, err := r.errs.ReadString('\n')
		if strings.Contains(line, words) {
			return
		}
		if err != nil {
			t.Fatalf("afina never said %q: %v", words, err)
		}
	}
}

func (r *running) interrupt(t testing.TB) {
	t.Helper()
	if err := r.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

// release lets the trials go.
func (p *place) release(t testing.TB) { p.write(t, "go", "") }

// ends waits for the end of afina and checks its exit status.
func (r *running) ends(t testing.TB, code int) {
	t.Helper()
	for err := error(nil); err == nil; {
		_, err = r.errs.ReadString('\n') // drained, as Wait demands
	}
	_ = r.cmd.Wait() // the status says it
	if got := r.cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("afina ended with status %d, want %d\n%s", got, code, r.out.String())
	}
	r.nothingLeft(t)
}

// states returns the trials' states and numbers of attempts.
func (p *place) states(t testing.TB) string {
	t.Helper()
	var words []string
	for _, tr := range p.trials(t, "stay") {
		words = append(words, fmt.Sprint(tr.State, "/", len(tr.Attempts)))
	}
	return strings.Join(words, " ")
}

// TestInterruptOnce: after one Ctrl-C running trials finish and no new ones
// start; the same command goes on to the end.
func TestInterruptOnce(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.staying(t)
	r := p.start(t)
	r.trialRuns(t, 0, 1)
	r.trialRuns(t, 1, 1)
	r.interrupt(t)
	r.heard(t, "letting 2 running trials finish")
	p.release(t)
	r.ends(t, 130)
	if got := p.states(t); got != "complete/1 complete/1" {
		t.Errorf("trials: %s", got)
	}
	p.afina(t, "run", "stay.yaml").want(t, 0).says(t, "study stay goes on: 2 complete")
	if got := p.states(t); got != "complete/1 complete/1 complete/1 complete/1" {
		t.Errorf("trials: %s", got)
	}
}

// TestInterruptTwice: the second Ctrl-C ends the running trials, which run
// again when the study goes on.
func TestInterruptTwice(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.staying(t)
	r := p.start(t)
	r.trialRuns(t, 0, 1)
	r.trialRuns(t, 1, 1)
	r.interrupt(t)
	r.heard(t, "letting 2 running trials finish")
	r.interrupt(t)
	r.heard(t, "they run again")
	r.ends(t, 130)
	if got := p.states(t); got != "queued/1 queued/1" {
		t.Errorf("trials: %s", got)
	}
	p.release(t)
	p.afina(t, "run", "stay.yaml").want(t, 0).says(t, "study stay goes on: 2 queued")
	if got := p.states(t); got != "complete/2 complete/2 complete/1 complete/1" {
		t.Errorf("trials: %s", got)
	}
}

// TestInterruptThrice: the third Ctrl-C does not wait for a program that will
// not listen.
func TestInterruptThrice(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "stay.yaml", fmt.Sprintf(`
name: stay
command: [sh, -c, 'trap "" TERM INT; : > %s/trial-0-1; while :; do sleep 1; done', sh, "{x}"]
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
stop: { trials: 4, grace: 1h }
`, p.dir))
	r := p.start(t)
	r.trialRuns(t, 0, 1)
	for _, words := range []string{"letting 1 running trial finish", "they run again"} {
		r.interrupt(t)
		r.heard(t, words)
	}
	r.interrupt(t)
	r.ends(t, 130)
	if got := p.states(t); got != "queued/1" {
		t.Errorf("trials: %s", got)
	}
}

// TestSecondRunner: a study has one runner; a second is told which. Looking is
// always allowed, and so are orders.
func TestSecondRunner(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.env = []string{"TMPDIR=" + p.dir} // where the control socket lies
	p.staying(t)
	r := p.start(t)
	r.trialRuns(t, 0, 1)
	r.trialRuns(t, 1, 1)
	p.afina(t, "run", "stay.yaml").want(t, 5).says(t, "is in use by process "+fmt.Sprint(r.cmd.Process.Pid))
	p.afina(t, "ls").want(t, 0).says(t, "stay", "running", "2 running")
	p.afina(t, "ls", "stay").want(t, 0).says(t, "running")
	p.afina(t, "show", "stay", "0").want(t, 0).says(t, "running")
	p.afina(t, "best", "stay").want(t, 4).says(t, "no trial is complete yet")
	p.afina(t, "add", "stay", "x=0.25").want(t, 0).says(t, "added as trial 2")
	p.afina(t, "add", "stay", "x=7").want(t, 2)
	p.afina(t, "stop", "stay").want(t, 0).says(t, "being stopped")
	p.release(t)
	r.ends(t, 0)
	if got := p.states(t); got != "complete/1 complete/1 queued/0" {
		t.Errorf("trials: %s", got)
	}
	p.afina(t, "stop", "stay").want(t, 5).says(t, "no process runs this study")
	p.afina(t, "run", "stay.yaml").want(t, 0)
	trials := p.trials(t, "stay")
	if len(trials) != 4 || trials[2].param("x") != "0.25" || trials[2].State != "complete" {
		t.Errorf("trials after going on: %+v", trials)
	}
}

// TestStopKill: afina stop --kill ends the running trials.
func TestStopKill(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.staying(t)
	r := p.start(t)
	r.trialRuns(t, 0, 1)
	r.trialRuns(t, 1, 1)
	var answer struct{ OK bool }
	if p.afina(t, "stop", "--kill", "--json").want(t, 0).into(t, &answer); !answer.OK {
		t.Error("stop --json does not say ok")
	}
	r.ends(t, 3) // nothing was completed
	if got := p.states(t); got != "queued/1 queued/1" {
		t.Errorf("trials: %s", got)
	}
}

// TestNewBesideRunner: --new does not pull the folder away from under a study
// that runs.
func TestNewBesideRunner(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.staying(t)
	r := p.start(t)
	r.trialRuns(t, 0, 1)
	r.trialRuns(t, 1, 1)
	fresh := p.command(t, "run", "stay.yaml", "--new")
	var errs bytes.Buffer
	fresh.Stderr = &errs
	if err := fresh.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = fresh.Wait() // the status says it
	}()
	within(patience, func() bool {
		select {
		case <-ended:
			return true
		default:
			_, err := os.Stat(filepath.Join(p.dir, ".afina", "stay.old1"))
			return err == nil
		}
	})
	p.release(t)
	<-ended
	if code := fresh.ProcessState.ExitCode(); code != 5 || !strings.Contains(errs.String(), fmt.Sprint("process ", r.cmd.Process.Pid)) {
		t.Errorf("run --new ended with status %d, want 5 and the other's number\n%s", code, errs.String())
	}
	r.ends(t, 0)
	if got := p.states(t); got != "complete/1 complete/1 complete/1 complete/1" {
		t.Errorf("trials: %s", got)
	}
}

// TestTerminate: a shutdown is as Ctrl-C: SIGTERM ends afina in order.
func TestTerminate(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.staying(t)
	r := p.start(t)
	r.trialRuns(t, 0, 1)
	r.trialRuns(t, 1, 1)
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	r.heard(t, "letting 2 running trials finish")
	p.release(t)
	r.ends(t, 130)
}

// TestLogsFollow: afina logs -f prints what a running trial prints, to its end.
func TestLogsFollow(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.staying(t)
	r := p.start(t)
	r.trialRuns(t, 0, 1)
	r.trialRuns(t, 1, 1)
	follow := p.command(t, "logs", "stay", "0", "-f")
	out, err := follow.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := follow.Start(); err != nil {
		t.Fatal(err)
	}
	p.release(t)
	text := new(bytes.Buffer)
	if _, err := text.ReadFrom(out); err != nil {
		t.Fatal(err)
	}
	if err := follow.Wait(); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^loss=0\.\d+\n$`).Match(text.Bytes()) {
		t.Errorf("followed %q", text)
	}
	r.ends(t, 0)
}
