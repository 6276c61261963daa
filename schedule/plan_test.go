package schedule_test

import (
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
)

func FuzzParsePlan(f *testing.F) {
	f.Add(`{"steps":[{"step":0,"params":{"x":0.1}},{"step":4,"params":{"x":0.2}}]}`)
	f.Add(`{"steps":[{"step":0,"params":{"x":0}},{"step":1e308,"params":[]}]}`)
	f.Add(`{"study":"a","trial":3,"values":{"loss":"NaN"},"steps":[{"step":-0,"params":null}]}`)
	s := spacetest.Must(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, High: 1}}})
	f.Fuzz(func(t *testing.T, text string) {
		p, err := schedule.ParsePlan(text)
		if err != nil {
			return
		}
		if len(p.Steps) == 0 || p.Steps[0].At != 0 {
			t.Fatalf("%q is read as %+v", text, p)
		}
		configs, err := p.Configs(s)
		if err == nil && len(configs) != len(p.Steps) {
			t.Fatalf("%q has %d configurations for %d steps", text, len(configs), len(p.Steps))
		}
		for _, c := range configs {
			if err := s.Check(c); err != nil {
				t.Fatalf("%q is read as %v: %v", text, c, err)
			}
		}
	})
}
