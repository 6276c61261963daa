package spacetest

import (
	"fmt"
	"math"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// Named is a space with a name for the test that runs in it.
type Named struct {
	Name  string
	Space *space.Space
}

// Must returns the space of spec, and panics where it has a mistake.
func Must(spec space.Spec) *space.Space {
	s, err := space.New(spec)
	if err != nil {
		panic(fmt.Sprintf("spacetest: %v", err))
	}
	return s
}

// Fixed returns spaces that are the same for ever: one for each thing that a
// space can have, and one with everything. A new test may rely on their
// contents; a change to one is a change to every golden file made with it, so
// add instead.
func Fixed() []Named {
	return []Named{
		{"one float", Must(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: -5, High: 10}}})},
		{"numbers", Must(space.Spec{Params: numbers()})},
		{"choices", Must(space.Spec{Params: choices()})},
		{"priors", Must(space.Spec{Params: priors()})},
		{"tiny", Must(space.Spec{Params: []space.Param{
			{Name: "a", Kind: space.Bool},
			{Name: "b", Kind: space.Int, Low: 1, High: 3, Branches: []space.Branch{{Parent: "a", Values: []space.Value{value.Bool(true)}}}},
		}})},
		{"one point", Must(space.Spec{Params: []space.Param{
			{Name: "x", Kind: space.Float, Low: 2, High: 2},
			{Name: "c", Kind: space.Choice, Choices: []space.Value{value.Null}},
		}})},
		{"tree", Must(space.Spec{Params: tree()})},
		{"constrained", Must(space.Spec{
			Params: []space.Param{
				{Name: "batch", Kind: space.Int, Low: 8, High: 512, Scale: space.Log},
				{Name: "seq", Kind: space.Int, Low: 64, High: 4096, Scale: space.Log},
			},
			Constraints: []*expr.Program{Program("batch * seq <= 65536")},
		})},
		{"open", Must(space.Spec{Params: numbers(), Open: true})},
		{"training", Training()},
	}
}

// Training returns the space of a usual training job, with everything: scales,
// steps, an ordered choice, a tree, a constraint, derived values and defaults.
func Training() *space.Space {
	params := append(numbers(), tree()...)
	params = append(params,
		space.Param{Name: "batch", Kind: space.Choice, Choices: ints(32, 64, 128, 256), Ordered: true, Default: value.Int(64)},
		space.Param{Name: "amp", Kind: space.Bool, Default: value.Bool(false)},
		space.Param{Name: "schedule", Kind: space.Choice, Choices: texts("constant", "cosine"), Weights: []float64{1, 3}, Default: value.String("cosine")},
		space.Param{Name: "warmup", Kind: space.Float, Low: 0, High: 0.5, Step: 0.05, Default: value.Float(0.1), If: Program("schedule == 'cosine' and layers > 1")},
	)
	return Must(space.Spec{
		Params:      params,
		Constraints: []*expr.Program{Program("batch * width <= 131072")},
		Derived: []space.Derived{
			{Name: "gamma", Expr: Program("1 - one_minus_gamma")},
			{Name: "units", Expr: Program("width * layers")},
		},
	})
}

// Floats returns a space of n floats in [0, 1] called x0, x1 and so on.
func Floats(n int) *space.Space {
	params := make([]space.Param, n)
	for i := range params {
		params[i] = space.Param{Name: fmt.Sprintf("x%d", i), Kind: space.Float, High: 1}
	}
	return Must(space.Spec{Params: params})
}

func numbers() []space.Param {
	return []space.Param{
		{Name: "lr", Kind: space.Float, Low: 1e-5, High: 1e-1, Scale: space.Log, Default: value.Float(1e-3)},
		{Name: "dropout", Kind: space.Float, Low: 0, High: 0.5, Step: 0.1, Default: value.Float(0.1)},
		{Name: "one_minus_gamma", Kind: space.Float, Low: 1e-4, High: 3e-2, Scale: space.Log, Default: value.Float(1e-2)},
		{Name: "discount", Kind: space.Float, Low: 0.9, High: 0.9999, Scale: space.ReverseLog, Default: value.Float(0.99)},
		{Name: "layers", Kind: space.Int, Low: 1, High: 8, Default: value.Int(2)},
		{Name: "width", Kind: space.Int, Low: 16, High: 1024, Scale: space.Log, Step: 16, Default: value.Int(128)},
		{Name: "shift", Kind: space.Int, Low: -20, High: 20, Default: value.Int(0)},
	}
}

func choices() []space.Param {
	return []space.Param{
		{Name: "anything", Kind: space.Choice, Choices: []space.Value{value.Null, value.Bool(true), value.Int(1), value.Float(0.5), value.String("1")}, Default: value.Null},
		{Name: "size", Kind: space.Choice, Choices: ints(1, 4, 16, 64), Ordered: true},
		{Name: "rare", Kind: space.Choice, Choices: texts("common", "rare"), Weights: []float64{9, 1}},
		{Name: "flag", Kind: space.Bool, Weights: []float64{1, 3}},
	}
}

func priors() []space.Param {
	return []space.Param{
		{Name: "free", Kind: space.Float, Low: math.Inf(-1), High: math.Inf(1), Prior: space.Normal, Mean: 3, SD: 2},
		{Name: "cut", Kind: space.Float, Low: 0, High: 1, Prior: space.Normal, Mean: 0.25, SD: 0.5},
		{Name: "positive", Kind: space.Float, Low: 0, High: math.Inf(1), Prior: space.LogNormal, Mean: -1, SD: 0.75},
		{Name: "count", Kind: space.Int, Low: 0, High: 100, Prior: space.Normal, Mean: 20, SD: 15},
	}
}

// tree is three deep; "nesterov" stands under two branches.
func tree() []space.Param {
	under := func(parent string, vs ...space.Value) space.Branch {
		return space.Branch{Parent: parent, Values: vs}
	}
	return []space.Param{
		{Name: "opt", Kind: space.Choice, Choices: texts("adamw", "sgd", "nadam"), Default: value.String("sgd")},
		{Name: "momentum", Kind: space.Float, Low: 0, High: 0.99, Default: value.Float(0.9), Branches: []space.Branch{under("opt", value.String("sgd"))}},
		{Name: "nesterov", Kind: space.Bool, Default: value.Bool(false), Branches: []space.Branch{under("opt", value.String("sgd")), under("opt", value.String("nadam"))}},
		{Name: "damping", Kind: space.Float, Low: 1e-4, High: 1, Scale: space.Log, Branches: []space.Branch{under("nesterov", value.Bool(true))}},
		{Name: "weight_decay", Kind: space.Float, Low: 1e-4, High: 1, Scale: space.Log, Branches: []space.Branch{under("opt", texts("adamw", "nadam")...)}},
	}
}

func ints(xs ...int64) []space.Value {
	vs := make([]space.Value, len(xs))
	for i, x := range xs {
		vs[i] = value.Int(x)
	}
	return vs
}

func texts(xs ...string) []space.Value {
	vs := make([]space.Value, len(xs))
	for i, x := range xs {
		vs[i] = value.String(x)
	}
	return vs
}
