package pbt_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/pbt"
	"github.com/afina-hpo/afina/schedule/replay"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func TestContract(t *testing.T) {
	for _, quorum := range []float64{1, 0.5, 0} {
		t.Run(fmt.Sprint("quorum ", quorum), func(t *testing.T) {
			scheduletest.Run(t, pbt.Method, scheduletest.Options{
				Settings: setting.Values{"population": value.Int(8), "interval": value.Float(5), "quorum": value.Float(quorum)},
				Trials:   60, MaxObjectives: 1,
			})
		})
	}
}

func TestProblemsThatItCannotHave(t *testing.T) {
	one := []study.Objective{{Metric: "loss"}}
	for _, c := range []struct {
		name string
		p    schedule.Problem
	}{
		{"no fidelity", schedule.Problem{Objectives: one}},
		{"more members than trials", schedule.Problem{Objectives: one, Fidelity: &study.Fidelity{Min: 1, Max: 9}, Trials: 19}},
	} {
		if _, err := pbt.Method().New(c.p, nil); study.CodeOf(err) != study.Invalid {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// events says what a schedule did, in the order in which it did it: who was
// started, copied or resumed, and up to which step.
func events(r *scheduletest.Result) []string {
	var list []string
	for _, e := range r.Events {
		switch {
		case e.Kind == study.EventQueued && e.Copy != nil:
			list = append(list, fmt.Sprintf("%d copies %d at %v until %v as member %d", e.Trial, e.Copy.Trial, e.Copy.Step, e.Until, e.Bracket))
		case e.Kind == study.EventQueued:
			list = append(list, fmt.Sprintf("%d starts until %v as member %d", e.Trial, e.Until, e.Bracket))
		case e.Kind == study.EventGranted:
			list = append(list, fmt.Sprintf("%d goes on from %v until %v as member %d", e.Trial, e.Resume, e.Until, e.Bracket))
		}
	}
	return list
}

// Five members with the losses 4, 2, 5, 1, 3 and then as their number says,
// one of which is replaced at each comparison: computed by hand.
func TestByHand(t *testing.T) {
	d := scheduletest.Setup{
		Fidelity: &study.Fidelity{Min: 1, Max: 9}, Seed: 1, Workers: 2, Trials: 20,
		Program: func(n int, _ space.Config) scheduletest.Program {
			return scheduletest.Program{Value: func(float64) float64 { return []float64{4, 2, 5, 1, 3, 1.5, 0.5}[n] }, Duration: 1 + float64(n)/100}
		},
	}
	for _, c := range []struct {
		name   string
		quorum float64
		want   []string
	}{
		{"all together", 1, []string{
			"0 starts until 4 as member 0", "1 starts until 4 as member 1", "2 starts until 4 as member 2",
			"3 starts until 4 as member 3", "4 starts until 4 as member 4",
			"0 goes on from 4 until 8 as member 0", "1 goes on from 4 until 8 as member 1",
			"5 copies 3 at 4 until 8 as member 2", // 5 is the worst loss, 1 the best
			"3 goes on from 4 until 8 as member 3", "4 goes on from 4 until 8 as member 4",
			"6 copies 3 at 8 until 9 as member 0", // 4 is the worst now
			"1 goes on from 8 until 9 as member 1", "5 goes on from 8 until 9 as member 2",
			"3 goes on from 8 until 9 as member 3", "4 goes on from 8 until 9 as member 4",
		}},
		{"whoever comes", 0, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			values := setting.Values{"population": value.Int(5), "interval": value.Float(4), "quorum": value.Float(c.quorum)}
			s, err := pbt.Method().New(d.Problem(), values)
			if err != nil {
				t.Fatal(err)
			}
			r, err := scheduletest.Simulate(s, d)
			if err != nil {
				t.Fatal(err)
			}
			if c.want == nil {
				if r.Paid != 45 { // nobody waited, and nothing was trained twice
					t.Errorf("%v units are paid", r.Paid)
				}
				return
			}
			if diff := cmp.Diff(c.want, events(r)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if !r.Done || r.Paid != 45 {
				t.Errorf("done: %v; %v units are paid", r.Done, r.Paid)
			}
			var line []int
			for _, tr := range schedule.Lineage(r.Log.Book.History(), r.Log.Book.Trial(6)) {
				line = append(line, tr.Number)
			}
			if diff := cmp.Diff([]int{3, 6}, line); diff != "" {
				t.Errorf("lineage of trial 6 (-want +got):\n%s", diff)
			}
		})
	}
}

// Copies count against a budget of trials. When it is used up everybody goes
// on as he is, and comes to his end.
func TestBudgetOfTrials(t *testing.T) {
	d := scheduletest.Setup{
		Fidelity: &study.Fidelity{Min: 1, Max: 30}, Workers: 3, Trials: 13,
		Program: func(n int, _ space.Config) scheduletest.Program {
			return scheduletest.Program{Value: func(float64) float64 { return float64(n * 7 % 13) }}
		},
	}
	s, err := pbt.Method().New(d.Problem(), setting.Values{"population": value.Int(10)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := scheduletest.Simulate(s, d)
	if err != nil {
		t.Fatal(err)
	}
	complete := 0
	for tr := range r.Log.Book.History().All() {
		if tr.State == study.Complete {
			complete++
		}
	}
	if r.Log.Book.Len() != 13 || complete != 10 || !r.Done {
		t.Errorf("%d trials, %d complete, done: %v", r.Log.Book.Len(), complete, r.Done)
	}
}

// A member whose trial fails is replaced by a copy of one of the best.
func TestFailedMember(t *testing.T) {
	d := scheduletest.Setup{
		Fidelity: &study.Fidelity{Min: 1, Max: 6}, Workers: 3, Trials: 20,
		Program: func(n int, _ space.Config) scheduletest.Program {
			p := scheduletest.Program{Value: func(float64) float64 { return float64(n) }}
			switch n {
			case 1:
				p.FailAt = 2
			case 4: // the copy that takes its place fails as well
				p.FailAt = 5
			}
			return p
		},
	}
	s, err := pbt.Method().New(d.Problem(), setting.Values{"population": value.Int(4), "interval": value.Float(2), "quantile": value.Float(0)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := scheduletest.Simulate(s, d)
	if err != nil {
		t.Fatal(err)
	}
	complete := map[int]bool{}
	for n := range r.Log.Book.Len() {
		if tr := r.Log.Book.Trial(n); tr.State == study.Complete {
			complete[tr.Bracket] = true
		}
	}
	// One comparison is at step 4; behind it nobody is replaced.
	if len(complete) != 3 || r.Log.Book.Len() != 5 || !r.Done {
		t.Errorf("members %v are complete after %v", complete, events(r))
	}
}

// drift is a task whose best value moves while it trains: what a step gains is
// greatest for x = 0.9 - 0.8 s/100 at step s. The state of a program is what it
// has gained.
type drift struct {
	gained map[int]func(step float64) float64
}

const driftSteps = 100

func (d *drift) gain(x float64, from, to float64) float64 {
	sum := 0.0
	for s := from + 1; s <= to; s++ {
		off := x - (0.9 - 0.8*s/driftSteps)
		sum += 1 - 6*off*off
	}
	return sum
}

func (d *drift) setup(workers int) scheduletest.Setup {
	d.gained = map[int]func(float64) float64{}
	program := func(n int, c space.Config, from float64, before float64) scheduletest.Program {
		x := c.At(0).AsFloat()
		d.gained[n] = func(step float64) float64 { return before + d.gain(x, from, step) }
		return scheduletest.Program{Value: func(step float64) float64 { return -d.gained[n](step) }}
	}
	return scheduletest.Setup{
		Fidelity: &study.Fidelity{Min: 1, Max: driftSteps}, Seed: 5, Workers: workers, Trials: 400,
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}}},
		Program:    func(n int, c space.Config) scheduletest.Program { return program(n, c, 0, 0) },
		Copied: func(n int, c space.Config, from study.Copy) scheduletest.Program {
			return program(n, c, from.Step, d.gained[from.Trial](from.Step))
		},
	}
}

// On a drifting optimum the population beats the best of all constants, and its
// schedule replayed has the same result.
func TestDriftingOptimum(t *testing.T) {
	constant := 0.0
	var d drift
	for x := 0.0; x <= 1; x += 0.001 {
		constant = max(constant, d.gain(x, 0, driftSteps))
	}
	for _, workers := range []int{1, 4, 16} {
		t.Run(fmt.Sprint(workers, " workers"), func(t *testing.T) {
			setup := d.setup(workers)
			s, err := pbt.Method().New(setup.Problem(), setting.Values{"population": value.Int(16), "interval": value.Float(5)})
			if err != nil {
				t.Fatal(err)
			}
			r, err := scheduletest.Simulate(s, setup)
			if err != nil {
				t.Fatal(err)
			}
			h := r.Log.Book.History()
			best := analyze.Best(h)
			got := -best.Values[0]
			if got < 1.1*constant {
				t.Errorf("gained %.1f, the best constant %.1f", got, constant)
			}
			t.Logf("gained %.1f, the best constant %.1f, at most %d; %v units", got, constant, driftSteps, r.Paid)

			plan := schedule.PlanOf(h, best)
			text, err := json.Marshal(plan)
			if err != nil {
				t.Fatal(err)
			}
			setup = d.setup(1)
			setup.Space = h.Space
			again, err := replay.Method().New(setup.Problem(), setting.Values{"plan": value.String(string(text))})
			if err != nil {
				t.Fatal(err)
			}
			r, err = scheduletest.Simulate(again, setup)
			if err != nil {
				t.Fatal(err)
			}
			if last := analyze.Best(r.Log.Book.History()); last == nil || math.Abs(last.Values[0]-best.Values[0]) > 1e-9 || r.Paid != driftSteps {
				t.Errorf("replayed it has %v for %v units, before %v", last, r.Paid, best.Values)
			}
		})
	}
}

// What Perturb returns is allowed, and near where it began.
func TestPerturb(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		r := study.Stream(rapid.Uint64().Draw(t, "seed"), 0, "test")
		c, err := s.Sample(r)
		if err != nil {
			t.Skip(err)
		}
		for range 5 {
			d := pbt.Perturb(s, c, rapid.SampledFrom([]float64{0, 0.25, 1}).Draw(t, "resample"), 1.2, r)
			if _, err := s.Config(d.Map()); err != nil {
				t.Fatalf("%v became %v: %v", c, d, err)
			}
			if err := s.Check(d); err != nil {
				t.Fatalf("%v became %v: %v", c, d, err)
			}
			c = d
		}
	})
}

// Values move on their scales; by hand.
func TestNudges(t *testing.T) {
	s := spacetest.Must(space.Spec{Params: []space.Param{
		{Name: "log", Kind: space.Float, Low: 1e-6, High: 1, Scale: space.Log},
		{Name: "reverse", Kind: space.Float, Low: 0, High: 0.999, Scale: space.ReverseLog},
		{Name: "linear", Kind: space.Float, Low: 0, High: 10},
		{Name: "zero", Kind: space.Float, Low: 0, High: 10},
		{Name: "around", Kind: space.Float, Low: -10, High: 10},
		{Name: "whole", Kind: space.Int, Low: 1, High: 9},
		{Name: "stepped", Kind: space.Float, Low: 0, High: 1, Step: 0.25},
		{Name: "ordered", Kind: space.Choice, Choices: []space.Value{value.Int(1), value.Int(2), value.Int(4)}, Ordered: true},
		{Name: "choice", Kind: space.Choice, Choices: []space.Value{value.String("a"), value.String("b")}},
	}})
	c, err := s.Config(map[string]space.Value{
		"log": value.Float(1e-3), "reverse": value.Float(0.9), "linear": value.Float(5), "zero": value.Float(0), "around": value.Float(-5),
		"whole": value.Int(2), "stepped": value.Float(0.5), "ordered": value.Int(2), "choice": value.String("a"),
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]float64{
		"log": {8e-4, 1.2e-3}, "reverse": {0.88, 0.92}, "linear": {4, 6}, "zero": {0, 0.2}, "around": {-6, -4},
		"whole": {1, 3}, "stepped": {0.25, 0.75}, "ordered": {1, 4},
	}
	seen := map[string]map[int]bool{}
	for n := range 200 {
		d := pbt.Perturb(s, c, 0, 1.2, study.Stream(1, n, "test"))
		for name, both := range want {
			v, _ := d.Get(name)
			i := -1
			for k, x := range both {
				if math.Abs(v.AsFloat()-x) < 1e-12 {
					i = k
				}
			}
			if i < 0 {
				t.Fatalf("%s became %v, want one of %v", name, v, both)
			}
			if seen[name] == nil {
				seen[name] = map[int]bool{}
			}
			seen[name][i] = true
		}
		if v, _ := d.Get("choice"); v != value.String("a") {
			t.Fatalf("a choice without order became %v", v)
		}
	}
	for name := range want {
		if len(seen[name]) != 2 {
			t.Errorf("%s went one way only", name)
		}
	}
}
