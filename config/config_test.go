package config_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

var rewrite = flag.Bool("rewrite", false, "write the .want files and schema.json anew")

// tables is a small world of methods: enough to see that their names,
// settings and own complaints arrive.
func tables() config.Tables {
	return config.Tables{
		DefaultSearch: "auto", DefaultSchedule: "fixed", FidelitySchedule: "median",
		Search: suggest.Table{
			{Name: "auto"}, {Name: "random"},
			{Name: "tpe", Settings: []setting.Setting{
				{Name: "startup", Kind: setting.Int, Min: 0, Max: 1000, Doc: "Random trials at first."},
				{Name: "gamma", Kind: setting.Float, Min: 0, Max: 1, Doc: "The part that counts as good."},
			}},
			{Name: "single", New: func(p suggest.Problem, _ setting.Values) (suggest.Suggester, error) {
				if p.Objectives > 1 {
					return nil, study.Errorf(study.Invalid, "use auto", "single takes one objective, not %d", p.Objectives)
				}
				return nil, nil
			}},
			{Name: "runged", Schedule: "asha"},
			{Name: "model", New: func(suggest.Problem, setting.Values) (suggest.Suggester, error) { return forecaster{}, nil }},
		},
		Schedule: schedule.Table{
			{Name: "fixed"},
			{Name: "median", Settings: []setting.Setting{{Name: "warmup", Kind: setting.Int, Min: 0, Max: 1e6, Doc: "Steps without a verdict."}}},
			{Name: "asha", New: func(p schedule.Problem, _ setting.Values) (schedule.Scheduler, error) {
				if p.Fidelity == nil {
					return nil, study.Errorf(study.Invalid, "add fidelity: { max: … }", "asha needs a fidelity")
				}
				return nil, nil
			}},
		},
	}
}

// forecaster is a suggester that can say what more trials would gain.
type forecaster struct{ suggest.Suggester }

func (forecaster) Forecast(context.Context, suggest.Request) (suggest.Outlook, bool) {
	return suggest.Outlook{}, true
}

func environment(name string) (string, bool) {
	if name == "HOME" {
		return "/home/u", true
	}
	return "", false
}

// TestMistakes reads every testdata/*.yaml and compares all that is said about
// it with the .want beside it.
func TestMistakes(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	mistakes := make(map[string]bool)
	quoted := regexp.MustCompile(`"[^"]*"|\d+`)
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".yaml"), func(t *testing.T) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := config.Parse(filepath.Base(path), src, tables(), environment)
			var b strings.Builder
			if err != nil {
				b.WriteString(err.Error() + "\n")
				var l *diag.List
				if !errors.As(err, &l) {
					t.Fatalf("the error is a %T", err)
				}
				for _, d := range l.Found {
					mistakes[quoted.ReplaceAllString(d.Message, "_")] = true
				}
			} else {
				for _, w := range got.Warnings {
					b.WriteString("warning: " + w.Error() + "\n")
				}
			}
			want := strings.TrimSuffix(path, ".yaml") + ".want"
			if *rewrite {
				if err := os.WriteFile(want, []byte(b.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			wanted, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(string(wanted), b.String()); d != "" {
				t.Error(d)
			}
		})
	}
	if len(mistakes) < 100 && !t.Failed() {
		t.Errorf("the files show %d different mistakes, fewer than 100", len(mistakes))
	}
}

