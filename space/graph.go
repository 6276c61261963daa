package space

import (
	"fmt"
	"strings"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space/expr"
)

// maxHints bounds the searches for a similar name that one hostile spec can
// cause.
const maxHints = 10

// resolveNames looks up every name that branches, conditions, constraints and
// derived values use.
func (s *Space) resolveNames() Problems {
	var found Problems
	hints := 0
	near := func(name string) string {
		if hints++; hints > maxHints {
			return ""
		}
		return diag.DidYouMean(name, s.known())
	}
	for k, d := range s.spec.Derived {
		c := check{path: d.Name}
		if !ValidName(d.Name) {
			c.add("derived", "invalid name %q", nameHint, d.Name)
		}
		if _, taken := s.index[d.Name]; taken {
			c.add("derived", "a derived value has the name of a parameter", "give it another name")
		}
		if _, twice := s.derived[d.Name]; twice {
			c.add("derived", "the derived value is defined twice", "give one of them another name")
		}
		if d.Expr == nil {
			c.add("derived", "the derived value has no expression", "write what it is computed from")
		}
		s.derived[d.Name] = k
		found = append(found, c.found...)
	}
	for _, d := range s.spec.Derived {
		if d.Expr != nil {
			found = append(found, s.unknown(d.Expr, Problem{Param: d.Name, Field: "derived", Index: -1}, near)...)
		}
	}
	for k, e := range s.spec.Constraints {
		at := Problem{Index: k, Offset: -1}
		switch {
		case e == nil:
			at.Message = "there is no expression"
			found = append(found, at)
		case !e.IsCondition():
			at.Message = fmt.Sprintf("%q is never true or false", e.Source())
			at.Hint = "compare it with something, as in x > 0"
			found = append(found, at)
		default:
			found = append(found, s.unknown(e, at, near)...)
		}
	}
	s.parents = make([][]link, len(s.spec.Params))
	for i := range s.spec.Params {
		p := &s.spec.Params[i]
		if p.If != nil {
			found = append(found, s.unknown(p.If, Problem{Param: p.Name, Field: "if", Index: -1}, near)...)
		}
		for _, b := range p.Branches {
			c := check{path: p.Name}
			j, ok := s.index[b.Parent]
			if !ok {
				c.add("when", "stands under %q, which is no parameter", near(b.Parent), b.Parent)
				found = append(found, c.found...)
				continue
			}
			l := link{parent: j}
			for _, v := range b.Values {
				w, err := s.spec.Params[j].Coerce(v)
				if err != nil {
					c.add("when", "stands under %s = %v, but %v", "", b.Parent, v, err)
					continue
				}
				l.values = append(l.values, w)
			}
			found = append(found, c.found...)
			s.parents[i] = append(s.parents[i], l)
		}
	}
	return found
}

// unknown returns a problem, made from at, for every name of e that is neither
// a parameter nor a derived value. near gives the hint.
func (s *Space) unknown(e *expr.Program, at Problem, near func(string) string) Problems {
	var found Problems
	for _, name := range e.Names() {
		if _, ok := s.index[name]; ok {
			continue
		}
		if _, ok := s.derived[name]; ok {
			continue
		}
		at.Offset = wordIndex(e.Source(), name)
		at.Message = fmt.Sprintf("%q is no parameter", name)
		at.Hint = near(name)
		found = append(found, at)
	}
	return found
}

// wordIndex returns where name stands in src as a whole word, or -1.
func wordIndex(src, name string) int {
	part := func(i int) bool {
		return i >= 0 && i < len(src) && (src[i] == '_' || src[i] == '.' || src[i] >= '0' && src[i] <= '9' || src[i]|0x20 >= 'a' && src[i]|0x20 <= 'z')
	}
	for from := 0; ; {
		i := strings.Index(src[from:], name)
		if i < 0 {
			return -1
		}
		if i += from; !part(i-1) && !part(i+len(name)) {
			return i
		}
		from = i + 1
	}
}

// known returns the names that expressions may use.
func (s *Space) known() []string {
	names := make([]string, 0, len(s.spec.Params)+len(s.spec.Derived))
	for i := range s.spec.Params {
		names = append(names, s.spec.Params[i].Name)
	}
	for _, d := range s.spec.Derived {
		names = append(names, d.Name)
	}
	return names
}

// sort orders parameters and derived values so that each comes after what it
// depends on, and reports cycles.
func (s *Space) sort() Problems {
	n := len(s.spec.Params)
	const (
		unseen = iota
		open
		done
	)
	state := make([]int, n+len(s.spec.Derived))
	var path []string
	var found Problems
	var visit func(node int)
	names := func(e *expr.Program) {
		for _, name := range e.Names() {
			if j, ok := s.index[name]; ok {
				visit(j)
			} else if k, ok := s.derived[name]; ok {
				visit(n + k)
			}
		}
	}
	visit = func(node int) {
		name := ""
		if node < n {
			name = s.spec.Params[node].Name
		} else {
			name = s.spec.Derived[node-n].Name
		}
		switch state[node] {
		case done:
			return
		case open:
			from := 0
			for i, p := range path {
				if p == name {
					from = i
				}
			}
			found = append(found, Problem{Param: name, Index: -1, Offset: -1,
				Message: "depends on itself: " + strings.Join(append(path[from:len(path):len(path)], name), " → "),
				Hint:    "remove one of the conditions"})
			state[node] = done
			return
		}
		state[node] = open
		path = append(path, name)
		if node < n {
			for _, l := range s.parents[node] {
				visit(l.parent)
			}
			if cond := s.spec.Params[node].If; cond != nil {
				names(cond)
			}
		} else {
			names(s.spec.Derived[node-n].Expr)
		}
		path = path[:len(path)-1]
		if state[node] == open && node < n {
			s.order = append(s.order, node)
		}
		state[node] = done
	}
	for node := range state {
		visit(node)
	}
	return found
}
