package space

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// Derived is a value computed from the configuration and handed to the
// command with it; it is not searched.
type Derived struct {
	Name string
	Expr *expr.Program
}

// Spec is what a [Space] is made of.
type Spec struct {
	Params []Param
	// Constraints must all hold for a configuration to be proposed. One that
	// speaks of an inactive parameter, so that it has no answer, holds.
	Constraints []*expr.Program
	Derived     []Derived
	// Open is set for a space that a define-by-run program reveals bit by
	// bit: a configuration may then lack parameters, because which ones exist
	// is known only when the program has asked for them.
	Open bool
}

// Limits of a space. They keep a hostile study file from costing more than a
// moment.
const (
	MaxParams      = 4096
	MaxChoices     = 10_000 // of one parameter
	MaxConstraints = 1024
	MaxDerived     = 1024
)

// Space is a checked set of parameters, conditions and constraints. It is
// immutable and safe for concurrent use.
type Space struct {
	spec    Spec
	index   map[string]int // parameter by name
	derived map[string]int // derived value by name
	order   []int          // parents before children
	parents [][]link       // branches, resolved
	axes    []axis         // of numeric parameters
	cells   [][]float64    // of choices: see cells
}

// link is a resolved branch: the parent's place, and its values.
type link struct {
	parent int
	values []Value
}

// New checks spec and builds its space. The error is of type [Problems] and
// holds every mistake.
func New(spec Spec) (*Space, error) {
	for _, l := range []struct {
		n, most int
		what    string
	}{
		{len(spec.Params), MaxParams, "parameters"},
		{len(spec.Constraints), MaxConstraints, "constraints"},
		{len(spec.Derived), MaxDerived, "derived values"},
	} {
		if l.n > l.most {
			return nil, Problems{{Index: -1, Offset: -1, Message: fmt.Sprintf("%d %s are more than the limit of %d", l.n, l.what, l.most)}}
		}
	}
	s := &Space{
		spec: Spec{
			Params:      slices.Clone(spec.Params),
			Constraints: slices.Clone(spec.Constraints),
			Derived:     slices.Clone(spec.Derived),
			Open:        spec.Open,
		},
		index:   make(map[string]int, len(spec.Params)),
		derived: make(map[string]int, len(spec.Derived)),
	}
	var found Problems
	for i := range s.spec.Params {
		p := &s.spec.Params[i]
		p.own()
		c := check{path: p.Name}
		if n := len(p.Choices); n > MaxChoices {
			c.add("choice", "%d choices are more than the limit of %d", "use an int", n, MaxChoices)
		} else {
			c.found = p.problems()
		}
		if _, twice := s.index[p.Name]; twice {
			c.add("", "is defined twice", "give one of them another name")
		}
		s.index[p.Name] = i
		found = append(found, c.found...)
	}
	found = append(found, s.resolveNames()...)
	if len(found) > 0 {
		return nil, found
	}
	if found = s.sort(); len(found) > 0 {
		return nil, found
	}
	s.axes = make([]axis, len(s.spec.Params))
	s.cells = make([][]float64, len(s.spec.Params))
	for i := range s.spec.Params {
		if p := &s.spec.Params[i]; p.IsNumeric() {
			s.axes[i] = newAxis(p)
		} else {
			s.cells[i] = cells(p)
		}
	}
	return s, nil
}

// cells returns the upper edges of the choices' intervals in the unit
// interval, wide as their weights say.
func cells(p *Param) []float64 {
	edges := make([]float64, len(p.Choices))
	sum, total := 0.0, float64(len(p.Choices))
	if p.Weights != nil {
		total = 0
		for _, w := range p.Weights {
			total += w
		}
	}
	for i := range edges {
		w := 1.0
		if p.Weights != nil {
			w = p.Weights[i]
		}
		sum += w
		edges[i] = sum / total
	}
	edges[len(edges)-1] = 1
	return edges
}

// Params returns the parameters in the order of the spec. Do not modify them.
func (s *Space) Params() []Param { return s.spec.Params }

// Len returns the number of parameters.
func (s *Space) Len() int { return len(s.spec.Params) }

// Param returns the i-th parameter. Do not modify it.
func (s *Space) Param(i int) *Param { return &s.spec.Params[i] }

