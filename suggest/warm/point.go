package warm

import (
	"cmp"
	"math"
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// Point is a trial of an earlier study in the space of this one.
type Point struct {
	*study.EarlierTrial
	Config space.Config
}

// Points reads e in the space s, which may have grown since e was taken. Known
// says, for each parameter of s, whether e has it; the others stand at their
// default or in the middle in every point. Trials outside of s are left out.
func Points(e *study.Earlier, s *space.Space) (points []Point, known []bool) {
	known = make([]bool, s.Len())
	for _, name := range e.Params {
		if i := s.Lookup(name); i >= 0 {
			known[i] = true
		}
	}
	for i := range e.Trials {
		if len(e.Trials[i].Values) != len(e.Metrics) {
			continue // not of our making
		}
		if c, ok := translate(e.Trials[i].Params, e.Params, s); ok {
			points = append(points, Point{&e.Trials[i], c})
		}
	}
	return points, known
}

// translate returns the configuration of s with the values of the common
// parameters, false where s does not allow one of them. In an open space it
// lacks the common ones that there is no value of.
func translate(values map[string]space.Value, common []string, s *space.Space) (space.Config, bool) {
	bad := false
	c, err := s.Complete(nil, func(i int, p *space.Param) space.Value {
		if v, given := values[p.Name]; given && slices.Contains(common, p.Name) {
			w, ok := fit(p, v)
			bad = bad || !ok
			return w
		}
		if s.Open() && slices.Contains(common, p.Name) {
			return space.Value{} // the program did not ask for it
		}
		return usual(s, i)
	})
	return c, err == nil && !bad
}

// usual returns what parameter i of s is where nothing is known of it: the
// default, or what stands in the middle.
func usual(s *space.Space, i int) space.Value {
	if v := s.Param(i).Default; !v.IsAbsent() {
		return v
	}
	return s.DecodeParam(i, 0.5)
}

// fit returns v as a value of p: a number within the range goes to the nearest
// value that p can take. It is false for one outside, and for what is none of
// p's choices.
func fit(p *space.Param, v space.Value) (space.Value, bool) {
	if w, err := p.Coerce(v); err == nil {
		return w, true
	}
	if !p.IsNumeric() || !v.IsNumber() {
		return space.Value{}, false
	}
	x := v.AsFloat()
	if !(x >= p.Low && x <= p.High) {
		return space.Value{}, false
	}
	step := p.Step
	if step == 0 && p.Kind == space.Int {
		step = 1
	}
	if step > 0 {
		low := p.Low
		k := math.Round((x - low) / step)
		if low+float64(k*step) > p.High {
			k--
		}
		x = low + float64(k*step)
	}
	w, err := p.Coerce(value.Float(x))
	return w, err == nil
}

// rank returns the places of the trials, best first: by how many others are
// better in every metric, then by the mean place in each. With one metric that
// is the order of its values. A pruned trial is behind all that are not.
func rank(list []study.EarlierTrial, goals []study.Goal) []int {
	n := len(list)
	place := make([]float64, n) // mean share of the trials that are better
	for k, g := range goals {
		o := study.Objective{Goal: g}
		sorted := make([]float64, n)
		for i, t := range list {
			sorted[i] = o.Loss(t.Values[k])
		}
		slices.Sort(sorted)
		for i, t := range list {
			at, _ := slices.BinarySearch(sorted, o.Loss(t.Values[k]))
			place[i] += float64(at)
		}
	}
	beaten := make([]int, n)
	if len(goals) > 1 {
		for i := range list {
			for j := range list {
				if dominates(list[j].Values, list[i].Values, goals) {
					beaten[i]++
				}
			}
		}
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch a, b := &list[i], &list[j]; {
		case a.Pruned != b.Pruned && b.Pruned:
			return -1
		case a.Pruned != b.Pruned:
			return 1
		}
		return cmp.Or(cmp.Compare(beaten[i], beaten[j]), cmp.Compare(place[i], place[j]))
	})
	return order
}

// dominates reports whether a is nowhere worse than b, and somewhere better.
func dominates(a, b []float64, goals []study.Goal) bool {
	better := false
	for k, g := range goals {
		o := study.Objective{Goal: g}
		x, y := o.Loss(a[k]), o.Loss(b[k])
		if x > y {
			return false
		}
		better = better || x < y
	}
	return better
}

// goalsOf returns the goals of e's metrics in a study with these objectives.
func goalsOf(e *study.Earlier, objectives []study.Objective) []study.Goal {
	goals := make([]study.Goal, len(e.Metrics))
	for k, m := range e.Metrics {
		for _, o := range objectives {
			if o.Metric == m {
				goals[k] = o.Goal
			}
		}
	}
	return goals
}
