package space

import (
	"encoding/json"
	"fmt"
	"iter"
	"sort"
	"strings"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

// Config is one configuration: a value for every active parameter of its
// space. It is immutable; the zero Config has no space and no values.
type Config struct {
	space *Space
	vals  []Value
}

// Space returns the space that c was made in, nil for the zero Config.
func (c Config) Space() *Space { return c.space }

// IsZero reports whether c is the zero Config.
func (c Config) IsZero() bool { return c.space == nil }

// At returns the value of the i-th parameter, absent where it is inactive.
func (c Config) At(i int) Value {
	if i >= len(c.vals) {
		return Value{} // made before the space was extended
	}
	return c.vals[i]
}

// Get returns the value of the parameter called name, and whether it is
// active.
func (c Config) Get(name string) (Value, bool) {
	if c.space == nil {
		return Value{}, false
	}
	i, ok := c.space.index[name]
	if !ok {
		return Value{}, false
	}
	v := c.At(i)
	return v, !v.IsAbsent()
}

// All yields the active parameters with their values, in the space's order.
func (c Config) All() iter.Seq2[*Param, Value] {
	return func(yield func(*Param, Value) bool) {
		for i, v := range c.vals {
			if !v.IsAbsent() && !yield(&c.space.spec.Params[i], v) {
				return
			}
		}
	}
}

// Map returns the active parameters by name.
func (c Config) Map() map[string]Value {
	m := make(map[string]Value, len(c.vals))
	for p, v := range c.All() {
		m[p.Name] = v
	}
	return m
}

// Equal reports whether a and b give the same parameters the same values.
func (c Config) Equal(d Config) bool {
	for i := range max(len(c.vals), len(d.vals)) {
		if c.At(i) != d.At(i) {
			return false
		}
	}
	return true
}

// Key returns a string that is the same exactly for equal configurations of
// one space: what a map of configurations is keyed by. It is not for people.
func (c Config) Key() string {
	var b []byte
	for i, v := range c.vals {
		if !v.IsAbsent() {
			b = append(b, byte(i), byte(i>>8))
			b = v.AppendJSON(b)
		}
	}
	return string(b)
}

// MarshalJSON writes c as an object of the active parameters, in the space's
// order.
func (c Config) MarshalJSON() ([]byte, error) { return c.AppendJSON(nil), nil }

// AppendJSON appends what [Config.MarshalJSON] writes to dst.
func (c Config) AppendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	first := true
	for p, v := range c.All() {
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = value.String(p.Name).AppendJSON(dst)
		dst = append(dst, ':')
		dst = v.AppendJSON(dst)
	}
	return append(dst, '}')
}

// String returns c as "name=value" words, for messages.
func (c Config) String() string {
	var b strings.Builder
	for p, v := range c.All() {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(p.Name + "=" + v.Text())
	}
	return b.String()
}

// AssignError says what is wrong with values given by hand for a
// configuration, one entry a parameter.
type AssignError []Problem

// Error returns the mistakes, a line each.
func (e AssignError) Error() string { return Problems(e).Error() }

// Config returns the configuration with the given values by name. Every
// parameter that is active must be given (unless the space is open), none that
// is inactive may be, and every value must be in range; values are coerced as
// [Param.Coerce] does. Constraints are not looked at. The error is an
// [AssignError]; what merely follows from another mistake is not in it.
func (s *Space) Config(values map[string]Value) (Config, error) {
	return s.Complete(values, nil)
}

