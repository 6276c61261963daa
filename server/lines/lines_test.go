package lines_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/schedule/fixed"
	"github.com/afina-hpo/afina/schedule/median"
	"github.com/afina-hpo/afina/server/lines"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/store/memory"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest/random"
)

// serve starts an engine on a study of one parameter and returns a server of
// it.
func serve(t testing.TB, change func(*study.Definition)) *lines.Server {
	t.Helper()
	sp, err := space.New(space.Spec{Params: []space.Param{
		{Name: "x", Kind: space.Float, Low: 0, High: 1},
		{Name: "k", Kind: space.Choice, Choices: []space.Value{value.String("a"), value.String("b")}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	def := &study.Definition{
		ID: "s", Name: "s", Space: sp, Parallel: 1, Seed: 1,
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}}},
		Schedule:   study.Method{Name: "median", Settings: setting.Values{"min_trials": value.Int(1), "warmup": value.Int(0)}},
		Retry:      study.Retry{Max: 1, On: []string{"oom"}},
	}
	if change != nil {
		change(def)
	}
	st := memory.New()
	ctx := context.Background()
	if err := st.Create(ctx, def); err != nil {
		t.Fatal(err)
	}
	scheduler := fixed.Method()
	if def.Schedule.Name == "median" {
		scheduler = median.Method()
	}
	e, err := engine.Open(ctx, engine.Options{Store: st, Study: "s", Search: random.Method(), Schedule: scheduler})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &lines.Server{Engine: e, Worker: "test"}
}

// talk sends lines and returns the answers.
func talk(t testing.TB, s *lines.Server, in ...string) []string {
	t.Helper()
	var out bytes.Buffer
	if err := s.Serve(context.Background(), strings.NewReader(strings.Join(in, "\n")+"\n"), &out); err != nil {
		t.Fatal(err)
	}
	answers := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
	if len(answers) != len(in) {
		t.Fatalf("%d answers to %d lines:\n%s", len(answers), len(in), out.String())
	}
	return answers
}

func TestConversation(t *testing.T) {
	s := serve(t, func(d *study.Definition) { d.Stop.Trials = 5 })
	masked := regexp.MustCompile(`"params":\{"x":[0-9.e-]+,"k":"[ab]"\},"seed":\d+`)
	for _, step := range []struct{ in, want string }{
		{`{"op":"best"}`, `{"error":{"code":"not_found","message":"no trial is complete yet"}}`},
		{`{"op":"ask","n":2}`, `{"trials":[{"number":0,P,"resume_step":0},{"number":1,P,"resume_step":0}],"state":"running"}`},
		{`{"op":"report","number":0,"step":1,"values":{"loss":0.5}}`, `{"action":"continue"}`},
		{`{"op":"tell","number":0,"values":{"loss":0.25},"id":"a"}`, `{"id":"a","ok":true}`},
		{`{"op":"tell","number":0,"values":{"loss":0.25},"id":{"b":[1]}}`, `{"id":{"b":[1]},"ok":true}`},
		{`{"op":"tell","number":0,"values":{"loss":9}}`, `{"error":{"code":"conflict","message":"trial 0 is already complete"}}`},
		{`{"op":"report","number":1,"step":1,"values":{"loss":0.9}}`, `{"action":"prune"}`},
		{`{"op":"tell","number":1,"state":"pruned"}`, `{"ok":true}`},
		{`{"op":"ask"}`, `{"trials":[{"number":2,P,"resume_step":0}],"state":"running"}`},
		{`{"op":"tell","number":2,"state":"failed","class":"oom","message":"no room"}`, `{"ok":true}`},
		{`{"op":"ask"}`, `{"trials":[{"number":2,P,"attempt":2,"resume_step":0}],"state":"running"}`},
		{`{"op":"tell","number":2,"attempt":1,"values":{"loss":1}}`, `{"error":{"code":"fenced","message":"attempt 1 of trial 2 is not the newest","hint":"a newer attempt has taken over"}}`},
		{`{"op":"tell","number":2,"state":"infeasible"}`, `{"ok":true}`},
		{`{"op":"add","params":{"x":0.5,"k":"b"}}`, `{"number":3}`},
		{`{"op":"add","params":{"x":7}}`, `{"error":{"code":"invalid","message":"the configuration cannot be added: parameter x: 7 is outside [0, 1]"}}`},
		{`{"op":"ask","n":9}`, `{"trials":[{"number":3,P,"resume_step":0},{"number":4,P,"resume_step":0}],"state":"waiting"}`},
		{`{"op":"tell","number":3,"values":{"loss":NaN}}`, `{"ok":true}`},
		{`{"op":"tell","number":4,"values":{"loss":0.125}}`, `{"ok":true}`},
		{`{"op":"ask"}`, `{"trials":[],"state":"stopped"}`},
		{`{"op":"best"}`, `{"number":4,P,"values":{"loss":0.125}}`},
	} {
		got := talk(t, s, step.in)[0]
		got = masked.ReplaceAllString(got, "P")
		got = regexp.MustCompile(`"params":\{[^}]*\},"values"`).ReplaceAllString(got, `P,"values"`)
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Fatalf("%s\n%s", step.in, diff)
		}
	}
	var list lines.TrialList
	if err := json.Unmarshal([]byte(regexp.MustCompile(`"params":\{[^}]*\},`).ReplaceAllString(talk(t, s, `{"op":"trials"}`)[0], "")), &list); err != nil {
		t.Fatal(err)
	}
	var states []string
	for _, tr := range list.Trials {
		states = append(states, fmt.Sprintf("%d %s %v", tr.Number, tr.State, tr.Values))
	}
	want := []string{"0 complete [{loss 0.25}]", "1 pruned [{loss 0.9}]", "2 infeasible []", "3 failed [{loss NaN}]", "4 complete [{loss 0.125}]"}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Error(diff)
	}
}

