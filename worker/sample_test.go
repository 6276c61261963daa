package worker_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/launch"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// folded returns a bench for a trial that is to run folds 3, 1 and 2 of the
// study's order 0, 3, 1, 2.
func folded(t *testing.T, each bool, program func(p *process) launch.Exit) *bench {
	b := newBench(t, program)
	b.def.Fidelity = &study.Fidelity{Step: "fold", Min: 1, Max: 4, Samples: &study.Samples{Names: []string{"0", "3", "1", "2"}, Each: each}}
	b.queue.samples = []string{"3", "1", "2"}
	return b
}

// told returns what was reported, in order.
func told(b *bench) []string {
	var out []string
	for _, r := range b.queue.reports[0] {
		x, _ := r.Values.Get("loss")
		out = append(out, fmt.Sprintf("%v: %v", r.Step, x))
	}
	return out
}

// A command that runs one fold is run once for each, in folders of their own,
// and what it says last is the fold's value, whatever it calls a step.
func TestOneFoldAtATime(t *testing.T) {
	var ran, dirs []string
	b := folded(t, true, func(p *process) launch.Exit {
		fold := p.env("AFINA_FOLD")
		ran = append(ran, strings.Join(p.Argv, " ")+" "+fold+p.env("AFINA_INSTANCE"))
		dirs = append(dirs, filepath.Base(p.env("AFINA_TRIAL_DIR")))
		if p.env("AFINA_FOLDS") != "" {
			t.Error("it is told many folds, too")
		}
		if fold == "1" {
			if err := os.WriteFile(p.env("AFINA_RESULT"), []byte(`{"loss": 0.1}`), 0o600); err != nil {
				t.Error(err)
			}
			return launch.Exit{}
		}
		p.print("epoch=1 loss=9")
		p.print("epoch=2 loss=0.%s", fold)
		return launch.Exit{}
	})
	b.def.Command.Argv = []string{"program", "--fold={trial.fold}"}
	if o := b.work(t); o.State != study.Complete || len(o.Values) > 0 {
		t.Errorf("outcome %+v", o)
	}
	if d := cmp.Diff([]string{"program --fold=3 33", "program --fold=1 11", "program --fold=2 22"}, ran); d != "" {
		t.Errorf("ran (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"2", "3", "4"}, dirs); d != "" {
		t.Errorf("folders (-want +got):\n%s", d)
	}
	last := map[string]string{}
	for _, line := range told(b) {
		step, x, _ := strings.Cut(line, ": ")
		last[step] = x
	}
	if d := cmp.Diff(map[string]string{"2": "0.3", "3": "0.1", "4": "0.2"}, last); d != "" {
		t.Errorf("reports (-want +got):\n%s", d)
	}
}

// A verdict between two folds ends the trial before the next one is started.
func TestVerdictBetweenFolds(t *testing.T) {
	for verdict, want := range map[study.Verdict]study.State{
		study.VerdictPrune: study.Pruned, study.VerdictPause: study.Paused, study.VerdictStop: study.Cancelled,
	} {
		t.Run(string(verdict), func(t *testing.T) {
			ran := 0
			b := folded(t, true, func(p *process) launch.Exit {
				ran++
				p.print("loss=0.5")
				return launch.Exit{}
			})
			b.queue.report = func(_ study.Ticket, reports []study.Report) (study.Verdict, error) {
				if reports[0].Step == 3 {
					return verdict, nil
				}
				return study.VerdictContinue, nil
			}
			if o := b.work(t); o.State != want || ran != 2 {
				t.Errorf("%s after %d folds, want %s after 2", o.State, ran, want)
			}
		})
	}
}

// A fold that fails is the trial's failure.
func TestFoldFails(t *testing.T) {
	ran := 0
	b := folded(t, true, func(p *process) launch.Exit {
		if ran++; ran == 2 {
			return launch.Exit{} // without a value
		}
		p.print("loss=0.5")
		return launch.Exit{}
	})
	if o := b.work(t); o.State != study.Failed || o.Failure.Class != study.ClassNoMetric || ran != 2 {
		t.Errorf("outcome %+v after %d folds", o, ran)
	}
}

func TestManyFoldsInOneProcess(t *testing.T) {
	for _, c := range []struct {
		name string
		says []string
		want []string
		warn bool
	}{
		{"by name", []string{"fold=3 loss=0.3", "fold=1 loss=0.1", "fold=2 loss=0.2"}, []string{"2: 0.3", "3: 0.1", "4: 0.2"}, false},
		{"in its own order", []string{"fold=1 loss=0.1", "fold=2 loss=0.2", "fold=3 loss=0.3"}, []string{"3: 0.1", "4: 0.2", "2: 0.3"}, false},
		{"without names", []string{"loss=0.3", "loss=0.1", "loss=0.2"}, []string{"2: 0.3", "3: 0.1", "4: 0.2"}, false},
		{"with a summary", []string{"loss=0.3", "loss=0.1", "loss=0.2", "loss=0.2"}, []string{"2: 0.3", "3: 0.1", "4: 0.2"}, false},
		{"with a fold there is not", []string{"fold=4 loss=0.4", "fold=3 loss=0.3"}, []string{"2: 0.3"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := folded(t, false, func(p *process) launch.Exit {
				if got := p.env("AFINA_FOLDS"); got != "3,1,2" || p.env("AFINA_FOLD") != "" {
					t.Errorf("it is told the folds %q", got)
				}
				for _, line := range c.says {
					p.print("%s", line)
				}
				return launch.Exit{}
			})
			if o := b.work(t); o.State != study.Complete {
				t.Errorf("outcome %+v", o)
			}
			if d := cmp.Diff(c.want, told(b)); d != "" {
				t.Errorf("reports (-want +got):\n%s", d)
			}
			if (len(b.warns) > 0) != c.warn {
				t.Errorf("warnings %q", b.warns)
			}
		})
	}
}

// A command that is run with a level gets it like a parameter, and all that it
// says is a result there.
func TestLevel(t *testing.T) {
	b := newBench(t, func(p *process) launch.Exit {
		if got := strings.Join(p.Argv, " "); got != "program --size=64" || p.env("AFINA_PARAM_SIZE") != "64" {
			t.Errorf("it is called %s with %q", got, p.env("AFINA_PARAM_SIZE"))
		}
		p.print("epoch=7 loss=0.5")
		return launch.Exit{}
	})
	b.def.Command.Argv = []string{"program", "--size={size}"}
	b.def.Fidelity = &study.Fidelity{Min: 64, Max: 128, Levels: &study.Levels{Parameter: "size"}}
	b.queue.level, b.queue.at = value.Int(64), 64
	if o := b.work(t); o.State != study.Complete {
		t.Errorf("outcome %+v", o)
	}
	if d := cmp.Diff([]string{"64: 0.5"}, told(b)); d != "" {
		t.Errorf("reports (-want +got):\n%s", d)
	}
}
