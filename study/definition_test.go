package study_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

func fullDefinition() study.Definition {
	threshold, target := 0.5, -0.25
	return study.Definition{
		ID: "01j", Name: "mnist", Created: at(0).Add(123456789), Source: "version: 1\n", Dir: "/home/x",
		Space: spacetest.Training(),
		Objectives: []study.Objective{
			{Metric: "val/loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}, Threshold: &threshold},
			{Metric: "acc", Goal: study.Maximize, Reduce: study.Reduction{Kind: "mean", Window: 5}},
			{Metric: "plain", Goal: study.Maximize},
		},
		Outcomes:  []*expr.Program{spacetest.Program("mem_gb <= 16"), spacetest.Program(`metrics["a/b"] < 1`)},
		Fidelity:  &study.Fidelity{Step: "epoch", Min: 1, Max: 81},
		Search:    study.Method{Name: "tpe", Settings: setting.Values{"gamma": value.Float(0.25), "startup": value.Int(10), "multivariate": value.Bool(true), "prior": value.Null}},
		Schedule:  study.Method{Name: "asha", Settings: setting.Values{"mode": value.String("stop")}},
		Seed:      1<<64 - 1,
		Parallel:  4,
		Ahead:     2,
		Repeat:    &study.Limit{Value: 3},
		Final:     &study.Final{Top: 3, Runs: 5, Now: true},
		Enqueue:   []map[string]space.Value{{"lr": value.Float(1), "layers": value.Int(3), "opt": value.Null}},
		WarmStart: []string{"old", "../other.yaml"},
		Earlier: []study.Earlier{{
			Study: "01a", Name: "old", Metrics: []string{"val/loss", "acc"}, Params: []string{"lr", "opt"}, Total: 9,
			Trials: []study.EarlierTrial{{Number: 4, Pruned: true, Params: map[string]space.Value{"lr": value.Float(0.1), "opt": value.Null}, Values: []float64{0.5, 1e-300}}},
		}},
		Stop:  study.Stop{Trials: 200, Time: study.Duration(2 * time.Hour), Target: &target, NoImprovement: 40, Resource: 1e4, Improvement: 0.01, Regret: &study.Limit{Auto: true}, Finish: true},
		Retry: study.Retry{Max: 2, On: []string{"lost", "exit:75"}, Backoff: study.Duration(30 * time.Second), MaxConsecutiveFailed: 5},
		Fix:   map[string]space.Value{"x1": value.Float(0.5)},
		Cost:  &study.Cost{Metric: "usd"},
		Command: &study.Command{
			Argv: []string{"python", "train.py", "--lr", "{lr}"}, Shell: true, Dir: ".", Env: map[string]string{"A": "b"},
			Setup: [][]string{{"make"}, {"sh", "-c", "x"}}, PerTrial: study.Duration(time.Minute), Silence: 1, Grace: 2, LogLimit: 1 << 20,
		},
		Resources: study.Resources{CPU: 2, Memory: 8 << 30, GPU: 1},
		Report:    study.Reporting{Format: "regex", Patterns: []study.Pattern{{Metric: "loss", Regex: "a(.*)", Step: "b"}}, File: "m.jsonl", Step: "epoch"},
	}
}

var definitionOptions = cmp.Options{
	cmp.Comparer(func(a, b *space.Space) bool { return spaceJSON(a) == spaceJSON(b) }),
	cmp.Comparer(func(a, b *expr.Program) bool { return a.Source() == b.Source() }),
	cmp.Comparer(func(a, b value.Value) bool { return a == b }),
}

func spaceJSON(s *space.Space) string {
	if s == nil {
		return ""
	}
	b, err := s.MarshalJSON()
	if err != nil {
		return err.Error()
	}
	return string(b)
}

func TestDefinitionJSONRoundTrip(t *testing.T) {
	full := fullDefinition()
	// A field added later has to be in the test.
	for v, i := reflect.ValueOf(full), 0; i < v.NumField(); i++ {
		if v.Field(i).IsZero() {
			t.Errorf("%s is empty: fill it in", v.Type().Field(i).Name)
		}
	}
	for name, d := range map[string]study.Definition{
		"full":  full,
		"small": {ID: "x", Space: spacetest.Floats(1), Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize}}},
	} {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var back study.Definition
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if diff := cmp.Diff(d, back, definitionOptions); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		again, err := json.Marshal(&back)
		if err != nil || string(again) != string(text) {
			t.Errorf("%s became %s: %v", text, again, err)
		}
	}
}

