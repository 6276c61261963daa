package suggesttest

import (
	"fmt"
	"math"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// Case is a named space that suggesters are tried on.
type Case struct {
	Name  string
	Space *space.Space
	// Size is the number of configurations, 0 where there are infinitely many
	// or too many to be used up.
	Size int
}

// Cases returns a spread of spaces: every kind of parameter, scale, prior and
// condition, loose and tight constraints, from one parameter to forty.
func Cases() []Case {
	f := func(name string, lo, hi float64) space.Param {
		return space.Param{Name: name, Kind: space.Float, Low: lo, High: hi}
	}
	n := func(name string, lo, hi float64) space.Param {
		return space.Param{Name: name, Kind: space.Int, Low: lo, High: hi}
	}
	choice := func(name string, vs ...any) space.Param {
		p := space.Param{Name: name, Kind: space.Choice}
		for _, v := range vs {
			p.Choices = append(p.Choices, toValue(v))
		}
		return p
	}
	boolean := func(name string) space.Param { return space.Param{Name: name, Kind: space.Bool} }
	under := func(p space.Param, parent string, vs ...any) space.Param {
		b := space.Branch{Parent: parent}
		for _, v := range vs {
			b.Values = append(b.Values, toValue(v))
		}
		p.Branches = append(p.Branches, b)
		return p
	}
	logScale := func(p space.Param) space.Param { p.Scale = space.Log; return p }
	step := func(p space.Param, d float64) space.Param { p.Step = d; return p }
	weigh := func(p space.Param, ws ...float64) space.Param { p.Weights = ws; return p }
	where := func(p space.Param, cond string) space.Param { p.If = mustCompile(cond); return p }
	prior := func(p space.Param, kind space.Prior, mean, sd float64) space.Param {
		p.Prior, p.Mean, p.SD = kind, mean, sd
		return p
	}
	inf := math.Inf(1)
	reverse := f("discount", 0.5, 0.9999)
	reverse.Scale = space.ReverseLog
	ordered := choice("width", 16, 32, 64, 128)
	ordered.Ordered = true

	var wide []space.Param
	for i := range 10 {
		wide = append(wide,
			f(fmt.Sprintf("x%d", i), -1, 1),
			logScale(f(fmt.Sprintf("rate%d", i), 1e-6, 1)),
			n(fmt.Sprintf("size%d", i), 1, 100),
			choice(fmt.Sprintf("kind%d", i), "a", "b", "c"))
	}

	cases := []Case{
		{Name: "one float", Space: Space(f("x", 0, 1))},
		{Name: "flat floats", Space: Space(f("x", -5, 10), f("y", 0, 15), f("z", -1e-9, 1e9))},
		{Name: "log scales", Space: Space(logScale(f("lr", 1e-6, 1)), reverse, logScale(n("units", 1, 4096)))},
		{Name: "ints", Space: Space(n("layers", 1, 6), n("seed", -1_000_000, 1_000_000), f("x", 0, 1))},
		{Name: "steps", Space: Space(step(f("dropout", 0, 0.7), 0.1), step(n("batch", 16, 256), 16), f("x", 0, 1))},
		{Name: "choices", Space: Space(choice("act", "relu", "gelu", "tanh"), boolean("bias"), ordered, choice("clip", nil, 0.5, 1), f("x", 0, 1))},
		{Name: "weighted choices", Space: Space(weigh(choice("opt", "adam", "sgd", "lion"), 0.9, 0.09, 0.01), f("x", 0, 1))},
		{Name: "priors", Space: Space(
			prior(f("gain", -inf, inf), space.Normal, 3, 0.5),
			prior(f("decay", 0, inf), space.LogNormal, -7, 2),
			prior(n("depth", 1, 40), space.Normal, 12, 4))},
		{Name: "tree of two levels", Space: Space(
			choice("opt", "sgd", "adam", "none"),
			under(f("momentum", 0, 0.99), "opt", "sgd"),
			under(boolean("nesterov"), "opt", "sgd"),
			under(f("damping", 0, 1), "nesterov", true),
			under(logScale(f("lr", 1e-5, 1)), "opt", "sgd", "adam"))},
		{Name: "if expressions", Space: Space(
			n("layers", 1, 4),
			logScale(n("units1", 8, 512)),
			where(logScale(n("units2", 8, 512)), "layers >= 2"),
			where(logScale(n("units3", 8, 512)), "layers >= 3 and units2 > 16"),
			where(f("drop", 0, 0.5), "layers in [2, 4]"))},
		{Name: "tight constraint", Space: constrained("abs(x - y) < 0.02 && z <= x", f("x", 0, 1), f("y", 0, 1), f("z", 0, 1))},
		{Name: "constraint on a product", Space: constrained("batch * length <= 65536", logScale(n("batch", 1, 1024)), logScale(n("length", 128, 8192)), f("x", 0, 1))},
		{Name: "single values beside a float", Space: Space(choice("only", "this"), n("five", 5, 5), f("half", 0.5, 0.5), f("x", 0, 1))},
		{Name: "forty parameters", Space: Space(wide...)},

		{Name: "finite, one configuration", Space: Space(choice("only", "this"), n("five", 5, 5), f("half", 0.5, 0.5))},
		{Name: "finite, two configurations", Space: Space(boolean("b"))},
		{Name: "finite, weighted", Space: Space(weigh(choice("opt", "adam", "sgd", "lion"), 0.98, 0.015, 0.005), boolean("b"), n("k", 0, 2))},
		{Name: "finite, steps", Space: Space(step(f("x", 0, 1), 0.25), step(n("n", 0, 30), 10))},
		{Name: "finite, tree", Space: Space(
			choice("model", "linear", "tree", "net"),
			under(n("depth", 1, 4), "model", "tree"),
			under(n("layers", 1, 3), "model", "net"),
			under(boolean("norm"), "layers", 2, 3),
			where(boolean("bias"), "model != 'tree'"))},
		{Name: "finite, ten in a thousand allowed", Space: constrained("x + y + z >= 25", n("x", 0, 9), n("y", 0, 9), n("z", 0, 9))},
		{Name: "finite, too many to use up", Space: Space(n("x", 0, 999), n("y", 0, 999), choice("c", "a", "b", "c", "d"))},
	}
	for i := range cases {
		if k, ok := cases[i].Space.Finite(100); ok {
			cases[i].Size = k
		}
	}
	return cases
}

// Space returns the space of the given parameters. It panics where they are
// wrong, being for tests.
func Space(params ...space.Param) *space.Space {
	return mustSpace(space.Spec{Params: params})
}

func constrained(cond string, params ...space.Param) *space.Space {
	return mustSpace(space.Spec{Params: params, Constraints: []*expr.Program{mustCompile(cond)}})
}

func mustSpace(spec space.Spec) *space.Space {
	s, err := space.New(spec)
	if err != nil {
		panic("suggesttest: " + err.Error())
	}
	return s
}

func mustCompile(src string) *expr.Program {
	p, err := expr.Compile(src)
	if err != nil {
		panic("suggesttest: " + err.Error())
	}
	return p
}

func toValue(x any) space.Value {
	v, err := value.FromAny(x)
	if err != nil {
		panic("suggesttest: " + err.Error())
	}
	return v
}