// Complete is [Space.Config] for values that may leave parameters out: fill is
// asked for those that turn out to be active, parents first, and may return
// an absent value to have the parameter reported as missing. A nil fill
// returns none.
func (s *Space) Complete(values map[string]Value, fill func(i int, p *Param) Value) (Config, error) {
	vals := make([]Value, len(s.spec.Params))
	var wrong AssignError
	add := func(name, hint, format string, args ...any) {
		wrong = append(wrong, Problem{Param: name, Index: -1, Offset: -1, Message: fmt.Sprintf(format, args...), Hint: hint})
	}
	var unsure []bool // parameters whose value, or whether they have one, follows from a mistake
	doubt := func(i int) {
		if unsure == nil {
			unsure = make([]bool, len(vals))
		}
		unsure[i] = true
	}
	for _, i := range s.order {
		p := &s.spec.Params[i]
		v := values[p.Name]
		given := !v.IsAbsent()
		if unsure != nil && p.Conditional() && s.dependsOn(i, unsure) {
			doubt(i)
			continue
		}
		if !s.active(i, vals) {
			if given {
				add(p.Name, s.whenActive(i), "is not active in this configuration")
			}
			continue
		}
		if !given && fill != nil {
			v = fill(i, p)
		}
		if v.IsAbsent() {
			if !s.spec.Open {
				add(p.Name, "", "is missing")
				doubt(i)
			}
			continue
		}
		w, err := p.Coerce(v)
		if err != nil {
			add(p.Name, "", "%v", err)
			doubt(i)
			continue
		}
		vals[i] = w
	}
	var strange []string
	for name := range values {
		if _, ok := s.index[name]; !ok {
			strange = append(strange, name)
		}
	}
	sort.Strings(strange)
	for _, name := range strange {
		add(name, diag.DidYouMean(name, s.known()[:len(s.spec.Params)]), "is no parameter of this space")
	}
	if len(wrong) > 0 {
		return Config{}, wrong
	}
	return Config{space: s, vals: vals}, nil
}

// dependsOn reports whether the existence of parameter i hangs on one of the
// marked parameters directly.
func (s *Space) dependsOn(i int, marked []bool) bool {
	for _, l := range s.parents[i] {
		if marked[l.parent] {
			return true
		}
	}
	if s.spec.Params[i].If == nil {
		return false
	}
	seen := make([]bool, len(s.spec.Derived))
	var uses func(e *expr.Program) bool
	uses = func(e *expr.Program) bool {
		for _, name := range e.Names() {
			if j, ok := s.index[name]; ok && marked[j] {
				return true
			}
			if k, ok := s.derived[name]; ok && !seen[k] {
				seen[k] = true
				if uses(s.spec.Derived[k].Expr) {
					return true
				}
			}
		}
		return false
	}
	return uses(s.spec.Params[i].If)
}

// whenActive says in words when parameter i exists.
func (s *Space) whenActive(i int) string {
	var parts []string
	for _, l := range s.parents[i] {
		parts = append(parts, s.spec.Params[l.parent].Name+" = "+listValues(l.values))
	}
	text := strings.Join(parts, " or ")
	if cond := s.spec.Params[i].If; cond != nil {
		switch len(parts) {
		case 0:
		case 1:
			text += " and "
		default:
			text = "(" + text + ") and "
		}
		text += cond.Source()
	}
	return "it is where " + text
}

// Check returns nil where c satisfies every constraint, else an error that
// names the first it does not.
func (s *Space) Check(c Config) error {
	k := s.violated(c)
	if k < 0 {
		return nil
	}
	con := s.spec.Constraints[k]
	var b strings.Builder
	env := s.env(s.padded(c))
	for i, name := range con.Names() {
		if i > 0 {
			b.WriteString(", ")
		}
		v := env(name)
		if v.IsAbsent() {
			v = value.Null
		}
		fmt.Fprintf(&b, "%s = %v", name, v)
	}
	if _, err := con.Eval(env); err != nil {
		return fmt.Errorf("constraint %d, %q, cannot be evaluated at %s: %w", k+1, con.Source(), b.String(), err)
	}
	return fmt.Errorf("violates constraint %d, %q, with %s", k+1, con.Source(), b.String())
}

// Default returns the configuration of the default values, and whether every
// parameter that is active in it has one and the constraints hold.
func (s *Space) Default() (Config, bool) {
	c, err := s.Complete(nil, func(_ int, p *Param) Value { return p.Default })
	if err != nil || len(c.vals) == 0 || !s.Feasible(c) {
		return Config{}, false
	}
	for i, v := range c.vals { // an open space lets values be missing
		if v.IsAbsent() && s.active(i, c.vals) {
			return Config{}, false
		}
	}
	return c, true
}

// ParseConfig reads what [Config.MarshalJSON] writes. Values that the space
// no longer allows are an error.
func (s *Space) ParseConfig(b []byte) (Config, error) {
	var m map[string]Value
	if err := json.Unmarshal(b, &m); err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return s.Config(m)
}