// A result and the next trial go in one line. Where the result does not count
// nothing is handed out, and where nothing can be handed out it counts.
func TestTellAndAsk(t *testing.T) {
	s := serve(t, func(d *study.Definition) { d.Stop.Trials = 4; d.Schedule = study.Method{} })
	masked := regexp.MustCompile(`"params":\{[^}]*\},"seed":\d+`)
	for _, step := range []struct{ in, want string }{
		{`{"op":"tell","number":0,"values":{"loss":1},"ask":1}`, `{"error":{"code":"not_found","message":"there is no trial 0"}}`},
		{`{"op":"ask"}`, `{"trials":[{"number":0,P,"resume_step":0}],"state":"running"}`},
		{`{"op":"tell","number":0,"values":{"lss":1},"ask":1}`, `{"error":{"code":"invalid","message":"tell needs a value for \"loss\", which was not reported either","hint":"did you mean \"lss\"?"}}`},
		{`{"op":"tell","number":0,"values":{"loss":1},"ask":0}`, `{"error":{"code":"invalid","message":"ask must be 1 to 4096, not 0"}}`},
		{`{"op":"tell","number":0,"values":{"loss":1},"ask":2,"id":5}`, `{"id":5,"ok":true,"trials":[{"number":1,P,"resume_step":0},{"number":2,P,"resume_step":0}],"state":"running"}`},
		{`{"op":"tell","number":0,"values":{"loss":2},"ask":1}`, `{"error":{"code":"conflict","message":"trial 0 is already complete"}}`},
		{`{"op":"tell","number":1,"state":"failed","class":"crash","ask":1}`, `{"ok":true,"trials":[{"number":3,P,"resume_step":0}],"state":"running"}`},
		{`{"op":"tell","number":2,"values":{"loss":2},"ask":1}`, `{"ok":true,"trials":[],"state":"waiting"}`},
		{`{"op":"tell","number":3,"values":{"loss":2},"ask":1}`, `{"ok":true,"trials":[],"state":"stopped"}`},
	} {
		got := masked.ReplaceAllString(talk(t, s, step.in)[0], "P")
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s\n%s", step.in, diff)
		}
	}
}

