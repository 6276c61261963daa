package space

import (
	"slices"
	"sort"

	"github.com/afina-hpo/afina/internal/diag"
)

// Hold returns the part of s in which the parameters that values names have
// those values wherever they exist: a space of the same parameters at the same
// places, where each of these can take that one value only. Configurations of
// the part are made ones of s by [Config.In], and those of s that agree with
// values ones of the part.
//
// The error is an [AssignError] and names every value that its parameter
// cannot have, and parameters that cannot exist beside the other values. A name
// that s does not know is a mistake too, unless s is open: the program may
// still ask for it. Constraints are not looked at.
//
// The part is for searching. Its JSON cannot be read again, because branches
// may stand under values that are not in it any more.
func (s *Space) Hold(values map[string]Value) (*Space, error) {
	var wrong AssignError
	add := func(name, hint, format string, args ...any) {
		c := check{path: name}
		c.add("", format, hint, args...)
		wrong = append(wrong, c.found...)
	}
	held := make([]Value, len(s.spec.Params))
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		i, ok := s.index[name]
		if !ok {
			if !s.spec.Open {
				add(name, diag.DidYouMean(name, s.known()[:len(s.spec.Params)]), "is no parameter of this space")
			}
			continue
		}
		v, err := s.spec.Params[i].Coerce(values[name])
		if err != nil {
			add(name, "", "%v", err)
			continue
		}
		held[i] = v
	}
	free := make([]bool, len(held))
	never := make([]bool, len(held))
	for _, i := range s.order {
		never[i] = s.never(i, held, never, free)
		free[i] = held[i].IsAbsent() && !never[i]
		if never[i] && !held[i].IsAbsent() {
			add(s.spec.Params[i].Name, s.whenActive(i), "does not exist beside the other values")
		}
	}
	if len(wrong) > 0 {
		return nil, wrong
	}
	part := *s
	part.spec.Params = slices.Clone(s.spec.Params)
	part.axes, part.cells = slices.Clone(s.axes), slices.Clone(s.cells)
	for i, v := range held {
		if v.IsAbsent() {
			continue
		}
		p := &part.spec.Params[i]
		p.Default = v
		if p.IsNumeric() {
			p.Low, p.High = v.AsFloat(), v.AsFloat()
			p.Scale, p.Step, p.Prior, p.Mean, p.SD = Linear, 0, Uniform, 0, 0
			part.axes[i] = newAxis(p)
		} else {
			p.Choices, p.Weights = []Value{v}, nil
			part.cells[i] = cells(p)
		}
	}
	return &part, nil
}

// never reports whether parameter i can exist in no configuration that has the
// held values, as far as branches say, and conditions that hang on held values
// alone.
func (s *Space) never(i int, held []Value, never, free []bool) bool {
	links := s.parents[i]
	possible := len(links) == 0
	for _, l := range links {
		v := held[l.parent]
		possible = possible || !never[l.parent] && (v.IsAbsent() || contains(l.values, v))
	}
	if !possible {
		return true
	}
	return s.spec.Params[i].If != nil && !s.dependsOn(i, free) && !s.active(i, held)
}

// In returns c as a configuration of s, a space with the same parameters at
// the same places, at least as many as c has: the whole of the part that c is
// from, or the other way round; see [Space.Hold].
func (c Config) In(s *Space) Config { return Config{space: s, vals: c.vals} }

// Agrees reports whether c has the values of every parameter that they name,
// or does not have the parameter.
func (c Config) Agrees(values map[string]Value) bool {
	if c.space == nil {
		return false
	}
	for name, v := range values {
		i, ok := c.space.index[name]
		if !ok {
			continue
		}
		if got := c.At(i); !got.IsAbsent() {
			if w, err := c.space.spec.Params[i].Coerce(v); err != nil || w != got {
				return false
			}
		}
	}
	return true
}
