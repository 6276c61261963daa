package e2e_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bowls is a study of two parameters whose loss is the first.
const bowls = `
command: [sh, -c, 'echo "loss=$1"', trial, "{x}", "{y}"]
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
  y: { float: [0, 1] }
search: { seed: 4 }
`

// A study that has started warm is killed, and what it has learned from goes
// away: it goes on as one that nothing has happened to.
func TestWarmStart(t *testing.T) {
	p := newPlace(t)
	p.write(t, "old.yaml", bowls)
	p.write(t, "new.yaml", bowls+"warm_start: [ old ]\n")
	p.afina(t, "run", "-q", "old.yaml", "-n", "20").want(t, 0)

	p.afina(t, "run", "new.yaml", "-n", "9", "--name", "whole").want(t, 0).says(t, "warm start from old: 20 trials, 2 of 2 parameters")
	p.afina(t, "explain", "whole", "0").want(t, 0).says(t, "taken from  trial ", "of the earlier study old, which had loss")
	p.afina(t, "show", "whole", "0").want(t, 0).says(t, "taken from  trial ")
	p.afina(t, "explain", "whole", "8").want(t, 0).says(t, "earlier     old ")

	p.env = []string{faultVariable + "=acknowledge 14"}
	if r := p.afina(t, "run", "-q", "new.yaml", "-n", "9"); r.code != -1 {
		t.Fatalf("it was not killed, but ended with %d\n%s%s", r.code, r.out, r.err)
	}
	p.env = nil
	if err := os.RemoveAll(filepath.Join(p.dir, ".afina", "old")); err != nil {
		t.Fatal(err)
	}
	p.afina(t, "run", "-q", "new.yaml", "-n", "9").want(t, 0)
	params := func(ref string) (out []string) {
		for _, tr := range p.trials(t, ref) {
			out = append(out, tr.param("x")+" "+tr.param("y"))
		}
		return out
	}
	if d := cmp.Diff(params("whole"), params("new")); d != "" {
		t.Errorf("trials without and with the kill:\n%s", d)
	}

	for _, test := range []struct{ from, want string }{
		{"old", `warm_start "old": there is no study "old"`},
		{"whoel", `did you mean "whole"?`},
		{"third", "the study cannot start warm from itself"},
	} {
		p.afina(t, "run", "--name", "third", "--warm-start", test.from, "--metric", "loss", "--", "true", "{x:float(0,1)}").says(t, test.want)
	}
	p.write(t, "list.csv", "x,loss\n0.5,\n0.25,oops\n")
	p.afina(t, "run", "--name", "third", "--warm-start", "list.csv", "--metric", "loss", "--", "true", "{x:float(0,1)}").want(t, 2).says(t, "it has no value of loss")
	p.write(t, "table.csv", "x,loss\n0.5,3\n0.25,2\n")
	p.afina(t, "run", "--name", "third", "--warm-start", "table.csv", "-n", "2", "--metric", "loss", "--", "sh", "-c", `echo "loss=$1"`, "trial", "{x:float(0,1)}").want(t, 0)
	if first := p.trials(t, "third")[0].param("x"); first != "0.25" {
		t.Errorf("the first trial has x = %s, the best of the table is 0.25", first)
	}
	p.afina(t, "run", "--name", "third", "-n", "4", "--metric", "loss", "--", "sh", "-c", `echo "loss=$1"`, "trial", "{x:float(0,1)}").says(t, `warm_start: was ["table.csv"], is none`)
}
