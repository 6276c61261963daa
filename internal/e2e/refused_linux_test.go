package e2e_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRefusedAtStart is about studies that cannot begin: nothing is left
// behind, and nothing is moved aside.
func TestRefusedAtStart(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "small.yaml", small)
	p.write(t, "warm.yaml", strings.Replace(small, "name: small", "name: warm\nwarm_start: [smal]", 1))
	p.write(t, "never.yaml", strings.Replace(small, "name: small", "name: never\nconstraints: [\"x > 2\"]", 1))
	p.afina(t, "run", "small.yaml").want(t, 0)
	for _, args := range [][]string{
		{"run", "warm.yaml"},
		{"run", "never.yaml"},
		{"run", "small.yaml", "--name", "other", "--target", "nan"},
		{"serve", "--stdio", "warm.yaml", "--store", filepath.Join(p.dir, ".afina", "warm", "study.db")},
		{"run", "small.yaml", "--new", "--warm-start", "smal"},
	} {
		if r := p.afina(t, args...); r.code == 0 || strings.Contains(r.err, "is kept as") {
			t.Errorf("afina %q: status %d, %s", args, r.code, r.err)
		}
		entries, err := os.ReadDir(filepath.Join(p.dir, ".afina"))
		if err != nil {
			t.Fatal(err)
		}
		if len(entries) != 1 || entries[0].Name() != "small" {
			t.Errorf("afina %q left %v", args, entries)
		}
	}
	p.afina(t, "run", "never.yaml").want(t, 2).says(t, "never.yaml:3:15: constraints:", `"x > 2"`)
}

// TestHints is about advice at the end that has to be true.
func TestHints(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "small.yaml", small)
	p.afina(t, "run", "small.yaml").want(t, 0).says(t, "more: afina run … --trials 10")
	for name, more := range map[string]string{
		"target":    "stop: { trials: 5, target: 0.9 }",
		"exhausted": "fix: { x: 0.5, kind: a }\nstop: { trials: 5 }",
		"patience":  "stop: { trials: 500, no_improvement: 4 }",
	} {
		p.write(t, name+".yaml", strings.Replace(strings.Replace(small, "name: small", "name: "+name, 1), "stop: { trials: 5 }", more, 1))
		if r := p.afina(t, "run", name+".yaml").want(t, 0); strings.Contains(r.out, "more:") {
			t.Errorf("%s: more trials would change nothing: %s", name, r.out)
		}
	}
}

// TestViolates is about trials with good values that violate an outcome
// constraint: the list says so.
func TestViolates(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "mem.yaml", `
name: mem
command: [echo, "loss={x} mem={x}"]
objective: { minimize: loss }
parameters: { x: { choice: [1, 2, 3] } }
constraints: [ "mem >= 2" ]
search: { algorithm: grid, seed: 1 }
`)
	p.afina(t, "run", "mem.yaml").want(t, 0).says(t, "best: loss 2 (trial 1")
	p.afina(t, "ls", "mem").want(t, 0).says(t, "0  complete (violates)     1", "1  complete best           2", "2  complete                3")
	if ts := p.trials(t, "mem"); !ts[0].Violates || ts[1].Violates {
		t.Errorf("ls --json: %+v", ts)
	}
}

// TestCheck reads study files without running anything.
func TestCheck(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "small.yaml", small+"constraints: [\"x <= 0.4\", \"mem < 3\"]\n")
	p.afina(t, "check", "small.yaml").want(t, 0).says(t,
		"study small: minimize loss, search random, schedule fixed, 1 trial at once",
		"  x: float [0, 1] default 0.5",
		"1 constraint on parameters, 1 on reported metrics",
		"ends when 5 trials have ended",
		`warning: small.yaml:10:15: constraints: the default configuration violates constraint 1, "x <= 0.4", with x = 0.5`)
	p.write(t, "plain.yaml", small)
	p.afina(t, "check", "plain.yaml").want(t, 0).says(t, "the defaults run as\n  echo 'epoch=1 loss=0.5'")
	var out struct {
		Parameters []struct{ Name, Is string }
		Ends       []string
		Command    string
		Warnings   []string
	}
	p.afina(t, "check", "plain.yaml", "--json").want(t, 0).into(t, &out)
	if len(out.Parameters) != 2 || out.Parameters[1].Name != "kind" || len(out.Ends) != 1 || out.Command == "" || out.Warnings == nil {
		t.Errorf("check --json: %+v", out)
	}
	p.write(t, "wrong.yaml", "parameters: { x: { float: [1, 0] } }\n")
	p.afina(t, "check", "wrong.yaml").want(t, 2).says(t, "low 1 is above high 0", "objective")
	p.afina(t, "check", "missing.yaml").want(t, 2)
	if _, err := os.Stat(filepath.Join(p.dir, ".afina")); !os.IsNotExist(err) {
		t.Errorf("check has made something: %v", err)
	}
}
