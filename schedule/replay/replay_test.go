package replay_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/schedule/replay"
	"github.com/afina-hpo/afina/schedule/scheduletest"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

const threeSteps = `{"steps":[{"step":0,"params":{"x":0.1}},{"step":4,"params":{"x":0.2}},{"step":13,"params":{"x":0.3}}]}`

func TestContract(t *testing.T) {
	scheduletest.Run(t, replay.Method, scheduletest.Options{
		Settings: setting.Values{"plan": value.String(threeSteps), "times": value.Int(5)},
	})
}

// The plan is followed step by step, each time from the checkpoint before.
func TestReplay(t *testing.T) {
	d := scheduletest.Setup{
		Fidelity: &study.Fidelity{Min: 1, Max: 20}, Workers: 2, Trials: 10,
		Space: spacetest.Must(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, High: 1}}}),
		Program: func(n int, _ space.Config) scheduletest.Program {
			p := scheduletest.Program{Value: func(s float64) float64 { return -s }}
			if n == 1 { // the second chain breaks
				p.FailAt = 2
			}
			return p
		},
	}
	s, err := replay.Method().New(d.Problem(), setting.Values{"plan": value.String(threeSteps), "times": value.Int(2)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := scheduletest.Simulate(s, d)
	if err != nil {
		t.Fatal(err)
	}
	type row struct {
		X      float64
		From   int
		At     float64
		Until  float64
		State  study.State
		Repeat int
	}
	var got []row
	for tr := range r.Log.Book.History().All() {
		one := row{X: tr.Config.At(0).AsFloat(), From: -1, Until: tr.Until, State: tr.State, Repeat: tr.Bracket}
		if tr.Copy != nil {
			one.From, one.At = tr.Copy.Trial, tr.Copy.Step
		}
		got = append(got, one)
	}
	want := []row{
		{0.1, -1, 0, 4, study.Paused, 1},
		{0.1, -1, 0, 4, study.Failed, 2},
		{0.2, 0, 4, 13, study.Paused, 1},
		{0.3, 2, 13, 20, study.Complete, 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	plan := schedule.PlanOf(r.Log.Book.History(), r.Log.Book.Trial(3))
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	back, err := schedule.ParsePlan(string(text))
	if err != nil {
		t.Fatal(err)
	}
	first, _ := schedule.ParsePlan(threeSteps)
	if diff := cmp.Diff(first.Steps, back.Steps); diff != "" {
		t.Errorf("the plan of what followed a plan (-want +got):\n%s", diff)
	}
}

func TestPlansThatCannotBe(t *testing.T) {
	p := schedule.Problem{
		Space:    spacetest.Must(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, High: 1}}}),
		Fidelity: &study.Fidelity{Min: 1, Max: 20},
	}
	for _, c := range []struct{ plan, want string }{
		{``, "EOF"},
		{`[]`, "cannot unmarshal"},
		{`{}`, "it has no steps"},
		{`{"steps":[{"step":0,"params":{"x":0}}],"more":1}`, "unknown field"},
		{`{"steps":[{"step":0,"params":{"x":0}}]} {}`, "something follows"},
		{`{"steps":[{"step":1,"params":{"x":0}}]}`, "the first step is 1; begin at 0"},
		{`{"steps":[{"step":0}]}`, "step 0 has no params"},
		{`{"steps":[{"step":0,"params":{"x":0}},{"step":3,"params":{"x":0}},{"step":3,"params":{"x":0}}]}`, "step 3 comes after 3"},
		{`{"steps":[{"step":0,"params":{"y":0}}]}`, "the values from step 0 on"},
		{`{"steps":[{"step":0,"params":{"x":7}}]}`, "outside [0, 1]"},
		{`{"steps":[{"step":0,"params":{"x":1}},{"step":20,"params":{"x":0}}]}`, "goes on to step 20"},
	} {
		_, err := replay.Method().New(p, setting.Values{"plan": value.String(c.plan)})
		if study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.plan, err, c.want)
		}
	}
}