// Lookup returns the place of the parameter called name, or -1.
func (s *Space) Lookup(name string) int {
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// Order returns the places of the parameters, parents before children. Do not
// modify it.
func (s *Space) Order() []int { return s.order }

// Spec returns what the space was made of. Do not modify it.
func (s *Space) Spec() Spec { return s.spec }

// Open reports whether configurations may lack parameters; see [Spec.Open].
func (s *Space) Open() bool { return s.spec.Open }

// Extend returns a space with more parameters behind the present ones, whose
// places stay as they are. Configurations of s remain valid in it.
func (s *Space) Extend(more ...Param) (*Space, error) {
	spec := s.spec
	spec.Params = append(spec.Params[:len(spec.Params):len(spec.Params)], more...)
	return New(spec)
}

// active reports whether parameter i exists given the values of its parents.
func (s *Space) active(i int, vals []Value) bool {
	if links := s.parents[i]; len(links) > 0 {
		ok := false
		for _, l := range links {
			if v := vals[l.parent]; !v.IsAbsent() && contains(l.values, v) {
				ok = true
				break
			}
		}
		if !ok {
			return false
		}
	}
	if cond := s.spec.Params[i].If; cond != nil {
		holds, err := cond.Bool(s.env(vals))
		return err == nil && holds
	}
	return true
}

func contains(vs []Value, v Value) bool {
	for _, w := range vs {
		if w == v {
			return true
		}
	}
	return false
}

// env resolves the names of expressions: parameters first, then derived
// values, each of which is evaluated once. It is good for as long as vals stays
// as it is.
func (s *Space) env(vals []Value) expr.Env {
	var known []bool // without it a chain of derived values doubles the work at every link
	var memo []Value
	var env expr.Env
	env = func(name string) value.Value {
		if i, ok := s.index[name]; ok {
			return vals[i]
		}
		k, ok := s.derived[name]
		if !ok {
			return value.Value{}
		}
		if memo == nil {
			known, memo = make([]bool, len(s.spec.Derived)), make([]Value, len(s.spec.Derived))
		}
		if !known[k] {
			known[k] = true
			if v, err := s.spec.Derived[k].Expr.Eval(env); err == nil {
				memo[k] = v
			}
		}
		return memo[k]
	}
	return env
}

// Decode returns the configuration at the point u of the unit cube, one
// coordinate a parameter; coordinates of inactive parameters are ignored, those
// outside [0, 1] clamped, and NaN counts as the middle. Constraints are not
// looked at: see [Space.Check].
func (s *Space) Decode(u []float64) Config {
	vals := make([]Value, len(s.spec.Params))
	for _, i := range s.order {
		if s.active(i, vals) {
			vals[i] = s.decode(i, u[i])
		}
	}
	return Config{space: s, vals: vals}
}

func (s *Space) decode(i int, u float64) Value {
	if math.IsNaN(u) {
		u = 0.5
	}
	p := &s.spec.Params[i]
	if p.IsNumeric() {
		return p.number(s.axes[i].decode(u))
	}
	return p.Choices[s.cell(i, u)]
}

// cell returns the choice whose interval holds u.
func (s *Space) cell(i int, u float64) int {
	edges := s.cells[i]
	lo, hi := 0, len(edges)-1
	for lo < hi {
		if mid := (lo + hi) / 2; u < edges[mid] {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// DecodeParam returns the value of parameter i at u, as [Space.Decode] does.
func (s *Space) DecodeParam(i int, u float64) Value { return s.decode(i, u) }

// EncodeParam returns the place of v, a value of parameter i, in [0, 1]; NaN
// for an absent value.
func (s *Space) EncodeParam(i int, v Value) float64 {
	if v.IsAbsent() {
		return math.NaN()
	}
	p := &s.spec.Params[i]
	if p.IsNumeric() {
		return s.axes[i].encode(v.AsFloat())
	}
	k := p.Index(v)
	if k < 0 {
		return math.NaN()
	}
	low := 0.0
	if k > 0 {
		low = s.cells[i][k-1]
	}
	return (low + s.cells[i][k]) / 2
}

// Encode writes c as a point of the unit cube into dst, which is grown where
// it is too short, and returns it: one coordinate a parameter, NaN for those
// that are inactive. Decoding it gives c again: to about 1e-12 of the unit
// interval for a continuous parameter (or the distance of neighbouring floats,
// in a very narrow interval), exactly for a discrete one, unless it has more
// values than the unit interval can tell apart (2^40 are safe) or a value lies
// so far out in the tail of its prior that floats near 0 and 1 cannot express
// it (six standard deviations are safe).
func (s *Space) Encode(c Config, dst []float64) []float64 {
	if cap(dst) < len(s.spec.Params) {
		dst = make([]float64, len(s.spec.Params))
	}
	dst = dst[:len(s.spec.Params)]
	for i := range dst {
		dst[i] = s.EncodeParam(i, c.At(i))
	}
	return dst
}

// Distance returns how far apart two configurations are: the Euclidean
// distance in the unit cube, in which different choices of an unordered
// parameter, and a parameter that only one of them has, count 1. It is zero
// exactly where the configurations are equal.
func (s *Space) Distance(a, b Config) float64 {
	sum := 0.0
	for i := range s.spec.Params {
		va, vb := a.At(i), b.At(i)
		if va == vb {
			continue
		}
		d := 1.0
		if p := &s.spec.Params[i]; !va.IsAbsent() && !vb.IsAbsent() && (p.IsNumeric() || p.Ordered) {
			// Two numbers may differ and still meet in the cube.
			d = math.Max(math.Abs(s.EncodeParam(i, va)-s.EncodeParam(i, vb)), 1e-16)
		}
		sum += float64(d * d) // not fused: see axis
	}
	return math.Sqrt(sum)
}

// Random returns a configuration drawn from the prior, without looking at the
// constraints.
func (s *Space) Random(r *rand.Rand) Config {
	u := make([]float64, len(s.spec.Params))
	for i := range u {
		u[i] = r.Float64()
	}
	return s.Decode(u)
}

// MaxDraws is how many draws [Space.Sample] makes before it gives up.
const MaxDraws = 20_000

// Sample returns a configuration drawn from the prior among those that
// satisfy the constraints. The error says that [MaxDraws] draws found none,
// and which constraint refused most of them.
func (s *Space) Sample(r *rand.Rand) (Config, error) {
	c, _, err := s.sample(r)
	return c, err
}

// sample is [Space.Sample] with the index of the constraint that refused most,
// which means something beside an error only.
func (s *Space) sample(r *rand.Rand) (c Config, worst int, err error) {
	if len(s.spec.Constraints) == 0 {
		return s.Random(r), 0, nil
	}
	refused := make([]int, len(s.spec.Constraints))
	for range MaxDraws {
		c := s.Random(r)
		k := s.violated(c)
		if k < 0 {
			return c, 0, nil
		}
		refused[k]++
	}
	for k, n := range refused {
		if n > refused[worst] {
			worst = k
		}
	}
	return Config{}, worst, fmt.Errorf("none of %d random configurations satisfies the constraints; constraint %d, %q, refused %d of them: loosen it or narrow the bounds",
		MaxDraws, worst+1, s.spec.Constraints[worst].Source(), refused[worst])
}

// Feasible reports whether c satisfies every constraint.
func (s *Space) Feasible(c Config) bool { return s.violated(c) < 0 }

// violated returns the first constraint that c does not satisfy, or -1.
func (s *Space) violated(c Config) int {
	if len(s.spec.Constraints) == 0 {
		return -1
	}
	env := s.env(s.padded(c))
	for k, con := range s.spec.Constraints {
		v, err := con.Eval(env)
		if err != nil {
			return k
		}
		if b, ok := v.AsBool(); ok && !b || !ok && v.Kind() != value.KindNull && !v.IsAbsent() {
			return k
		}
	}
	return -1
}

// padded returns the values of c, as many as s has parameters: c may be older
// than an extension of the space.
func (s *Space) padded(c Config) []Value {
	if len(c.vals) == len(s.spec.Params) {
		return c.vals
	}
	vals := make([]Value, len(s.spec.Params))
	copy(vals, c.vals)
	return vals
}

// Derive returns the derived values of c by name, in the order of the spec. A
// value that speaks of an inactive parameter is absent.
func (s *Space) Derive(c Config) ([]Value, error) {
	if len(s.spec.Derived) == 0 {
		return nil, nil
	}
	vals := make([]Value, len(s.spec.Derived))
	env := s.env(s.padded(c))
	for k, d := range s.spec.Derived {
		v, err := d.Expr.Eval(env)
		if err != nil {
			return nil, fmt.Errorf("derived value %s = %s: %w", d.Name, d.Expr.Source(), err)
		}
		if v.Kind() != value.KindNull {
			vals[k] = v
		}
	}
	return vals, nil
}

// Deriveds returns the derived values of the spec. Do not modify them.
func (s *Space) Deriveds() []Derived { return s.spec.Derived }
