package engine

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/halving"
	"github.com/afina-hpo/afina/schedule/pb2"
	"github.com/afina-hpo/afina/schedule/pbt"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// A study under a scheduler that pauses and copies, killed after any input at
// all, makes the same trials with the same results and pays the same, but for
// the steps of the attempt that was lost.
func TestRestartUnderRungs(t *testing.T) {
	population := setting.Values{"population": value.Int(4), "interval": value.Float(3), "quantile": value.Float(0.25)}
	for _, c := range []struct {
		name   string
		method schedule.Method
		values setting.Values
	}{
		{"asha", halving.ASHA(), setting.Values{"resume": value.Bool(true)}},
		{"asha, started over", halving.ASHA(), setting.Values{"resume": value.Bool(false), "mode": value.String("promotion")}},
		{"hyperband", halving.Hyperband(), nil},
		{"dehb", halving.DEHB(), setting.Values{"brackets": value.Int(2), "promoting": value.Int(1), "reduction": value.Float(9)}},
		{"pbt", pbt.Method(), population},
		{"pb2", pb2.Method(), population},
	} {
		t.Run(c.name, func(t *testing.T) {
			inputs, want, paid := climb(t, c.method, c.values, 0, -1)
			if inputs < 40 {
				t.Fatalf("%d inputs: the test shows nothing", inputs)
			}
			for cut := range inputs {
				_, got, more := climb(t, c.method, c.values, 0, cut)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("killed after input %d:\n%s", cut, diff)
				}
				if more < paid || more > paid+9 {
					t.Fatalf("killed after input %d it pays %v, else %v", cut, more, paid)
				}
			}
		})
	}
}

// A space of few configurations is exhausted before a rung has the company that
// its scheduler waits for. The best is trained to the end even so, and nothing
// of it is lost by a kill.
func TestRungsOfAFiniteSpace(t *testing.T) {
	resume := setting.Values{"resume": value.Bool(true)}
	for _, m := range []schedule.Method{halving.Halving(), halving.Hyperband(), halving.DEHB(), halving.ASHA(), halving.PASHA()} {
		for _, size := range []int{1, 2, 5} {
			t.Run(fmt.Sprintf("%s of %d", m.Name, size), func(t *testing.T) {
				inputs, want, _ := climb(t, m, resume, size, -1)
				complete := 0
				for _, line := range want {
					if strings.Contains(line, " complete until 9") {
						complete++
					}
				}
				if len(want) != size || complete == 0 {
					t.Fatalf("%d of %d trials are complete:\n%s", complete, len(want), strings.Join(want, "\n"))
				}
				for cut := range inputs {
					if _, got, _ := climb(t, m, resume, size, cut); !cmp.Equal(want, got) {
						t.Fatalf("killed after input %d:\n%s", cut, cmp.Diff(want, got))
					}
				}
			})
		}
	}
}

// A configuration that was made for one rung is not run on another: where the
// scheduler wants something else by then, the suggester is asked again.
func TestMadeForARung(t *testing.T) {
	p := newPlay(t, func(d *study.Definition) { d.Fidelity = &study.Fidelity{Min: 1, Max: 9} })
	p.sched = fakeSchedule{next: func(h *study.History) schedule.Order {
		return schedule.Order{CopyFrom: -1, Until: float64(1 + h.Len()/3), Bracket: 1 + h.Len()/2}
	}}
	asked := 0
	p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
		asked++
		ps, err := numbered(o)
		for i := range ps {
			ps[i].Until, ps[i].Note = o.until, fmt.Sprintf(`{"until":%v,"bracket":%d}`, o.until, o.bracket)
		}
		return ps, err
	}
	p.lease(study.LeaseRequest{Worker: "w", N: 7})
	h := p.s.log.Book.History()
	if h.Len() != 7 || asked != 3 {
		t.Fatalf("%d trials after %d questions, want 7 after 3", h.Len(), asked)
	}
	for tr := range h.All() {
		first := tr.Number / 3 * 3
		if want := fmt.Sprintf(`{"until":%v,"bracket":%d}`, tr.Until, 1+first/2); tr.Origin.Note != want || tr.Origin.Stream != tr.Number {
			t.Errorf("trial %d runs until %v with stream %d and the note %s, want %s", tr.Number, tr.Until, tr.Origin.Stream, tr.Origin.Note, want)
		}
	}
}

// climb runs 8 trials one after another, or those of a space of so many
// configurations, with a process that is killed after the cut-th input. An
// attempt that is lost starts over from where it began.
func climb(t *testing.T, m schedule.Method, values setting.Values, size, cut int) (inputs int, results []string, paid float64) {
	t.Helper()
	trials := 8
	if size > 0 {
		trials = 0
	}
	p := newPlay(t, func(d *study.Definition) {
		d.Stop.Trials = trials
		d.Fidelity = &study.Fidelity{Min: 1, Max: 9}
	})
	if size > 0 {
		p.propose = func(o suggestOrder) ([]suggest.Proposal, error) {
			if o.first+o.n <= size {
				return numbered(o)
			}
			o.n = max(0, size-o.first)
			ps, _ := numbered(o)
			return ps, suggest.ErrExhausted
		}
	}
	renew := func() {
		s, err := m.New(schedule.Problem{Space: p.def.Space, Objectives: p.def.Objectives, Fidelity: p.def.Fidelity, Parallel: 1, Trials: trials, Seed: 1}, values)
		if err != nil {
			t.Fatal(err)
		}
		p.sched = fakeSchedule{next: s.Next, judge: s.Judge}
		if c, is := s.(schedule.Closer); is {
			p.sched.close = c.Close
		}
	}
	renew()
	killed := func() bool {
		if inputs++; inputs-1 != cut {
			return false
		}
		renew() // before the study is opened: that asks already
		p.restart()
		p.join("w")
		return true
	}
trials:
	for p.s.log.Status == study.StatusRunning {
		r, ok := p.replies[p.lease(study.LeaseRequest{Worker: "w", Expires: true})]
		if !ok {
			t.Fatal("the request is not answered")
		}
		g := r.val.(study.Grant)
		if killed() {
			continue
		}
		if len(g.Trials) == 0 {
			break
		}
		a := g.Trials[0]
		o := study.Outcome{State: study.Complete}
		for step := a.Resume + 1; step <= 9 && o.State == study.Complete; step++ {
			x := a.Config.At(0).AsFloat()
			v, err := p.report(a.Ticket, step, float64(int(x*7)%11)+10/step)
			if err != nil {
				t.Fatal(err)
			}
			if killed() {
				continue trials
			}
			switch v {
			case study.VerdictPause:
				o.State = study.Paused
			case study.VerdictPrune:
				o.State = study.Pruned
			}
		}
		if err := p.finish(a.Ticket, o); err != nil {
			t.Fatal(err)
		}
		killed()
	}
	for tr := range p.s.log.Book.History().All() {
		text := fmt.Sprintf("%d %s %v %s until %v, %d reports", tr.Number, tr.Config, tr.Values, tr.State, tr.Until, len(tr.Reports))
		if tr.Copy != nil {
			text += fmt.Sprintf(", a copy of %d at %v", tr.Copy.Trial, tr.Copy.Step)
		}
		results = append(results, text)
	}
	return inputs, results, p.s.paid
}
