package simulate_test

import (
	"context"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/builtin"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// flat is programs that all report the number of their trial.
type flat struct{ end float64 }

func (f flat) Program(n int, _ space.Config) simulate.Program {
	return simulate.Program{Value: func(float64) float64 { return float64(n) }, End: f.end}
}

func definition(schedule string) *study.Definition {
	return &study.Definition{
		ID: "s", Name: "s", Space: spacetest.Training(), Seed: 9, Parallel: 4, Created: time.Unix(0, 0).UTC(),
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}}},
		Fidelity:   &study.Fidelity{Min: 1, Max: 9}, Search: study.Method{Name: "random"}, Schedule: study.Method{Name: schedule},
		Stop: study.Stop{Trials: 8},
	}
}

func search(t *testing.T, def *study.Definition, c simulate.Curves) simulate.Search {
	t.Helper()
	s := simulate.Search{Definition: def, Curves: c}
	var err error
	if s.Suggest, err = builtin.Search().Lookup(def.Search.Name); err != nil {
		t.Fatal(err)
	}
	if s.Schedule, err = builtin.Schedule().Lookup(def.Schedule.Name); err != nil {
		t.Fatal(err)
	}
	return s
}

// Costs that can be computed by hand.
func TestPreview(t *testing.T) {
	full := []simulate.Rung{{Step: 1, Trials: 8, Paid: 8}, {Step: 3, Trials: 8, Paid: 16}, {Step: 9, Trials: 8, Paid: 48}}
	for _, c := range []struct {
		name string
		edit func(s *simulate.Search)
		want simulate.Forecast
	}{
		{"every trial to its end", func(*simulate.Search) {}, simulate.Forecast{
			Trials: 8, States: map[study.State]int{study.Complete: 8}, Rungs: full,
			Spending: analyze.Spending{Paid: 72, Full: 72}, Clock: 18, Busy: 1,
		}},
		{"with seconds", func(s *simulate.Search) { s.Seconds = 2 }, simulate.Forecast{
			Trials: 8, States: map[study.State]int{study.Complete: 8}, Rungs: full,
			Spending: analyze.Spending{Paid: 72, Full: 72}, Clock: 18, Seconds: 36, Busy: 1,
		}},
		{"more workers than trials", func(s *simulate.Search) { s.Definition.Parallel = 16 }, simulate.Forecast{
			Trials: 8, States: map[study.State]int{study.Complete: 8}, Rungs: full,
			Spending: analyze.Spending{Paid: 72, Full: 72}, Clock: 9, Busy: 0.5,
		}},
		{"a budget of resource", func(s *simulate.Search) { s.Definition.Stop.Resource = 40 }, simulate.Forecast{
			Trials: 8, States: map[study.State]int{study.Complete: 4, study.Cancelled: 4},
			Rungs:    []simulate.Rung{{Step: 1, Trials: 8, Paid: 8}, {Step: 3, Trials: 4, Paid: 8}, {Step: 9, Trials: 4, Paid: 24}},
			Spending: analyze.Spending{Paid: 40, Full: 72, Saved: 1 - 40.0/72}, Clock: 10, Busy: 1,
		}},
		{"a budget of time", func(s *simulate.Search) {
			s.Definition.Stop.Time, s.Seconds = study.Duration(time.Minute), 6
			s.Definition.Stop.Trials = 0
		}, simulate.Forecast{
			Trials: 8, States: map[study.State]int{study.Complete: 4, study.Cancelled: 4},
			Rungs:    []simulate.Rung{{Step: 1, Trials: 5, Paid: 5}, {Step: 3, Trials: 4, Paid: 8}, {Step: 9, Trials: 4, Paid: 24}},
			Spending: analyze.Spending{Paid: 37, Full: 72, Saved: 1 - 37.0/72}, Clock: 10, Seconds: 60, Busy: 37.0 / 40,
		}},
		{"a population", func(s *simulate.Search) {
			s.Schedule = lookup(t, "pbt")
			s.Definition.Schedule.Settings = settings(map[string]any{"population": 5, "interval": 3.0})
			s.Definition.Stop.Trials = 0
		}, simulate.Forecast{
			Trials: 7, States: map[study.State]int{study.Complete: 5, study.Paused: 2},
			Rungs:    []simulate.Rung{{Step: 3, Trials: 5, Paid: 15}, {Step: 6, Trials: 5, Paid: 15}, {Step: 9, Trials: 5, Paid: 15}},
			Spending: analyze.Spending{Paid: 45}, Clock: 18, Busy: 45.0 / 72,
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := search(t, definition("fixed"), flat{9})
			c.edit(&s)
			got, err := simulate.Preview(t.Context(), s)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c.want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			again, err := simulate.Preview(t.Context(), s)
			if err != nil || !cmp.Equal(got, again) {
				t.Errorf("played again: %v, %s", err, cmp.Diff(got, again))
			}
		})
	}
	s := search(t, definition("fixed"), flat{9})
	s.Definition.Stop.Time = study.Duration(time.Minute)
	if _, err := simulate.Preview(t.Context(), s); study.CodeOf(err) != study.Invalid {
		t.Errorf("bounded by time that nothing is known of: %v", err)
	}
}

