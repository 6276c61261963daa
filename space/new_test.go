package space_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
)

func float(low, high float64) space.Param {
	return space.Param{Name: "x", Kind: space.Float, Low: low, High: high}
}

func whole(low, high float64) space.Param {
	return space.Param{Name: "n", Kind: space.Int, Low: low, High: high}
}

func choice(vs ...space.Value) space.Param {
	return space.Param{Name: "c", Kind: space.Choice, Choices: vs}
}

// with returns p after change.
func with(p space.Param, change func(p *space.Param)) space.Param {
	change(&p)
	return p
}

func TestNewProblems(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	one, two := value.Int(1), value.Int(2)
	params := func(ps ...space.Param) space.Spec { return space.Spec{Params: ps} }
	prior := func(p space.Param, k space.Prior, mean, sd float64) space.Param {
		p.Prior, p.Mean, p.SD = k, mean, sd
		return p
	}
	step := func(p space.Param, d float64) space.Param { p.Step = d; return p }
	scale := func(p space.Param, s space.Scale) space.Param { p.Scale = s; return p }
	for _, c := range []struct {
		name string
		spec space.Spec
		want string
	}{
		{"empty name", params(space.Param{Kind: space.Bool}),
			`invalid parameter name "" (a name starts with a letter or _ and holds at most 128 letters, digits or _ . / -)`},
		{"bad name", params(space.Param{Name: "1x", Kind: space.Bool}),
			`parameter 1x: invalid parameter name "1x" (a name starts with a letter or _ and holds at most 128 letters, digits or _ . / -)`},
		{"no type", params(space.Param{Name: "x"}), `parameter x: has no type (say float, int, bool or choice)`},
		{"twice", params(float(0, 1), float(0, 2)), `parameter x: is defined twice (give one of them another name)`},
		{"NaN bound", params(float(nan, 1)), `parameter x: a bound is not a number (give [low, high])`},
		{"reversed", params(float(2, 1)), `parameter x: low 2 is above high 1 (write [1, 2])`},
		{"infinite", params(float(0, inf)), `parameter x: the bounds are infinite (give finite bounds, or a normal or log-normal prior)`},
		{"beyond infinity", params(prior(float(inf, inf), space.Normal, 0, 1)), `parameter x: there is no number in [Infinity, Infinity] (give finite bounds)`},
		{"too wide", params(float(-1.7e308, 1.7e308)), `parameter x: the interval [-1.7e308, 1.7e308] is too wide for a float (narrow it, or use a log scale on a positive interval)`},
		{"int with fraction", params(whole(0.5, 2)), `parameter n: bound 0.5 is not a whole number within ±2^53 (use float, or whole bounds)`},
		{"huge int", params(whole(0, 1e16)), `parameter n: bound 1e16 is not a whole number within ±2^53 (use float, or whole bounds)`},
		{"log of zero", params(scale(float(0, 1), space.Log)), `parameter x: a log scale needs a low bound above 0, not 0 (start at a small positive number (of an int: 1), or drop log)`},
		{"reverse log of int", params(scale(whole(0, 0), space.ReverseLog)), `parameter n: a reverse-log scale is for float (use float)`},
		{"reverse log to 1", params(scale(float(0, 1), space.ReverseLog)), `parameter x: a reverse-log scale needs 0 <= low and high < 1, not [0, 1] (it is for numbers just below one, such as a discount)`},
		{"unknown scale", params(scale(float(0, 1), 9)), `parameter x: unknown scale 9`},
		{"unknown prior", params(prior(float(0, 1), 9, 0, 0)), `parameter x: unknown prior 9`},
		{"prior and scale", params(scale(prior(float(1, 2), space.Normal, 1, 1), space.Log)), `parameter x: a normal prior and a log scale exclude each other (the prior is the scale: drop one of them)`},
		{"no deviation", params(prior(float(0, 1), space.Normal, 0, 0)), `parameter x: a normal prior needs a finite mean and a standard deviation above 0`},
		{"negative log-normal", params(prior(float(-1, 1), space.LogNormal, 0, 1)), `parameter x: a log-normal prior needs a low bound of at least 0, not -1 (set the low bound to 0)`},
		{"prior elsewhere", params(prior(float(8, 9), space.Normal, 0, 1)), `parameter x: the bounds [8, 9] cut off practically all of the prior (move the bounds or the mean closer to each other)`},
		{"negative step", params(step(float(0, 1), -1)), `parameter x: a step must be above 0`},
		{"NaN step", params(step(float(0, 1), nan)), `parameter x: a step must be above 0`},
		{"step from nowhere", params(step(prior(float(-inf, 0), space.Normal, 0, 1), 1)), `parameter x: a step needs a finite low bound, from which it is counted`},
		{"large step", params(step(float(0, 1), 2)), `parameter x: the step 2 is larger than the interval (a step between 0 and 1)`},
		{"broken step", params(step(whole(0, 9), 1.5)), `parameter n: the step 1.5 of an int is not a whole number (use float, or a whole step)`},
		{"fine step", params(step(float(1e6, 1e6+1), 1e-9)), `parameter x: the step 1e-9 is too small for numbers like 1000001 (a float holds 15 digits; use a larger step or none)`},
		{"choices of a float", params(with(float(0, 1), func(p *space.Param) { p.Choices = []space.Value{one} })), `parameter x: has choices, an order or weights, but is a float (use choice, or drop them)`},
		{"bounds of a choice", params(with(choice(one), func(p *space.Param) { p.High = 1 })), `parameter c: has bounds, a step, a scale or a prior, but is a choice (use float or int, or drop them)`},
		{"no choices", params(choice()), `parameter c: the list of choices is empty (name at least one value)`},
		{"absent choice", params(choice(one, space.Value{})), `parameter c: choice 2 has no value`},
		{"infinite choice", params(choice(one, value.Float(inf))), `parameter c: choice 2 is not finite (use a text for it)`},
		{"broken text", params(choice(value.String("a\xff"))), `parameter c: choice 1 is not valid UTF-8`},
		{"same choice", params(choice(one, two, value.Float(1))), `parameter c: the value 1.0 is there twice (drop one)`},
		{"few weights", params(with(choice(one, two), func(p *space.Param) { p.Weights = []float64{1} })), `parameter c: 1 weights for 2 choices (one weight a choice, in the same order)`},
		{"zero weight", params(with(choice(one, two), func(p *space.Param) { p.Weights = []float64{1, 0} })), `parameter c: the weight 0 is not a positive number (drop the choice if it is never to be drawn)`},
		{"tiny weight", params(with(choice(one, two), func(p *space.Param) { p.Weights = []float64{1, 1e-10} })), `parameter c: the weight 1e-10 is too small beside their sum 1.0000000001 (drop the choice if it is hardly ever to be drawn)`},
		{"bad default", params(with(float(0, 1), func(p *space.Param) { p.Default = two })), `parameter x: 2 is outside [0, 1]`},
		{"empty branch", params(float(0, 1), with(choice(one), func(p *space.Param) { p.Branches = []space.Branch{{Parent: "x"}} })), `parameter c: the branch under "x" has no value (name at least one value of the parent)`},
		{"unknown parent", params(float(0, 1), with(choice(one), func(p *space.Param) {
			p.Branches = []space.Branch{{Parent: "xx", Values: []space.Value{one}}}
		})), `parameter c: stands under "xx", which is no parameter (known: c, x)`},
		{"impossible branch", params(float(0, 1), with(choice(one), func(p *space.Param) {
			p.Branches = []space.Branch{{Parent: "x", Values: []space.Value{two}}}
		})), `parameter c: stands under x = 2, but 2 is outside [0, 1]`},
		{"if without truth", params(float(0, 1), with(choice(one), func(p *space.Param) { p.If = spacetest.Program("x + 1") })), `parameter c: "x + 1" is never true or false (compare it with something, as in x > 0)`},
		{"if of nothing", params(with(choice(one), func(p *space.Param) { p.If = spacetest.Program("rate > 0") })), `parameter c: "rate" is no parameter (known: c)`},
		{"under itself", params(with(choice(one), func(p *space.Param) {
			p.Branches = []space.Branch{{Parent: "c", Values: []space.Value{one}}}
		})), `parameter c: depends on itself: c → c (remove one of the conditions)`},
		{"cycle", params(
			space.Param{Name: "a", Kind: space.Bool, If: spacetest.Program("d > 0")},
			space.Param{Name: "b", Kind: space.Int, High: 3, Branches: []space.Branch{{Parent: "a", Values: []space.Value{value.Bool(true)}}}},
			space.Param{Name: "d", Kind: space.Int, High: 3, If: spacetest.Program("b == 1")},
		), `parameter a: depends on itself: a → d → b → a (remove one of the conditions)`},
		{"cycle of derived values", space.Spec{Params: []space.Param{float(0, 1)}, Derived: []space.Derived{
			{Name: "a", Expr: spacetest.Program("b + x")}, {Name: "b", Expr: spacetest.Program("a * 2")},
		}}, `parameter a: depends on itself: a → b → a (remove one of the conditions)`},
		{"derived name", space.Spec{Params: []space.Param{float(0, 1)}, Derived: []space.Derived{
			{Name: "x", Expr: spacetest.Program("1")}, {Name: "y", Expr: spacetest.Program("1")}, {Name: "y", Expr: spacetest.Program("1")}, {Name: "-", Expr: spacetest.Program("1")}, {Name: "z"},
		}}, `parameter x: a derived value has the name of a parameter (give it another name)
parameter y: the derived value is defined twice (give one of them another name)
parameter -: invalid name "-" (a name starts with a letter or _ and holds at most 128 letters, digits or _ . / -)
parameter z: the derived value has no expression (write what it is computed from)`},
		{"constraints", space.Spec{Params: []space.Param{float(0, 1)}, Constraints: []*expr.Program{
			spacetest.Program("x < 1"), spacetest.Program("X < 1"), spacetest.Program("x + 1"), nil,
		}}, `constraint 2: "X" is no parameter (did you mean "x"?)
constraint 3: "x + 1" is never true or false (compare it with something, as in x > 0)
constraint 4: there is no expression`},
		{"several at once", params(float(2, 1), whole(0.5, 1), choice()), `parameter x: low 2 is above high 1 (write [1, 2])
parameter n: bound 0.5 is not a whole number within ±2^53 (use float, or whole bounds)
parameter c: the list of choices is empty (name at least one value)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := space.New(c.spec)
			var problems space.Problems
			if !errors.As(err, &problems) {
				t.Fatalf("got %v, want problems", err)
			}
			if d := cmp.Diff(c.want, err.Error()); d != "" {
				t.Error(d)
			}
		})
	}
}

// The offset of an unknown name is that of the word, not of its letters in
// another one.
func TestProblemOffset(t *testing.T) {
	for _, c := range []struct {
		source string
		want   int
	}{
		{"x > 0 and ax > a", 15},
		{"a > x", 0},
		{"a.b > x and a > 0", 12},
		{`params["a"] > x`, 8},
	} {
		_, err := space.New(space.Spec{
			Params:      []space.Param{float(0, 1), with(float(0, 1), func(p *space.Param) { p.Name = "ax" }), with(float(0, 1), func(p *space.Param) { p.Name = "a.b" })},
			Constraints: []*expr.Program{spacetest.Program(c.source)},
		})
		var problems space.Problems
		if !errors.As(err, &problems) || len(problems) != 1 || problems[0].Offset != c.want || problems[0].Index != 0 {
			t.Errorf("%s: got %+v, want one problem at %d", c.source, problems, c.want)
		}
	}
}

func TestNewLimits(t *testing.T) {
	flags := make([]space.Param, space.MaxParams+1)
	for i := range flags {
		flags[i] = space.Param{Name: fmt.Sprint("p", i), Kind: space.Bool}
	}
	numbers := make([]space.Value, space.MaxChoices+1)
	for i := range numbers {
		numbers[i] = value.Int(int64(i))
	}
	always := spacetest.Program("true")
	for _, c := range []struct {
		name string
		spec space.Spec
		want string
	}{
		{"parameters", space.Spec{Params: flags}, "4097 parameters are more than the limit of 4096"},
		{"choices", space.Spec{Params: []space.Param{choice(numbers...)}}, "parameter c: 10001 choices are more than the limit of 10000 (use an int)"},
		{"constraints", space.Spec{Constraints: slicesOf(always, space.MaxConstraints+1)}, "1025 constraints are more than the limit of 1024"},
		{"derived values", space.Spec{Derived: slicesOf(space.Derived{Name: "d", Expr: always}, space.MaxDerived+1)}, "1025 derived values are more than the limit of 1024"},
	} {
		if _, err := space.New(c.spec); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
	for _, spec := range []space.Spec{
		{Params: flags[:space.MaxParams]},
		{Params: []space.Param{choice(numbers[:space.MaxChoices]...)}},
	} {
		if _, err := space.New(spec); err != nil {
			t.Error(err)
		}
	}
}

func slicesOf[T any](x T, n int) []T {
	xs := make([]T, n)
	for i := range xs {
		xs[i] = x
	}
	return xs
}

// What is within the limits but made to be slow has to be refused or accepted
// in a moment. The bound is generous: a quadratic way takes minutes.
func TestHostileSpecsAreBounded(t *testing.T) {
	long := strings.Repeat("abcdefg", 9)
	flags := make([]space.Param, space.MaxParams)
	for i := range flags {
		flags[i] = space.Param{Name: fmt.Sprint(long[:50], i), Kind: space.Bool}
	}
	var unknown strings.Builder
	unknown.WriteString("0")
	for i := range 60 {
		fmt.Fprintf(&unknown, " + %s%d", long[:50], 10_000+i)
	}
	unknown.WriteString(" > 0")
	deep := make([]space.Param, space.MaxParams)
	for i := range deep {
		deep[i] = space.Param{Name: fmt.Sprint("p", i), Kind: space.Bool}
		if i+1 < len(deep) {
			deep[i].Branches = []space.Branch{{Parent: fmt.Sprint("p", i+1), Values: []space.Value{value.Bool(true)}}}
		}
	}
	for _, c := range []struct {
		name string
		spec space.Spec
		ok   bool
	}{
		{"thousands of unknown names", space.Spec{Params: flags, Constraints: slicesOf(spacetest.Program(unknown.String()), 200)}, false},
		{"a chain of all parameters", space.Spec{Params: deep}, true},
	} {
		start := time.Now()
		s, err := space.New(c.spec)
		if (err == nil) != c.ok {
			t.Errorf("%s: %.200v", c.name, err)
		}
		if s != nil {
			s.Decode(make([]float64, s.Len()))
		}
		if d := time.Since(start); d > 20*time.Second {
			t.Errorf("%s took %v", c.name, d)
		}
	}
}

// A space does not change when the slices it was made from do.
func TestSpaceIsIndependentOfItsSpec(t *testing.T) {
	p := choice(value.Int(1), value.Int(2))
	p.Weights = []float64{1, 1}
	spec := space.Spec{Params: []space.Param{p}, Constraints: []*expr.Program{spacetest.Program("c > 0")}}
	s := spacetest.Must(spec)
	before, err := s.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	p.Choices[0], p.Weights[0], spec.Params[0].Name, spec.Constraints[0] = value.Int(9), 5, "d", nil
	after, err := s.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(before), string(after)); d != "" {
		t.Error(d)
	}
}

func TestValidName(t *testing.T) {
	for name, want := range map[string]bool{
		"x": true, "_x": true, "lr.0": true, "net/width-2": true, strings.Repeat("a", space.MaxName): true,
		"": false, "1x": false, ".x": false, "a b": false, "a{": false, "é": false, "a\n": false, strings.Repeat("a", space.MaxName+1): false,
	} {
		if got := space.ValidName(name); got != want {
			t.Errorf("%q: got %v", name, got)
		}
	}
}

func TestNamesOfEnumerations(t *testing.T) {
	got := fmt.Sprint(space.Float, space.Int, space.Bool, space.Choice, space.Kind(0), space.Kind(9),
		space.Linear, space.Log, space.ReverseLog, space.Scale(7), space.Uniform, space.Normal, space.LogNormal, space.Prior(200))
	want := "float int bool choice unknown(0) unknown(9) linear log reverse-log unknown(7) uniform normal log-normal unknown(200)"
	if got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
