package space_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
)

type values = map[string]space.Value

func TestConfigErrors(t *testing.T) {
	s := spacetest.Training()
	good, ok := s.Default()
	if !ok {
		t.Fatal("no default")
	}
	for _, c := range []struct {
		name   string
		change values // absent: taken out
		want   string
	}{
		{"nothing", nil, ""},
		{"missing", values{"lr": {}}, "parameter lr: is missing"},
		{"out of range", values{"lr": value.Int(1)}, "parameter lr: 1 is outside [1e-5, 0.1]"},
		{"off the grid", values{"dropout": value.Float(0.15)}, "parameter dropout: 0.15 is not on the grid: 0 plus a multiple of 0.1; nearest is 0.1"},
		{"fraction", values{"layers": value.Float(1.5)}, "parameter layers: 1.5 is not a whole number; layers is an int"},
		{"text for a number", values{"layers": value.String("2")}, `parameter layers: "2" is not a number; layers is an int`},
		{"null for a number", values{"lr": value.Null}, "parameter lr: null is not a number; lr is a float"},
		{"NaN", values{"lr": value.Float(math.NaN())}, `parameter lr: "NaN" is not finite`},
		{"no such choice", values{"batch": value.Int(33)}, "parameter batch: 33 is not among the choices 32, 64, 128, 256"},
		{"inactive", values{"opt": value.String("adamw"), "weight_decay": value.Float(0.01)},
			"parameter momentum: is not active in this configuration (it is where opt = \"sgd\")\n" +
				"parameter nesterov: is not active in this configuration (it is where opt = \"sgd\" or opt = \"nadam\")"},
		{"inactive by if", values{"layers": value.Int(1)},
			"parameter warmup: is not active in this configuration (it is where schedule == 'cosine' and layers > 1)"},
		{"unknown", values{"layer": value.Int(1), "Z": value.Int(1)},
			"parameter Z: is no parameter of this space (known: amp, batch, damping, discount, dropout, layers, lr, momentum, nesterov, one_minus_gamma, opt, schedule, shift, warmup, weight_decay, width)\nparameter layer: is no parameter of this space (did you mean \"layers\"?)"},
		// What follows from a mistake is not told as another one.
		{"wrong parent", values{"opt": value.String("sdg")}, `parameter opt: "sdg" is not among the choices "adamw", "sgd", "nadam"`},
		{"missing parent", values{"opt": {}}, "parameter opt: is missing"},
		{"wrong name in if", values{"layers": value.Int(99)}, "parameter layers: 99 is outside [1, 8]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := good.Map()
			for name, v := range c.change {
				m[name] = v
			}
			_, err := s.Config(m)
			got := ""
			if err != nil {
				var wrong space.AssignError
				if !errors.As(err, &wrong) {
					t.Fatalf("%T is no AssignError", err)
				}
				got = err.Error()
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestWhenActiveNamesAllConditions(t *testing.T) {
	yes := []space.Value{value.Bool(true)}
	s := spacetest.Must(space.Spec{Params: []space.Param{
		{Name: "a", Kind: space.Bool},
		{Name: "b", Kind: space.Bool},
		{Name: "x", Kind: space.Int, High: 3},
		{Name: "c", Kind: space.Bool, Branches: []space.Branch{{Parent: "a", Values: yes}}, If: spacetest.Program("x > 1")},
		{Name: "d", Kind: space.Bool, Branches: []space.Branch{{Parent: "a", Values: yes}, {Parent: "b", Values: yes}}, If: spacetest.Program("x > 1")},
	}})
	_, err := s.Config(values{"a": value.Bool(false), "b": value.Bool(false), "x": value.Int(0), "c": value.Bool(true), "d": value.Bool(true)})
	want := "parameter c: is not active in this configuration (it is where a = true and x > 1)\n" +
		"parameter d: is not active in this configuration (it is where (a = true or b = true) and x > 1)"
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestCompleteFillsParentsFirst(t *testing.T) {
	s := spacetest.Training()
	var asked []string
	c, err := s.Complete(values{"opt": value.String("nadam"), "lr": value.Float(0.01)}, func(i int, p *space.Param) space.Value {
		asked = append(asked, p.Name)
		if i != s.Lookup(p.Name) {
			t.Errorf("%s is asked for as %d", p.Name, i)
		}
		return s.DecodeParam(i, 1)
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"dropout", "one_minus_gamma", "discount", "layers", "width", "shift", "nesterov", "damping", "weight_decay", "batch", "amp", "schedule", "warmup"}
	if d := cmp.Diff(want, asked); d != "" {
		t.Error(d)
	}
	if _, ok := c.Get("momentum"); ok {
		t.Error("momentum is active under nadam")
	}
	if v, _ := c.Get("lr"); v != value.Float(0.01) {
		t.Errorf("lr = %v", v)
	}
}

func TestOpenSpaceMayLackValues(t *testing.T) {
	s := spacetest.Must(space.Spec{Open: true, Params: []space.Param{
		{Name: "a", Kind: space.Bool, Default: value.Bool(true)}, {Name: "x", Kind: space.Float, High: 1},
	}})
	c, err := s.Config(values{"a": value.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Get("x"); ok || len(c.Map()) != 1 {
		t.Errorf("got %v", c.Map())
	}
	if _, ok := s.Default(); ok {
		t.Error("x has no default, the space has")
	}
}

func TestCoerce(t *testing.T) {
	inf := math.Inf(1)
	f := space.Param{Name: "x", Kind: space.Float, Low: 0, High: 10}
	n := space.Param{Name: "n", Kind: space.Int, Low: 0, High: 10}
	stepped := space.Param{Name: "s", Kind: space.Float, Low: 0.1, High: 1, Step: 0.1}
	even := space.Param{Name: "e", Kind: space.Int, Low: 2, High: 10, Step: 4}
	c := space.Param{Name: "c", Kind: space.Choice, Choices: []space.Value{value.Int(1), value.String("1"), value.Null, value.Float(0.5)}}
	free := space.Param{Name: "k", Kind: space.Int, Low: -inf, High: inf, Prior: space.Normal, SD: 1}
	for _, k := range []struct {
		name string
		p    space.Param
		in   space.Value
		want space.Value
		err  string
	}{
		{"int to float", f, value.Int(3), value.Float(3), ""},
		{"float stays", f, value.Float(3.25), value.Float(3.25), ""},
		{"minus zero", f, value.Float(math.Copysign(0, -1)), value.Float(0), ""},
		{"float to int", n, value.Float(3), value.Int(3), ""},
		{"fraction", n, value.Float(3.5), space.Value{}, "3.5 is not a whole number; n is an int"},
		{"bool", n, value.Bool(true), space.Value{}, "true is not a number; n is an int"},
		{"absent", n, space.Value{}, space.Value{}, "(absent) is not a number; n is an int"},
		{"below", n, value.Int(-1), space.Value{}, "-1 is outside [0, 10]"},
		{"infinite", f, value.Float(inf), space.Value{}, `"Infinity" is not finite`},
		{"almost on the grid", stepped, value.Float(0.1 + 0.1 + 0.1), value.Float(0.3), ""},
		{"off the grid", stepped, value.Float(0.31), space.Value{}, "0.31 is not on the grid: 0.1 plus a multiple of 0.1; nearest is 0.3"},
		{"even", even, value.Int(6), value.Int(6), ""},
		{"odd", even, value.Int(5), space.Value{}, "5 is not on the grid: 2 plus a multiple of 4; nearest is 6"},
		{"choice by size", c, value.Float(1), value.Int(1), ""},
		{"choice by text", c, value.String("1"), value.String("1"), ""},
		{"null is a choice", c, value.Null, value.Null, ""},
		{"no choice", c, value.Int(2), space.Value{}, `2 is not among the choices 1, "1", null, 0.5`},
		{"beyond exact floats", free, value.Int(1<<53 + 1), space.Value{}, "9007199254740993 is outside ±2^53"},
		{"the last exact float", free, value.Int(-1 << 53), value.Int(-1 << 53), ""},
	} {
		t.Run(k.name, func(t *testing.T) {
			got, err := k.p.Coerce(k.in)
			if got != k.want {
				t.Errorf("got %v, want %v", got, k.want)
			}
			if text := errText(err); text != k.err {
				t.Errorf("got the error %q, want %q", text, k.err)
			}
		})
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A long list of choices is not printed in full.
func TestCoerceListsTwelveChoices(t *testing.T) {
	var p space.Param
	p.Kind = space.Choice
	for i := range 40 {
		p.Choices = append(p.Choices, value.Int(int64(i)))
	}
	_, err := p.Coerce(value.Null)
	if want := "null is not among the choices 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, … (40 in all)"; errText(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestDefault(t *testing.T) {
	flag := space.Param{Name: "a", Kind: space.Bool, Default: value.Bool(true)}
	under := func(v bool, d space.Value) space.Param {
		return space.Param{Name: "n", Kind: space.Int, High: 5, Default: d, Branches: []space.Branch{{Parent: "a", Values: []space.Value{value.Bool(v)}}}}
	}
	for _, c := range []struct {
		name string
		spec space.Spec
		want string
	}{
		{"all", space.Spec{Params: []space.Param{flag, under(true, value.Int(2))}}, `{"a":true,"n":2}`},
		{"inactive needs none", space.Spec{Params: []space.Param{flag, under(false, space.Value{})}}, `{"a":true}`},
		{"one is missing", space.Spec{Params: []space.Param{flag, under(true, space.Value{})}}, ""},
		{"null is a default", space.Spec{Params: []space.Param{with(choice(value.Null), func(p *space.Param) { p.Default = value.Null })}}, `{"c":null}`},
		{"constraint", space.Spec{Params: []space.Param{flag}, Constraints: []*expr.Program{spacetest.Program("not a")}}, ""},
		{"no parameters", space.Spec{}, ""},
	} {
		got := ""
		if conf, ok := spacetest.Must(c.spec).Default(); ok {
			got = string(conf.AppendJSON(nil))
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestCheckText(t *testing.T) {
	s := spacetest.Must(space.Spec{
		Params: []space.Param{
			{Name: "batch", Kind: space.Int, Low: 1, High: 512},
			{Name: "opt", Kind: space.Choice, Choices: []space.Value{value.String("sgd"), value.String("adam")}},
			{Name: "momentum", Kind: space.Float, High: 1, Branches: []space.Branch{{Parent: "opt", Values: []space.Value{value.String("sgd")}}}},
		},
		Constraints: []*expr.Program{
			spacetest.Program("batch > 10 or opt == 'adam'"),
			spacetest.Program("momentum == null or momentum > 0.5"),
			spacetest.Program("batch < 400 or momentum == null and opt < 'b'"),
			spacetest.Program("batch < 300 or opt + 1 > 0"),
		},
	})
	for _, c := range []struct {
		values values
		want   string
	}{
		{values{"batch": value.Int(64), "opt": value.String("adam")}, ""},
		{values{"batch": value.Int(2), "opt": value.String("sgd"), "momentum": value.Float(1)},
			`violates constraint 1, "batch > 10 or opt == 'adam'", with batch = 2, opt = "sgd"`},
		{values{"batch": value.Int(20), "opt": value.String("sgd"), "momentum": value.Float(0.25)},
			`violates constraint 2, "momentum == null or momentum > 0.5", with momentum = 0.25`},
		{values{"batch": value.Int(350), "opt": value.String("adam")},
			`constraint 4, "batch < 300 or opt + 1 > 0", cannot be evaluated at batch = 350, opt = "adam": ` +
				`expression, byte 15: + needs a number, but this is a string, "adam" (strings cannot be joined; compare them with == or in)`},
	} {
		conf, err := s.Config(c.values)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(c.want, errText(s.Check(conf))); d != "" {
			t.Error(d)
		}
	}
}

func TestSampleSaysWhichConstraintRefuses(t *testing.T) {
	s := spacetest.Must(space.Spec{
		Params:      []space.Param{{Name: "x", Kind: space.Float, High: 1}},
		Constraints: []*expr.Program{spacetest.Program("x < 0.9"), spacetest.Program("x > 2")},
	})
	_, err := s.Sample(random(5))
	want := `none of 20000 random configurations satisfies the constraints; constraint 2, "x > 2", refused 18035 of them: loosen it or narrow the bounds`
	if errText(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestConfigJSONRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		c := spacetest.Configs(s).Draw(t, "c")
		text, err := c.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		back, err := s.ParseConfig(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !back.Equal(c) || back.Key() != c.Key() {
			t.Fatalf("%s became %s", text, back.AppendJSON(nil))
		}
	})
}

func TestConfigJSONGolden(t *testing.T) {
	c, ok := spacetest.Training().Default()
	if !ok {
		t.Fatal("no default")
	}
	want := `{"lr":0.001,"dropout":0.1,"one_minus_gamma":0.01,"discount":0.99,"layers":2,"width":128,"shift":0,` +
		`"opt":"sgd","momentum":0.9,"nesterov":false,"batch":64,"amp":false,"schedule":"cosine","warmup":0.1}`
	if d := cmp.Diff(want, string(c.AppendJSON(nil))); d != "" {
		t.Error(d)
	}
	const line = "lr=0.001 dropout=0.1 one_minus_gamma=0.01 discount=0.99 layers=2 width=128 shift=0 " +
		"opt=sgd momentum=0.9 nesterov=false batch=64 amp=false schedule=cosine warmup=0.1"
	if d := cmp.Diff(line, c.String()); d != "" {
		t.Error(d)
	}
}

func TestZeroConfig(t *testing.T) {
	var c space.Config
	if _, ok := c.Get("x"); ok || !c.IsZero() || c.Space() != nil || len(c.Map()) != 0 || !c.At(3).IsAbsent() {
		t.Error("the zero configuration has something")
	}
	if got := string(c.AppendJSON(nil)); got != "{}" {
		t.Errorf("got %s", got)
	}
}
