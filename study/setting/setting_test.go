package setting_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
)

var list = []setting.Setting{
	{Name: "startup", Kind: setting.Int, Default: value.Int(10), Min: 1, Max: 1000, Doc: "Random trials first."},
	{Name: "gamma", Kind: setting.Float, Default: value.Float(0.25), Min: 0, Max: 1, Doc: "Part that counts as good."},
	{Name: "shift", Kind: setting.Float, Doc: "Any number."},
	{Name: "group", Kind: setting.Bool, Default: value.Bool(true), Doc: "Whether to group."},
	{Name: "mode", Kind: setting.String, Default: value.String("stop"), Options: []string{"stop", "promote"}, Doc: "What happens."},
	{Name: "label", Kind: setting.String, Doc: "Any text."},
}

func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		values setting.Values
		want   []setting.Problem
	}{
		{"nothing", nil, nil},
		{"all well", setting.Values{"startup": value.Int(1), "gamma": value.Int(1), "shift": value.Float(-1e300), "group": value.Bool(false), "mode": value.String("promote"), "label": value.String("")}, nil},
		{"a whole float is an int", setting.Values{"startup": value.Float(20)}, nil},
		{"fraction", setting.Values{"startup": value.Float(1.5)}, []setting.Problem{{Name: "startup", Message: "1.5 is not a whole number", Hint: "Random trials first."}}},
		{"below", setting.Values{"startup": value.Int(0)}, []setting.Problem{{Name: "startup", Message: "0 is outside [1, 1000]", Hint: "Random trials first."}}},
		{"above", setting.Values{"gamma": value.Float(1.25)}, []setting.Problem{{Name: "gamma", Message: "1.25 is outside [0, 1]", Hint: "Part that counts as good."}}},
		{"not a number", setting.Values{"gamma": value.String("high")}, []setting.Problem{{Name: "gamma", Message: `"high" is not a number`, Hint: "Part that counts as good."}}},
		{"not finite", setting.Values{"shift": value.Float(math.Inf(1))}, []setting.Problem{{Name: "shift", Message: `"Infinity" is not a number`, Hint: "Any number."}}},
		{"null", setting.Values{"gamma": value.Null}, []setting.Problem{{Name: "gamma", Message: "null is not a number", Hint: "Part that counts as good."}}},
		{"not a truth", setting.Values{"group": value.Int(1)}, []setting.Problem{{Name: "group", Message: "1 is not true or false", Hint: "Whether to group."}}},
		{"not a text", setting.Values{"label": value.Int(1)}, []setting.Problem{{Name: "label", Message: "1 is not a text", Hint: "Any text."}}},
		{"no option", setting.Values{"mode": value.String("halt")}, []setting.Problem{{Name: "mode", Message: `"halt" is not one of stop, promote`, Hint: "What happens."}}},
		{"several, sorted, one unknown", setting.Values{"startup": value.Bool(true), "gama": value.Float(0.5), "zzz": value.Int(1)}, []setting.Problem{
			{Name: "gama", Message: `"gama" is no setting here`, Hint: `did you mean "gamma"?`},
			{Name: "startup", Message: "true is not a number", Hint: "Random trials first."},
			{Name: "zzz", Message: `"zzz" is no setting here`, Hint: "known: gamma, group, label, mode, shift, startup"},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, setting.Check(list, c.values)); d != "" {
				t.Error(d)
			}
		})
	}
}

// Defaults must pass their own check.
func TestDefaultsAreValid(t *testing.T) {
	all := setting.Values{}
	for _, s := range list {
		if !s.Default.IsAbsent() {
			all[s.Name] = s.Default
		}
	}
	if found := setting.Check(list, all); len(found) > 0 {
		t.Errorf("got %+v", found)
	}
}

func TestGet(t *testing.T) {
	vs := setting.Values{"gamma": value.Float(0.5)}
	for name, want := range map[string]value.Value{"gamma": value.Float(0.5), "startup": value.Int(10), "label": {}} {
		if got := vs.Get(list, name); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
	if got := setting.Values(nil).Get(list, "mode"); got != value.String("stop") {
		t.Errorf("got %v", got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a setting that does not exist has a value")
		}
	}()
	vs.Get(list, "gama")
}
