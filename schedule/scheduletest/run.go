package scheduletest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// Options says how a scheduler is made and what it promises beyond the
// contract.
type Options struct {
	// Settings are those the scheduler is made with.
	Settings setting.Values
	// Fidelity is that of the simulated studies; nil means steps 1 to 27.
	Fidelity *study.Fidelity
	// Trials is how many trials a simulation starts at most; 0 means 40.
	Trials int
	// Warmup is a step before which nothing may be pruned.
	Warmup float64
	// Keeps says that no trial is ever pruned or paused.
	Keeps bool
	// MaxObjectives is how many objectives the scheduler takes; New has to
	// refuse more. 0 means any number.
	MaxObjectives int
	// Objectives is how many the simulated studies have; 0 means 1. What the
	// programs are worth in those after the first goes against the first.
	Objectives int
	// Skip leaves out the scenarios for which it is true.
	Skip func(Scenario) bool
}

// Run holds a scheduler to the contract of package schedule, with 1, 4, 16 and
// 64 workers. Every part is a subtest.
func Run(t *testing.T, method func() schedule.Method, o Options) {
	t.Helper()
	if o.Fidelity == nil {
		o.Fidelity = &study.Fidelity{Step: "epoch", Min: 1, Max: 27}
	}
	if o.Trials == 0 {
		o.Trials = 40
	}
	s := suite{method: method, o: o}
	t.Run("description", s.description)
	for _, c := range Scenarios() {
		if o.Skip != nil && o.Skip(c) {
			continue
		}
		for _, workers := range []int{1, 4, 16, 64} {
			t.Run(fmt.Sprintf("%s, %d workers", c.Name, workers), func(t *testing.T) { s.simulate(t, c, workers) })
		}
		t.Run(c.Name+", mirrored", func(t *testing.T) { s.mirror(t, c) })
	}
}

type suite struct {
	method func() schedule.Method
	o      Options
}

func (s suite) setup(c Scenario, workers int) Setup {
	return Setup{
		Fidelity: s.o.Fidelity, Seed: 13, Workers: workers, Trials: s.o.Trials, Space: simulate.Unit(),
		Objectives: s.objectives(study.Minimize),
		Program: func(n int, cfg space.Config) Program {
			p := c.Program(n, cfg, s.o.Fidelity.Max)
			for i := 1; i < s.o.Objectives; i++ {
				share := study.Stream(0x0b7, n, fmt.Sprint(i)).Float64()
				curve := p.Value
				p.More = append(p.More, func(step float64) float64 { return share - curve(step)/2 })
			}
			return p
		},
	}
}

func (s suite) objectives(g study.Goal) []study.Objective {
	list := []study.Objective{{Metric: "loss", Goal: g, Reduce: study.Reduction{Kind: "best"}}}
	for i := 1; i < s.o.Objectives; i++ {
		list = append(list, study.Objective{Metric: fmt.Sprintf("loss%d", i), Goal: g, Reduce: study.Reduction{Kind: "last"}})
	}
	return list
}

func (s suite) make(t *testing.T, d Setup) schedule.Scheduler {
	t.Helper()
	got, err := s.method().New(d.Problem(), s.o.Settings)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	return got
}

func (s suite) description(t *testing.T) {
	m := s.method()
	if m.Name == "" || strings.ToLower(m.Name) != m.Name || strings.ContainsAny(m.Name, " \t") {
		t.Errorf("name %q: want one word in lower case", m.Name)
	}
	if m.Version == "" {
		t.Error("no version")
	}
	if !strings.HasSuffix(m.Doc, ".") {
		t.Errorf("doc %q: want a sentence", m.Doc)
	}
	defaults := setting.Values{}
	names := map[string]bool{}
	for _, one := range m.Settings {
		if names[one.Name] {
			t.Errorf("setting %q is listed twice", one.Name)
		}
		names[one.Name] = true
		if one.Doc == "" {
			t.Errorf("setting %q is not documented", one.Name)
		}
		if !one.Default.IsAbsent() {
			defaults[one.Name] = one.Default
		}
	}
	for _, p := range append(setting.Check(m.Settings, defaults), setting.Check(m.Settings, s.o.Settings)...) {
		t.Errorf("setting %q: %s", p.Name, p.Message)
	}
	d := s.setup(Scenarios()[0], 4)
	if _, err := m.New(d.Problem(), nil); err != nil {
		t.Errorf("New with defaults: %v", err)
	}
	if k := s.o.MaxObjectives; k > 0 {
		p := d.Problem()
		for len(p.Objectives) <= k {
			p.Objectives = append(p.Objectives, study.Objective{Metric: fmt.Sprint(len(p.Objectives)), Goal: study.Maximize})
		}
		if _, err := m.New(p, s.o.Settings); err == nil {
			t.Errorf("New took %d objectives, want an error", len(p.Objectives))
		} else if study.CodeOf(err) != study.Invalid {
			t.Errorf("New with %d objectives: error %q has code %q, want %q", len(p.Objectives), err, study.CodeOf(err), study.Invalid)
		}
	}
}

// simulate runs a scenario with every decision witnessed.
func (s suite) simulate(t *testing.T, c Scenario, workers int) {
	d := s.setup(c, workers)
	w := &witness{
		inner: s.make(t, d), definition: d.Definition(), setup: d, o: s.o,
		fresh: func() schedule.Scheduler { return s.make(t, d) },
		rungs: s.method().Rungs, every: 1,
	}
	if workers > 4 { // the same programs in another order
		w.every = 5
	}
	w.traveller = w.fresh()
	result, err := simulateWitnessed(w, d)
	if w.bad != nil {
		t.Fatal(w.bad)
	}
	if err != nil {
		t.Fatal(err)
	}
	if w.asked == 0 || result.Log.Book.Len() == 0 {
		t.Fatal("the scheduler started nothing")
	}
	if !result.Done && result.Log.Book.Len() < d.Trials {
		t.Errorf("%d of %d trials started, and the schedule is not done", result.Log.Book.Len(), d.Trials)
	}
	for n := range result.Log.Book.Len() {
		if tr := result.Log.Book.Trial(n); !tr.State.Ended() && tr.State != study.Paused {
			t.Errorf("trial %d is still %s at the end", n, tr.State)
		}
	}
}

// mirror runs a scenario and its mirror image, in which everything is negated
// and maximized: the decisions have to be the same.
func (s suite) mirror(t *testing.T, c Scenario) {
	loss := s.setup(c, 4)
	gain := loss
	gain.Objectives = s.objectives(study.Maximize)
	gain.Program = func(n int, cfg space.Config) Program {
		p := loss.Program(n, cfg)
		negative := func(curve func(float64) float64) func(float64) float64 {
			return func(s float64) float64 { return -curve(s) }
		}
		p.Value = negative(p.Value)
		for i, curve := range p.More {
			p.More[i] = negative(curve)
		}
		return p
	}
	a, err := Simulate(s.make(t, loss), loss)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Simulate(s.make(t, gain), gain)
	if err != nil {
		t.Fatal(err)
	}
	if len(a.Events) != len(b.Events) {
		t.Fatalf("%d events minimizing, %d maximizing the opposite", len(a.Events), len(b.Events))
	}
	for i := range a.Events {
		x, y := a.Events[i], b.Events[i]
		if x.Kind != y.Kind || x.Trial != y.Trial || x.State != y.State || x.Until != y.Until {
			t.Fatalf("event %d is %s of trial %d (%s) minimizing, %s of trial %d (%s) maximizing the opposite",
				i, x.Kind, x.Trial, x.State, y.Kind, y.Trial, y.State)
		}
	}
}
