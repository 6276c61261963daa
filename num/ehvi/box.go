package ehvi

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/pareto"
)

// Boxes is the region below a reference that no point of a front dominates, cut
// into disjoint boxes. The methods that only read are safe for concurrent use;
// [Boxes.LogEHVI] is not, because it keeps its buffers here: every goroutine
// needs a [Boxes.Clone] of its own.
type Boxes struct {
	reference []float64
	low, high []float64 // of box b and objective j at b·m+j

	// Many boxes share their sides, so each side is a span, computed once.
	levels []float64 // every bound of an objective, the objectives in order
	start  []int     // objective j has levels[start[j]:start[j+1]]
	spans  []span    // the objectives in order
	first  []int     // objective j has spans[first[j]:first[j+1]]
	sides  []int     // the span of box b and objective j at b·m+j

	work buffer
}

// span is an interval between two levels of an objective, or from -Inf to one.
type span struct {
	low, high int // indices of levels; low is -1 for -Inf
	width     float64
}

// Decompose cuts the region below the reference that none of the points
// dominates. The points need not be a front: what is dominated, equal to
// another, or not below the reference in every objective (so what is NaN) makes
// no difference, and without any point the region is the one box below the
// reference. The boxes depend on the set of the points alone, not on their
// order. Nothing is written to the arguments, nor are they kept.
//
// The reference must be finite, not empty, and of the length of the points, or
// Decompose panics. The time is the number of points times that of the boxes.
func Decompose(points [][]float64, reference []float64) *Boxes {
	m := len(reference)
	if m == 0 {
		panic("ehvi: the reference has no objectives")
	}
	for _, r := range reference {
		if math.IsNaN(r) || math.IsInf(r, 0) {
			panic("ehvi: the reference must be finite")
		}
	}
	b := &Boxes{reference: slices.Clone(reference)}
	r := region{points: edge(points, reference), m: m}
	n := len(r.points)
	// The first bound is the reference. Its objectives are defined by points
	// that are at the reference in one objective and at -Inf in the others.
	for j := range m {
		corner := slices.Repeat([]float64{math.Inf(-1)}, m)
		corner[j] = reference[j]
		r.points = append(r.points, corner)
		r.bounds = append(r.bounds, n+j)
	}
	for p := range n {
		r.cut(p)
	}
	r.boxes(b)
	b.share()
	b.work = b.buffer()
	return b
}

// edge returns the points that matter in lexical order: those of the front that
// lie below the reference, each once.
func edge(points [][]float64, reference []float64) [][]float64 {
	var inside [][]float64
	for _, p := range points {
		if len(p) != len(reference) {
			panic("ehvi: a point and the reference are of unequal length")
		}
		if below(p, reference) {
			inside = append(inside, p)
		}
	}
	var front [][]float64
	for _, i := range pareto.Front(inside) {
		front = append(front, inside[i])
	}
	slices.SortFunc(front, slices.Compare)
	return slices.CompactFunc(front, slices.Equal)
}

// below reports whether p is below the reference in every objective.
func below(p, reference []float64) bool {
	for j, x := range p {
		if !(x < reference[j]) {
			return false
		}
	}
	return true
}

// region is the region that the points added so far leave open: the union of
// what lies below its bounds. A bound is kept as the m points that define it:
// the value of objective j is that of its j-th point, which in all the other
// objectives is below the bound.
type region struct {
	points [][]float64
	m      int
	bounds []int // m indices for each bound
	spare  []int
}

// less reports whether point a is below point b in objective j. Of equal values
// that of the later point counts as smaller by next to nothing, so that there
// are no ties, for which the method is not made. What that adds are boxes
// without volume.
func (r *region) less(j, a, b int) bool {
	x, y := r.points[a][j], r.points[b][j]
	return x < y || x == y && a > b
}

