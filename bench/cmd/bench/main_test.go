package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
	"github.com/afina-hpo/afina/bench/score"
)

// bench runs a command line and returns its output, messages and status.
func bench(t *testing.T, input string, args ...string) (out, messages string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = Main(context.Background(), streams{strings.NewReader(input), &o, &e}, args)
	return o.String(), e.String(), code
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{nil, 2, "usage: bench VERB"},
		{[]string{"fly"}, 2, `no verb "fly"`},
		{[]string{"run"}, 2, "name tasks or a -suite"},
		{[]string{"run", "-h"}, 0, "-methods"},
		{[]string{"run", "-budget", "many"}, 2, "invalid value"},
		{[]string{"run", "-seeds", "0", "bbob/f1/d5/i1"}, 2, "positive"},
		{[]string{"run", "-methods", ";", "bbob/f1/d5/i1"}, 2, "at least one method"},
		{[]string{"run", "-methods", "guess", "bbob/f1/d5/i1"}, 1, `no search algorithm "guess"`},
		{[]string{"run", "-fidelity", "-methods", ";", "mf-hartmann/d3/good"}, 2, "at least one method"},
		{[]string{"run", "-fidelity", "-methods", "random", "mf-hartmann/d3/good"}, 1, "SCHEDULER+SEARCH"},
		{[]string{"run", "-fidelity", "bbob/f1/d5/i1"}, 1, "needs one objective, and steps"},
		{[]string{"run", "-fidelity", "-suite", "special-dev"}, 2, "not by steps"},
		{[]string{"run", "-fidelity", "-evidence", "mf-hartmann/d3/good"}, 2, "-evidence is for"},
		{[]string{"run", "-fidelity", "-warm", "mf-hartmann/d3/good"}, 2, "-warm is for"},
		{[]string{"run", "-warm", "-earlier", "0", "bbob/f1/d5/i1"}, 2, "-earlier at least 1"},
		{[]string{"run", "-restart", "mf-hartmann/d3/good"}, 2, "-restart for those"},
		{[]string{"run", "-suite", "none"}, 1, "there are: dev "},
		{[]string{"run", "bbob/f1"}, 1, `no task "bbob/f1"`},
		{[]string{"run", "-data", "", "table/hpolib/naval_propulsion"}, 1, "AFINA_BENCH_DATA"},
		{[]string{"compare"}, 2, "name files"},
		{[]string{"compare", "-at", "x", "f"}, 2, "no number of trials"},
		{[]string{"compare", "does-not-exist"}, 1, "does-not-exist"},
		{[]string{"compare", "-training", "soon", "f"}, 2, "no duration"},
		{[]string{"run", "-clock", "sun", "bbob/f1/d5/i1"}, 2, "wall and cpu"},
		{[]string{"wallclock"}, 2, "name files"},
		{[]string{"wallclock", "-cost", "-1s", "f"}, 2, "no duration"},
		{[]string{"wallclock", "-at", "", "f"}, 2, "at least one"},
		{[]string{"wallclock", "does-not-exist"}, 1, "does-not-exist"},
		{[]string{"record"}, 2, "-trainer"},
		{[]string{"record", "-trainer", "does-not-exist", "-out", "does-not-matter"}, 1, "does-not-exist"},
		{[]string{"serve"}, 2, "name one task"},
		{[]string{"serve", "x"}, 1, "no task"},
		{[]string{"speed", "-params", "0"}, 2, "no number of things"},
		{[]string{"speed", "-asks", "0"}, 2, "above 0"},
		{[]string{"calibrate"}, 2, "name tasks"},
		{[]string{"calibrate", "x"}, 1, "no task"},
	} {
		_, messages, code := bench(t, "", c.args...)
		if code != c.code || !strings.Contains(messages, c.want) {
			t.Errorf("bench %v: status %d, want %d; message %q, want one with %q", c.args, code, c.code, messages, c.want)
		}
	}
}

func TestList(t *testing.T) {
	out, _, code := bench(t, "", "list")
	for _, want := range []string{"dev: ", "  bbob/f8/d5/i1\n", "test: ", "mf-dev: ", "20 whole trainings", "  hyperband ", "wfg/#/m#", "  qmc "} {
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("status %d, the list lacks %q:\n%s", code, want, out)
		}
	}
}

