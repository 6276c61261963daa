package e2e_test

import (
	"fmt"
	"math"
	"testing"
)

// TestFinal has a program whose loss depends on its seed, runs its best
// configurations again, kills that in between, and reads the verdict.
func TestFinal(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "noisy.yaml", `
name: noisy
shell: true
command: 'echo "loss=$AFINA_PARAM_X.$AFINA_SEED"'   # the seed behind the point: at most 1
objective: { minimize: loss }
parameters:
  x: { int: [0, 99], default: 99 }
search: { algorithm: random, seed: 1, repeat: 2 }
stop: { trials: 16 }
`)
	p.afina(t, "run", "noisy.yaml").want(t, 0)
	p.afina(t, "compare", "noisy", "--runs", "1").want(t, 2).says(t, "--runs at least 2")

	victim := p.command(t, "compare", "noisy", "--top", "2", "--runs", "6")
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	finals := func() (ended, open int) {
		for _, tr := range p.trials(t, "noisy") {
			switch {
			case tr.Number < 16:
			case tr.State == "complete":
				ended++
			default:
				open++
			}
		}
		return ended, open
	}
	within(20e9, func() bool { ended, _ := finals(); return ended > 1 })
	if err := victim.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = victim.Wait() // it was killed

	p.afina(t, "compare", "noisy", "--top", "2", "--runs", "6").want(t, 0).says(t,
		"final comparison: up to 6 runs of each configuration, with the same seeds", "the default", "tuning has helped: trial ", "run it again:")
	if ended, open := finals(); ended != 18 || open != 0 {
		t.Errorf("%d runs have ended, %d have not; want 3 configurations 6 times", ended, open)
	}
	p.afina(t, "compare", "noisy").want(t, 0).says(t, "tuning has helped")
	p.afina(t, "best", "noisy").want(t, 0).says(t, "tuning has helped")
	var best struct {
		Final struct {
			Helped    string
			Winner    int
			Default   int
			Finalists []struct {
				Number, Runs int
				Mean         map[string]float64
			}
		}
	}
	p.afina(t, "best", "noisy", "--json").want(t, 0).into(t, &best)
	if f := best.Final; f.Helped != "yes" || f.Default != 0 || len(f.Finalists) != 3 || f.Finalists[2].Number != 0 || f.Finalists[0].Number != f.Winner || f.Finalists[0].Runs != 6 {
		t.Errorf("best --json: %+v", f)
	}
	p.afina(t, "show", "noisy", "17").want(t, 0).says(t, "repeat of   trial ", "made by     final")
	// All runs of one number had one seed: the digits behind the point.
	digits := map[string]int{}
	for _, tr := range p.trials(t, "noisy")[16:] {
		loss, ok := tr.Values["loss"].(float64)
		if !ok {
			t.Fatalf("trial %d has the values %v", tr.Number, tr.Values)
		}
		digits[fmt.Sprintf("%.6f", loss-math.Floor(loss))]++
	}
	if len(digits) != 6 {
		t.Errorf("there were seeds so often: %v", digits)
	}
}
