package config_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/study"
)

func TestLine(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		argv []string
		want string // the parameters' JSON
	}{
		{"float", []string{"p", "--lr={lr:float(0,1)}"}, []string{"p", "--lr={lr}"}, `[{"name":"lr","type":"float","high":1}]`},
		{"uniform", []string{"p", "{x:uniform(-1,.5, default=0)}"}, []string{"p", "{x}"}, `[{"name":"x","type":"float","low":-1,"high":0.5,"default":0.0}]`},
		{"log", []string{"p", "--lr", "{lr:log(1e-5, 1e-1, default=1e-3)}"}, []string{"p", "--lr", "{lr}"}, `[{"name":"lr","type":"float","low":1e-5,"high":0.1,"scale":"log","default":1e-3}]`},
		{"int", []string{"p", "{n:int(1,6)}"}, []string{"p", "{n}"}, `[{"name":"n","type":"int","low":1,"high":6}]`},
		{"int with everything", []string{"p", "{n:int(16,1_024,log,step=16,default=32)}"}, []string{"p", "{n}"}, `[{"name":"n","type":"int","low":16,"high":1024,"scale":"log","step":16,"default":32}]`},
		{"reverse", []string{"p", "{g:float(0.9,0.999,reverse_log)}"}, []string{"p", "{g}"}, `[{"name":"g","type":"float","low":0.9,"high":0.999,"scale":"reverse-log"}]`},
		{"choice", []string{"p", `{o:choice(adam, 3, 0.5, true, null, "a, b", 'yes', no, x=y, c d, default=adam)}`}, []string{"p", "{o}"},
			`[{"name":"o","type":"choice","choices":["adam",3,0.5,true,null,"a, b","yes","no","x=y","c d"],"default":"adam"}]`},
		{"ordered", []string{"p", "{b:ordered(32,64)}", "{c:choice(1,2,ordered)}"}, []string{"p", "{b}", "{c}"},
			`[{"name":"b","type":"choice","choices":[32,64],"ordered":true},{"name":"c","type":"choice","choices":[1,2],"ordered":true}]`},
		{"bool", []string{"p", "{a:bool()}", "{b:bool(default=true)}"}, []string{"p", "{a}", "{b}"}, `[{"name":"a","type":"bool"},{"name":"b","type":"bool","default":true}]`},
		{"flags", []string{"p", "{flag:amp}", "{noflag:bias}", "{bias:bool(default=true)}"}, []string{"p", "{flag:amp}", "{noflag:bias}", "{bias}"},
			`[{"name":"bias","type":"bool","default":true},{"name":"amp","type":"bool"}]`},
		{"normal", []string{"p", "{w:normal(0,1.5)}", "{v:normal(0,1,low=-1,high=2)}"}, []string{"p", "{w}", "{v}"},
			`[{"name":"w","type":"float","low":"-Infinity","high":"Infinity","prior":"normal","sd":1.5},{"name":"v","type":"float","low":-1,"high":2,"prior":"normal","sd":1}]`},
		{"again", []string{"p", "{x:int(1,2)}", "{x}", "a{x:int(1,2)}b", "{x:d}"}, []string{"p", "{x}", "{x}", "a{x}b", "{x:d}"}, `[{"name":"x","type":"int","low":1,"high":2}]`},
		{"a use before the range", []string{"p", "{x}", "{x:int(1,2)}"}, []string{"p", "{x}", "{x}"}, `[{"name":"x","type":"int","low":1,"high":2}]`},
		{"format", []string{"p", "{x:log(1e-5,1):.3g}"}, []string{"p", "{x:.3g}"}, `[{"name":"x","type":"float","low":1e-5,"high":1,"scale":"log"}]`},
		{"braces", []string{"p", "{{a:int(1,2)}}", "{x:int(1,2)}"}, []string{"p", "{{a:int(1,2)}}", "{x}"}, `[{"name":"x","type":"int","low":1,"high":2}]`},
		{"names", []string{"p", "{net.a/b-c:bool()}"}, []string{"p", "{net.a/b-c}"}, `[{"name":"net.a/b-c","type":"bool"}]`},
		{"two in one", []string{"p", "{a:int(1,2)}x{b:int(3,4)}", "{trial.dir}"}, []string{"p", "{a}x{b}", "{trial.dir}"},
			`[{"name":"a","type":"int","low":1,"high":2},{"name":"b","type":"int","low":3,"high":4}]`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := config.ParseLine(test.args, config.LineOptions{Metrics: []string{"loss"}}, tables())
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.argv, got.Definition.Command.Argv); d != "" {
				t.Error(d)
			}
			b, err := json.Marshal(got.Definition.Space)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(generic(t, []byte(`{"parameters":`+test.want+`}`)), generic(t, b)); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLineMistakes: what is said, with argument and column.
func TestLineMistakes(t *testing.T) {
	for _, test := range []struct {
		arg  string // behind the program
		want string // argument:column: message (hint)
	}{
		{"{lr}", `2:1: {lr}: there is no parameter "lr" (say what it may be, as in {lr:log(1e-5,1e-1)}, {n:int(1,8)} or {opt:choice(adam,sgd)}; a brace itself is {{)`},
		{"é {lr:lgo(1,2)}", `2:7: there is no distribution "lgo" (did you mean "log"?)`},
		{"{lr:log}", `2:5: log has no range (write {lr:log(low,high)})`},
		{"{lr:log(1)}", `2:5: log takes two numbers, not 1 (write log(low,high))`},
		{"{lr:log(1,2,3)}", `2:5: log takes two numbers, not 3 (write log(low,high))`},
		{"{lr:log(a,b)}", `2:9: "a" is not a number (write a number, such as 1e-3)`},
		{"{lr:log(0,1)}", `2:2: lr: a log scale needs a low bound above 0, not 0 (start at a small positive number (of an int: 1), or drop log)`},
		{"{lr:float(2,1)}", `2:2: lr: low 2 is above high 1 (write [1, 2])`},
		{"{lr:float(0,1,default=2)}", `2:2: lr: 2 is outside [0, 1]`},
		{"{lr:float(0,1,defualt=2)}", `2:15: "defualt=2" is not a number (write a number, such as 1e-3)`},
		{"{lr:normal(0,1,step=2)}", `2:16: normal takes no step= (remove it)`},
		{"{lr:int(0,9,step=0)}", `2:13: a step must be above 0`},
		{"{lr:int(0,9", `2:8: the parenthesis is never closed (close it with ))`},
		{"{lr:int(0,9)", `2:13: the placeholder of lr is never closed (close the placeholder with })`},
		{"{lr:int(0,9)x}", `2:13: "x" behind the range of lr (only a format such as :.3g may stand here)`},
		{"{lr:int(0,9):q}", `2:1: {lr:q}: the format "q" does not end in d, e, f or g (a format is like .3g, .2f, .0e, d or 03d)`},
		{"{lr:choice(a,,b)}", `2:14: there is nothing between the commas (remove the comma, or write "" for the empty text)`},
		{"{lr:choice()}", `2:2: lr: the list of choices is empty (name at least one value)`},
		{"{lr:choice('a,b)}", `2:12: the quote is never closed (close it)`},
		{"{lr:choice(a(b))}", `2:13: expected a comma or a closing parenthesis (put a text that holds , ( ) or quotes in quotes)`},
		{"{lr:choice(007)}", `2:12: 007 has a leading zero (write it without the zero for the number, or "007" for the text)`},
		{"{lr:bool(1)}", `2:10: a bool takes no "1" (write bool() or bool(default=true))`},
		{"{1:bool()}", `2:2: "1" cannot name a parameter (a name starts with a letter or _ and holds at most 128 letters, digits or _ . / -)`},
		{"{a:int(1,2)}{a:int(1,3)}", `2:14: a is defined otherwise in argument 2 (write {a} to use it again)`},
		{"{lr:int(1,2)} {lrr}", `2:15: {lrr}: there is no parameter "lrr" (did you mean "lr"?)`},
		{"{lr:int(1,2)} {trial.sed}", `2:15: there is no {trial.sed} (did you mean "trial.seed"?)`},
		{"{lr:choice(a,-b)}", `2:1: {lr}: the program would take the value "-b" for an option (write --lr={lr})`},
		{"x", `0:0: the command has no parameter to tune (write one into an argument: --lr '{lr:log(1e-5,1e-1)}')`},
	} {
		t.Run(test.arg, func(t *testing.T) {
			_, err := config.ParseLine([]string{"p", test.arg}, config.LineOptions{Metrics: []string{"loss"}}, tables())
			if err == nil {
				t.Fatal("no error")
			}
			var lines []string
			for _, d := range found(t, err) {
				line := d.Message
				if d.Hint != "" {
					line += " (" + d.Hint + ")"
				}
				lines = append(lines, place(d)+line)
			}
			if d := cmp.Diff(test.want, strings.Join(lines, "\n")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestLineShowsTheArgument: the error prints the argument with a mark.
func TestLineShowsTheArgument(t *testing.T) {
	_, err := config.ParseLine([]string{"python", "train.py", "--lr", "{lr:lgo(1e-5,1)}"}, config.LineOptions{Metrics: []string{"loss"}}, tables())
	want := `argument 4: there is no distribution "lgo"
    4 | {lr:lgo(1e-5,1)}
      |     ^
      = did you mean "log"?`
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestLineOptions(t *testing.T) {
	seed, target := uint64(0), 0.5
	o := config.LineOptions{
		Metrics: []string{"acc", "f1"}, Maximize: true, Dir: "/w", Search: "tpe", Schedule: "asha", Parallel: 3, Seed: &seed, Trials: 9,
		Time: study.Duration(time.Minute), PerTrial: study.Duration(time.Second), Target: &target, Fidelity: &study.Fidelity{Step: "epoch", Min: 1, Max: 9},
	}
	got, err := config.ParseLine([]string{"python", "-u", "src/train.py", "{x:int(1,2)}", "a b"}, o, tables())
	if err != nil {
		t.Fatal(err)
	}
	d := got.Definition
	if !got.SeedGiven || d.Name != "train" || d.Dir != "/w" || d.Search.Name != "tpe" || d.Schedule.Name != "asha" || d.Parallel != 3 ||
		d.Stop.Trials != 9 || d.Stop.Time != o.Time || d.Command.PerTrial != o.PerTrial || d.Stop.Target != &target || d.Fidelity.Max != 9 ||
		d.Report.Step != "epoch" || len(d.Objectives) != 2 || d.Objectives[1].Goal != study.Maximize ||
		d.Source != "python -u src/train.py '{x:int(1,2)}' 'a b'" {
		t.Errorf("got %+v", d)
	}
	o.Schedule = ""
	if got, err = config.ParseLine([]string{"p", "{x:int(1,2)}"}, o, tables()); err != nil || got.Definition.Schedule.Name != "median" {
		t.Errorf("with a fidelity: %v, %v", got, err)
	}
	for name, test := range map[string]struct {
		o    config.LineOptions
		want string
	}{
		"no metric":    {config.LineOptions{}, "which metric"},
		"twice":        {config.LineOptions{Metrics: []string{"a", "a"}}, "there twice"},
		"blank":        {config.LineOptions{Metrics: []string{" "}}, "cannot name a metric"},
		"trials":       {config.LineOptions{Metrics: []string{"a"}, Trials: -1}, "--trials"},
		"time":         {config.LineOptions{Metrics: []string{"a"}, Time: -1}, "--time"},
		"parallel":     {config.LineOptions{Metrics: []string{"a"}, Parallel: -1}, "--parallel"},
		"fidelity":     {config.LineOptions{Metrics: []string{"a"}, Fidelity: &study.Fidelity{}}, "--fidelity"},
		"search":       {config.LineOptions{Metrics: []string{"a"}, Search: "tpee"}, `did you mean "tpe"`},
		"schedule":     {config.LineOptions{Metrics: []string{"a"}, Schedule: "medain"}, `did you mean "median"`},
		"no fidelity":  {config.LineOptions{Metrics: []string{"a"}, Schedule: "asha"}, "needs a fidelity"},
		"name":         {config.LineOptions{Metrics: []string{"a"}, Name: "a/b"}, "--name"},
		"no arguments": {config.LineOptions{Metrics: []string{"a"}}, ""},
	} {
		args := []string{"p", "{x:int(1,2)}"}
		if name == "no arguments" {
			args, test.want = nil, "the command is empty"
		}
		if _, err := config.ParseLine(args, test.o, tables()); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
		}
	}
}

func TestLineName(t *testing.T) {
	for line, want := range map[string]string{
		"python train.py {x:bool()}":                     "train",
		"python3 -u /a/b/fit-net.py {x:bool()}":          "fit-net",
		"python -m pkg.models.resnet {x:bool()}":         "resnet",
		"./sim --seed 3 {x:bool()}":                      "sim",
		"C:tool.exe {x:bool()}":                          "C-tool",
		"env A=b.py Rscript model.R {x:bool()}":          "model",
		"torchrun --nproc 2 --conf=c.py t.py {x:bool()}": "t",
	} {
		got, err := config.ParseLine(strings.Fields(line), config.LineOptions{Metrics: []string{"a"}}, tables())
		if err != nil {
			t.Fatal(err)
		}
		if got.Definition.Name != want {
			t.Errorf("%s: got %q, want %q", line, got.Definition.Name, want)
		}
	}
}

// FuzzLine: any arguments are read or refused with a place in them.
func FuzzLine(f *testing.F) {
	f.Add("--lr={lr:log(1e-5,1e-1,default=1e-3)}", "{lr}{n:int(1,8,log,step=1)}")
	f.Add(`{o:choice(a,"b, c",1,null)}`, "{{x}}{o:choice(a")
	f.Add("{flag:a}", "{noflag:b}")
	f.Add("{w:normal(0,1,low=-1)}:.3g}", "{x:bool(default=true):d}")
	f.Fuzz(func(t *testing.T, a, b string) {
		got, err := config.ParseLine([]string{"p", a, b}, config.LineOptions{Metrics: []string{"y"}}, tables())
		checkResult(t, got, err, 3)
		if err == nil && got.Definition.Space.Len() == 0 {
			t.Fatal("a study without parameters")
		}
	})
}

// TestLineFolds: folds of a study without a file.
func TestLineFolds(t *testing.T) {
	argv := []string{"p", "{x:float(0,1)}", "--fold={trial.fold}"}
	got, err := config.ParseLine(argv, config.LineOptions{Metrics: []string{"acc"}, Maximize: true, Folds: "1..3"}, tables())
	if err != nil {
		t.Fatal(err)
	}
	want := &study.Fidelity{Step: "fold", Min: 1, Max: 3, Samples: &study.Samples{Names: []string{"1", "2", "3"}, Random: true, Each: true}}
	if d := cmp.Diff(want, got.Definition.Fidelity); d != "" || got.Definition.Objectives[0].Reduce.Kind != "mean" {
		t.Errorf("reduced by %v, fidelity (-want +got):\n%s", got.Definition.Objectives[0].Reduce, d)
	}
	for _, o := range []config.LineOptions{{Folds: "1"}, {Folds: "x"}, {Folds: "0"}, {Folds: "5..2"}, {Folds: "1..999999"}, {Folds: "3", Fidelity: &study.Fidelity{Min: 1, Max: 2}}, {}} {
		o.Metrics = []string{"acc"}
		if _, err := config.ParseLine(argv, o, tables()); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}