// Traces that run writes are what compare reads, and appended, not replaced.
func TestRunAndCompare(t *testing.T) {
	file := filepath.Join(t.TempDir(), "traces.jsonl")
	for _, method := range []string{"random", "qmc"} {
		out, messages, code := bench(t, "", "run", "-methods", method, "-seeds", "2", "-budget", "12", "-parallel", "3", "-out", file, "bbob/f8/d5/i1", "conditional/jenatton")
		if code != 0 || out != "" || !strings.Contains(messages, "4/4") {
			t.Fatalf("status %d, output %q, messages %q", code, out, messages)
		}
	}
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	traces, err := run.Read(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(traces) != 8 || len(traces[0].Incumbent) != 12 || traces[0].Parallel != 3 {
		t.Fatalf("%d traces, the first %+v", len(traces), traces[0])
	}
	out, messages, code := bench(t, "", "compare", "-at", "4,12", "-baseline", "afina-qmc ×3", file)
	if code != 0 {
		t.Fatal(messages)
	}
	for _, want := range []string{"## afina-qmc ×3 against each", "| afina-random ×3 | 2 |", "## Regret at 12, by task", "| conditional/jenatton |"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	if out, _, _ := bench(t, "", "run", "-seeds", "1", "-budget", "3", "zdt/1"); !strings.HasPrefix(out, `{"peer":"afina-`) {
		t.Errorf("on the standard output: %q", out)
	}
}

// Traces by steps of training are reported in hundredths of the budget, and not
// beside others.
func TestRunAndCompareByStep(t *testing.T) {
	dir := t.TempDir()
	file, other := filepath.Join(dir, "steps.jsonl"), filepath.Join(dir, "trials.jsonl")
	for _, args := range [][]string{
		{"run", "-fidelity", "-methods", "fixed+random;asha+random", "-seeds", "2", "-budget", "5", "-out", file, "mf-hartmann/d3/moderate"},
		{"run", "-fidelity", "-restart", "-methods", "asha+random", "-seeds", "2", "-budget", "5", "-parallel", "4", "-out", file, "mf-hartmann/d3/moderate"},
		{"run", "-methods", "random", "-seeds", "1", "-budget", "5", "-out", other, "mf-hartmann/d3/moderate"},
	} {
		if _, messages, code := bench(t, "", args...); code != 0 {
			t.Fatal(messages)
		}
	}
	out, messages, code := bench(t, "", "compare", file)
	if code != 0 {
		t.Fatal(messages)
	}
	for _, want := range []string{"hundredths of the resource", "| afina-fixed+random | 2 |", "| afina-asha+random restart ×4 | 2 |", "## Regret at 10, by task", "## Regret at 100, by task"} {
		if !strings.Contains(out, want) {
			t.Errorf("the report lacks %q:\n%s", want, out)
		}
	}
	if table := "| peer | seconds of decisions | 10s: at 10 |"; !strings.Contains(out, table) {
		t.Errorf("the report lacks %q:\n%s", table, out)
	}
	if out, _, _ := bench(t, "", "compare", "-training", "2h,3m", "-at", "50", file); !strings.Contains(out, "| seconds of decisions | 2h: at 50 | 3m: at 50 |") {
		t.Errorf("the report has other times of training:\n%s", out)
	}
	if _, messages, code := bench(t, "", "wallclock", file); code != 1 || !strings.Contains(messages, "by steps") {
		t.Errorf("traces by steps by time: status %d, %s", code, messages)
	}
	if _, messages, code = bench(t, "", "compare", file, other); code != 1 || !strings.Contains(messages, "cannot be compared") {
		t.Errorf("traces of both kinds: status %d, %s", code, messages)
	}
}

// A report by time is of the longest runs, packed or not.
func TestWallclock(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "traces.jsonl")
	for _, budget := range []string{"5", "20"} {
		if _, messages, code := bench(t, "", "run", "-clock", "cpu", "-methods", "random;qmc", "-seeds", "2", "-budget", budget, "-out", file, "bbob/f1/d2/i1"); code != 0 {
			t.Fatal(messages)
		}
	}
	traces, err := readTraces(file)
	if err != nil {
		t.Fatal(err)
	}
	if traces[0].Clock != "cpu" {
		t.Errorf("the clock is %q", traces[0].Clock)
	}
	for _, s := range traces[0].Seconds {
		if !(s >= 0 && s < 1) {
			t.Errorf("a suggestion took %v s", s)
		}
	}
	plain, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(dir, "traces.jsonl.gz")
	if err := os.WriteFile(packed, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, packed} {
		out, messages, code := bench(t, "", "wallclock", "-cost", "1s", "-at", "500ms,7500ms,1h", path)
		if code != 0 {
			t.Fatal(messages)
		}
		for _, want := range []string{"## A trial takes 1s", "| peer | seeds | 500ms | 7.5s | 1h |", "| afina-qmc | 2 | – | ", " (7) | ≤ ", " (20) |"} {
			if !strings.Contains(out, want) {
				t.Errorf("the report of %s lacks %q:\n%s", path, want, out)
			}
		}
	}
	if out, _, _ := bench(t, "", "wallclock", "-peers", "afina-random", file); !strings.Contains(out, "| afina-random |") || strings.Contains(out, "qmc") {
		t.Errorf("of one peer:\n%s", out)
	}
	if _, messages, code := bench(t, "", "wallclock", "-peers", "afina-random;x", file); code != 1 || !strings.Contains(messages, `no trace is of "x"`) {
		t.Errorf("of a peer that is not there: status %d, %s", code, messages)
	}
	if err := os.WriteFile(packed, plain, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, messages, code := bench(t, "", "compare", packed); code != 1 || !strings.Contains(messages, "gzip") {
		t.Errorf("a file that is not packed: status %d, %s", code, messages)
	}
}

// Trainings of digits that are made anew are the recorded ones, as far as
// another processor rounds alike.
func TestRecord(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the example")
	}
	trainer := filepath.Join(t.TempDir(), "digits")
	if text, err := exec.Command("go", "build", "-o", trainer, "github.com/afina-hpo/afina/examples/digits").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	p, err := problem.NewLibrary("").Open("digits/loss")
	if err != nil {
		t.Fatal(err)
	}
	all, err := problem.DigitsFlags()
	if err != nil {
		t.Fatal(err)
	}
	for _, params := range []string{
		`{"lr":0.063,"batch":64,"optimizer":"sgd","momentum":0.9,"model":"mlp","layers":1,"width":16,"dropout":0}`,
		`{"lr":0.016,"batch":64,"optimizer":"adam","model":"rbf","features":64,"gamma":0.1}`,
	} {
		c, err := p.Space().ParseConfig([]byte(params))
		if err != nil {
			t.Fatal(err)
		}
		row := slices.IndexFunc(all, func(flags []string) bool {
			for _, f := range flags {
				name, text, _ := strings.Cut(strings.TrimPrefix(f, "--"), "=")
				if v, ok := c.Get(name); !ok || strings.Trim(v.String(), `"`) != text {
					return false
				}
			}
			return true
		})
		if row < 0 {
			t.Fatalf("%s is not among what was recorded", params)
		}
		line, err := training(context.Background(), trainer, all[row], 1)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for k, word := range strings.Split(line, ",") {
			d, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			sum += d
			o, err := p.Evaluate(c, float64(k+1), nil)
			if err != nil {
				t.Fatal(err)
			}
			if off := math.Abs(o.Values[0] - float64(sum)/1000); off > 0.05 {
				t.Fatalf("%s, epoch %d: %v now, recorded was %v", params, k+1, float64(sum)/1000, o.Values[0])
			}
		}
	}
	if _, err := training(context.Background(), trainer, []string{"--lr=-1"}, 1); err == nil || !strings.Contains(err.Error(), "lr") {
		t.Errorf("a flag that is wrong: %v", err)
	}
}

func TestServe(t *testing.T) {
	// Trial n of the server with seed s has the noise of trial n of a run
	// with seed s; bbob has none, so the value is that of the task.
	p, err := problem.NewLibrary("").Open("bbob/f1/d2/i1")
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Space().ParseConfig([]byte(`{"x0":1,"x1":-0.5}`))
	if err != nil {
		t.Fatal(err)
	}
	o, err := p.True(c)
	if err != nil {
		t.Fatal(err)
	}
	questions := `{"op":"space","id":1}
{"op":"evaluate","params":{"x0":1,"x1":-0.5}}
{"op":"true","params":{"x0":1,"x1":-0.5}}
{"op":"evaluate","params":{"x0":1}}
{"op":"evaluate","params":{"x0":1,"x1":9}}
{"op":"dance"}
not JSON
`
	out, messages, code := bench(t, questions, "serve", "bbob/f1/d2/i1")
	if code != 0 {
		t.Fatal(messages)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 7 {
		t.Fatalf("%d answers to 7 questions:\n%s", len(lines), out)
	}
	var got []answer
	for _, line := range lines {
		var a answer
		// The space has its own reader; here it only must be there.
		var raw map[string]json.RawMessage
		if err := json.Unmarshal([]byte(line), &raw); err != nil {
			t.Fatal(err)
		}
		if s, ok := raw["space"]; ok && !strings.Contains(string(s), `"name":"x0","type":"float","low":-5,"high":5`) {
			t.Errorf("the space is %s", s)
		}
		delete(raw, "space")
		b, err := json.Marshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(b, &a); err != nil {
			t.Fatal(err)
		}
		got = append(got, a)
	}
	if string(got[0].ID) != "1" || got[0].Task != "bbob/f1/d2/i1" || got[0].Scale == nil || got[0].Scale.Best != 79.48 {
		t.Errorf("the space's answer is %+v", got[0])
	}
	if d := cmp.Diff([]string{"value"}, got[0].Objectives); d != "" {
		t.Error(d)
	}
	for _, a := range got[1:3] {
		if d := cmp.Diff(map[string]float64{"value": o.Values[0]}, a.Values); d != "" {
			t.Error(d)
		}
	}
	for i, want := range []string{"x1: is missing", "outside [-5, 5]", "no op", "no question"} {
		if !strings.Contains(got[3+i].Error, want) {
			t.Errorf("answer %d has the error %q, want one with %q", 4+i, got[3+i].Error, want)
		}
	}
}

// The noise of a trial at a step is its own, whatever was asked before.
func TestServeSteps(t *testing.T) {
	ask := func(lines ...string) string {
		out, _, code := bench(t, strings.Join(lines, "\n"), "serve", "mf-hartmann/d3/bad")
		if code != 0 {
			t.Fatal(out)
		}
		all := strings.Split(strings.TrimSpace(out), "\n")
		return all[len(all)-1]
	}
	at := `{"op":"evaluate","params":{"x0":0.1,"x1":0.2,"x2":0.3},"fidelity":3,"trial":`
	p, err := problem.NewLibrary("").Open("mf-hartmann/d3/bad")
	if err != nil {
		t.Fatal(err)
	}
	c, err := p.Space().ParseConfig([]byte(`{"x0":0.1,"x1":0.2,"x2":0.3}`))
	if err != nil {
		t.Fatal(err)
	}
	o, err := p.Evaluate(c, 3, run.StepNoise(0, 7, 3))
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf(`{"values":{"value":%v}}`, o.Values[0])
	if got := ask(at + "7}"); got != want {
		t.Errorf("trial 7 has %s, want %s", got, want)
	}
	if got := ask(at+"1}", at+"7}"); got != want {
		t.Errorf("after trial 1, trial 7 has %s, want %s", got, want)
	}
	if got := ask(at + "8}"); got == want {
		t.Errorf("trial 8 has the noise of trial 7: %s", got)
	}
}

func TestServeOutcomes(t *testing.T) {
	out, _, _ := bench(t, `{"op":"evaluate","params":{"x":1,"y":1}}`, "serve", "constrained/gardner")
	if !strings.Contains(out, `"violations":[-0.9`) {
		t.Errorf("constraints: %s", out)
	}
	out, _, _ = bench(t, `{"op":"space"}`, "serve", "zdt/1")
	if !strings.Contains(out, `"objectives":["f1","f2"]`) || !strings.Contains(out, `"nadir":[`) {
		t.Errorf("objectives and nadir: %.300s", out)
	}
	var crashed int
	for _, x := range []string{"-5", "0", "5"} {
		for _, y := range []string{"-5", "0", "5"} {
			out, _, _ := bench(t, `{"op":"evaluate","params":{"x0":`+x+`,"x1":`+y+`}}`, "serve", "crash/bbob/f8/d2/i1")
			if strings.Contains(out, `"crashed":true`) && !strings.Contains(out, "values") {
				crashed++
			}
		}
	}
	if crashed == 0 || crashed == 9 {
		t.Errorf("%d of 9 crash", crashed)
	}
}

func TestSpeed(t *testing.T) {
	out, messages, code := bench(t, "", "speed", "-methods", "random;qmc", "-params", "5", "-history", "10,20", "-asks", "3")
	if code != 0 || strings.Count(out, "\n") != 6 || !strings.Contains(out, "| afina-qmc | 5 | 20 |") {
		t.Errorf("status %d, %s\n%s", code, messages, out)
	}
}

func TestCalibrate(t *testing.T) {
	out, messages, code := bench(t, "", "calibrate", "constrained/gardner", "bbob/f3/d5/i2")
	if code != 0 {
		t.Fatal(messages)
	}
	var got map[string]problem.Scale
	if err := json.Unmarshal([]byte("{"+strings.TrimSuffix(strings.TrimSpace(out), ",")+"}"), &got); err != nil {
		t.Fatal(err)
	}
	for task, sc := range got {
		if want, ok := problem.CommittedScale(task); !ok || sc != want {
			t.Errorf("%s: %+v, committed %+v", task, sc, want)
		}
	}
	if len(got) != 2 {
		t.Errorf("%d scales", len(got))
	}
}

// The traces of other optimizers, judged here, have the mean regrets that were
// published with them; and afina's random search is as good as theirs, as far
// as chance goes.
func TestPeersOnDevelopmentTasks(t *testing.T) {
	dir := os.Getenv("AFINA_BENCH_DATA")
	if dir == "" {
		t.Skip("AFINA_BENCH_DATA is not set: the traces of other optimizers are not there")
	}
	traces, err := readTraces(filepath.Join(dir, "peers", "traces.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(t.TempDir(), "own.jsonl")
	if _, messages, code := bench(t, "", "run", "-suite", "dev", "-methods", "random", "-out", own); code != 0 {
		t.Fatal(messages)
	}
	more, err := readTraces(own)
	if err != nil {
		t.Fatal(err)
	}
	board, err := score.NewBoard(append(traces, more...), func(task string) (problem.Scale, error) {
		sc, _ := problem.CommittedScale(task)
		return sc, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		peer            string
		at25, at50, off float64
	}{{"random", 0.39, 0.33, 0.006}, {"optuna-tpe", 0.29, 0.23, 0.006}, {"afina-random", 0.39, 0.33, 0.08}} {
		at25, at50 := board.Mean(c.peer, board.Tasks(), 25), board.Mean(c.peer, board.Tasks(), 50)
		if math.Abs(at25-c.at25) > c.off || math.Abs(at50-c.at50) > c.off {
			t.Errorf("%s has the regrets %.3f and %.3f at 25 and 50 trials, want %v and %v", c.peer, at25, at50, c.at25, c.at50)
		}
	}
}

// FuzzServe: every line gets one answer, whatever it is.
func FuzzServe(f *testing.F) {
	f.Add(`{"op":"evaluate","params":{"layers":1,"rate":0.1,"units1":8,"dropout1":0}}`)
	f.Add(`{"op":"space","id":{}}`)
	p, err := problem.NewLibrary("").Open("conditional/layers")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\n\r") {
			return
		}
		var out bytes.Buffer
		if err := answerAll(context.Background(), streams{in: strings.NewReader(line + "\n"), out: &out}, p, 1); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "\n"); n != 1 || !json.Valid(out.Bytes()) {
			t.Fatalf("%q has %d answers: %q", line, n, out.String())
		}
	})
}