func TestDefinitionJSONErrors(t *testing.T) {
	for in, want := range map[string]string{
		`{"id":"x"}`: "read study: read space: ",
		`{"space":{"parameters":[{"name":"x","type":"flaot"}]}}`:      `read study: read space: parameter "x" has the unknown type "flaot"`,
		`{"space":{"parameters":[]},"stop":{"time":5}}`:               "read study: a duration is a text like 1h30m: ",
		`{"space":{"parameters":[]},"stop":{"time":"5 min"}}`:         `read study: bad duration "5 min"`,
		`{"space":{"parameters":[]},"objectives":[{"reduce":"min"}]}`: `read study: "min" is no way to reduce`,
		`{"space":{"parameters":[]},"outcomes":["1 +"]}`:              "read study: expression, byte 3: ",
	} {
		var d study.Definition
		if err := json.Unmarshal([]byte(in), &d); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", in, err, want)
		}
	}
}

func TestDurationJSON(t *testing.T) {
	for d, want := range map[time.Duration]string{0: `"0s"`, 90 * time.Minute: `"1h30m0s"`, -time.Second: `"-1s"`, 1500 * time.Microsecond: `"1.5ms"`, 1<<63 - 1: `"2562047h47m16.854775807s"`} {
		text, err := json.Marshal(study.Duration(d))
		if err != nil || string(text) != want {
			t.Errorf("got %s, %v; want %s", text, err, want)
		}
		var back study.Duration
		if err := json.Unmarshal(text, &back); err != nil || time.Duration(back) != d {
			t.Errorf("%s is read as %v: %v", text, back, err)
		}
	}
	for _, in := range []string{`5`, `"5"`, `""`, `"1 h"`, `{}`} {
		var d study.Duration
		if err := json.Unmarshal([]byte(in), &d); err == nil {
			t.Errorf("%s is read as %v", in, d)
		}
	}
}

func TestAssignmentJSON(t *testing.T) {
	s := spacetest.Training()
	c, ok := s.Default()
	if !ok {
		t.Fatal("no default")
	}
	derived, err := s.Derive(c)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(study.Assignment{Ticket: study.Ticket{Trial: 3, Attempt: 2}, Config: c, Derived: derived, Seed: 9, Until: 27, Lease: study.Duration(time.Minute)})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"trial":3,"attempt":2,"params":` + string(c.AppendJSON(nil)) + `,"derived":[0.99,256],"seed":9,"resume_step":0,"until_step":27,"lease":"1m0s"}`
	if d := cmp.Diff(want, string(text)); d != "" {
		t.Error(d)
	}
}

func TestStatesAndClasses(t *testing.T) {
	over := 0
	for _, s := range study.States {
		if s.Ended() {
			over++
		}
	}
	if len(study.States) != 8 || over != 5 {
		t.Errorf("%d states, %d of them the end", len(study.States), over)
	}
	if study.State("").Ended() || study.State("unheard of").Ended() {
		t.Error("an unknown state is an end")
	}
	seen := map[study.Class]bool{}
	for _, c := range study.Classes {
		if seen[c] || c == "" {
			t.Errorf("class %q is empty or there twice", c)
		}
		seen[c] = true
	}
	if len(seen) != 13 {
		t.Errorf("%d classes", len(seen))
	}
}