// cut takes what point p dominates out of the region. A bound above p gives
// way to its projections on p, one for each objective; those that another bound
// covers are told by their defining points (Klamroth, Lacour and Vanderpooten,
// theorem 3.2).
func (r *region) cut(p int) {
	left := r.spare[:0]
	for at := 0; at < len(r.bounds); at += r.m {
		u := r.bounds[at : at+r.m]
		above := true
		for j, z := range u {
			above = above && r.less(j, p, z)
		}
		if !above {
			left = append(left, u...)
			continue
		}
		for j := range u {
			needed := true
			for i, z := range u {
				needed = needed && (i == j || r.less(j, z, p))
			}
			if needed {
				left = append(left, u...)
				left[len(left)-r.m+j] = p
			}
		}
	}
	r.bounds, r.spare = left, r.bounds
}

// boxes writes the box of each bound. Seen along the first objective, the
// region is what lies below the graph of a function of the others, which is
// constant on cells; each bound has one of the cells, from the largest of those
// of its defining points that stand before each objective to the bound itself
// (Lacour, Klamroth and Fonseca, who fill what lies above that graph).
func (r *region) boxes(b *Boxes) {
	for at := 0; at < len(r.bounds); at += r.m {
		u := r.bounds[at : at+r.m]
		solid := true
		for j, z := range u {
			low, high := math.Inf(-1), r.points[z][j]
			for _, before := range u[:j] {
				low = max(low, r.points[before][j])
			}
			solid = solid && low < high
			b.low = append(b.low, low)
			b.high = append(b.high, high)
		}
		if !solid {
			b.low = b.low[:len(b.low)-r.m]
			b.high = b.high[:len(b.high)-r.m]
		}
	}
}

// share finds the levels and spans that the boxes have in common.
func (b *Boxes) share() {
	m := len(b.reference)
	b.sides = make([]int, len(b.high))
	for j := range m {
		var values []float64
		for at := j; at < len(b.high); at += m {
			values = append(values, b.high[at])
			if !math.IsInf(b.low[at], -1) {
				values = append(values, b.low[at])
			}
		}
		slices.Sort(values)
		b.start = append(b.start, len(b.levels))
		b.first = append(b.first, len(b.spans))
		b.levels = append(b.levels, slices.Compact(values)...)
		known := map[span]int{}
		for at := j; at < len(b.high); at += m {
			s := span{low: b.level(j, b.low[at]), high: b.level(j, b.high[at]), width: b.high[at] - b.low[at]}
			if _, ok := known[s]; !ok {
				known[s] = len(b.spans)
				b.spans = append(b.spans, s)
			}
			b.sides[at] = known[s]
		}
	}
	b.start = append(b.start, len(b.levels))
	b.first = append(b.first, len(b.spans))
}

// level returns the index of a value among those of objective j, the last, or
// -1 if it is -Inf.
func (b *Boxes) level(j int, value float64) int {
	if math.IsInf(value, -1) {
		return -1
	}
	at, _ := slices.BinarySearch(b.levels[b.start[j]:], value)
	return b.start[j] + at
}

// Len returns the number of boxes. It is 0 only where a point is -Inf in all
// objectives.
func (b *Boxes) Len() int { return len(b.high) / len(b.reference) }

// Box returns box i: the points that are at least low and below high in every
// objective. low is -Inf at least in the first objective. The slices belong to
// b and must not be changed.
func (b *Boxes) Box(i int) (low, high []float64) {
	m := len(b.reference)
	return b.low[i*m : (i+1)*m : (i+1)*m], b.high[i*m : (i+1)*m : (i+1)*m]
}

// Improvement returns by how much the hypervolume of the front would grow if y
// were added to it: 0 where y is dominated or not below the reference. It is
// +Inf where y is -Inf and improves. O(boxes), and it allocates nothing.
func (b *Boxes) Improvement(y []float64) float64 {
	m := len(b.reference)
	b.check(len(y))
	sum := 0.0
	for at := 0; at < len(b.high); at += m {
		v := 1.0
		for j, x := range y {
			side := b.high[at+j] - max(x, b.low[at+j])
			if !(side > 0) {
				v = 0 // not side·v: another may be infinite
				break
			}
			v *= side
		}
		sum += v
	}
	return sum
}

func (b *Boxes) check(m int) {
	if m != len(b.reference) {
		panic("ehvi: an argument does not have one value for each objective")
	}
}
