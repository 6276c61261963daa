package e2e_test

import "testing"

// TestFolds runs a study whose command runs one fold, and goes on with it; and
// one of a parameter that the scheduler chooses.
func TestFolds(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "cv.yaml", `
name: cv
command: [echo, "fold {trial.fold} loss={x}"]
objective: { minimize: loss }
parameters: { x: { float: [0, 1], default: 0.01 } }
fidelity: { folds: 10 }
search: { algorithm: random, seed: 1 }
stop: { trials: 4 }
`)
	// The default is the best and its differences to others are always the
	// same, so that their signs alone count: seven folds are enough.
	p.afina(t, "run", "cv.yaml").want(t, 0).says(t, "schedule auto", "1 complete, 3 pruned", "31 folds instead of 40", "judged by its mean over all 10 folds, among 1 trial that ran them all")
	p.afina(t, "show", "cv", "1").want(t, 0).says(t, "resource    7 folds, of 10 for a whole training", "  7 (")
	p.afina(t, "run", "cv.yaml", "--trials", "5").want(t, 0).says(t, "38 folds instead of 50")

	p.write(t, "size.yaml", `
name: size
command: [echo, "loss={x}", "of", "{size}"]
objective: { minimize: loss }
parameters: { x: { float: [0, 1] } }
fidelity: { parameter: size, levels: [64, 128, 224] }
search: { algorithm: random, seed: 1 }
schedule: asha
stop: { trials: 9 }
`)
	p.afina(t, "run", "size.yaml").want(t, 0).says(t, "1 complete", "saved by pruning", "judged by what it measured at its end")
	p.afina(t, "ls", "size").want(t, 0).says(t, "paused", "complete")
}