// Whatever is wrong with a line, the answer says so and the next line is
// answered.
func TestWrongLines(t *testing.T) {
	s := serve(t, nil)
	for _, c := range []struct{ in, want string }{
		{`nonsense`, `the line is not understood`},
		{`[1]`, `it is a JSON array, not an object`},
		{`{}`, `the line has no \"op\"`},
		{`{"op":"aks","id":7}`, `{"id":7,"error":{"code":"invalid","message":"there is no operation \"aks\"","hint":"did you mean \"ask\"?"}}`},
		{`{"op":"ask","n":0}`, `n must be 1 to 4096, not 0`},
		{`{"op":"ask","m":1}`, `ask has no field \"m\"`},
		{`{"op":"ask","n":"two"}`, `\"n\" cannot be a string`},
		{`{"op":"tell"}`, `tell needs the trial's number`},
		{`{"op":"tell","number":99,"values":{"loss":1}}`, `there is no trial 99`},
		{`{"op":"tell","number":0,"values":{"lss":1}}`, `tell needs a value for \"loss\", which was not reported either","hint":"did you mean \"lss\"?`},
		{`{"op":"tell","number":0,"state":"done"}`, `\"done\" is no end of a trial`},
		{`{"op":"tell","number":0,"state":"failed","class":"ooom"}`, `there is no failure class \"ooom\"","hint":"did you mean \"oom\"?`},
		{`{"op":"tell","number":0,"values":{"loss":"low"}}`, `\"low\" is not a number`},
		{`{"op":"tell","number":0,"values":{"loss":1},"message":"x"}`, `class and message are for failed and infeasible trials`},
		{`{"op":"report","number":0,"values":{"loss":1}}`, `report needs a step`},
		{`{"op":"report","number":0,"step":1}`, `report needs values`},
		{`{"op":"report","number":0,"step":1,"values":{"loss":1}}`, `there is no trial 0`},
		{`{"op":"add"}`, `add needs params`},
		{`{"op":"add","params":{"y":1}}`, `is no parameter of this space`},
		{`{"op":"add","params":{"x":{}}}`, `an object is not a parameter value`},
	} {
		answers := talk(t, s, c.in, `{"op":"trials"}`)
		if !strings.Contains(answers[0], c.want) || !strings.Contains(answers[0], `"error":{"code":`) {
			t.Errorf("%s\n got %s\nwant … %s …", c.in, answers[0], c.want)
		}
		if answers[1] != `{"trials":[]}` {
			t.Errorf("after %s the next answer is %s", c.in, answers[1])
		}
	}
}

func TestLongLines(t *testing.T) {
	s := serve(t, nil)
	long := `{"op":"trials","id":"` + strings.Repeat("x", lines.MaxLine) + `"}`
	answers := talk(t, s, long, `{"op":"trials","id":"`+strings.Repeat("y", 100_000)+`"}`)
	if !strings.Contains(answers[0], "the line is longer than") {
		t.Errorf("a line that is too long is answered %.200s", answers[0])
	}
	if len(answers[1]) < 100_000 || !strings.Contains(answers[1], `"trials":[]`) {
		t.Errorf("a long line is answered %.200s", answers[1])
	}
}

// A study that runs its own command takes orders, but hands no trials out.
func TestControl(t *testing.T) {
	s := serve(t, nil)
	s.Worker = ""
	for _, op := range []string{"ask", "tell", "report"} {
		if got := talk(t, s, `{"op":"`+op+`"}`)[0]; !strings.Contains(got, op+" is not served here") {
			t.Errorf("%s is answered %s", op, got)
		}
	}
	if got := talk(t, s, `{"op":"stop","kill":true}`)[0]; got != `{"ok":true}` {
		t.Errorf("stop is answered %s", got)
	}
	if v, err := s.Engine.View(context.Background()); err != nil || v.Status != study.StatusStopped {
		t.Errorf("after stop the study is %s, %v", v.Status, err)
	}
}

