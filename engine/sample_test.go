package engine

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/race"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// cross makes the study of a play one of folds.
func cross(n int) func(*study.Definition) {
	return func(d *study.Definition) {
		s := &study.Samples{Random: true}
		for i := range n {
			s.Names = append(s.Names, fmt.Sprint(i))
		}
		d.Fidelity = &study.Fidelity{Step: "fold", Min: 1, Max: float64(n), Samples: s}
		d.Objectives[0].Reduce = study.Reduction{Kind: "mean"}
		d.Stop.Trials = 10
	}
}

func names(d *study.Definition) string {
	o := study.OrderOf(d)
	var all []string
	for k := range o.Len() {
		all = append(all, o.Name(float64(k+1)))
	}
	return strings.Join(all, ",")
}

// What an attempt gets is the folds that are missing, in the shared order, and
// after a lost one the last that it had, to be judged by it.
func TestFoldsThatAreLeft(t *testing.T) {
	p := newPlay(t, cross(5))
	a := p.ask()
	all := strings.Split(names(p.def), ",")
	if d := cmp.Diff(all, a.Samples); d != "" {
		t.Fatalf("folds (-want +got):\n%s", d)
	}
	for step := 1.0; step <= 2; step++ {
		if _, err := p.report(a.Ticket, step, 1); err != nil {
			t.Fatal(err)
		}
	}
	p.restart()
	p.join("w")
	if err := p.finish(a.Ticket, study.Outcome{State: study.Failed, Failure: &study.Failure{Class: study.ClassLost}}); err != nil {
		t.Fatal(err)
	}
	b := p.ask()
	if b.Trial != a.Trial || b.Attempt != 2 {
		t.Fatalf("got trial %d, attempt %d", b.Trial, b.Attempt)
	}
	if d := cmp.Diff(all[1:], b.Samples); d != "" {
		t.Errorf("folds of the second attempt (-want +got):\n%s", d)
	}
}

func TestFoldsAreAllNeeded(t *testing.T) {
	p := newPlay(t, cross(3))
	a := p.ask()
	for _, step := range []float64{0, 4, 1.5} {
		_, err := p.report(a.Ticket, step, 1)
		p.wantCode(err, study.Invalid)
	}
	end := func(a study.Assignment, losses ...float64) *study.Trial {
		t.Helper()
		for i, x := range losses {
			if _, err := p.report(a.Ticket, float64(i+1), x); err != nil {
				t.Fatal(err)
			}
		}
		told := study.MakeMetrics(map[string]float64{"loss": 1000})
		if err := p.finish(a.Ticket, study.Outcome{State: study.Complete, Values: told}); err != nil {
			t.Fatal(err)
		}
		return p.s.log.Book.Trial(a.Trial)
	}
	if tr := end(a, 1, 2); tr.State != study.Failed || tr.Failure.Class != study.ClassNoMetric {
		t.Errorf("without a fold it is %s, %v", tr.State, tr.Failure)
	}
	if tr := end(p.ask(), 1, math.NaN(), 3); tr.State != study.Failed || tr.Failure.Class != study.ClassNonFinite {
		t.Errorf("with a fold that is not a number it is %s, %v", tr.State, tr.Failure)
	}
	if tr := end(p.ask(), 1, 2, 6); tr.State != study.Complete || tr.Values[0] != 3 {
		t.Errorf("it is %s with %v, want complete with the mean, 3", tr.State, tr.Values)
	}
	if tr := end(p.ask()); tr.State != study.Complete || tr.Values[0] != 1000 {
		t.Errorf("told its mean it is %s with %v", tr.State, tr.Values)
	}
	// Dropped after two folds, on which it is 1 and 2 behind the complete one.
	b := p.ask()
	for step, x := range map[float64]float64{1: 2, 2: 4} {
		if _, err := p.report(b.Ticket, step, x); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.finish(b.Ticket, study.Outcome{State: study.Pruned}); err != nil {
		t.Fatal(err)
	}
	if tr := p.s.log.Book.Trial(b.Trial); tr.Values[0] != 4.5 || !tr.Estimated || tr.Cut() {
		t.Errorf("dropped it has %v, want 4.5", tr.Values)
	}
}

// A race that is killed after any input at all drops the same trials at the same
// folds with the same values, and runs again only the fold
// that was reported last.
func TestRestartOfARace(t *testing.T) {
	const n = 6
	play := func(cut int) (inputs int, results []string) {
		p := newPlay(t, cross(n))
		renew := func() {
			s, err := race.Method().New(schedule.Problem{Space: p.def.Space, Objectives: p.def.Objectives, Fidelity: p.def.Fidelity, Parallel: 1, Trials: 10, Seed: 1}, setting.Values{"confidence": value.Float(0.7)})
			if err != nil {
				t.Fatal(err)
			}
			p.sched = fakeSchedule{next: s.Next, judge: s.Judge}
		}
		renew()
		killed := func() bool {
			if inputs++; inputs-1 != cut {
				return false
			}
			renew()
			p.restart()
			p.join("w")
			return true
		}
	trials:
		for p.s.log.Status == study.StatusRunning {
			g := p.replies[p.lease(study.LeaseRequest{Worker: "w", Expires: true})].val.(study.Grant)
			if killed() {
				continue
			}
			if len(g.Trials) == 0 {
				break
			}
			a := g.Trials[0]
			o := study.Outcome{State: study.Complete}
			for _, name := range a.Samples {
				step, _ := study.OrderOf(p.def).Step(name)
				loss := 3*a.Config.At(0).AsFloat() + 10*math.Sin(step) + math.Sin(float64(a.Trial+1)*step)/2
				v, err := p.report(a.Ticket, step, loss)
				if err != nil {
					t.Fatal(err)
				}
				if killed() {
					continue trials
				}
				if v == study.VerdictPrune {
					o.State = study.Pruned
					break
				}
			}
			if err := p.finish(a.Ticket, o); err != nil {
				t.Fatal(err)
			}
			killed()
		}
		for tr := range p.s.log.Book.History().All() {
			results = append(results, fmt.Sprintf("%d %s %v %s, %d reports", tr.Number, tr.Config, tr.Values, tr.State, len(tr.Reports)))
		}
		return inputs, results
	}
	inputs, want := play(-1)
	if text := strings.Join(want, "\n"); !strings.Contains(text, "pruned") || inputs < 40 {
		t.Fatalf("%d inputs: the test shows nothing:\n%s", inputs, text)
	}
	for cut := range inputs {
		if _, got := play(cut); !cmp.Equal(want, got) {
			t.Fatalf("killed after input %d:\n%s", cut, cmp.Diff(want, got))
		}
	}
}
