package e2e_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestWaysToEnd lets trainers end in every way that there is: each is classed
// right, the study goes on, and no process is left.
func TestWaysToEnd(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	var names, enqueue strings.Builder
	for _, w := range ways {
		fmt.Fprintf(&names, "%q, ", w.name)
		fmt.Fprintf(&enqueue, "  - { way: %q }\n", w.name)
	}
	p.write(t, "ways.yaml", fmt.Sprintf(`
command: %s
objective: { minimize: loss }
parameters:
  way: { choice: [%s] }
enqueue:
%s
search: { algorithm: random, seed: 1, parallel: 4 }
stop: { trials: %d, per_trial: 8s, grace: 1s }
report: { silence: 4s }
resources: { memory: 256MiB }
retry: { max: 1, on: [temporary], backoff: 10ms, max_consecutive_failed: 0 }
`, trainerLine(t, "way", "{way}"), names.String(), enqueue.String(), len(ways)))
	p.afina(t, "run", "ways.yaml").want(t, 0).says(t, fmt.Sprintf("%d trials have ended", len(ways)))
	p.nothingLeft(t)
	got := p.trials(t, "ways.yaml")
	if len(got) != len(ways) {
		t.Fatalf("%d trials, want %d", len(got), len(ways))
	}
	for i, w := range ways {
		tr := got[i]
		class := tr.Class
		if w.state == "infeasible" {
			class = "" // its state says it
		}
		if tr.param("way") != w.name || tr.State != w.state || class != w.class {
			t.Errorf("%s: trial %d (%s) is %s %s: %s; want %s %s", w.name, i, tr.param("way"), tr.State, tr.Class, tr.Message, w.state, w.class)
		}
		attempts := 1
		if w.class == "temporary" {
			attempts = 2
		}
		if len(tr.Attempts) != attempts {
			t.Errorf("%s: %d attempts, want %d", w.name, len(tr.Attempts), attempts)
		}
	}
	for i, word := range map[int]string{2: "ValueError: a mistake", 5: "SIGSEGV", 7: "256 MiB", 8: "8s", 9: "4s", 10: "NaN"} {
		if !strings.Contains(got[i].Message, word) {
			t.Errorf("%s: the message %q does not hold %q", ways[i].name, got[i].Message, word)
		}
	}
}

// TestDefaultFails: a program that does not even work with its own defaults
// stops the study at once and shows why.
func TestDefaultFails(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "study.yaml", fmt.Sprintf(`
name: broken
command: %s
objective: { minimize: loss }
parameters:
  x: { float: [0, 1], default: 0.5 }
stop: { trials: 20 }
`, trainerLine(t, "fail", "ModuleNotFoundError: No module named torch")))
	p.afina(t, "run", "study.yaml").want(t, 3).says(t, "the default configuration failed (trial 0", "ModuleNotFoundError: No module named torch")
	if n := len(p.trials(t, "broken")); n != 1 {
		t.Errorf("%d trials were run, want 1", n)
	}
	p.nothingLeft(t)
}

// TestNoSuchProgram: what cannot be started is the user's to mend, at once.
func TestNoSuchProgram(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.afina(t, "run", "--metric", "loss", "--", "no-such-program", "{x:float(0,1)}").want(t, 3).says(t, "could not be started", "no-such-program")
}

// TestCircuitBreaker: so many failures in a row stop the study.
func TestCircuitBreaker(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "study.yaml", fmt.Sprintf(`
name: fuse
command: %s
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
stop: { trials: 20 }
retry: { max_consecutive_failed: 3 }
`, trainerLine(t, "fail", "no luck")))
	p.afina(t, "run", "study.yaml").want(t, 3).says(t, "3 trials in a row failed", "no luck")
	if n := len(p.trials(t, "fuse")); n != 3 {
		t.Errorf("%d trials were run, want 3", n)
	}
}

// TestRetries: a trial that asks for another try gets it, in the checkpoint
// folder of the attempt before, and every attempt is on record.
func TestRetries(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "study.yaml", fmt.Sprintf(`
name: again
command: %s
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
stop: { trials: 2 }
retry: { max: 2, on: [temporary], backoff: 1ms }
`, trainerLine(t, "again", "{x}")))
	p.afina(t, "run", "study.yaml").want(t, 0)
	for _, tr := range p.trials(t, "again") {
		if tr.State != "complete" || fmt.Sprint(tr.Values["loss"]) != tr.param("x") {
			t.Errorf("trial %d is %s with %v, want complete with loss %s", tr.Number, tr.State, tr.Values, tr.param("x"))
		}
		outcomes := ""
		for _, a := range tr.Attempts {
			outcomes += fmt.Sprint(a.Number, " ", a.Outcome, " ")
		}
		if want := "1 requeued 2 requeued 3 complete "; outcomes != want {
			t.Errorf("attempts of trial %d: %q, want %q", tr.Number, outcomes, want)
		}
	}
}

// TestPruned: a script that knows nothing of afina is ended early by the
// metrics it prints. Its bad curve never ends by itself.
func TestPruned(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "study.yaml", fmt.Sprintf(`
name: curves
command: %s
objective: { minimize: loss }
parameters:
  x: { float: [0, 100] }
enqueue: [{ x: 1 }, { x: 2 }, { x: 3 }, { x: 50 }, { x: 1.5 }]
search: { algorithm: random }
schedule: { algorithm: median, min_trials: 3 }
stop: { trials: 5 }
`, trainerLine(t, "curve", "{x}", "4")))
	p.afina(t, "run", "study.yaml").want(t, 0).says(t, "17 steps instead of 20: 15 % saved by pruning")
	p.afina(t, "show", "curves", "3").want(t, 0).says(t, "resource    1 step\n")
	for i, tr := range p.trials(t, "curves") {
		want, reports := "complete", 4
		if i == 3 {
			want, reports = "pruned", 1
		}
		if tr.State != want || len(tr.Reports) != reports {
			t.Errorf("trial %d (x=%s) is %s with %d reports, want %s with %d", i, tr.param("x"), tr.State, len(tr.Reports), want, reports)
		}
	}
	p.nothingLeft(t)
}

// TestBudgets: a study ends at its bounds, neither before nor after.
func TestBudgets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stop, reason string
		least, most        int
	}{
		{"trials", "trials: 7", "7 trials have ended", 7, 7},
		{"target", "target: 0.9, trials: 100", "the target is reached", 1, 8},
		{"time", "time: 1s", "the time of 1s is over", 1, 1 << 20},
		{"no improvement", "no_improvement: 3, trials: 100", "3 trials brought no improvement", 4, 99},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.write(t, "study.yaml", fmt.Sprintf(`
name: bounded
command: [echo, "loss={x}"]
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
search: { algorithm: random, seed: 3, parallel: 2 }
stop: { %s }
`, tt.stop))
			p.afina(t, "run", "study.yaml").want(t, 0).says(t, tt.reason)
			ended := 0
			for _, tr := range p.trials(t, "bounded") {
				if tr.State == "complete" {
					ended++
				}
			}
			if ended < tt.least || ended > tt.most {
				t.Errorf("%d trials were completed, want %d to %d", ended, tt.least, tt.most)
			}
			p.nothingLeft(t)
		})
	}
}
