package command_test

import (
	"encoding/json"
	"errors"
	"math"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/internal/need"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// testSpace has every kind of parameter, and names of every shape.
func testSpace(t testing.TB) *space.Space {
	t.Helper()
	units, err := expr.Compile("layers * 2")
	if err != nil {
		t.Fatal(err)
	}
	s, err := space.New(space.Spec{
		Params: []space.Param{
			{Name: "lr", Kind: space.Float, Low: -1, High: 1},
			{Name: "layers", Kind: space.Int, Low: -8, High: 8},
			{Name: "amp", Kind: space.Bool},
			{Name: "opt", Kind: space.Choice, Choices: []value.Value{value.String("adam"), value.String("it's"), value.Null, value.Int(3)}},
			{Name: "mom", Kind: space.Float, Low: 0, High: 1, Branches: []space.Branch{{Parent: "opt", Values: []value.Value{value.String("adam")}}}},
			{Name: "net.act/fn-1", Kind: space.Choice, Choices: []value.Value{value.String("relu"), value.String("-x"), value.String("a b"), value.String("true"), value.String(`a\${b}'`)}},
		},
		Derived: []space.Derived{{Name: "units", Expr: units}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// trial returns a trial of testSpace; absent keys of change leave the usual
// value, absent values make the parameter's absence.
func trial(t testing.TB, change map[string]value.Value) command.Trial {
	t.Helper()
	s := testSpace(t)
	values := map[string]value.Value{
		"lr": value.Float(1e-5), "layers": value.Int(3), "amp": value.Bool(true),
		"opt": value.String("adam"), "mom": value.Float(0.9), "net.act/fn-1": value.String("relu"),
	}
	for name, v := range change {
		values[name] = v
	}
	c, err := s.Config(values)
	if err != nil {
		t.Fatal(err)
	}
	derived, err := s.Derive(c)
	if err != nil {
		t.Fatal(err)
	}
	return command.Trial{
		Study: "digits", StudyDir: "/s", ID: "digits-7", Number: 7, Attempt: 2, Dir: "/t/7", CheckpointDir: "/t/7/c",
		Seed: 42, Config: c, Derived: derived,
	}
}

// withoutMom makes the momentum inactive.
var withoutMom = map[string]value.Value{"opt": value.Null, "mom": {}}

func TestRender(t *testing.T) {
	for _, test := range []struct {
		name   string
		argv   []string
		change map[string]value.Value
		until  float64
		want   []string
	}{
		{"text", []string{"p", "--x", "", "{{a}}"}, nil, 0, []string{"p", "--x", "", "{a}"}},
		{"values", []string{"p", "--lr", "{lr}", "{layers}x{layers}"}, nil, 0, []string{"p", "--lr", "1e-5", "3x3"}},
		{"any name", []string{"p", "{net.act/fn-1}"}, nil, 0, []string{"p", "relu"}},
		{"derived", []string{"p", "{units}"}, nil, 0, []string{"p", "6"}},
		{"format", []string{"p", "{lr:.3g}", "{lr:.2f}", "{lr:.0e}", "{layers:d}", "{layers:03d}", "{lr:8.1f}"}, nil, 0,
			[]string{"p", "1e-05", "0.00", "1e-05", "3", "003", "     0.0"}},
		{"format of a negative", []string{"p", "{layers:04d}"}, map[string]value.Value{"layers": value.Int(-3)}, 0, []string{"p", "-003"}},
		{"flag on", []string{"p", "{flag:amp}", "{noflag:amp}"}, nil, 0, []string{"p", "--amp"}},
		{"flag off", []string{"p", "{flag:amp}", "{noflag:amp}"}, map[string]value.Value{"amp": value.Bool(false)}, 0, []string{"p", "--no-amp"}},
		{"inactive", []string{"p", "-v", "--mom", "{mom}", "end"}, withoutMom, 0, []string{"p", "-v", "end"}},
		{"inactive with equals", []string{"p", "-v", "--mom={mom}"}, withoutMom, 0, []string{"p", "-v"}},
		{"null", []string{"p", "--opt", "{opt}", "--opt={opt}"}, withoutMom, 0, []string{"p"}},
		{"mixed", []string{"p", "--pair", "{lr},{mom}"}, withoutMom, 0, []string{"p"}},
		{"only one flag goes", []string{"p", "-a", "-b", "{mom}"}, withoutMom, 0, []string{"p", "-a"}},
		{"a flag with a value stays", []string{"p", "-a=1", "{mom}"}, withoutMom, 0, []string{"p", "-a=1"}},
		{"the end of options stays", []string{"p", "--", "{mom}"}, withoutMom, 0, []string{"p", "--"}},
		{"a switch before a flag stays", []string{"p", "--verbose", "{flag:amp}"}, map[string]value.Value{"amp": value.Bool(false)}, 0, []string{"p", "--verbose"}},
		{"a word before stays", []string{"p", "train", "{mom}"}, withoutMom, 0, []string{"p", "train"}},
		{"args", []string{"p", "{args}"}, nil, 0, []string{"p", "--lr=1e-5", "--layers=3", "--amp=true", "--opt=adam", "--mom=0.9", "--net.act/fn-1=relu", "--units=6"}},
		{"args without null", []string{"p", "{args}"}, withoutMom, 0, []string{"p", "--lr=1e-5", "--layers=3", "--amp=true", "--net.act/fn-1=relu", "--units=6"}},
		{"hydra", []string{"p", "{args:hydra}"}, map[string]value.Value{"net.act/fn-1": value.String("a b")}, 0,
			[]string{"p", "lr=1e-5", "layers=3", "amp=true", "opt=adam", "mom=0.9", "net.act/fn-1='a b'", "units=6"}},
		{"json", []string{"p", "--config={json}"}, withoutMom, 0, []string{"p", `--config={"lr":1e-5,"layers":3,"amp":true,"opt":null,"net.act/fn-1":"relu","units":6}`}},
		{"file", []string{"p", "-c", "{params_file:toml}"}, nil, 0, []string{"p", "-c", "/t/7/params.toml"}},
		{"trial", []string{"p", "{trial.id}", "{trial.number}", "{trial.dir}", "{trial.checkpoint}", "{trial.seed}", "{study.dir}", "{study.name}"}, nil, 0,
			[]string{"p", "digits-7", "7", "/t/7", "/t/7/c", "42", "/s", "digits"}},
		{"without a limit", []string{"p", "--epochs", "{trial.fidelity}"}, nil, 0, []string{"p"}},
		{"up to a step", []string{"p", "--epochs", "{trial.fidelity}"}, nil, 27, []string{"p", "--epochs", "27"}},
		{"a negative number is no option", []string{"p", "--lr", "{lr}"}, map[string]value.Value{"lr": value.Float(-0.5)}, 0, []string{"p", "--lr", "-0.5"}},
		{"a dash behind equals is no option", []string{"p", "--f={net.act/fn-1}"}, map[string]value.Value{"net.act/fn-1": value.String("-x")}, 0, []string{"p", "--f=-x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tmpl, err := command.Parse(test.argv, false)
			if err != nil {
				t.Fatal(err)
			}
			tr := trial(t, test.change)
			tr.Until = test.until
			got, err := tmpl.Render(tr)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, got.Argv); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestRenderRefuses(t *testing.T) {
	for _, test := range []struct {
		name, arg string
		change    map[string]value.Value
		want      string
	}{
		{"an option in disguise", "{net.act/fn-1}", map[string]value.Value{"net.act/fn-1": value.String("-x")}, "for an option"},
		{"a format for a text", "{opt:.3g}", nil, "not a number"},
		{"d for a fraction", "{lr:d}", nil, "not a whole number"},
		{"a flag that is a number", "{flag:layers}", nil, "not true or false"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tmpl, err := command.Parse([]string{"p", test.arg}, false)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tmpl.Render(trial(t, test.change)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
	tmpl, err := command.Parse([]string{"{mom}", "x"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tmpl.Render(trial(t, withoutMom)); err == nil || !strings.Contains(err.Error(), "no name") {
		t.Errorf("a program without a name: got %v", err)
	}
}

func TestParseFindsEveryMistake(t *testing.T) {
	_, err := command.Parse([]string{"", "{x", "a}", "{}", "{x:q}", "{x:.f}", "{x:.2d}", "{x:.999f}", "{a b}", "{args:foo}", "{params_file}", "{trial.sed}",
		"--a{flag:x}", "{flag:}", "a\x00"}, false)
	var found command.Errors
	if !errors.As(err, &found) {
		t.Fatalf("got %v", err)
	}
	want := strings.Join([]string{
		`argument 1, byte 0: the program's name is empty (name a program: [python, train.py])`,
		`argument 2, byte 0: the opening brace is never closed (close it with }, or write {{ for the brace itself)`,
		`argument 3, byte 1: a closing brace without an opening one (write }} for the brace itself)`,
		`argument 4, byte 0: the placeholder is empty (name a parameter, or write {{}} for the braces themselves)`,
		`argument 5, byte 3: {x:q}: the format "q" does not end in d, e, f or g (a format is like .3g, .2f, .0e, d or 03d)`,
		`argument 6, byte 3: {x:.f}: the format ".f" has a point but no precision (a format is like .3g, .2f, .0e, d or 03d)`,
		`argument 7, byte 3: {x:.2d}: d takes no precision (a format is like .3g, .2f, .0e, d or 03d)`,
		`argument 8, byte 3: {x:.999f}: 999 digits are more than the limit of 100 (a format is like .3g, .2f, .0e, d or 03d)`,
		`argument 9, byte 0: {a b} is no placeholder: "a b" is not a parameter's name (write {{ and }} for the braces themselves)`,
		`argument 10, byte 0: {args:foo}: "foo" is no style of arguments (known: {args}, {args:hydra})`,
		`argument 11, byte 0: {params_file} does not say which kind of file (write {params_file:yaml}, {params_file:json} or {params_file:toml})`,
		`argument 12, byte 0: there is no {trial.sed} (did you mean "trial.seed"?)`,
		`argument 13, byte 3: {flag:x} must be a whole argument (put it into an argument by itself)`,
		`argument 14, byte 0: {flag:} is no placeholder: "" is not a parameter's name (write {{ and }} for the braces themselves)`,
		`argument 15, byte 1: an argument cannot hold a NUL byte`,
	}, "\n")
	if d := cmp.Diff(want, found.Error()); d != "" {
		t.Error(d)
	}
}

func TestParseWhole(t *testing.T) {
	for _, test := range []struct {
		name  string
		argv  []string
		shell bool
		want  string
	}{
		{"nothing", nil, false, "the command is empty"},
		{"two texts for a shell", []string{"a", "b"}, true, "one text"},
		{"a blank text for a shell", []string{" "}, true, "one text"},
		{"a placeholder for a shell", []string{"p {trial.seed}"}, true, "no placeholder"},
		{"arguments as the program", []string{"{args}"}, false, "cannot be {args}"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if _, err := command.Parse(test.argv, test.shell); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	s := testSpace(t)
	all := "{lr} {layers} {amp} {opt} {mom} --x={net.act/fn-1}"
	for _, test := range []struct {
		name  string
		argv  []string
		shell bool
		want  []string
	}{
		{"all used", []string{"p", "x" + all}, false, nil},
		{"args", []string{"p", "{args}"}, false, nil},
		{"shell", []string{"p --lr $AFINA_PARAM_LR"}, true, nil},
		{"a shell's own braces", []string{"p {a,b} ${lr} $AFINA_PARAMS"}, true, nil},
		{"shell with a placeholder", []string{"p $AFINA_PARAMS {lr}"}, true, []string{`argument 1, byte 16: with a shell, {lr} is no placeholder (write "$AFINA_PARAM_LR", or make the command a list of arguments without shell: true)`}},
		{"unknown", []string{"p", "{args}", "{layer}"}, false, []string{`argument 3, byte 0: {layer}: there is no parameter "layer" (did you mean "layers"?)`}},
		{"flag of a number", []string{"p", "{args}", "{flag:layers}"}, false, []string{`argument 3, byte 0: {flag:layers}: layers is no bool but an int (write --layers={layers})`}},
		{"format of a text", []string{"p", "{args}", "{opt:.2f}"}, false, []string{`argument 3, byte 0: {opt:.2f}: the value "adam" is not a number (write {opt})`}},
		{"d of a float", []string{"p", "{args}", "{lr:d}"}, false, []string{`argument 3, byte 0: {lr:d}: lr is a float, and d is for whole numbers (use f, e or g, or make the parameter an int)`}},
		{"option in disguise", []string{"p", "{args}", "{net.act/fn-1}"}, false, []string{`argument 3, byte 0: {net.act/fn-1}: the program would take the value "-x" for an option (write --net.act/fn-1={net.act/fn-1})`}},
		{"nothing", []string{"p"}, false, []string{`warning: the command takes no parameter (it gets them only as AFINA_PARAM_… variables and the file AFINA_PARAMS; add {args}, or {name} where a value belongs)`}},
		{"something", []string{"p", "x{lr}{opt}{mom}{net.act/fn-1}{units}"}, false, []string{`warning: the command does not take amp (it gets that only as AFINA_PARAM_… variables; add {args}, or {amp} where the value belongs)`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			tmpl, err := command.Parse(test.argv, test.shell)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range tmpl.Check(s) {
				line := e.Error()
				if e.Warning {
					line = "warning: " + line
				}
				got = append(got, line)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestNames(t *testing.T) {
	tmpl, err := command.Parse([]string{"p", "{b}{a}", "{flag:c}", "{a:.2f}", "{trial.id}", "{args}"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"b", "a", "c"}, tmpl.Names()); d != "" {
		t.Error(d)
	}
}

func TestFiles(t *testing.T) {
	tmpl, err := command.Parse([]string{"p", "{params_file:yaml}", "{params_file:toml}", "{params_file:json}", "{params_file:yaml}"}, false)
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := tmpl.Render(trial(t, map[string]value.Value{"net.act/fn-1": value.String("true"), "opt": value.Null, "mom": {}}))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, f := range cmd.Files {
		if _, twice := got[f.Name]; twice {
			t.Errorf("%s is there twice", f.Name)
		}
		got[f.Name] = string(f.Content)
	}
	want := map[string]string{
		"params.json": "{\n  \"lr\": 1e-5,\n  \"layers\": 3,\n  \"amp\": true,\n  \"opt\": null,\n  \"net.act/fn-1\": \"true\",\n  \"units\": 6\n}\n",
		"params.yaml": "lr: 1.0e-5\nlayers: 3\namp: true\nopt: null\nnet.act/fn-1: \"true\"\nunits: 6\n",
		"params.toml": "lr = 1e-5\nlayers = 3\namp = true\n\"net.act/fn-1\" = \"true\"\nunits = 6\n",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// TestFilesReadBack: what is written is what JSON and YAML readers see, for
// texts with everything in them.
func TestFilesReadBack(t *testing.T) {
	hostile := "q\"\\\n\r\t\x00\x1f\x7f\u0085\u2028\ufeff é 😀 'x' #: - {a}"
	s, err := space.New(space.Spec{Params: []space.Param{
		{Name: "yes", Kind: space.Choice, Choices: []value.Value{value.String(hostile)}},
		{Name: "f", Kind: space.Float, Low: 1e20, High: 1e20},
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := s.Decode([]float64{0, 0})
	tmpl, err := command.Parse([]string{"p", "{params_file:yaml}"}, false)
	if err != nil {
		t.Fatal(err)
	}
	cmd, err := tmpl.Render(command.Trial{Config: c})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"yes": hostile, "f": 1e20}
	for i, read := range []func([]byte, any) error{json.Unmarshal, func(b []byte, v any) error { return yaml.Unmarshal(b, v) }} {
		var got map[string]any
		if err := read(cmd.Files[i].Content, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s: %s", cmd.Files[i].Name, d)
		}
	}
}

func TestHydraQuotes(t *testing.T) {
	// By the rules of Hydra's override grammar (basic override syntax, quoted
	// values) and of OmegaConf for escaped interpolations.
	for text, want := range map[string]string{
		"adamw": "adamw", "a/b.c-d": "a/b.c-d", "": "''", "true": "'true'", "NULL": "'NULL'", "1e-5": "'1e-5'", "a,b": "'a,b'",
		"it's": `'it\'s'`, `a\b`: `'a\b'`, `a\`: `'a\\'`, `a\'`: `'a\\\''`, "${x}": `'\${x}'`, "$x": "'$x'",
	} {
		s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Choice, Choices: []value.Value{value.String(text)}}}})
		if err != nil {
			t.Fatal(err)
		}
		tmpl, err := command.Parse([]string{"p", "{args:hydra}"}, false)
		if err != nil {
			t.Fatal(err)
		}
		cmd, err := tmpl.Render(command.Trial{Config: s.Decode([]float64{0})})
		if err != nil {
			t.Fatal(err)
		}
		if got := cmd.Argv[1]; got != "x="+want {
			t.Errorf("%q: got %s, want x=%s", text, got, want)
		}
	}
}

func TestSetup(t *testing.T) {
	tmpl, err := command.ParseSetup([]string{"go", "build", "-o", "{study.dir}/x", "{study.name}"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := tmpl.RenderStudy("digits", "/s")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"go", "build", "-o", "/s/x", "digits"}, got); d != "" {
		t.Error(d)
	}
	if _, err := command.ParseSetup([]string{"make", "{lr}"}); err == nil || !strings.Contains(err.Error(), "knows only {study.dir}") {
		t.Errorf("a setup command with a parameter: got %v", err)
	}
}

func TestShell(t *testing.T) {
	tmpl, err := command.Parse([]string{`echo "$AFINA_PARAM_OPT" | tr a-z A-Z`}, true)
	if err != nil {
		t.Fatal(err)
	}
	line, err := tmpl.Line(trial(t, map[string]value.Value{"opt": value.String("it's"), "mom": {}}))
	if err != nil {
		t.Fatal(err)
	}
	sh := need.Program(t, "sh")
	out, err := exec.Command(sh, "-c", line).CombinedOutput()
	if err != nil || string(out) != "IT'S\n" {
		t.Errorf("%s: got %q, %v", line, out, err)
	}
}

func TestEnviron(t *testing.T) {
	base := []string{"PATH=/bin", "HOME=/root", "AFINA_TOKEN=secret", "AFINA_PARAM_OLD=1", "broken", "=x", "EMPTY=", "T=a=b"}
	own := map[string]string{"HOME": "/h", "W": "${env:MODE:-off}-${env:PATH}", "E": "${env:EMPTY:-d}", "F": "${env:EMPTY}", "S": "$PATH"}
	tr := trial(t, withoutMom)
	of := 5
	tr.Resume, tr.Until, tr.CopyOf = 3, 9, &of
	got, err := command.Environ(base, own, tr)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"AFINA_ATTEMPT=2", "AFINA_CHECKPOINT_DIR=/t/7/c", "AFINA_COPY_OF=5", "AFINA_FIDELITY=9", "AFINA_METRICS=/t/7/metrics.jsonl",
		"AFINA_PARAMS=/t/7/params.json", "AFINA_PARAM_AMP=true", "AFINA_PARAM_LAYERS=3", "AFINA_PARAM_LR=1e-5",
		"AFINA_PARAM_NET_ACT_FN_1=relu", "AFINA_PARAM_UNITS=6", "AFINA_RESULT=/t/7/result.json", "AFINA_RESUME_STEP=3", "AFINA_SEED=42",
		"AFINA_STOP_FILE=/t/7/stop", "AFINA_STUDY=digits", "AFINA_STUDY_DIR=/s", "AFINA_TRIAL_DIR=/t/7", "AFINA_TRIAL_ID=digits-7",
		"AFINA_TRIAL_NUMBER=7", "AFINA_UNTIL_STEP=9",
		"E=d", "EMPTY=", "F=", "HOME=/h", "PATH=/bin", "S=$PATH", "T=a=b", "W=off-/bin",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if _, err := command.Environ(nil, map[string]string{"W": "${env:NOPE}"}, tr); err == nil || !strings.Contains(err.Error(), "NOPE is not set") {
		t.Errorf("an unset variable: got %v", err)
	}
}

func TestSharedVariable(t *testing.T) {
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "a-b", Kind: space.Bool}, {Name: "a_b", Kind: space.Bool}, {Name: "c", Kind: space.Bool}}})
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := command.Parse([]string{"p", "{args}"}, false)
	if err != nil {
		t.Fatal(err)
	}
	if found := tmpl.Check(s); len(found) != 1 || !found[0].Warning || !strings.Contains(found[0].Message, "AFINA_PARAM_A_B") {
		t.Errorf("got %v", found)
	}
	env, err := command.Environ(nil, nil, command.Trial{Config: s.Decode([]float64{0, 0, 0})})
	if err != nil {
		t.Fatal(err)
	}
	joined := strings.Join(env, "\n")
	if strings.Contains(joined, "AFINA_PARAM_A_B") || !strings.Contains(joined, "AFINA_PARAM_C=false") {
		t.Errorf("got %s", joined)
	}
}

func TestExpandVariableRefuses(t *testing.T) {
	for text, want := range map[string]string{"a${env:X": "never closed", "${env:}": "cannot name", "${env:a b}": "cannot name"} {
		_, err := command.ExpandVariable(text, func(string) (string, bool) { return "", true })
		var e *command.VariableError
		if !errors.As(err, &e) || !strings.Contains(e.Message, want) || e.Offset != strings.Index(text, "$") {
			t.Errorf("%q: got %#v, want %q", text, err, want)
		}
	}
}

// TestQuoteReadsBack has a shell read what Quote wrote.
func TestQuoteReadsBack(t *testing.T) {
	sh := need.Program(t, "sh")
	argv := []string{"printf", "%s\\n", "plain", "a b", "it's", "$HOME", "`x`", "*", "", "a\nb", "-n", "é", "~", "!x", "A=b", "\\", "#c"}
	out, err := exec.Command(sh, "-c", command.Quote(argv)).Output()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(strings.Join(argv[2:], "\n")+"\n", string(out)); d != "" {
		t.Error(d)
	}
	if got := command.Quote([]string{"A=b", "C=d"}); got != "'A=b' C=d" {
		t.Errorf("a program that looks like an assignment: got %s", got)
	}
}

// FuzzTemplate: any template parses or has a place for its error, and what is
// filled in has the words that the template asks for and no NUL byte.
func FuzzTemplate(f *testing.F) {
	f.Add("--lr={lr:.3g}", "{flag:amp}", false)
	f.Add("{{{lr}}}", "{args}", false)
	f.Add("{net.act/fn-1}", "{args:hydra}", false)
	f.Add("p {lr} ${x}", "", true)
	s := testSpace(f)
	c := s.Decode([]float64{0.9, 0.1, 0.9, 0.1, 0.5, 0.3})
	f.Fuzz(func(t *testing.T, a, b string, shell bool) {
		argv := []string{"p", a, b}
		if shell {
			argv = []string{a}
		}
		tmpl, err := command.Parse(argv, shell)
		if err != nil {
			var found command.Errors
			if !errors.As(err, &found) || len(found) == 0 {
				t.Fatalf("%q: bad error %#v", argv, err)
			}
			for _, e := range found {
				if e.Message == "" || e.Arg >= len(argv) || e.Arg >= 0 && (e.Offset < 0 || e.Offset > len(argv[e.Arg])) {
					t.Fatalf("%q: bad error %#v", argv, e)
				}
			}
			return
		}
		bad := false
		for _, e := range tmpl.Check(s) {
			bad = bad || !e.Warning
		}
		tr := command.Trial{Dir: "/t", Config: c, Until: math.Pi}
		cmd, err := tmpl.Render(tr)
		if err != nil {
			if !bad && !strings.Contains(err.Error(), "option") {
				t.Fatalf("%q passes the check, but: %v", argv, err)
			}
			return
		}
		if len(cmd.Argv) == 0 || strings.Contains(strings.Join(cmd.Argv, ""), "\x00") {
			t.Fatalf("%q became %q", argv, cmd.Argv)
		}
		if !strings.ContainsAny(a+b, "{}") && !shell {
			if d := cmp.Diff(argv, cmd.Argv); d != "" {
				t.Fatal(d)
			}
		}
	})
}

// What is to be run of folds or instances, and the level, reach the program as
// arguments and variables.
func TestSamplesAndLevel(t *testing.T) {
	argv := []string{"p", "--fold", "{trial.fold}", "--folds={trial.folds}", "{trial.instance}", "{trial.instances}", "--size", "{size:d}", "{args}"}
	tmpl, err := command.Parse(argv, false)
	if err != nil {
		t.Fatal(err)
	}
	if found := tmpl.Check(testSpace(t), "size"); len(found) > 0 {
		t.Errorf("with the level's name: %v", found)
	}
	if found := tmpl.Check(testSpace(t)); len(found) != 1 || found[0].Warning {
		t.Errorf("without the level's name: %v", found)
	}
	if !tmpl.Uses("trial.fold") || tmpl.Uses("trial.seed") {
		t.Error("it does not know what it uses")
	}
	all := []string{"--lr=1e-5", "--layers=3", "--amp=true", "--opt=adam", "--mom=0.9", "--net.act/fn-1=relu", "--units=6", "--size=64"}
	for _, c := range []struct {
		name    string
		samples []string
		each    bool
		want    []string
		env     []string
	}{
		{"none", nil, false, nil, nil},
		{"one", []string{"7"}, true, []string{"--fold", "7", "7"}, []string{"AFINA_FOLD=7", "AFINA_INSTANCE=7"}},
		{"many", []string{"7", "2"}, false, []string{"--folds=7,2", "7,2"}, []string{"AFINA_FOLDS=7,2", "AFINA_INSTANCES=7,2"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := trial(t, nil)
			tr.Samples, tr.Each = c.samples, c.each
			tr.Level = command.Level{Name: "size", Value: value.Int(64)}
			cmd, err := tmpl.Render(tr)
			if err != nil {
				t.Fatal(err)
			}
			want := append(append([]string{"p"}, c.want...), "--size", "64")
			if d := cmp.Diff(append(want, all...), cmd.Argv); d != "" {
				t.Errorf("arguments (-want +got):\n%s", d)
			}
			words, err := command.Environ(nil, nil, tr)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, word := range words {
				if strings.HasPrefix(word, "AFINA_FOLD") || strings.HasPrefix(word, "AFINA_INSTANCE") {
					got = append(got, word)
				}
			}
			if d := cmp.Diff(c.env, got); d != "" || !strings.Contains(strings.Join(words, "\n"), "AFINA_PARAM_SIZE=64") {
				t.Errorf("variables (-want +got):\n%s", d)
			}
		})
	}
}
