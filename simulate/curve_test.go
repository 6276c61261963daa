package simulate_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func lookup(t *testing.T, name string) schedule.Method {
	t.Helper()
	m, err := builtin.Schedule().Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func settings(m map[string]any) setting.Values {
	v := setting.Values{}
	for name, x := range m {
		switch x := x.(type) {
		case int:
			v[name] = value.Int(int64(x))
		case float64:
			v[name] = value.Float(x)
		}
	}
	return v
}

// A recorded trial behaves as it did: its own values at its own steps, on the
// line between them, and up to its own end.
func TestRecorded(t *testing.T) {
	s := spacetest.Must(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, High: 1}}})
	at := func(x float64) space.Config {
		c, err := s.Config(map[string]space.Value{"x": value.Float(x)})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	b := study.NewBook(s, []study.Objective{{Metric: "loss"}}, nil)
	report := func(step, loss float64) study.Report {
		return study.Report{Step: step, Values: study.Metrics{{Name: "loss", Value: loss}}}
	}
	now := time.Unix(100, 0)
	b.Put(&study.Trial{Number: 0, State: study.Complete, Config: at(0.2), Reports: []study.Report{report(2, 9), report(4, 5), report(8, 3)},
		Attempts: []study.Attempt{{Number: 1, Paid: 8, Started: now, Ended: now.Add(12 * time.Second)}}})
	b.Put(&study.Trial{Number: 1, State: study.Pruned, Config: at(0.9), Reports: []study.Report{report(1, 7), report(2, 6)},
		Attempts: []study.Attempt{{Number: 1, Paid: 2, Started: now, Ended: now.Add(8 * time.Second)}}})
	b.Put(&study.Trial{Number: 2, State: study.Failed, Config: at(0.5)})
	if _, ok := simulate.Record(study.NewBook(s, []study.Objective{{Metric: "loss"}}, nil).History(), s); ok {
		t.Error("nothing was recorded, and it is taken for something")
	}
	rec, ok := simulate.Record(b.History(), s)
	if !ok || rec.Len() != 2 {
		t.Fatalf("%v: %d trials", ok, rec.Len())
	}
	if c, ok := simulate.Learn(b.History(), s); !ok || c.Trials != 2 || c.PerStep != 2 || c.Model != "constant" {
		t.Errorf("%v: what steps took is %+v", ok, c)
	}
	p := rec.Program(0, at(0.3))
	if p.End != 8 {
		t.Errorf("it ends at %v", p.End)
	}
	for step, want := range map[float64]float64{1: 9, 2: 9, 3: 7, 4: 5, 6: 4, 8: 3, 9: 3} {
		if got := p.Value(step); got != want {
			t.Errorf("at step %v it is %v, want %v", step, got, want)
		}
	}
	// It was pruned at step 2; from there it goes on as the other did.
	p = rec.Program(0, at(0.8))
	for step, want := range map[float64]float64{1: 7, 2: 6, 3: 4, 4: 2, 8: 0} {
		if got := p.Value(step); p.End != 0 || got != want {
			t.Errorf("at step %v of %v it is %v, want %v", step, p.End, got, want)
		}
	}
}

// Invented curves are finite, and the same for the same configuration, in any
// space.
func TestInvented(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		c := spacetest.Configs(s).Draw(t, "configuration")
		v := simulate.Invented{Space: s, Fidelity: &study.Fidelity{Min: 1, Max: rapid.Float64Range(0.1, 1e6).Draw(t, "max")},
			Objectives: []study.Objective{{Metric: "a", Goal: study.Minimize}, {Metric: "b", Goal: study.Maximize}}, Seed: 1}
		p, q := v.Program(0, c), v.Program(5, c)
		for _, part := range []float64{0, 0.1, 0.5, 1} {
			x, y := p.Value(part*p.End), p.More[0](part*p.End)
			if !(x >= 0 && x <= 1) || !(y >= 0 && y <= 1) {
				t.Fatalf("at %v of the training the values are %v and %v", part, x, y)
			}
			if q.Value(part*p.End) != x {
				t.Fatal("another number makes another curve")
			}
		}
		if n := p.End / p.Every; n > 1001 || n < 1 {
			t.Fatalf("%v reports", n)
		}
	})
}
