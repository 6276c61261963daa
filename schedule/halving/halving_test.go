package halving

import (
	"testing"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
)

// methods is the family, by name.
var methods = map[string]func() schedule.Method{"halving": Halving, "hyperband": Hyperband, "dehb": DEHB, "asha": ASHA, "pasha": PASHA}

func TestContract(t *testing.T) {
	for _, c := range []struct {
		name   string
		method func() schedule.Method
		values setting.Values
		more   int // objectives beyond the first
	}{
		{"halving", Halving, nil, 0},
		{"halving, resuming, small brackets", Halving, setting.Values{"resume": value.Bool(true), "trials": value.Int(7)}, 0},
		{"hyperband", Hyperband, nil, 0},
		{"hyperband, two brackets", Hyperband, setting.Values{"resume": value.Bool(true), "brackets": value.Int(2)}, 0},
		{"dehb", DEHB, nil, 0},
		{"dehb, one bracket promotes", DEHB, setting.Values{"resume": value.Bool(true), "promoting": value.Int(1), "brackets": value.Int(2)}, 0},
		{"asha, stopping", ASHA, nil, 0},
		{"asha, promotion", ASHA, setting.Values{"resume": value.Bool(true)}, 0},
		{"asha, promotion by restart", ASHA, setting.Values{"mode": value.String("promotion")}, 0},
		{"asha, brackets", ASHA, setting.Values{"brackets": value.Int(3)}, 0},
		{"pasha", PASHA, nil, 0},
		{"halving, two objectives", Halving, nil, 1},
		{"asha, two objectives", ASHA, nil, 1},
		{"asha, promotion, three objectives", ASHA, setting.Values{"resume": value.Bool(true)}, 2},
		{"pasha, two objectives", PASHA, nil, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			values := setting.Values{"reduction": value.Float(4)} // so that no program ends on a rung
			for name, v := range c.values {
				values[name] = v
			}
			scheduletest.Run(t, c.method, scheduletest.Options{Settings: values, Objectives: 1 + c.more, Trials: 24})
		})
	}
}
