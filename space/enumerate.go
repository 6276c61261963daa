package space

import "iter"

// Enumerate yields every configuration whose parameters take the values that
// levels returns for them, each exactly once, the last parameter of
// [Space.Order] changing fastest; those that violate a constraint are left
// out. Because a parameter is asked for levels only where it is active, a
// conditional space has no duplicates. It is lazy: the time to the next
// configuration, allowed or not, is proportional to the number of parameters.
func (s *Space) Enumerate(levels func(i int) []Value) iter.Seq[Config] {
	return func(yield func(Config) bool) {
		vals := make([]Value, len(s.spec.Params))
		var walk func(depth int) bool
		walk = func(depth int) bool {
			if depth == len(s.order) {
				c := Config{space: s, vals: append([]Value(nil), vals...)}
				return !s.Feasible(c) || yield(c)
			}
			i := s.order[depth]
			vals[i] = Value{}
			if !s.active(i, vals) {
				return walk(depth + 1)
			}
			for _, v := range levels(i) {
				vals[i] = v
				if !walk(depth + 1) {
					return false
				}
			}
			vals[i] = Value{}
			return true
		}
		walk(0)
	}
}

// Finite returns the number of configurations that satisfy the constraints,
// and true, where there are at most limit of them; else 0 and false. It also
// gives up after 20·limit + 1000 configurations most of which are refused, so
// that the work is bounded by about limit times the number of parameters.
func (s *Space) Finite(limit int) (int, bool) {
	for i := range s.spec.Params {
		p := &s.spec.Params[i]
		if n, ok := p.Count(); !ok || n > limit && !p.Conditional() {
			return 0, false
		}
	}
	levels := make([][]Value, len(s.spec.Params))
	unconstrained := *s
	unconstrained.spec.Constraints = nil
	tried, n := 0, 0
	for c := range unconstrained.Enumerate(func(i int) []Value {
		if levels[i] == nil {
			p := &s.spec.Params[i]
			n, _ := p.Count()
			for k := range min(n, limit+1) { // more are not looked at
				levels[i] = append(levels[i], p.Nth(k))
			}
		}
		return levels[i]
	}) {
		if tried++; tried > 20*limit+1000 {
			return 0, false
		}
		if s.Feasible(c) {
			if n++; n > limit {
				return 0, false
			}
		}
	}
	return n, true
}
