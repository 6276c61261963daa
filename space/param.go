package space

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// Kind is the type of a parameter. It is always said, never guessed.
type Kind uint8

// The kinds of parameter.
const (
	Float  Kind = iota + 1 // a number in an interval
	Int                    // a whole number in an interval, within ±2^53
	Bool                   // true or false
	Choice                 // one of a list of scalars
)

var kindNames = names[Kind]{Float: "float", Int: "int", Bool: "bool", Choice: "choice"}

// String returns the kind as study files write it.
func (k Kind) String() string { return kindNames.text(k) }

// Scale is how a number's interval is stretched over the unit interval.
type Scale uint8

// The scales. ReverseLog is for numbers just below one, such as a discount or
// a momentum: equal steps in the logarithm of 1 - x.
const (
	Linear Scale = iota
	Log
	ReverseLog
)

var scaleNames = names[Scale]{Linear: "linear", Log: "log", ReverseLog: "reverse-log"}

// String returns the scale as study files write it.
func (s Scale) String() string { return scaleNames.text(s) }

// Prior is the distribution from which a numeric parameter is drawn where
// nothing else is known.
type Prior uint8

// The priors. Uniform is uniform on the parameter's scale.
const (
	Uniform Prior = iota
	Normal
	LogNormal
)

var priorNames = names[Prior]{Uniform: "uniform", Normal: "normal", LogNormal: "log-normal"}

// String returns the prior as study files write it.
func (p Prior) String() string { return priorNames.text(p) }

// Branch activates a parameter where the parent is active and has one of the
// values.
type Branch struct {
	Parent string
	Values []Value
}

// Param is one parameter. Which fields apply depends on Kind; [New] checks
// them all.
type Param struct {
	// Name is what expressions, placeholders and results call it; see
	// [ValidName].
	Name string
	Kind Kind

	// Low and High bound a Float or Int, both inclusive. With a Normal prior
	// they may be infinite, with LogNormal High may.
	Low, High float64
	Scale     Scale
	// Step is the distance between allowed values, counted from Low; 0 means
	// any value (of an Int: every whole number).
	Step float64
	// Prior with Mean and SD (of the logarithm for LogNormal), truncated to
	// the bounds.
	Prior    Prior
	Mean, SD float64

	// Choices are the values of a Choice, at least one, all different.
	// Ordered says that neighbours in the list are alike. Weights, if given,
	// are as many positive numbers: how often each is drawn before anything is
	// known.
	Choices []Value
	Ordered bool
	Weights []float64

	// Context says that the parameter is not searched: the world gives its
	// value with every request, such as the size of the data or the machine.
	// It is always there, under no condition.
	Context bool

	// Default is what the user would use without tuning; absent: unknown.
	Default Value

	// Branches and If say when the parameter exists; see the package's
	// documentation.
	Branches []Branch
	If       *expr.Program
}

// MaxName is the longest parameter name, in bytes.
const MaxName = 128

var nameRE = regexp.MustCompile(`^[A-Za-z_][\w./-]{0,127}$`)

// ValidName reports whether s can name a parameter: a letter or underscore,
// then up to 127 letters, digits or any of _ . / -.
func ValidName(s string) bool { return nameRE.MatchString(s) }

// IsNumeric reports whether p is a Float or an Int.
func (p *Param) IsNumeric() bool { return p.Kind == Float || p.Kind == Int }

// Conditional reports whether p is not always active.
func (p *Param) Conditional() bool { return len(p.Branches) > 0 || p.If != nil }

// maxSteps bounds the grid of a Float whose High is infinite: beyond it 15
// digits do not tell neighbours apart. A finite High is held to it by [New].
const maxSteps = 2e12

// maxExact bounds the whole numbers that a float64 holds exactly.
const maxExact = 1 << 53

// own makes p independent of the slices it was given, and fills in what follows
// from the rest: the choices of a Bool.
func (p *Param) own() {
	p.Choices = slices.Clone(p.Choices)
	p.Weights = slices.Clone(p.Weights)
	p.Branches = slices.Clone(p.Branches)
	if p.Kind == Bool {
		p.Choices = []Value{value.Bool(false), value.Bool(true)}
	}
}

