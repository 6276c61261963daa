// Package expr is the small expression language of study files: constraints
// between parameters ("batch * seq <= 65536"), conditions under which a
// parameter is active ("opt in ['sgd', 'rmsprop']"), derived values
// ("1 - one_minus_gamma") and limits on reported metrics
// ("metrics['val/latency_ms'] < 20").
//
// It is not a programming language: there are no loops, assignments, user
// functions, dates or string operations, and evaluation has no effects. A
// program is at most [MaxSource] bytes, [MaxNodes] nodes and [MaxDepth] levels
// of nesting; evaluating it takes time linear in its nodes, allocates nothing
// unless it fails, and never panics. So a study file from anywhere can be
// compiled and run without further guards.
//
// The one idea is null. A parameter that is inactive in a configuration, or a
// metric not reported yet, evaluates to null instead of being an error;
// arithmetic and ordering with null give null; and null as a condition is
// false. A study with conditional parameters therefore needs no guards in its
// expressions, and one that wants them writes "momentum == null || ...".
//
// # Syntax
//
// The syntax is what CEL and expr-lang/expr have in common, from loosest to
// tightest:
//
//	c ? a : b                       the chosen side only is evaluated
//	||  or                          stops at the first true
//	&&  and                         stops at the first false
//	not                             not a == b is not (a == b)
//	== != < <= > >=  in  not in     one a level: a < b < c is refused
//	+ -
//	* / %
//	- !                             !a == b is (!a) == b
//	**                              to the right: 2 ** 3 ** 2 is 512; -2 ** 2 is -4
//	( )  literals  names  calls
//
// Literals are 42, 1e-5, .5, true, false, null and strings in single or double
// quotes with the escapes \\ \' \" \n \r \t \uXXXX. Names are letters, digits
// and underscores, with dots between parts (net.width); any other name is
// written params["odd/name-x"] or metrics["val/loss"], which both just name
// it. Lists stand after "in" only. The functions are min and max of one or
// more numbers, and abs, floor, ceil, round, sqrt, exp, log, log2, log10, pow,
// int and float.
//
// # Semantics
//
// Ints stay ints through + - * ** and abs; a result beyond 64 bits becomes a
// float. / always gives a float; % takes ints and has the sign of its left
// side. Division by zero gives an infinity or NaN, also for %. floor, ceil,
// round (halves away from zero) and int (towards zero) give an int where it
// fits 64 bits; int and float also turn true into 1 and false into 0. Numbers
// compare exactly, an int with a float too; NaN is unequal to everything and
// in no order. Values of different kinds are unequal; "in" is a row of ==.
// < <= > >= order numbers or strings (by bytes); anything else is an error.
// && || ! and ?: take true, false and null, and && || ! give true or false.
//
// Mistakes of type are reported by [Compile] where the types are known
// ("a" + 1), and by evaluation, with the place, where they are not.
//
// Results are the same bits on every platform: exp, log and powers are
// computed here, not by the machine's library.
//
//	p, err := expr.Compile("batch * seq <= 65536")
//	ok, err := p.Bool(func(name string) value.Value { return config[name] })
package expr

import (
	"slices"

	"github.com/afina-hpo/afina/space/value"
)

// Bounds of a program. Nesting counts parentheses, calls, branches of ?:, and
// unary and power operators; a long row of "a + b + c" is one level.
const (
	MaxSource = 4096 // bytes
	MaxNodes  = 1024 // operators, literals, names and calls
	MaxDepth  = 64   // levels of nesting
)

// Env gives the value of a name. It returns the zero Value for a name that is
// inactive or unknown, and is called once for every use of a name that
// evaluation reaches. A nil Env knows no name.
type Env func(name string) value.Value

// Program is a compiled expression. It is immutable and safe for concurrent
// use; [Program.UnmarshalText] alone writes to it. The zero Program has an
// empty source and evaluates to null.
type Program struct {
	src   string
	names []string
	nodes []node
	root  int32
	types kindSet
}

// Compile parses and checks src. The error is always an [*Error].
func Compile(src string) (*Program, error) {
	c := compiler{src: src}
	root := c.compile()
	if c.err != nil {
		return nil, c.err
	}
	p := &Program{src: src, nodes: c.nodes, root: root, types: c.types[root]}
	for i := range p.nodes {
		if p.nodes[i].kind == nodeName {
			p.names = append(p.names, p.nodes[i].name)
		}
	}
	slices.Sort(p.names)
	p.names = slices.Clip(slices.Compact(p.names))
	return p, nil
}

// Source returns the text that p was compiled from, unchanged.
func (p *Program) Source() string { return p.src }

// Names returns the names of the parameters and metrics that p uses, sorted,
// each once. The slice belongs to p: do not modify it.
func (p *Program) Names() []string { return p.names }

// IsCondition reports whether p can give true or false at all, so that a
// constraint such as "a + b" can be refused before any trial runs.
func (p *Program) IsCondition() bool { return !p.types.lacks(kindBool) }

// String returns the source, so that a program prints as what it is.
func (p *Program) String() string { return p.src }

// MarshalText implements [encoding.TextMarshaler]: it returns the source.
func (p *Program) MarshalText() ([]byte, error) { return []byte(p.src), nil }

// UnmarshalText implements [encoding.TextUnmarshaler]: it compiles text into
// p, which it leaves as it was on an error. It must not run while p is in use.
func (p *Program) UnmarshalText(text []byte) error {
	got, err := Compile(string(text))
	if err != nil {
		return err
	}
	*p = *got
	return nil
}