func TestFront(t *testing.T) {
	s := serve(t, func(d *study.Definition) {
		d.Objectives = append(d.Objectives, study.Objective{Metric: "size", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}})
		d.Schedule = study.Method{}
	})
	got := talk(t, s,
		`{"op":"ask","n":3}`,
		`{"op":"tell","number":0,"values":{"loss":1,"size":2}}`,
		`{"op":"tell","number":1,"values":{"loss":2,"size":1}}`,
		`{"op":"tell","number":2,"values":{"loss":2,"size":2}}`,
		`{"op":"best"}`)[4]
	numbers := regexp.MustCompile(`"number":(\d+)`).FindAllString(got, -1)
	if diff := cmp.Diff([]string{`"number":0`, `"number":1`}, numbers); diff != "" {
		t.Errorf("%s\n%s", got, diff)
	}
}

// Every operation is in the reference.
func TestDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/serve-stdio.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range lines.Operations() {
		if !bytes.Contains(page, []byte(`{"op":"`+op+`"`)) {
			t.Errorf("docs/serve-stdio.md does not show %s", op)
		}
	}
}

func FuzzServe(f *testing.F) {
	for _, seed := range []string{
		`{"op":"ask","n":2}`, `{"op":"tell","number":0,"values":{"loss":0.1}}`, `{"op":"report","number":0,"step":1,"values":{"loss":NaN}}`,
		`{"op":"add","params":{"x":0.5}}`, `{"op":"best","id":null}`, `{"op":"trials","id":"\u0000"}`, `{"op":"tell","number":-1,"state":"failed","class":"oom"}`,
		"{\"op\":\"ask\"}\n{\"op\":\"ask\",\"n\":4096}", "\xff\xfe", `{"op":"tell","number":0,"attempt":99999999999}`, `{"op":"report","number":0,"step":1e999,"values":{}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if bytes.Contains(in, []byte("stop")) {
			t.Skip() // a stopped study answers, but says less
		}
		s := serve(t, nil)
		var out bytes.Buffer
		if err := s.Serve(context.Background(), bytes.NewReader(in), &out); err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		for _, line := range strings.SplitAfter(out.String(), "\n") {
			if line != "" && (!strings.HasSuffix(line, "\n") || !json.Valid([]byte(line))) {
				t.Fatalf("%q is answered %q", in, line)
			}
		}
	})
}

func BenchmarkAskTell(b *testing.B) {
	s := serve(b, func(d *study.Definition) { d.Schedule = study.Method{} })
	var in bytes.Buffer
	for i := range b.N {
		fmt.Fprintf(&in, "{\"op\":\"ask\"}\n{\"op\":\"tell\",\"number\":%d,\"values\":{\"loss\":%d.5}}\n", i, i)
	}
	var out bytes.Buffer
	b.ReportAllocs()
	b.ResetTimer()
	if err := s.Serve(context.Background(), &in, &out); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if n := bytes.Count(out.Bytes(), []byte(`{"ok":true}`)); n != b.N {
		b.Fatalf("%d of %d trials were told", n, b.N)
	}
}

func TestFixedValues(t *testing.T) {
	s := serve(t, func(d *study.Definition) {
		spec := d.Space.Spec()
		spec.Params[1].Context = true
		var err error
		if d.Space, err = space.New(spec); err != nil {
			t.Fatal(err)
		}
	})
	got := talk(t, s,
		`{"op":"ask"}`,
		`{"op":"ask","fix":{"k":"c"}}`,
		`{"op":"ask","fix":{"k":"b","x":0.25}}`,
		`{"op":"tell","number":0,"values":{"loss":1},"fix":{"k":"a"}}`,
		`{"op":"tell","number":0,"values":{"loss":1},"ask":1,"fix":{"k":"a","x":0.5}}`,
		`{"op":"tell","number":1,"values":{"loss":2}}`,
		`{"op":"best"}`,
	)
	for i, want := range []string{
		`the context k has no value`,
		`parameter k: \"c\" is not among the choices`,
		`"params":{"x":0.25,"k":"b"}`,
		`add \"ask\":1`,
		`"params":{"x":0.5,"k":"a"}`,
		`"ok":true`,
		`{"contexts":[{"context":{"k":"b"},"trials":1,"number":0,"params":{"x":0.25,"k":"b"},"values":{"loss":1}},{"context":{"k":"a"},"trials":1,"number":1,`,
	} {
		if !strings.Contains(got[i], want) {
			t.Errorf("answer %d is %s, want %s", i, got[i], want)
		}
	}
}