// A search with one worker is played as the engine runs it: the same trials,
// up to the same steps, in the same order.
func TestPreviewIsWhatTheEngineDoes(t *testing.T) {
	for _, name := range []string{"fixed", "median", "asha", "hyperband", "pbt", "race"} {
		t.Run(name, func(t *testing.T) {
			def := definition(name)
			def.Parallel, def.Stop.Trials = 1, 30
			if name == "pbt" {
				def.Schedule.Settings = settings(map[string]any{"population": 6, "interval": 2.0})
			}
			if name == "race" {
				names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i"}
				def.Fidelity = &study.Fidelity{Step: "fold", Min: 1, Max: 9, Samples: &study.Samples{Names: names}}
				def.Objectives[0].Reduce = study.Reduction{Kind: "mean"}
			}
			curves := simulate.Invented{Space: def.Space, Objectives: def.Objectives, Fidelity: def.Fidelity, Seed: 1}
			s := search(t, def, curves)
			want := drive(t, def, s, curves)
			scheduler, err := s.Schedule.New(schedule.Problem{Space: def.Space, Objectives: def.Objectives, Fidelity: def.Fidelity, Parallel: 1, Trials: 30, Seed: def.Seed}, def.Schedule.Settings)
			if err != nil {
				t.Fatal(err)
			}
			first, ok := def.Space.Default()
			if !ok {
				t.Fatal("the space has no default")
			}
			r, err := simulate.Run(scheduler, simulate.Setup{
				Space: def.Space, Objectives: def.Objectives, Fidelity: def.Fidelity, Seed: def.Seed, Trials: 30, Program: curves.Program,
				Suggest: func(h *study.History, n int, _ schedule.Order) (suggest.Proposal, error) {
					if n == 0 {
						return suggest.Proposal{Config: first}, nil
					}
					c, err := def.Space.Sample(study.Stream(def.Seed, n, study.PurposeSuggest))
					return suggest.Proposal{Config: c}, err
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i := range r.Events {
				got = told(got, &r.Events[i], r.Log)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-engine +simulation:\n%s", diff)
			}
		})
	}
}

// told appends what an event says of how a trial goes on.
func told(list []string, e *study.Event, log *study.Log) []string {
	switch e.Kind {
	case study.EventStarted:
		return append(list, fmt.Sprintf("%d started: %s", e.Trial, log.Book.Trial(e.Trial).Config))
	case study.EventPaused:
		return append(list, fmt.Sprintf("%d paused, paid %v", e.Trial, e.Paid))
	case study.EventEnded:
		return append(list, fmt.Sprintf("%d %s %v, paid %v", e.Trial, e.State, e.Objectives, e.Paid))
	}
	return list
}

// drive runs a study on the engine, with programs that behave as curves say.
func drive(t *testing.T, def *study.Definition, s simulate.Search, curves simulate.Curves) []string {
	t.Helper()
	db := memory.New()
	if err := db.Create(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Options{Store: db, Study: def.ID, Holder: "test", Search: s.Suggest, Schedule: s.Schedule})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- e.Run(ctx) }()
	for {
		g, err := e.Lease(ctx, study.LeaseRequest{Worker: "w", N: 1, Wait: true})
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Trials) == 0 {
			break
		}
		a := g.Trials[0]
		p := curves.Program(a.Trial, a.Config)
		o := study.Outcome{State: study.Complete}
		at := a.Resume
		for at < p.End {
			at = (math.Floor(at/p.Every+1e-9) + 1) * p.Every
			v, err := e.Report(ctx, a.Ticket, []study.Report{{Step: at, Values: study.Metrics{{Name: "loss", Value: p.Value(at)}}}})
			if err != nil {
				t.Fatal(err)
			}
			if v == study.VerdictPause {
				o.State = study.Paused
				break
			}
			if v == study.VerdictPrune {
				o.State = study.Pruned
				break
			}
		}
		if err := e.Finish(ctx, a.Ticket, o); err != nil {
			t.Fatal(err)
		}
	}
	cancel()
	if err := <-ran; err != nil {
		t.Fatal(err)
	}
	log, err := db.Load(t.Context(), def.ID)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for ev, err := range db.Events(t.Context(), def.ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		list = told(list, ev, log)
	}
	return list
}