// example is the full study file of the reference.
const example = `
version: 1
name: mnist-cnn
command: [python, train.py, --lr, "{lr}", --opt, "{opt}", "{flag:amp}", --config, "{params_file:yaml}"]
workdir: .
env: { OMP_NUM_THREADS: "1", WANDB_MODE: "${env:WANDB_MODE:-offline}" }
setup: [ [make, data], [cp, "{study.dir}/a", b] ]
objectives:
  - { metric: val/loss, goal: minimize, reduce: "mean(last,5)" }
  - { metric: latency_ms, goal: minimize, threshold: 50 }
constraints:
  - "mem_gb <= 16"
  - "batch * width <= 65536"
parameters:
  lr:      { float: [1e-5, 1E-1], log: true, default: 1e-3 }
  layers:  { int: [1, 8], default: 2 }
  width:   { int: [16, 1_024], log: true, step: 16 }
  batch:   { choice: [32, 64, 128, 256], ordered: true }
  amp:     { bool: true }
  opt:
    choice: [adamw, sgd, "no"]
    weights: [2, 1, 1]
    when:
      sgd:   { momentum: { float: [0.0, 0.99], default: 0.9 }, nesterov: { bool: true } }
      adamw: { wd: { float: [1e-4, 1], log: true }, nesterov: { bool: true } }
  one_minus_gamma: { float: [1e-4, 3e-2], log: true }
  discount: { float: [0.9, 0.999], reverse_log: true, if: "layers > 2" }
  bias: { float: [-.inf, .inf], prior: { normal: [0, 1.5] } }
derived: { gamma: "1 - one_minus_gamma", units: "width * 2" }
fidelity: { metric_step: epoch, min: 1, max: 81 }
enqueue: [ { lr: 3e-4, layers: 3, opt: sgd, momentum: 0 } ]
search:  { algorithm: tpe, seed: 7, parallel: 4, ahead: 1, tpe: { startup: 5 } }
schedule: { algorithm: median, warmup: 3 }
stop:    { trials: 200, time: 2h, per_trial: 20m, target: 0.02, no_improvement: 40, resource: 1e4, finish: true, grace: 20s }
retry:   { max: 3, on: [lost, oom, "exit:75"], backoff: 30s, max_consecutive_failed: 5 }
resources: { cpu: 2, memory: 8GiB, gpu: 1 }
report:  { format: auto, patterns: [ { metric: val/loss, regex: 'v=(\S+)' } ], file: m.csv, silence: 10m, log_limit: 1MB }
`

// TestStopByForecast: rules that only some algorithms can follow.
func TestStopByForecast(t *testing.T) {
	const file = "objective: { minimize: y }\nparameters: { x: { float: [0, 1] } }\nsearch: { algorithm: model, ahead: 2 }\nstop: "
	for _, c := range []struct {
		stop string
		want study.Stop
	}{
		{"{ improvement: 1e-3 }", study.Stop{Improvement: 1e-3}},
		{"{ regret: auto }", study.Stop{Regret: &study.Limit{Auto: true}}},
		{"{ regret: 0.25 }", study.Stop{Regret: &study.Limit{Value: 0.25}}},
	} {
		got, err := config.Parse("study.yaml", []byte(file+c.stop+"\n"), tables(), environment)
		if err != nil {
			t.Errorf("%s: %v", c.stop, err)
			continue
		}
		if d := cmp.Diff(c.want, got.Definition.Stop); d != "" || got.Definition.Ahead != 2 {
			t.Errorf("%s: ahead %d, %s", c.stop, got.Definition.Ahead, d)
		}
		b, err := json.Marshal(got.Definition.Stop)
		if err != nil {
			t.Fatal(err)
		}
		var again study.Stop
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, again); d != "" {
			t.Errorf("%s becomes %s: %s", c.stop, b, d)
		}
	}
}

