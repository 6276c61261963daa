package analyze_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/study"
)

func TestSpent(t *testing.T) {
	ran := func(state study.State, last float64, paid ...float64) *study.Trial {
		tr := &study.Trial{State: state}
		for i, x := range paid {
			tr.Attempts = append(tr.Attempts, study.Attempt{Number: i + 1, Paid: x})
		}
		if last > 0 {
			tr.Reports = []study.Report{{Step: last, Attempt: len(paid)}}
		}
		return tr
	}
	for _, c := range []struct {
		name     string
		fidelity *study.Fidelity
		trials   []*study.Trial
		want     analyze.Spending
		known    bool
	}{
		{"nothing yet", nil, []*study.Trial{{State: study.Queued}}, analyze.Spending{}, false},
		{"no reports", nil, []*study.Trial{ran(study.Complete, 0, 0)}, analyze.Spending{}, false},
		{"no fidelity", nil, []*study.Trial{ran(study.Complete, 20, 20), ran(study.Pruned, 4, 4), {State: study.Queued}},
			analyze.Spending{Paid: 24, Full: 40, Saved: 0.4}, true},
		{"nobody has come to an end", nil, []*study.Trial{ran(study.Pruned, 4, 4)}, analyze.Spending{Paid: 4}, true},
		{"fidelity", &study.Fidelity{Min: 1, Max: 10}, []*study.Trial{ran(study.Complete, 10, 4, 6), ran(study.Paused, 2, 2), ran(study.Running, 3, 0), ran(study.Pruned, 4, 4)},
			analyze.Spending{Paid: 19, Full: 40, Saved: 1 - 19.0/40}, true},
		{"started over", &study.Fidelity{Min: 1, Max: 10}, []*study.Trial{ran(study.Complete, 10, 5, 10)},
			analyze.Spending{Paid: 15, Full: 10, Saved: -0.5}, true},
		{"failed before its first report", &study.Fidelity{Min: 1, Max: 10}, []*study.Trial{ran(study.Complete, 10, 10), ran(study.Failed, 0, 0)},
			analyze.Spending{Paid: 10, Full: 10}, true},
		{"copies", &study.Fidelity{Min: 1, Max: 10}, []*study.Trial{ran(study.Complete, 10, 10), {State: study.Complete, Copy: &study.Copy{Step: 5}, Attempts: []study.Attempt{{Paid: 5}}}},
			analyze.Spending{Paid: 15}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := study.NewBook(spacetest.Floats(1), []study.Objective{{Metric: "loss"}}, c.fidelity)
			for i, tr := range c.trials {
				tr.Number = i
				b.Put(tr)
			}
			got, known := analyze.Spent(b.History())
			if diff := cmp.Diff(c.want, got); diff != "" || known != c.known {
				t.Errorf("known: %v; -want +got:\n%s", known, diff)
			}
		})
	}
}
