package space_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
)

// Whatever is held of a configuration, every configuration of the part has it,
// is one of the whole, and the configuration itself is in the part.
func TestHoldKeepsTheValues(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		r := random(rapid.Uint64().Draw(t, "seed"))
		c := s.Random(r)
		values := map[string]space.Value{}
		for p, v := range c.All() {
			if rapid.Bool().Draw(t, p.Name) {
				values[p.Name] = v
			}
		}
		part, err := s.Hold(values)
		if err != nil {
			t.Fatalf("hold %v: %v", values, err)
		}
		if !c.Agrees(values) || !c.In(part).Agrees(values) {
			t.Errorf("%v does not agree with its own values %v", c, values)
		}
		u := part.Encode(c.In(part), nil)
		if d := part.Decode(u).In(s); !d.Agrees(values) || s.Distance(c, d) > 1e-9 {
			t.Errorf("%v comes back as %v", c, d)
		}
		for range 20 {
			d := part.Random(r).In(s)
			if !d.Agrees(values) {
				t.Fatalf("%v does not have %v", d, values)
			}
			for name, v := range values { // exactly, or not at all
				if got, ok := d.Get(name); ok && got != v {
					t.Fatalf("%s is %v, not %v", name, got, v)
				}
			}
			again, err := s.Config(d.Map())
			if err != nil || !again.Equal(d) {
				t.Fatalf("%v is none of the whole: %v", d, err)
			}
		}
	})
}

func TestHoldRefuses(t *testing.T) {
	cond, err := expr.Compile("layers > 2")
	if err != nil {
		t.Fatal(err)
	}
	text := func(ss ...string) (vs []space.Value) {
		for _, s := range ss {
			vs = append(vs, value.String(s))
		}
		return vs
	}
	spec := space.Spec{Params: []space.Param{
		{Name: "opt", Kind: space.Choice, Choices: text("sgd", "adam")},
		{Name: "momentum", Kind: space.Float, Low: 0, High: 1, Branches: []space.Branch{{Parent: "opt", Values: text("sgd")}}},
		{Name: "damping", Kind: space.Float, Low: 0, High: 1, Branches: []space.Branch{{Parent: "momentum", Values: []space.Value{value.Float(0.5)}}}},
		{Name: "layers", Kind: space.Int, Low: 1, High: 4},
		{Name: "drop", Kind: space.Float, Low: 0, High: 1, If: cond},
	}}
	closed, err := space.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	spec.Open = true
	open, err := space.New(spec)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		s      *space.Space
		values map[string]space.Value
		want   string // "": it is right
	}{
		"nothing":                    {closed, nil, ""},
		"a child without its parent": {closed, map[string]space.Value{"momentum": value.Float(0.5)}, ""},
		"a child and its parent":     {closed, map[string]space.Value{"momentum": value.Float(0.5), "opt": value.String("sgd")}, ""},
		"the other parent":           {closed, map[string]space.Value{"momentum": value.Float(0.5), "opt": value.String("adam")}, `momentum: does not exist beside the other values (it is where opt = "sgd")`},
		"the other grandparent":      {closed, map[string]space.Value{"damping": value.Float(0.5), "opt": value.String("adam")}, "damping: does not exist"},
		"a condition that fails":     {closed, map[string]space.Value{"drop": value.Float(0.5), "layers": value.Int(2)}, "drop: does not exist beside the other values (it is where layers > 2)"},
		"a condition that holds":     {closed, map[string]space.Value{"drop": value.Float(0.5), "layers": value.Int(3)}, ""},
		"a condition that may":       {closed, map[string]space.Value{"drop": value.Float(0.5)}, ""},
		"out of range":               {closed, map[string]space.Value{"layers": value.Int(5)}, "layers: 5 is outside [1, 4]"},
		"a stranger":                 {closed, map[string]space.Value{"layer": value.Int(2)}, `did you mean "layers"?`},
		"a stranger, yet to come":    {open, map[string]space.Value{"layer": value.Int(2)}, ""},
		"two mistakes":               {closed, map[string]space.Value{"layers": value.Int(5), "opt": value.String("lion")}, "opt: "},
	} {
		_, err := c.s.Hold(c.values)
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: error %v, want %q", name, err, c.want)
		}
	}
}
