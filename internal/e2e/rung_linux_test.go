package e2e_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// lastEpoch is how many epochs a whole training has.
const lastEpoch = 9

// epochs trains up to the last epoch, from what is in the checkpoint folder: a
// line for each epoch with the parameter with which it was trained. So the file
// tells the whole story of a model, and the loss is the sum of it. With "until"
// it ends by itself at the step at which it is to stop, with "stop" when its
// stop file is there.
func epochs(how, x string) int {
	fail := func(err error) int {
		fmt.Fprintln(os.Stderr, "trainer:", err)
		return 99
	}
	path := filepath.Join(os.Getenv("AFINA_CHECKPOINT_DIR"), "epochs")
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fail(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if len(text) == 0 {
		lines = nil
	}
	from := int(number(os.Getenv("AFINA_RESUME_STEP")))
	if len(lines) < from {
		return fail(fmt.Errorf("to go on from %d, and the checkpoint has %d epochs", from, len(lines)))
	}
	if from == 0 && os.Getenv("AFINA_ATTEMPT") == "1" && len(lines) > 0 {
		return fail(fmt.Errorf("a new trial begins with %q", text))
	}
	until := lastEpoch
	if u := os.Getenv("AFINA_UNTIL_STEP"); u != "" && how == "until" {
		until = int(number(u))
	}
	say := func() {
		sum := 0.0
		for _, l := range lines {
			sum += number(l)
		}
		fmt.Printf("epoch=%d loss=%g\n", len(lines), sum)
	}
	if len(lines) > from { // killed between the checkpoint and the report
		say()
	}
	for len(lines) < until {
		lines = append(lines, x)
		// Whole or not at all, also where it is killed right here.
		if err := os.WriteFile(path+".new", []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			return fail(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			return fail(err)
		}
		say()
		if how != "stop" {
			continue
		}
		// An epoch takes its time, in which an order arrives.
		if within(30*time.Millisecond, func() bool { _, err := os.Stat(os.Getenv("AFINA_STOP_FILE")); return err == nil }) {
			return 0
		}
	}
	return 0
}

// saga is a study that is killed by SIGKILL again and again, at a random event,
// until it has come to its end.
func (p *place) saga(t *testing.T, lives int, args ...string) {
	t.Helper()
	r := rand.New(rand.NewPCG(7, 7))
	for life := range 10_000 {
		cmd := p.command(t, append([]string{"run", "--json"}, args...)...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		var errs strings.Builder
		cmd.Stderr = &errs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		left := 1 + r.IntN(12)
		lines := bufio.NewScanner(out)
		last := ""
		for lines.Scan() {
			last = lines.Text()
			if left--; left == 0 && life < lives {
				time.AfterFunc(time.Duration(r.IntN(20))*time.Millisecond, func() { _ = cmd.Process.Signal(syscall.SIGKILL) })
			}
		}
		err = cmd.Wait()
		if err == nil {
			if life < lives/3 {
				t.Fatalf("it has ended in life %d already", life)
			}
			return
		}
		if code := cmd.ProcessState.ExitCode(); code > 0 {
			t.Fatalf("life %d ended by itself: %v\n%s\n%s", life, err, last, errs.String())
		}
	}
	t.Fatal("it does not come to an end")
}

// TestRungs runs schedules that pause, resume and copy command trials, killed
// by SIGKILL all the time. In the end every model has been trained as the
// study says: each epoch once, by the trial that it was due to, from the
// checkpoint that was ordered.
func TestRungs(t *testing.T) {
	for _, c := range []struct{ name, how, schedule string }{
		{"promotion, stops by itself", "until", "{ algorithm: asha, resume: true, mode: promotion }"},
		{"promotion, stops when told", "stop", "{ algorithm: asha, resume: true, mode: promotion }"},
		{"population, stops by itself", "until", "{ algorithm: pbt, population: 5, interval: 3, quantile: 0.4 }"},
		{"population, stops when told", "stop", "{ algorithm: pbt, population: 5, interval: 3, quantile: 0.4 }"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPlace(t)
			p.write(t, "rungs.yaml", fmt.Sprintf(`
command: %s
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
fidelity: { step: epoch, min: 1, max: %d }
search: { algorithm: random, seed: 3, parallel: 2 }
schedule: %s
stop: { trials: 14 }
retry: { on: [lost], backoff: 10ms, max_consecutive_failed: 0 }
`, trainerLine(t, "epochs", c.how, "{x}"), lastEpoch, c.schedule))
			p.saga(t, 25, "rungs.yaml")
			p.nothingLeft(t)
			p.audit(t, "rungs.yaml", c.how == "until")
			if c.how == "until" && strings.Contains(c.schedule, "pbt") {
				p.replay(t)
			}
		})
	}
}

// story returns how the model of a trial was trained.
func (p *place) story(t *testing.T, study string, number int) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, ".afina", study, "trials", fmt.Sprintf("%06d", number), "checkpoint", "epochs"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Fields(string(text))
}

// replay runs the schedule of values that a population has found, and demands
// that the model is trained the same.
func (p *place) replay(t *testing.T) {
	t.Helper()
	last := -1 // a copy, so that there is a schedule
	for n, tr := range p.trials(t, "rungs.yaml") {
		if tr.State == "complete" {
			last = n
		}
	}
	p.afina(t, "export", "rungs.yaml", "--schedule", "--trial", strconv.Itoa(last), "-o", "plan.json").want(t, 0)
	p.afina(t, "run", "rungs.yaml", "--replay", "plan.json").want(t, 0).says(t, "study rungs-replay has ended: the schedule is complete", "9 epochs in all")
	again := p.trials(t, "rungs-replay")
	if len(again) < 2 {
		t.Errorf("the schedule of trial %d has %d steps: the test shows nothing", last, len(again))
	}
	want, got := p.story(t, "rungs", last), p.story(t, "rungs-replay", len(again)-1)
	if !slices.Equal(want, got) {
		t.Errorf("replayed the model was trained with %v, want %v", got, want)
	}
}

// audit compares every checkpoint with what the study says.
func (p *place) audit(t *testing.T, ref string, exact bool) {
	t.Helper()
	type told struct {
		trial
		Resume float64                    `json:"resume_step"`
		Copy   *struct{ Trial, Step int } `json:"copy"`
	}
	r := p.afina(t, "export", ref, "--json").want(t, 0)
	var all []told
	for line := range strings.Lines(r.out) {
		var one told
		if err := json.Unmarshal([]byte(line), &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	complete, paused, copies, resumed := 0, 0, 0, 0
	stories := make([][]string, len(all)) // of models
	for n, tr := range all {
		got := p.story(t, "rungs", n)
		stories[n] = got
		var want []string
		if tr.Copy != nil {
			copies++
			// Of the other's story, what it was at that step; it has gone on
			// since, perhaps.
			want = slices.Clone(stories[tr.Copy.Trial][:tr.Copy.Step])
			if len(got) > tr.Copy.Step && exact {
				if from := stories[tr.Copy.Trial]; len(from) > tr.Copy.Step && from[tr.Copy.Step] == got[tr.Copy.Step] {
					t.Errorf("trial %d has gone on with the parameter of trial %d", n, tr.Copy.Trial)
				}
			}
		}
		begun := len(want)
		for range len(got) - begun {
			want = append(want, tr.param("x"))
		}
		if !exact && tr.Copy != nil {
			// A program that is told to stop takes another epoch first.
			begun = len(got) - countLast(got, tr.param("x"))
			if begun < tr.Copy.Step {
				t.Errorf("trial %d, a copy at step %d, has trained from %d", n, tr.Copy.Step, begun)
			}
		} else if !slices.Equal(want, got) {
			t.Errorf("the model of trial %d was trained with %v, want %v", n, got, want)
		}
		for i, a := range tr.Attempts {
			if a.Outcome == "paused" && i+1 < len(tr.Attempts) {
				resumed++
			}
		}
		switch tr.State {
		case "complete":
			complete++
			if len(got) != lastEpoch {
				t.Errorf("trial %d is complete after %d epochs", n, len(got))
			}
			sum := 0.0
			for _, x := range got {
				v, err := strconv.ParseFloat(x, 64)
				if err != nil {
					t.Fatal(err)
				}
				sum += v
			}
			if loss, ok := tr.Values["loss"].(float64); !ok || loss > sum+1e-9 || loss <= 0 {
				t.Errorf("the loss of trial %d is %v, want at most %v", n, tr.Values["loss"], sum)
			}
		case "paused":
			paused++
		case "pruned":
		default:
			t.Errorf("trial %d is %s: %s", n, tr.State, tr.Message)
		}
	}
	if complete == 0 || paused == 0 || resumed == 0 {
		t.Errorf("%d trials are complete, %d paused, %d resumptions, %d copies: the test shows nothing", complete, paused, resumed, copies)
	}
	t.Logf("%d trials: %d complete, %d paused, %d resumptions, %d copies", len(all), complete, paused, resumed, copies)
}

// countLast returns how many of the last words are word.
func countLast(words []string, word string) int {
	n := 0
	for n < len(words) && words[len(words)-1-n] == word {
		n++
	}
	return n
}

// TestSimulate previews a search, runs it, and previews it again with the
// curves of what has run.
func TestSimulate(t *testing.T) {
	t.Parallel()
	p := newPlace(t)
	p.write(t, "preview.yaml", fmt.Sprintf(`
command: %s
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
fidelity: { step: epoch, min: 1, max: %d }
search: { algorithm: random, seed: 3 }
schedule: { algorithm: asha, resume: true }
stop: { trials: 9 }
`, trainerLine(t, "epochs", "until", "{x}"), lastEpoch))
	p.afina(t, "simulate", "preview.yaml").want(t, 0).says(t, "random under asha, 1 trial at once", "curves       invented", "saved by pruning", "up to epoch  trials  epochs paid")
	type forecast struct {
		Parallel int
		Runs     []struct {
			Trials int
			Paid   float64
			Full   float64
			Rungs  []struct{ Step, Trials, Paid float64 }
		}
	}
	var before, after forecast
	p.afina(t, "simulate", "preview.yaml", "--json", "--parallel", "2", "--runs", "3").want(t, 0).into(t, &before)
	if before.Parallel != 2 || len(before.Runs) != 3 || before.Runs[0].Trials != 9 || before.Runs[0].Full != 9*lastEpoch {
		t.Errorf("the forecast is %+v", before)
	}
	if _, err := os.Stat(filepath.Join(p.dir, ".afina")); err == nil {
		t.Error("a simulation has left something behind")
	}

	p.afina(t, "run", "preview.yaml").want(t, 0).says(t, "saved by pruning")
	var spent struct {
		Resource struct{ Paid, Full float64 }
	}
	r := p.afina(t, "run", "preview.yaml", "--json").want(t, 0)
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &spent); err != nil {
		t.Fatal(err)
	}
	p.afina(t, "simulate", "preview.yaml", "--from", "preview", "--json").want(t, 0).into(t, &after)
	// The same trials with their own curves: what is forecast is what was.
	if got := after.Runs[0]; got.Paid != spent.Resource.Paid || got.Full != spent.Resource.Full || got.Paid == 0 {
		t.Errorf("with recorded curves %v of %v are paid, and it was %v of %v", got.Paid, got.Full, spent.Resource.Paid, spent.Resource.Full)
	}
	p.afina(t, "simulate", "preview.yaml", "--from", "preview", "--runs", "3").want(t, 0).says(t, "mean of 3 runs (and the least and most)", "cost  ", " for each epoch, by ", "trials; off by ")
	p.afina(t, "simulate", "preview.yaml", "--from", "preview", "--seconds-per-step", "60").want(t, 0).says(t, "with 1m0s for each epoch")
	p.afina(t, "simulate", "preview.yaml", "--search", "dehb", "--trials", "40").want(t, 0).says(t, "dehb under asha")
	p.afina(t, "simulate", "preview.yaml", "--from", "nothing").want(t, 4)
	for name, other := range map[string]string{
		"metric": "objective: { minimize: steps }\nparameters: { x: { float: [0, 1] } }",
		"goal":   "objective: { maximize: loss }\nparameters: { x: { float: [0, 1] } }",
		"space":  "objective: { minimize: loss }\nparameters: { strange: { float: [0, 1] } }",
	} {
		p.write(t, name+".yaml", other+"\nstop: { trials: 2 }")
		p.afina(t, "simulate", name+".yaml", "--from", "preview").want(t, 2).says(t, "name a study of the same program with --from")
	}
	p.afina(t, "simulate", "preview.yaml", "--parallel", "0").want(t, 2)
	p.afina(t, "simulate", "preview.yaml", "--schedule", "ahsa").want(t, 2).says(t, "did you mean")
	p.afina(t, "export", "preview.yaml", "--trial", "3").want(t, 2).says(t, "--trial is for --schedule")
	p.afina(t, "run", "preview.yaml", "--replay", "none.json").want(t, 2).says(t, "read the schedule")
}
