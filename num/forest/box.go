package forest

import "math"

// Side is the values of one column that lead to a leaf.
type Side struct {
	// Low and High bound the numbers of a column of numbers: those above Low
	// and at most High. They are infinite where nothing bounds them.
	Low, High float64
	// Missing reports whether NaN leads there.
	Missing bool
	set     []uint64 // of a column of categories
}

// Has reports whether category k leads to the leaf.
func (s *Side) Has(k int) bool { return s.set[k>>6]>>(k&63)&1 == 1 }

// Leaf is a leaf with the part of the space that falls into it, which is the
// product of its sides. The leaves of a tree are disjoint and cover the space,
// so that the mean of a tree over any product distribution, or over some
// columns with the others fixed, is a sum over its leaves (F. Hutter, H. Hoos,
// K. Leyton-Brown, "An efficient approach for assessing hyperparameter
// importance", ICML 2014).
type Leaf struct {
	Sides          []Side  // one a column
	Mean, Variance float64 // of its rows
	Weight         float64 // number of its rows, counting repeated draws
}

// Leaves calls visit for every leaf of tree t, from left to right. What visit
// is given is changed afterwards: it must not be kept.
func (f *Forest) Leaves(t int, visit func(Leaf)) {
	l := Leaf{Sides: make([]Side, len(f.features))}
	for j, ft := range f.features {
		s := &l.Sides[j]
		s.Low, s.High, s.Missing = math.Inf(-1), math.Inf(1), true
		if ft.Levels > 0 {
			s.set = make([]uint64, ft.Levels>>6+1)
			for k := range ft.Levels {
				s.set[k>>6] |= 1 << (k & 63)
			}
		}
	}
	f.walk(f.roots[t], &l, visit)
}

func (f *Forest) walk(at int32, l *Leaf, visit func(Leaf)) {
	n := &f.nodes[at]
	if n.feature < 0 {
		stat := f.leaves[n.left]
		l.Mean, l.Variance, l.Weight = n.at+f.centre, stat.variance, stat.weight
		visit(*l)
		return
	}
	s := &l.Sides[n.feature]
	before := *s
	if n.set < 0 {
		s.High, s.Missing = math.Min(before.High, n.at), before.Missing && n.missing
		f.walk(n.left, l, visit)
		*s = before
		s.Low, s.Missing = math.Max(before.Low, n.at), before.Missing && !n.missing
		f.walk(n.left+1, l, visit)
		*s = before
		return
	}
	levels := f.features[n.feature].Levels
	words := f.bits[n.set:][:levels>>6+1]
	missingLeft := words[levels>>6]>>(levels&63)&1 == 1
	for child := range int32(2) {
		s.set = make([]uint64, len(before.set))
		for k := range s.set {
			w := words[k]
			if child == 1 {
				w = ^w
			}
			s.set[k] = before.set[k] & w
		}
		s.Missing = before.Missing && missingLeft == (child == 0)
		f.walk(n.left+child, l, visit)
		*s = before
	}
}
