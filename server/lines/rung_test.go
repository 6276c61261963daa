package lines_test

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/schedule/pbt"
	"github.com/afina-hpo/afina/server/lines"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest/random"
)

// Pauses, resumptions and copies over lines: a population of two, one of which
// goes on as a copy of the other.
func TestRungs(t *testing.T) {
	def := &study.Definition{
		ID: "s", Name: "s", Space: spacetest.Floats(1), Parallel: 1, Seed: 1, Fidelity: &study.Fidelity{Min: 1, Max: 6},
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}}},
		Schedule:   study.Method{Name: "pbt", Settings: setting.Values{"population": value.Int(2), "interval": value.Float(3)}},
	}
	st := memory.New()
	if err := st.Create(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Options{Store: st, Study: "s", Search: random.Method(), Schedule: pbt.Method()})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- e.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil { // the test's context has ended
			t.Error(err)
		}
	})
	s := &lines.Server{Engine: e, Worker: "test"}
	masked := regexp.MustCompile(`"params":\{[^}]*\},"seed":\d+`)
	for _, step := range []struct{ in, want string }{
		{`{"op":"ask","n":3}`, `{"trials":[{"number":0,P,"resume_step":0,"until_step":3},{"number":1,P,"resume_step":0,"until_step":3}],"state":"waiting"}`},
		{`{"op":"report","number":0,"step":2,"values":{"loss":2}}`, `{"action":"continue"}`},
		{`{"op":"report","number":0,"step":3,"values":{"loss":1}}`, `{"action":"pause"}`},
		{`{"op":"tell","number":0,"state":"paused"}`, `{"ok":true}`},
		{`{"op":"ask"}`, `{"trials":[],"state":"waiting"}`},
		{`{"op":"report","number":1,"step":3,"values":{"loss":5}}`, `{"action":"pause"}`},
		{`{"op":"tell","number":1,"state":"paused"}`, `{"ok":true}`},
		{`{"op":"ask","n":2}`, `{"trials":[{"number":0,P,"attempt":2,"resume_step":3,"until_step":6},{"number":2,P,"resume_step":3,"until_step":6,"copy_from":0}],"state":"running"}`},
		{`{"op":"report","number":0,"attempt":2,"step":6,"values":{"loss":1}}`, `{"action":"continue"}`},
		{`{"op":"tell","number":0,"values":{"loss":1}}`, `{"ok":true}`},
		{`{"op":"tell","number":2,"values":{"loss":2}}`, `{"ok":true}`},
		{`{"op":"ask"}`, `{"trials":[],"state":"exhausted"}`},
	} {
		got := masked.ReplaceAllString(talk(t, s, step.in)[0], "P")
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s\n%s", step.in, diff)
		}
	}
}