// Which scheduler is used where a file names none depends on the fidelity.
func TestDefaultSchedule(t *testing.T) {
	const file = "objective: { minimize: y }\nparameters: { x: { float: [0, 1] } }\n"
	for more, want := range map[string]string{
		"":                       "fixed",
		"fidelity: { max: 9 }\n": "median",
		"fidelity: { max: 9 }\nschedule: fixed\n":                                 "fixed",
		"fidelity: { max: 9 }\nschedule: { }\n":                                   "",
		"schedule: { algorithm: median, warmup: 2 }":                              "median",
		"search: runged\n":                                                        "fixed",
		"search: runged\nfidelity: { max: 9 }\n":                                  "asha",
		"search: { seed: 1, algorithm: runged }\nfidelity: { max: 9 }\n":          "asha",
		"search: runged\nfidelity: { max: 9 }\nschedule: { algorithm: median }\n": "median",
	} {
		got, err := config.Parse("study.yaml", []byte(file+more), tables(), environment)
		if want == "" {
			if err == nil {
				t.Errorf("%q is taken", more)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q: %v", more, err)
		} else if name := got.Definition.Schedule.Name; name != want {
			t.Errorf("%q: the scheduler is %s, want %s", more, name, want)
		} else if given := strings.Contains(more, "schedule:"); got.ScheduleGiven != given {
			t.Errorf("%q: scheduler given: %v", more, got.ScheduleGiven)
		}
	}
	none := tables()
	none.FidelitySchedule = ""
	if got, err := config.Parse("study.yaml", []byte(file+"fidelity: { max: 9 }\n"), none, environment); err != nil || got.Definition.Schedule.Name != "fixed" {
		t.Errorf("without one for it: %v, %v", got, err)
	}
}

// TestExample reads a file with every key and looks at every field.
func TestExample(t *testing.T) {
	got, err := config.Parse("study.yaml", []byte(example), tables(), environment)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Warnings) > 0 || !got.SeedGiven {
		t.Errorf("warnings %v, seed given %v", got.Warnings, got.SeedGiven)
	}
	want := `{
"id":"","name":"mnist-cnn","created":"0001-01-01T00:00:00Z",
"objectives":[{"metric":"val/loss","goal":"minimize","reduce":"mean(last,5)"},{"metric":"latency_ms","goal":"minimize","reduce":"best","threshold":50}],
"outcomes":["mem_gb <= 16"],
"fidelity":{"step":"epoch","min":1,"max":81},
"search":{"name":"tpe","settings":{"startup":5}},
"schedule":{"name":"median","settings":{"warmup":3}},
"seed":7,"parallel":4,"ahead":1,
"enqueue":[{"layers":3,"lr":0.0003,"momentum":0.0,"opt":"sgd"}],
"stop":{"trials":200,"time":"2h0m0s","target":0.02,"no_improvement":40,"resource":10000,"finish":true},
"retry":{"max":3,"on":["lost","oom","exit:75"],"backoff":"30s","max_consecutive_failed":5},
"command":{"argv":["python","train.py","--lr","{lr}","--opt","{opt}","{flag:amp}","--config","{params_file:yaml}"],"dir":".",
  "env":{"OMP_NUM_THREADS":"1","WANDB_MODE":"${env:WANDB_MODE:-offline}"},"setup":[["make","data"],["cp","{study.dir}/a","b"]],
  "per_trial":"20m0s","silence":"10m0s","grace":"20s","log_limit":1000000},
"resources":{"cpu":2,"memory":8589934592,"gpu":1},
"report":{"format":"auto","patterns":[{"metric":"val/loss","regex":"v=(\\S+)"}],"file":"m.csv","step":"epoch"},
"space":{
 "parameters":[
  {"name":"lr","type":"float","low":1e-5,"high":0.1,"scale":"log","default":1e-3},
  {"name":"layers","type":"int","low":1,"high":8,"default":2},
  {"name":"width","type":"int","low":16,"high":1024,"scale":"log","step":16},
  {"name":"batch","type":"choice","choices":[32,64,128,256],"ordered":true},
  {"name":"amp","type":"bool"},
  {"name":"opt","type":"choice","choices":["adamw","sgd","no"],"weights":[2,1,1]},
  {"name":"momentum","type":"float","high":0.99,"default":0.9,"when":[{"parameter":"opt","is":["sgd"]}]},
  {"name":"nesterov","type":"bool","when":[{"parameter":"opt","is":["sgd","adamw"]}]},
  {"name":"wd","type":"float","low":1e-4,"high":1,"scale":"log","when":[{"parameter":"opt","is":["adamw"]}]},
  {"name":"one_minus_gamma","type":"float","low":1e-4,"high":0.03,"scale":"log"},
  {"name":"discount","type":"float","low":0.9,"high":0.999,"scale":"reverse-log","if":"layers > 2"},
  {"name":"bias","type":"float","low":"-Infinity","high":"Infinity","prior":"normal","sd":1.5}],
 "constraints":["batch * width <= 65536"],
 "derived":[{"name":"gamma","value":"1 - one_minus_gamma"},{"name":"units","value":"width * 2"}]}}`
	if got.Definition.Source != example {
		t.Error("the source is not the file")
	}
	got.Definition.Source = ""
	b, err := json.Marshal(got.Definition)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(generic(t, []byte(want)), generic(t, b)); d != "" {
		t.Error(d)
	}

	var again study.Definition
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	b2, err := json.Marshal(again)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b, b2) {
		t.Errorf("the JSON changes on its way through: %s, %s", b, b2)
	}
}

