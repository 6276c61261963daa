package lines_test

import (
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/server/lines"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/random"
)

// sampledServer opens a study of one parameter for lines.
func sampledServer(t *testing.T, f *study.Fidelity, reduce string) *lines.Server {
	t.Helper()
	def := &study.Definition{
		ID: "s", Name: "s", Space: spacetest.Floats(1), Parallel: 1, Seed: 1, Fidelity: f,
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: reduce}}},
		Schedule:   study.Method{Name: "fixed"}, Stop: study.Stop{Trials: 3},
	}
	st := memory.New()
	if err := st.Create(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(t.Context(), engine.Options{Store: st, Study: "s", Search: random.Method(), Schedule: fixed.Method()})
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
	return &lines.Server{Engine: e, Worker: "test"}
}

var params = regexp.MustCompile(`"params":\{[^}]*\},"seed":\d+`)

func converse(t *testing.T, s *lines.Server, steps [][2]string) {
	t.Helper()
	for _, step := range steps {
		got := params.ReplaceAllString(talk(t, s, step[0])[0], "P")
		if diff := cmp.Diff(step[1], got); diff != "" {
			t.Fatalf("%s (-want +got):\n%s", step[0], diff)
		}
	}
}

func TestFolds(t *testing.T) {
	s := sampledServer(t, &study.Fidelity{Step: "fold", Min: 1, Max: 3, Samples: &study.Samples{Names: []string{"2", "a", "0"}}}, "mean")
	converse(t, s, [][2]string{
		{`{"op":"ask"}`, `{"trials":[{"number":0,P,"resume_step":0,"samples":["2","a","0"]}],"state":"running"}`},
		{`{"op":"report","number":0,"sample":2,"values":{"loss":1}}`, `{"action":"continue"}`},
		{`{"op":"report","number":0,"sample":"a","values":{"loss":2}}`, `{"action":"continue"}`},
		{`{"op":"report","number":0,"sample":"7","values":{"loss":2}}`, `{"error":{"code":"invalid","message":"\"7\" is no sample of the study","hint":"ask says which there are, in samples"}}`},
		{`{"op":"report","number":0,"sample":"0","step":1,"values":{"loss":2}}`, `{"error":{"code":"invalid","message":"the sample \"0\" is step 3, not 1","hint":"send one of the two"}}`},
		{`{"op":"report","number":0,"sample":"0","values":{"loss":6}}`, `{"action":"continue"}`},
		{`{"op":"tell","number":0}`, `{"ok":true}`},
	})
	if got := talk(t, s, `{"op":"best"}`)[0]; !regexp.MustCompile(`"values":\{"loss":3\}`).MatchString(got) {
		t.Errorf("the best is %s", got)
	}
}

func TestLevel(t *testing.T) {
	s := sampledServer(t, &study.Fidelity{Step: "size", Min: 64, Max: 128, Levels: &study.Levels{
		Parameter: "size", Values: []value.Value{value.Int(64), value.Int(128)}, Steps: []float64{64, 128}}}, "last")
	converse(t, s, [][2]string{
		{`{"op":"ask"}`, `{"trials":[{"number":0,P,"resume_step":0,"level":128,"level_step":128}],"state":"running"}`},
		{`{"op":"report","number":0,"sample":"0","values":{"loss":2}}`, `{"error":{"code":"invalid","message":"the study has no samples","hint":"send a step, or declare fidelity: { folds: 10 }"}}`},
	})
}
