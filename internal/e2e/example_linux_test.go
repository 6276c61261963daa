package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/internal/need"
)

// examples is the folder of the examples.
func examples(t testing.TB, name string) string {
	t.Helper()
	dir, err := filepath.Abs(filepath.Join("..", "..", "examples", name))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestBinary builds the program as a release does and asks for its version:
// the rest of this package plays it.
func TestBinary(t *testing.T) {
	t.Parallel()
	need.Program(t, "go")
	p := newPlace(t)
	exe := filepath.Join(p.dir, "afina")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-X main.version=1.2.3", "-o", exe, "../../cmd/afina")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), exe, args...)
		cmd.Dir = p.dir
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("afina %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	if out := run("version"); !strings.HasPrefix(out, "afina 1.2.3 (go1.") {
		t.Errorf("version: %q", out)
	}
	if out := run("run", "--name", "line", "--trials", "3", "--metric", "loss", "--", "echo", "loss={x:float(0,1)}"); !strings.Contains(out, "3 complete") {
		t.Errorf("run: %s", out)
	}
	p.nothingLeft(t)
}

// TestDigits runs the first example of the README, shortened, on a copy: its
// trainer is built once and really trained.
func TestDigits(t *testing.T) {
	t.Parallel()
	p := digits(t)
	p.afina(t, "run", "study.yaml", "--trials", "6", "--time", "10m").want(t, 0).says(t, "6 trials have ended", "best: val_loss 0.", "default: val_loss 0.")
	trials := p.trials(t, "digits")
	if len(trials) != 6 {
		t.Fatalf("%d trials, want 6", len(trials))
	}
	if n := len(trials[0].Reports); n < 10 || trials[0].State != "complete" {
		t.Errorf("the default is %s with %d reports, want a whole curve", trials[0].State, n)
	}
	p.nothingLeft(t)
}

// TestDigitsInPieces trains real networks under ASHA, killed by SIGKILL in
// between, and all of them to the end. The best is the same, to the last digit,
// for at most a quarter of the epochs.
func TestDigitsInPieces(t *testing.T) {
	t.Parallel()
	p := digits(t)
	p.saga(t, 8, "asha.yaml", "--trials", "24")
	p.nothingLeft(t)
	p.afina(t, "run", "asha.yaml", "--trials", "24", "--schedule", "fixed", "--name", "full").want(t, 0)
	type best struct {
		Number int
		Values map[string]float64
	}
	var pieces, full best
	p.afina(t, "best", "digits-asha", "--json").want(t, 0).into(t, &pieces)
	p.afina(t, "best", "full", "--json").want(t, 0).into(t, &full)
	if diff := cmp.Diff(full, pieces); diff != "" {
		t.Errorf("the best (-all to the end +in pieces):\n%s", diff)
	}
	paid := 0.0
	for _, tr := range p.trials(t, "digits-asha") {
		paid += tr.Paid
	}
	if paid > 24*30/4 {
		t.Errorf("%v epochs are paid, more than a quarter of %d", paid, 24*30)
	}
	t.Logf("%v epochs instead of %d", paid, 24*30)
}

// digits returns a place with the first example in it.
func digits(t *testing.T) *place {
	t.Helper()
	need.Program(t, "go")
	p := newPlace(t)
	from := examples(t, "digits")
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		p.write(t, e.Name(), string(text))
	}
	p.write(t, "go.mod", "module digits\n\ngo 1.26\n")
	p.env = []string{"CGO_ENABLED=0", "GOFLAGS=-mod=mod"} // not the flags of the tests
	return p
}

// TestPythonLine tunes the unmodified Python script of the README in one line.
func TestPythonLine(t *testing.T) {
	t.Parallel()
	python := need.Program(t, "python3")
	p := newPlace(t)
	script := filepath.Join(examples(t, "python"), "train.py")
	p.env = []string{"PYTHONDONTWRITEBYTECODE=1"}
	p.afina(t, "run", "--name", "tumours", "--trials", "5", "--seed", "1", "--metric", "val_loss", "--",
		python, script, "--lr", "{lr:log(1e-4,1)}", "--l2", "{l2:log(1e-6,1)}", "--hidden", "{hidden:int(2,32,log)}").
		want(t, 0).says(t, "best: val_loss 0.", "run it again:", script)
	for _, tr := range p.trials(t, "tumours") {
		if tr.State != "complete" || len(tr.Reports) < 2 {
			t.Errorf("trial %d is %s with %d reports: %s", tr.Number, tr.State, len(tr.Reports), tr.Message)
		}
	}
	p.nothingLeft(t)
}

// stdioClient drives afina serve --stdio from Python, with nothing but its
// standard library.
const stdioClient = `
import json, subprocess, sys

tuner = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

def call(**line):
    print(json.dumps(line), file=tuner.stdin, flush=True)
    answer = json.loads(tuner.stdout.readline())
    assert "error" not in answer, answer
    return answer

for i in range(20):
    for trial in call(op="ask")["trials"]:
        x = trial["params"]["x"]
        if i == 7:
            call(op="tell", number=trial["number"], values={"loss": float("nan")})
        elif i == 8:
            call(op="tell", number=trial["number"], state="infeasible")
        else:
            call(op="report", number=trial["number"], step=1, values={"loss": x + 1})
            call(op="tell", number=trial["number"], values={"loss": x})
best = call(op="best")
states = [t["state"] for t in call(op="trials")["trials"]]
tuner.stdin.close()
assert tuner.wait() == 0
print(best["values"]["loss"] == best["params"]["x"] < 0.2, len(states), states[7], states[8])
`

// TestStdioPython: a Python script asks and tells.
func TestStdioPython(t *testing.T) {
	t.Parallel()
	python := need.Program(t, "python3")
	p := newPlace(t)
	p.write(t, "served.yaml", served)
	script := p.write(t, "client.py", stdioClient)
	cmd := exec.CommandContext(t.Context(), python, script, self(t), playAfina, "serve", "--stdio", "served.yaml")
	cmd.Dir = p.dir
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "True 20 failed infeasible\n" {
		t.Errorf("%v: %s", err, out)
	}
}

// TestLoopPython runs the example of a Python program with a loop of its own, in
// two lives of one study.
func TestLoopPython(t *testing.T) {
	t.Parallel()
	python := need.Program(t, "python3")
	p := newPlace(t)
	script := filepath.Join(examples(t, "python"), "loop.py")
	for range 2 {
		cmd := exec.CommandContext(t.Context(), python, script, "--epochs", "2", "--afina", self(t)+" "+playAfina, "--store", "loop.db")
		cmd.Dir, cmd.Env = p.dir, append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "best: val_loss 0.") || !strings.Contains(string(out), "expected of it: 0.") {
			t.Errorf("%v: %s", err, out)
		}
	}
	if n := len(p.trials(t, "loop.db")); n != 20 {
		t.Errorf("%d trials, want 20", n)
	}
}