func generic(t *testing.T, b []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestDefaults: the least a file can say, and what follows.
func TestDefaults(t *testing.T) {
	src := "objective: { maximize: acc }\nparameters: { x: { float: [0, 1] } }\ncommand: [p, \"{x}\"]\n"
	got, err := config.Parse("f.yaml", []byte(src), tables(), nil)
	if err != nil {
		t.Fatal(err)
	}
	d := got.Definition
	if got.SeedGiven || len(got.Warnings) != 0 {
		t.Errorf("seed given %v, warnings %v", got.SeedGiven, got.Warnings)
	}
	want := &study.Definition{
		Source: src, Space: d.Space, Parallel: 1,
		Objectives: []study.Objective{{Metric: "acc", Goal: study.Maximize, Reduce: study.Reduction{Kind: "best"}}},
		Search:     study.Method{Name: "auto"}, Schedule: study.Method{Name: "fixed"},
		Retry:   study.Retry{Max: 2, On: []string{"lost", "temporary", "preempted"}, Backoff: study.Duration(5 * time.Second), MaxConsecutiveFailed: 10},
		Command: &study.Command{Argv: []string{"p", "{x}"}, LogLimit: 16 << 20},
		Report:  study.Reporting{Format: "auto"},
	}
	if diff := cmp.Diff(want, d, cmp.Comparer(func(a, b *study.Definition) bool {
		x, _ := json.Marshal(a)
		y, _ := json.Marshal(b)
		return bytes.Equal(x, y)
	})); diff != "" {
		t.Error(diff)
	}
	// Without a command, trials are asked for and told.
	got, err = config.Parse("f.yaml", []byte("objective: { maximize: acc }\nparameters: { x: { float: [0, 1] } }\n"), tables(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.Definition.Command != nil {
		t.Errorf("got a command: %+v", got.Definition.Command)
	}
}

// TestScalars: how values are read from YAML.
func TestScalars(t *testing.T) {
	src := "objective: { minimize: y }\nparameters: { x: { choice: [1, 1.5, 1e5, 1E-5, 1_000, -3, .5, +4, 2.0e+3, true, False, null, ~, \"yes\", 'no', \"1\", y, a b, 1:30, 0, -0.25] } }\n"
	got, err := config.Parse("f.yaml", []byte(strings.Replace(src, "~, ", "", 1)), tables(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, v := range got.Definition.Space.Param(0).Choices {
		texts = append(texts, v.String())
	}
	want := `1 1.5 100000.0 1e-5 1000 -3 0.5 4 2000.0 true false null "yes" "no" "1" "y" "a b" "1:30" 0 -0.25`
	if d := cmp.Diff(want, strings.Join(texts, " ")); d != "" {
		t.Error(d)
	}
}

func TestLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "digits run")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	src := "objective: { maximize: acc }\nparameters: { x: { float: [0, 1] } }\n"
	for file, want := range map[string]string{"study.yaml": "digits-run", "mnist.yml": "mnist", "a b.yaml": "a-b", "é.yaml": "study"} {
		path := filepath.Join(dir, file)
		if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
			t.Fatal(err)
		}
		got, err := config.Load(path, tables(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got.Definition.Name != want || got.Definition.Dir != dir {
			t.Errorf("%s: got name %q and folder %q, want %q", file, got.Definition.Name, got.Definition.Dir, want)
		}
	}
	if _, err := config.Load(filepath.Join(dir, "none.yaml"), tables(), nil); err == nil || study.CodeOf(err) != study.Invalid {
		t.Errorf("a file that is not there: got %v", err)
	}
}

// TestExampleOfTheRepository: the study in examples is read without a remark.
func TestExampleOfTheRepository(t *testing.T) {
	got, err := config.Load("../examples/digits/study.yaml", tables(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Warnings) > 0 || got.Definition.Name != "digits" {
		t.Errorf("warnings %v, name %q", got.Warnings, got.Definition.Name)
	}
}

// TestLimits: what is too large is refused, quickly and with a word.
func TestLimits(t *testing.T) {
	bomb := "a: &a [x, x, x, x, x, x, x, x, x]\n"
	for c := 'b'; c < 'k'; c++ {
		bomb += fmt.Sprintf("%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1, c-1)
	}
	nested := "objective: { minimize: y }\nparameters:\n"
	indent := " "
	for i := range 40 {
		nested += fmt.Sprintf("%sp%d:\n%s bool: true\n%s when:\n%s  true:\n", indent, i, indent, indent, indent)
		indent += "   "
	}
	nested += indent + "z: { bool: true }\n"
	for name, test := range map[string]struct{ src, want string }{
		"bytes":   {strings.Repeat("# x\n", 300_000), "larger than 1024 KiB"},
		"nodes":   {"a: [" + strings.Repeat("1,", 20_000) + "]", "more than 10000 values"},
		"aliases": {"a: &a 1\nb: [" + strings.Repeat("*a,", 101) + "]", "more than 100 aliases"},
		"bomb":    {bomb, "more than"},
		"depth":   {strings.Repeat("[", 200) + strings.Repeat("]", 200), "nested more than 128"},
		"deeper":  {strings.Repeat("[", 200_000), "not YAML"},
		"cycle":   {"a: &a [*a]", "more than"},
		"nesting": {nested, "nested more than 32 levels"},
		"binary":  {"a\x00b", "NUL"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Parse("f.yaml", []byte(test.src), tables(), nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %.300v, want an error with %q", err, test.want)
			}
		})
	}
}

// TestSchema: the published schema is the one of the tables.
func TestSchema(t *testing.T) {
	got := config.Schema()
	if *rewrite {
		if err := os.WriteFile("schema.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("run the test with -rewrite: %s", d)
	}
}

// TestDocumented: every key of the schema stands in the reference, with the
// same words.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile("../docs/study-file.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var walk func(v any)
	walk = func(v any) {
		m, ok := v.(map[string]any)
		if !ok {
			return
		}
		if properties, ok := m["properties"].(map[string]any); ok {
			for name, p := range properties {
				n++
				line := fmt.Sprintf("| `%s` | %s |\n", name, p.(map[string]any)["description"])
				if !bytes.Contains(doc, []byte(line)) {
					t.Errorf("docs/study-file.md lacks the line %s", line)
				}
			}
		}
		for _, x := range m {
			walk(x)
		}
	}
	walk(generic(t, config.Schema()))
	if n < 50 {
		t.Errorf("the schema has only %d keys", n)
	}
}

func TestCompare(t *testing.T) {
	read := func(change ...string) *study.Definition {
		t.Helper()
		src := strings.NewReplacer(change...).Replace(example)
		got, err := config.Parse("f.yaml", []byte(src), tables(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return got.Definition
	}
	old := read()
	for _, test := range []struct {
		name     string
		new      *study.Definition
		blocking []string
		allowed  []string
	}{
		{"the same", read("name: mnist-cnn", "name: other"), nil, nil},
		{"a range", read("[1, 8]", "[1, 9]"), []string{"parameter layers: was int [1, 8] default 2, is int [1, 9] default 2"}, nil},
		{"a scale", read("prior: { normal: [0, 1.5] }", "prior: { normal: [1, 1.5] }"), []string{"parameter bias: was float [-Infinity, Infinity] normal [0, 1.5], is float [-Infinity, Infinity] normal [1, 1.5]"}, nil},
		{"parameters", read("one_minus_gamma: {", "omg: {", "1 - one_minus_gamma", "1 - omg"), []string{
			"parameter one_minus_gamma is gone", "parameter omg is new",
			`derived: was ["gamma = 1 - one_minus_gamma","units = width * 2"], is ["gamma = 1 - omg","units = width * 2"]`}, nil},
		{"constraints", read("65536", "65537", "<= 16\"", "< 16\""), []string{
			`constraints: was ["batch * width <= 65536"], is ["batch * width <= 65537"]`,
			`constraints on metrics: was ["mem_gb <= 16"], is ["mem_gb < 16"]`}, nil},
		{"methods", read("seed: 7", "seed: 8", "startup: 5", "startup: 6", "warmup: 3", "warmup: 4", "max: 81", "max: 80"), []string{
			`fidelity: was {"step":"epoch","min":1,"max":81}, is {"step":"epoch","min":1,"max":80}`,
			`search: was {"name":"tpe","settings":{"startup":5}}, is {"name":"tpe","settings":{"startup":6}}`,
			`schedule: was {"name":"median","settings":{"warmup":3}}, is {"name":"median","settings":{"warmup":4}}`,
			`seed: was 7, is 8`}, nil},
		{"objectives", read("mean(last,5)", "last"), []string{
			`objectives: was [{"metric":"val/loss","goal":"minimize","reduce":"mean(last,5)"},{"metric":"latency_ms","goal":"minimize","reduce":"best","threshold":50}], is [{"metric":"val/loss","goal":"minimize","reduce":"last"},{"metric":"latency_ms","goal":"minimize","reduce":"best","threshold":50}]`}, nil},
		{"what may change", read("parallel: 4", "parallel: 5", "max: 3", "max: 4", "cpu: 2", "cpu: 1"), nil, []string{
			"parallel: was 4, is 5",
			`retry: was {"max":3,"on":["lost","oom","exit:75"],"backoff":"30s","max_consecutive_failed":5}, is {"max":4,"on":["lost","oom","exit:75"],"backoff":"30s","max_consecutive_failed":5}`,
			`resources: was {"cpu":2,"memory":8589934592,"gpu":1}, is {"cpu":1,"memory":8589934592,"gpu":1}`}},
		{"an order", read("  layers:  { int: [1, 8], default: 2 }\n", "", "  amp:     { bool: true }\n", "  amp:     { bool: true }\n  layers:  { int: [1, 8], default: 2 }\n"),
			[]string{"the parameters stand in another order"}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			blocking, allowed := config.Compare(old, test.new)
			if d := cmp.Diff(test.blocking, blocking); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff(test.allowed, allowed); d != "" {
				t.Error(d)
			}
		})
	}
}

// FuzzStudyFile: any text is read or refused with a place in it, and what is
// read survives its JSON.
func FuzzStudyFile(f *testing.F) {
	f.Add([]byte(example))
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		got, err := config.Parse("f.yaml", src, tables(), environment)
		lines := 1
		for _, end := range []string{"\n", "\r", "\u0085", "\u2028", "\u2029"} {
			lines += bytes.Count(src, []byte(end))
		}
		checkResult(t, got, err, lines)
	})
}

// checkResult holds for whatever was read.
func checkResult(t *testing.T, got *config.Result, err error, lines int) {
	t.Helper()
	if err != nil {
		var l *diag.List
		if !errors.As(err, &l) || len(l.Found) == 0 || got != nil {
			t.Fatalf("bad error %#v", err)
		}
		for _, d := range l.Found {
			misprinted := strings.Contains(d.Message+d.Hint, "%!") && !bytes.Contains(l.Source, []byte("%!"))
			if d.Message == "" || d.Line < 0 || d.Line > lines || misprinted || strings.Contains(d.Hint, "defect") {
				t.Fatalf("bad diagnostic %+v", d)
			}
		}
		_ = l.Error()
		return
	}
	b, err := json.Marshal(got.Definition)
	if err != nil {
		t.Fatalf("the definition has no JSON: %v", err)
	}
	var again study.Definition
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatalf("the definition's JSON cannot be read: %v: %s", err, b)
	}
	if blocking, allowed := config.Compare(got.Definition, &again); len(blocking)+len(allowed) > 0 {
		t.Fatalf("its JSON changes it: %q %q", blocking, allowed)
	}
}

// found returns the diagnostics of an error.
func found(t *testing.T, err error) []diag.Diagnostic {
	t.Helper()
	var l *diag.List
	if !errors.As(err, &l) {
		t.Fatalf("the error is a %T: %v", err, err)
	}
	return l.Found
}

func place(d diag.Diagnostic) string { return fmt.Sprintf("%d:%d: ", d.Line, d.Col) }

// TestSamples: what the steps of a study are, and how the command says so.
func TestSamples(t *testing.T) {
	const file = "objective: { maximize: acc }\nparameters: { x: { float: [0, 1] } }\n"
	three := func(names ...string) *study.Fidelity {
		return &study.Fidelity{Step: "fold", Min: 1, Max: float64(len(names)), Samples: &study.Samples{Names: names}}
	}
	random, each := three("0", "1", "2"), three("0", "1", "2")
	random.Samples.Random = true
	each.Samples.Random, each.Samples.Each = true, true
	instances := three("a", "7", "c d")
	instances.Step, instances.Samples.Random = "instance", true
	ones := three("1", "2", "3")
	ones.Min = 2
	for more, want := range map[string]*study.Fidelity{
		"fidelity: { folds: 3 }":                                                                      random,
		"fidelity: { folds: 3, order: given }":                                                        three("0", "1", "2"),
		"fidelity: { instances: [a, 7, c d] }":                                                        instances,
		"command: [p, '{x}', '{trial.fold}']\nfidelity: { folds: 3 }":                                 each,
		"command: [p, '{x}', '{trial.folds}']\nfidelity: { folds: 3 }":                                random,
		"command: [p, '{x}']\nfidelity: { folds: 1..3, min: 2 }":                                      ones,
		"command: p $AFINA_PARAM_X\nshell: true\nfidelity: { folds: 3, each: true }":                  each,
		"command: p $AFINA_PARAM_X\nshell: true\nfidelity: { folds: 3, order: random }":               random,
		"command: [p, '{x}', '{trial.fold}']\nfidelity: { folds: 3, order: random, each: true }":      each,
		"command: [p, '{x}', '{trial.instances}']\nfidelity: { folds: 3, order: given, each: false }": three("0", "1", "2"),
	} {
		got, err := config.Parse("study.yaml", []byte(file+more+"\n"), tables(), environment)
		if err != nil {
			t.Errorf("%q: %v", more, err)
			continue
		}
		if d := cmp.Diff(want, got.Definition.Fidelity); d != "" {
			t.Errorf("%q (-want +got):\n%s", more, d)
		}
		if r := got.Definition.Objectives[0].Reduce; r != (study.Reduction{Kind: "mean"}) {
			t.Errorf("%q: reduced by %v", more, r)
		}
	}
}

func TestLevels(t *testing.T) {
	const file = "objective: { maximize: acc }\nparameters: { x: { float: [0, 1] } }\nfidelity: "
	for more, want := range map[string]*study.Fidelity{
		"{ parameter: size, levels: [64, 128] }":                   {Step: "size", Min: 64, Max: 128, Levels: &study.Levels{Parameter: "size", Values: []value.Value{value.Int(64), value.Int(128)}, Steps: []float64{64, 128}}},
		"{ parameter: coarse, levels: [8, 2], step: level }":       {Step: "level", Min: 1, Max: 2, Levels: &study.Levels{Parameter: "coarse", Values: []value.Value{value.Int(8), value.Int(2)}, Steps: []float64{1, 2}}},
		"{ parameter: text, levels: [title, all], costs: [1, 9] }": {Step: "text", Min: 1, Max: 9, Levels: &study.Levels{Parameter: "text", Values: []value.Value{value.String("title"), value.String("all")}, Steps: []float64{1, 9}}},
		"{ parameter: part, min: 0.1, max: 1 }":                    {Step: "part", Min: 0.1, Max: 1, Levels: &study.Levels{Parameter: "part"}},
		"{ parameter: trees, min: 10, max: 100 }":                  {Step: "trees", Min: 10, Max: 100, Levels: &study.Levels{Parameter: "trees", Whole: true}},
	} {
		got, err := config.Parse("study.yaml", []byte(file+more+"\ncommand: [p, '{x}', '{"+want.Levels.Parameter+"}']\n"), tables(), environment)
		if err != nil {
			t.Errorf("%q: %v", more, err)
			continue
		}
		if a, b := jsonOf(t, want), jsonOf(t, got.Definition.Fidelity); a != b {
			t.Errorf("%q is %s, want %s", more, b, a)
		}
		if r := got.Definition.Objectives[0].Reduce; r != (study.Reduction{Kind: "last"}) || len(got.Warnings) > 0 {
			t.Errorf("%q: reduced by %v, warnings %v", more, r, got.Warnings)
		}
	}
}

func jsonOf(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
