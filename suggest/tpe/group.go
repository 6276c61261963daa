package tpe

import (
	"fmt"
	"strings"

	"github.com/afina-hpo/afina/space"
)

// group is parameters that are modelled jointly and drawn together, given the
// values of those they depend on.
type group struct {
	own          []int // parameters, drawn
	conditional  bool  // exists in some configurations only
	pop          *population
	axes         []*axis // those given, then own
	from         int     // how many are given
	branch       bool    // the existence of other groups hangs on it
	below, above *thinned
}

// condition returns a text that is equal for parameters of equal conditions,
// "" for those that always exist.
func condition(p *space.Param) string {
	if !p.Conditional() {
		return ""
	}
	var b strings.Builder
	for _, br := range p.Branches {
		fmt.Fprintf(&b, "%q in %q\n", br.Parent, br.Values)
	}
	if p.If != nil {
		b.WriteString(p.If.Source())
	}
	return b.String()
}

// newGroups divides the parameters of a space: those that exist under the same
// condition form a group, in an order in which a group comes after those its
// condition speaks of. Populations are shared by groups of one condition.
func newGroups(s *space.Space, o *options) ([]*group, []*population) {
	axes := make([]*axis, s.Len())
	for i := range axes {
		a := newAxis(s, i, o)
		axes[i] = &a
	}
	for i := range axes {
		for _, j := range parents(s, i) {
			axes[j].branch = axes[j].kind != continuous
		}
	}
	var groups []*group
	var pops []*population
	byCondition := map[string]*group{} // the first of each condition
	for _, i := range s.Order() {
		key := condition(s.Param(i))
		first := byCondition[key]
		joint := o.multivariate && (key == "" || o.group)
		if first != nil && joint {
			first.own = append(first.own, i)
			first.pop.params = append(first.pop.params, i)
			continue
		}
		g := &group{own: []int{i}, conditional: key != ""}
		if first != nil {
			g.pop = first.pop
			g.pop.params = append(g.pop.params, i)
		} else {
			// In an open space even a parameter without condition may be missing
			// in trials that are older than it.
			g.pop = &population{o: o, params: []int{i}, always: key == "" && !s.Open()}
			pops = append(pops, g.pop)
			byCondition[key] = g
		}
		g.pop.groups = append(g.pop.groups, g)
		groups = append(groups, g)
	}
	for _, g := range groups {
		if g.conditional && o.multivariate && o.group && o.flavour != flavourOptuna5 {
			for _, i := range given(s, g.own) {
				g.axes = append(g.axes, axes[i])
			}
		}
		g.from = len(g.axes)
		for _, i := range g.own {
			g.axes = append(g.axes, axes[i])
			g.branch = g.branch || axes[i].branch
		}
		most := o.kernels(s.Len())
		g.below = &thinned{parzen: newParzen(g.axes, g.from, o), owner: g.pop, most: most}
		g.above = &thinned{parzen: newParzen(g.axes, g.from, o), owner: g.pop, most: most}
	}
	return groups, pops
}

// given returns the parameters that those of a group are modelled given: the
// ones that always exist, and all that their conditions hang on.
func given(s *space.Space, own []int) []int {
	wanted := make([]bool, s.Len())
	var need func(i int)
	need = func(i int) {
		for _, j := range parents(s, i) {
			if !wanted[j] {
				wanted[j] = true
				need(j)
			}
		}
	}
	need(own[0])
	var out []int
	for _, i := range s.Order() {
		if wanted[i] || !s.Param(i).Conditional() {
			out = append(out, i)
		}
	}
	return out
}

// parents returns the parameters that the condition of parameter i speaks of.
// What it speaks of by way of derived values is left out.
func parents(s *space.Space, i int) []int {
	p := s.Param(i)
	var out []int
	for _, b := range p.Branches {
		out = append(out, s.Lookup(b.Parent))
	}
	if p.If != nil {
		for _, name := range p.If.Names() {
			if j := s.Lookup(name); j >= 0 {
				out = append(out, j)
			}
		}
	}
	return out
}
