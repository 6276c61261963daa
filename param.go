package afina

import (
	"fmt"
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// Scalar is what a choice can be between.
type Scalar interface {
	string | bool | int | int64 | float64
}

// Space is a declared search space, for [Open]. The empty Space is open: it is
// what trials ask for.
type Space []Param

// Param is one parameter of a [Space]; see [Float], [Int], [Bool] and
// [Choice]. What these cannot say, such as a prior or weights, the fields of
// the embedded [space.Param] can.
type Param struct {
	space.Param
	err error
}

// ParamOption says more about a parameter.
type ParamOption func(*Param)

// Float is a number in [low, high].
func Float(name string, low, high float64, options ...ParamOption) Param {
	return newParam(space.Param{Name: name, Kind: space.Float, Low: low, High: high}, options)
}

// Int is a whole number from low to high, both included.
func Int(name string, low, high int, options ...ParamOption) Param {
	return newParam(space.Param{Name: name, Kind: space.Int, Low: float64(low), High: float64(high)}, options)
}

// Bool is true or false.
func Bool(name string, options ...ParamOption) Param {
	return newParam(space.Param{Name: name, Kind: space.Bool}, options)
}

// Choice is one of values, which have no order unless [Ordered] says so.
func Choice[T Scalar](name string, values []T, options ...ParamOption) Param {
	p := space.Param{Name: name, Kind: space.Choice}
	for _, v := range values {
		p.Choices = append(p.Choices, scalar(v))
	}
	return newParam(p, options)
}

func newParam(p space.Param, options []ParamOption) Param {
	out := Param{Param: p}
	for _, option := range options {
		option(&out)
	}
	return out
}

func scalar[T Scalar](v T) space.Value {
	got, err := value.FromAny(v)
	if err != nil { // every Scalar converts
		panic(err)
	}
	return got
}

// build makes the space of a study; one that declares nothing is open.
func (s Space) build(constraints []*expr.Program) (*space.Space, error) {
	spec := space.Spec{Constraints: constraints, Open: len(s) == 0}
	if spec.Open && len(constraints) > 0 {
		return nil, study.Errorf(study.Invalid, "declare the space, or let the objective return ErrInfeasible",
			"a constraint needs a space that is declared")
	}
	for _, p := range s {
		if p.err != nil {
			return nil, p.err
		}
		spec.Params = append(spec.Params, p.Param)
	}
	return space.New(spec)
}

// shape returns what has to be the same wherever a parameter is asked for:
// which values there are and how they lie to each other, not the default.
func shape(p space.Param) space.Param {
	return space.Param{
		Name: p.Name, Kind: p.Kind, Low: p.Low, High: p.High, Scale: p.Scale, Step: p.Step,
		Choices: p.Choices, Ordered: p.Ordered,
	}
}

// sameShape reports whether a and b, both shapes, are the same.
func sameShape(a, b *space.Param) bool {
	return a.Kind == b.Kind && a.Low == b.Low && a.High == b.High && a.Scale == b.Scale && a.Step == b.Step &&
		a.Ordered == b.Ordered && (a.Kind == space.Bool || slices.Equal(a.Choices, b.Choices))
}

// Log searches the logarithm: right for what spans orders of magnitude, such
// as a learning rate or a number of units. The range must be above 0.
func Log() ParamOption { return func(p *Param) { p.Scale = space.Log } }

// ReverseLog searches the logarithm of 1 - x: right for numbers just below
// one, such as a momentum or a discount.
func ReverseLog() ParamOption { return func(p *Param) { p.Scale = space.ReverseLog } }

// Step allows only low plus multiples of step.
func Step(step float64) ParamOption { return func(p *Param) { p.Param.Step = step } }

// Ordered says that neighbours in a list of choices are alike.
func Ordered() ParamOption { return func(p *Param) { p.Param.Ordered = true } }

// Default is the value used without tuning. In a declared space the
// configuration of all defaults is tried first, where every parameter has one;
// in an open space the first trial takes the defaults that there are.
func Default(v any) ParamOption {
	return func(p *Param) {
		x, err := value.FromAny(v)
		if err != nil {
			p.err = fmt.Errorf("parameter %s: the default: %w", p.Name, err)
			return
		}
		p.Param.Default = x
	}
}

// Context says that a parameter of a declared space is not searched: its value
// comes with [Study.AskFor], or from [Fix], else it is the default. What is
// learned in one context helps in the others.
func Context() ParamOption { return func(p *Param) { p.Param.Context = true } }

// When makes a parameter of a declared space exist only where parent has one
// of the values. Of several Whens one must hold.
func When[T Scalar](parent string, values ...T) ParamOption {
	return func(p *Param) {
		b := space.Branch{Parent: parent}
		for _, v := range values {
			b.Values = append(b.Values, scalar(v))
		}
		p.Branches = append(p.Branches, b)
	}
}

// If makes a parameter of a declared space exist only where the expression is
// true, as in "layers >= 2".
func If(expression string) ParamOption {
	return func(p *Param) {
		prog, err := expr.Compile(expression)
		if err != nil {
			p.err = fmt.Errorf("parameter %s: the condition %q: %w", p.Name, expression, err)
			return
		}
		p.Param.If = prog
	}
}
