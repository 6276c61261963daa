package e2e_test

import (
	"testing"
)

// TestFix holds parameters at values from run to run of one study.
func TestFix(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "fix.yaml", `
name: fix
command: [echo, "loss={x}"]
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
  kind: { choice: [a, b, c] }
fix: { kind: b }
search: { algorithm: random, seed: 1 }
stop: { trials: 3 }
`)
	p.afina(t, "run", "fix.yaml").want(t, 0)
	p.afina(t, "run", "fix.yaml", "--fix", "kind=c", "--fix", "x=0.25", "--trials", "4").want(t, 0).says(t, "best: loss")
	p.afina(t, "run", "fix.yaml", "--trials", "6").want(t, 0)
	for i, want := range []string{"b", "b", "b", "c", "b", "b"} {
		tr := p.trials(t, "fix")[i]
		if tr.param("kind") != want || i == 3 && tr.param("x") != "0.25" {
			t.Errorf("trial %d has x=%s kind=%s, want kind %s", i, tr.param("x"), tr.param("kind"), want)
		}
	}
	p.afina(t, "show", "fix", "3").want(t, 0).says(t, `fixed`, `{"kind":"c","x":0.25}`)
	p.afina(t, "run", "fix.yaml", "--fix", "kind=d").want(t, 2).says(t, `kind: "d" is not among the choices "a", "b", "c"`)
	p.afina(t, "run", "fix.yaml", "--fix", "knd=a").want(t, 2).says(t, `did you mean "kind"?`)
	p.afina(t, "simulate", "fix.yaml").want(t, 0)
}

// TestContext runs a study whose context the command line says.
func TestContext(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "rows.yaml", `
name: rows
command: [echo, "loss={x}{rows}"]
objective: { minimize: loss }
parameters:
  x: { float: [0.5, 1] }
  rows: { int: [1, 100], context: true }
search: { seed: 1 }
stop: { trials: 3 }
`)
	p.afina(t, "run", "rows.yaml").want(t, 2).says(t, "the context rows has no value", "--fix NAME=VALUE")
	p.afina(t, "run", "rows.yaml", "--fix", "row=10").want(t, 2).says(t, `did you mean "rows"?`)
	p.afina(t, "run", "rows.yaml", "--fix", "rows=10").want(t, 0)
	p.afina(t, "run", "rows.yaml", "--fix", "rows=20", "--trials", "6").want(t, 0)
	p.afina(t, "best", "rows").want(t, 0).says(t, "best of each context:", "rows")
	var best struct {
		Contexts []struct {
			Context map[string]int
			Trials  int
			Number  int
		}
	}
	p.afina(t, "best", "rows", "--json").want(t, 0).into(t, &best)
	if len(best.Contexts) != 2 || best.Contexts[0].Context["rows"] != 10 || best.Contexts[1].Context["rows"] != 20 || best.Contexts[1].Trials != 3 {
		t.Errorf("best --json: %+v", best)
	}
}

// TestCost ends a study by what its program says that it costs, and by a price.
func TestCost(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "cost.yaml", `
name: cost
command: [echo, "usd=0.5 loss={x}"]
objective: { minimize: loss }
parameters: { x: { float: [0, 1] } }
cost: usd
stop: { cost: 2 }
`)
	p.afina(t, "run", "cost.yaml").want(t, 0).says(t, "the cost of 2 is reached; 4 complete")
	p.afina(t, "run", "cost.yaml").want(t, 0).says(t, "the cost of 2 is reached; 4 complete") // again, and nothing more
	p.write(t, "mute.yaml", `
name: mute
command: [echo, "loss={x}"]
objective: { minimize: loss }
parameters: { x: { float: [0, 1] } }
cost: usd
stop: { cost: 2 }
`)
	p.afina(t, "run", "mute.yaml").want(t, 3).says(t, "has not reported its cost, usd")
}
