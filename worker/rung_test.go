package worker_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"

	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/study"
)

// A program that stops by itself where it was to has not come to its end: the
// verdict on its last words says what becomes of the trial.
func TestEndAtItsStep(t *testing.T) {
	for _, c := range []struct {
		name    string
		until   float64
		verdict study.Verdict
		exit    launch.Exit
		want    study.State
	}{
		{"to go on later", 3, study.VerdictPause, launch.Exit{}, study.Paused},
		{"not worth more", 3, study.VerdictPrune, launch.Exit{}, study.Pruned},
		{"the study has ended", 3, study.VerdictStop, launch.Exit{}, study.Cancelled},
		{"it was its end", 27, study.VerdictContinue, launch.Exit{}, study.Complete},
		{"it was its end, and the study's", 27, study.VerdictStop, launch.Exit{}, study.Complete},
		{"without a step", 0, study.VerdictPrune, launch.Exit{}, study.Complete},
		{"failed", 3, study.VerdictPause, launch.Exit{Code: 1}, study.Failed},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				over := make(chan struct{})
				b := newBench(t, func(p *process) launch.Exit {
					p.print("epoch=3 loss=0.5")
					close(over)
					return c.exit
				})
				b.def.Fidelity = &study.Fidelity{Min: 1, Max: 27}
				b.queue.until = c.until
				b.queue.report = func(study.Ticket, []study.Report) (study.Verdict, error) {
					<-over
					synctest.Wait() // the end of the program has been seen
					return c.verdict, nil
				}
				if o := b.work(t); o.State != c.want {
					t.Errorf("the trial is %s (%v), want %s", o.State, o.Failure, c.want)
				}
			})
		})
	}
}

// The program of a copy finds the checkpoint of the trial it is a copy of, and
// what it is resumed from is kept for others.
func TestCheckpoints(t *testing.T) {
	b := newBench(t, func(p *process) launch.Exit {
		if got := p.env("AFINA_COPY_OF") + " " + p.env("AFINA_RESUME_STEP"); got != "5 3" {
			t.Errorf("it is told to be a copy from %q", got)
		}
		text, err := os.ReadFile(filepath.Join(p.env("AFINA_CHECKPOINT_DIR"), "model"))
		if err != nil || string(text) != "five" {
			t.Errorf("the checkpoint holds %q, %v", text, err)
		}
		p.print("loss=0.5")
		return launch.Exit{}
	})
	source := b.home.Checkpoint(5)
	if err := os.MkdirAll(source, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "model"), []byte("five"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.queue.resume, b.queue.copy = 3, &study.Copy{Trial: 5, Step: 3}
	if o := b.work(t); o.State != study.Complete {
		t.Errorf("outcome %+v", o)
	}

	b.launcher.program = good
	b.queue.leased, b.queue.resume, b.queue.copy, b.queue.keep = 0, 9, nil, true
	if o := b.work(t); o.State != study.Complete {
		t.Errorf("outcome %+v", o)
	}
	if text, err := os.ReadFile(filepath.Join(b.home.Trial(0), "checkpoint-at-9", "model")); err != nil || string(text) != "five" {
		t.Errorf("kept is %q, %v", text, err)
	}

	b.queue.leased, b.queue.copy = 0, &study.Copy{Trial: 7, Step: 3}
	b.home.Dir = t.TempDir()
	if o := b.work(t); o.State != study.Failed || o.Failure.Class != study.ClassStart {
		t.Errorf("without its checkpoint: %+v", o)
	}
}