// Coerce returns v as a value of p: a whole float becomes an int for an Int,
// an int a float for a Float, and a number within half a millionth of a step
// from the grid goes to the grid. The error says what is wrong with v and what
// would be right.
func (p *Param) Coerce(v Value) (Value, error) {
	switch p.Kind {
	case Float, Int:
		return p.coerceNumber(v)
	default:
		if i := p.Index(v); i >= 0 {
			return p.Choices[i], nil
		}
		return Value{}, fmt.Errorf("%v is not among the choices %s", v, listValues(p.Choices))
	}
}

func (p *Param) coerceNumber(v Value) (Value, error) {
	if !v.IsNumber() {
		return Value{}, fmt.Errorf("%v is not a number; %s is %s", v, p.Name, an(p.Kind))
	}
	x := v.AsFloat()
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return Value{}, fmt.Errorf("%v is not finite", v)
	}
	if p.Kind == Int {
		i, whole := v.AsInt()
		if !whole {
			return Value{}, fmt.Errorf("%v is not a whole number; %s is an int", v, p.Name)
		}
		if i < -maxExact || i > maxExact {
			return Value{}, fmt.Errorf("%v is outside ±2^53", v)
		}
	}
	if x < p.Low || x > p.High {
		return Value{}, fmt.Errorf("%v is outside [%s, %s]", v, value.FormatFloat(p.Low), value.FormatFloat(p.High))
	}
	if p.Step > 0 {
		k := math.Round((x - p.Low) / p.Step)
		g := p.grid(k)
		if math.Abs(x-g) > 5e-7*p.Step {
			return Value{}, fmt.Errorf("%v is not on the grid: %s plus a multiple of %s; nearest is %s", v, value.FormatFloat(p.Low), value.FormatFloat(p.Step), value.FormatFloat(g))
		}
		x = g
	}
	return p.number(x), nil
}

// grid returns the k-th value of a stepped parameter. The sum is rounded once
// to 15 significant digits, so that 0.1 + 2*0.1 reads 0.3 and not
// 0.30000000000000004, in messages, files and equality alike; the bounds stay
// as the user wrote them.
func (p *Param) grid(k float64) float64 {
	if p.Kind == Float {
		k = math.Min(k, maxSteps)
	}
	x := p.Low + float64(k*p.Step) // not fused: see axis
	if p.Kind == Float && k != 0 {
		// -0.3 + 3*0.1 is 0 to the digits of -0.3.
		x = round15(x, math.Max(math.Abs(x), math.Abs(p.Low)))
	}
	return math.Min(math.Max(x, p.Low), p.High)
}

func (p *Param) number(x float64) Value {
	if p.Kind == Int {
		return value.Int(int64(x))
	}
	return value.Float(x)
}

// Count returns the number of values p can take, and false where it is a
// continuum or infinite.
func (p *Param) Count() (int, bool) {
	switch {
	case !p.IsNumeric():
		return len(p.Choices), true
	case p.Low == p.High:
		return 1, true
	case math.IsInf(p.Low, 0) || math.IsInf(p.High, 0):
		return 0, false
	case p.Step > 0:
		return int(p.steps()), true
	case p.Kind == Int:
		return int(p.High-p.Low) + 1, true
	}
	return 0, false
}

// steps returns the number of grid values of a stepped parameter with finite
// bounds.
func (p *Param) steps() float64 { return math.Floor((p.High-p.Low)/p.Step+1e-9) + 1 }

// Nth returns the i-th of the [Param.Count] values of p in ascending order (of
// a choice: in its own).
func (p *Param) Nth(i int) Value {
	switch {
	case !p.IsNumeric():
		return p.Choices[i]
	case p.Step > 0:
		return p.number(p.grid(float64(i)))
	default:
		return p.number(p.Low + float64(i))
	}
}

// Index returns the place of v among the choices of p, or -1.
func (p *Param) Index(v Value) int {
	for i, c := range p.Choices {
		if value.Equal(c, v) {
			return i
		}
	}
	return -1
}

func listValues(vs []Value) string {
	var b strings.Builder
	for i, v := range vs {
		if i > 0 {
			b.WriteString(", ")
		}
		if i == 12 {
			fmt.Fprintf(&b, "… (%d in all)", len(vs))
			break
		}
		b.WriteString(v.String())
	}
	return b.String()
}

func an(k Kind) string {
	if k == Int {
		return "an int"
	}
	return "a " + k.String()
}
