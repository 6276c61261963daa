package dehb

import (
	"testing"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

func TestConformance(t *testing.T) {
	for _, c := range []struct {
		name     string
		settings setting.Values
	}{
		{"defaults", nil},
		{"small population", setting.Values{"population": value.Int(4), "f": value.Float(0.9)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			suggesttest.Run(t, Method, suggesttest.Options{Settings: c.settings, MaxObjectives: 1})
		})
	}
}
