package auto

import (
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// A program that ends on a rung is paused there, at its last step.
func TestContract(t *testing.T) {
	for name, v := range map[string]setting.Values{"beginning again": nil, "resuming": {"resume": value.Bool(true)}} {
		t.Run(name, func(t *testing.T) {
			scheduletest.Run(t, Method, scheduletest.Options{Settings: v, Trials: 20,
				Skip: func(c scheduletest.Scenario) bool { return c.Name == "uneven steps and ends" }})
		})
	}
}

func TestChoice(t *testing.T) {
	one, two := make([]study.Objective, 1), make([]study.Objective, 2)
	for _, c := range []struct {
		name       string
		objectives []study.Objective
		fidelity   *study.Fidelity
		want       string
	}{
		{"nothing declared", one, nil, "fixed"},
		{"epochs", one, &study.Fidelity{Step: "epoch", Min: 1, Max: 81}, "foresee"},
		{"two objectives", two, &study.Fidelity{Step: "epoch", Min: 1, Max: 81}, "asha"},
		{"unnamed steps", one, &study.Fidelity{Min: 1, Max: 81}, "foresee"},
		{"parts of the data", one, &study.Fidelity{Step: "share", Min: 0.1, Max: 1}, "foresee"},
		{"folds", one, &study.Fidelity{Step: "Fold", Min: 1, Max: 10}, "race"},
		{"declared folds", one, &study.Fidelity{Step: "cv", Min: 1, Max: 5, Samples: &study.Samples{}}, "race"},
		{"two folds", one, &study.Fidelity{Step: "fold", Min: 1, Max: 2, Samples: &study.Samples{}}, "median"},
		{"image sizes", one, &study.Fidelity{Step: "size", Min: 64, Max: 224, Levels: &study.Levels{Parameter: "size"}}, "foresee"},
		{"folds of two objectives", two, &study.Fidelity{Step: "fold", Min: 1, Max: 10}, "asha"},
		{"nearly nothing to save", one, &study.Fidelity{Step: "epoch", Min: 40, Max: 81}, "median"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := schedule.Problem{Objectives: c.objectives, Fidelity: c.fidelity}
			m, v := choose(p, value.Bool(true))
			if m.Name != c.want {
				t.Errorf("got %s, want %s", m.Name, c.want)
			}
			for _, bad := range setting.Check(m.Settings, v) {
				t.Errorf("%s: %s", bad.Name, bad.Message)
			}
			if _, err := m.New(p, v); err != nil {
				t.Error(err)
			}
		})
	}
}
