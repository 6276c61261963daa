package rbf

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"

	"github.com/afina-hpo/afina/space"
)

const (
	leastWeight  = 0.05  // of distance, in the last global step
	boxRadius    = 0.165 // of the box that a disappointed local step looks in
	worthwhile   = 1e-4  // least improvement that a local step may promise
	nearest      = 1e-6  // least distance from what is known
	generations  = 4
	elite        = 20 // parents of a generation
	leaders      = 5  // best trials that are perturbed
	finest       = 1e-4
	choicesTried = 8
)

// spreads are the standard deviations of perturbations, taking turns.
var spreads = [...]float64{0.3, 0.1, 0.03}

// box bounds a search: numbers stay within radius of centre, and where fixed
// is set choices stay as they are. The zero box is no bound.
type box struct {
	centre []float64
	radius float64
	fixed  bool
}

// search solves the subproblems of a model. Its memory is used again.
type search struct {
	m      *model
	r      *rand.Rand
	others []float64 // embedded points that have no value yet
	bent   *spline   // through these as well; nil: not asked for
	within box

	x     []float64 // candidates
	s, d  []float64 // value of the spline, and distance from what is known
	score []float64
	order []int32
	z     []float64 // of one candidate
	move  []float64
}

// begin forgets the candidates.
func (q *search) begin(within box) {
	q.within = within
	q.x, q.s, q.d = q.x[:0], q.s[:0], q.d[:0]
	q.z = resize(q.z, q.m.embed.dim)
}

func (q *search) point(i int) []float64 {
	n := q.m.cube.Len()
	return q.x[i*n : (i+1)*n]
}

// look returns the value of the spline at x, and the distance from what is
// known.
func (q *search) look(x []float64) (s, d float64) {
	q.m.embed.put(x, q.z)
	s, d2 := q.m.spline.near(q.z)
	k := q.m.embed.dim
	for i := 0; i < len(q.others); i += k {
		d2 = math.Min(d2, distance2(q.z, q.others[i:i+k]))
	}
	return s, math.Sqrt(d2)
}

// feasible reports whether x satisfies the constraints of the space.
func (q *search) feasible(x []float64) bool {
	sp := q.m.cube.Space()
	return len(sp.Spec().Constraints) == 0 || sp.Feasible(q.m.cube.Decode(x))
}

// room makes place for one more candidate and returns it.
func (q *search) room() []float64 {
	n, k := q.m.cube.Len(), len(q.x)
	if cap(q.x) < k+n {
		q.x = slices.Grow(q.x, k+n)
	}
	q.x = q.x[:k+n]
	return q.x[k:]
}

// keep takes what is in the last room as a candidate if it may be one.
func (q *search) keep() {
	c := q.m.cube
	x := q.x[len(q.x)-c.Len():]
	q.confine(x)
	c.Settle(x, q.r)
	if !q.feasible(x) {
		q.x = q.x[:len(q.x)-c.Len()]
		return
	}
	s, d := q.look(x)
	q.s, q.d = append(q.s, s), append(q.d, d)
}

// confine moves x into the box.
func (q *search) confine(x []float64) {
	b := &q.within
	if b.centre == nil {
		return
	}
	for i, v := range x {
		at := b.centre[i]
		if math.IsNaN(at) || math.IsNaN(v) {
			continue
		}
		if q.m.cube.Unordered(i) {
			if b.fixed {
				x[i] = at
			}
			continue
		}
		if math.Abs(v-at) > b.radius {
			x[i] = q.m.cube.Snap(i, at+math.Copysign(b.radius*q.r.Float64(), v-at))
		}
	}
}

// pool fills the candidates: draws from the prior (or from the box), and
// perturbations of the best trials.
func (q *search) pool(want int) {
	c := q.m.cube
	best := q.bestRows()
	for k := range want {
		x := q.room()
		switch {
		case q.within.centre != nil:
			copy(x, q.within.centre)
			q.perturb(x, q.within.radius)
		case k%2 == 1 && len(best) > 0:
			row := int(q.m.set[best[(k/2)%len(best)]])
			copy(x, q.m.x[row*c.Len():(row+1)*c.Len()])
			q.perturb(x, spreads[(k/2/len(best))%len(spreads)])
		default:
			c.Random(x, q.r)
		}
		q.keep()
	}
}

// bestRows returns the places in set of the trials with the lowest values.
func (q *search) bestRows() []int32 {
	q.order = q.order[:0]
	for i := range q.m.set {
		if q.m.rows[q.m.set[i]].sound {
			q.order = append(q.order, int32(i))
		}
	}
	f := q.m.f
	slices.SortFunc(q.order, func(a, b int32) int { return compare(f[a], f[b], a, b) })
	return slices.Clone(q.order[:min(len(q.order), leaders)])
}

func compare(x, y float64, a, b int32) int {
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return int(a - b)
}

// perturb changes some coordinates of x, five on average, at least one.
func (q *search) perturb(x []float64, sd float64) {
	share := math.Min(1, math.Max(5/float64(len(x)), 0.1))
	one := q.r.IntN(len(x))
	for i, v := range x {
		if i != one && q.r.Float64() >= share || math.IsNaN(v) {
			continue
		}
		if q.m.cube.Unordered(i) {
			if !q.within.fixed {
				x[i] = q.m.cube.Draw(i, q.r)
			}
			continue
		}
		x[i] = q.m.cube.Snap(i, v+float64(sd*q.r.NormFloat64()))
	}
}

// breed adds some generations of children of the candidates with the lowest
// score, which measure fills in from the first new one on.
func (q *search) breed(each int, measure func(from int)) {
	for range generations {
		q.sort()
		parents := slices.Clone(q.order[:min(elite, len(q.order))])
		if len(parents) == 0 {
			return
		}
		from := len(q.s)
		for range each {
			x := q.room()
			a := q.point(int(parents[q.r.IntN(len(parents))]))
			b := q.point(int(parents[q.r.IntN(len(parents))]))
			for i := range x {
				x[i] = a[i]
				if q.r.Uint64()&1 == 0 {
					x[i] = b[i]
				}
			}
			if q.r.Uint64()&1 == 0 {
				q.perturb(x, spreads[len(spreads)-1])
			}
			q.keep()
		}
		measure(from)
	}
	q.sort()
}

// sort fills order with the candidates, the lowest score first.
func (q *search) sort() {
	q.order = q.order[:0]
	for i := range q.score {
		q.order = append(q.order, int32(i))
	}
	slices.SortFunc(q.order, func(a, b int32) int { return compare(q.score[a], q.score[b], a, b) })
}

// weighted looks for the least weighted sum of closeness and spline (Regis and
// Shoemaker 2007, with RBFOpt's scaling).
func (q *search) weighted(w float64, within box) {
	q.begin(within)
	q.pool(q.m.o.candidates)
	lowS, highS, lowD, highD := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for i := range q.s {
		lowS, highS = math.Min(lowS, q.s[i]), math.Max(highS, q.s[i])
		lowD, highD = math.Min(lowD, q.d[i]), math.Max(highD, q.d[i])
	}
	spanS, spanD := highS-lowS, highD-lowD
	if !(spanS > 0) {
		spanS = 1
	}
	if !(spanD > 0) {
		spanD = 1
	}
	measure := func(from int) {
		q.score = q.score[:from]
		for i := from; i < len(q.s); i++ {
			q.score = append(q.score, float64(w*(highD-q.d[i]))/spanD+(q.s[i]-lowS)/spanS)
		}
	}
	q.score = q.score[:0]
	measure(0)
	q.breed(q.m.o.candidates/8, measure)
}

// gutmann looks for the point where reaching the target bends the spline
// least. h is the global step.
func (q *search) gutmann(h int) {
	q.begin(box{})
	q.pool(max(q.m.o.candidates/4, 20))
	low := q.m.low
	for _, s := range q.s {
		low = math.Min(low, s)
	}
	// Of the sorted values the last that this step looks at (Gutmann 2001,
	// section 4: later steps leave out more of the worst).
	k := float64(q.m.o.globals)
	values := slices.Clone(q.m.f)
	slices.Sort(values)
	last := max(len(values)-1-int(float64(h)*float64(len(values))/k), 0)
	a := 1 - float64(h)/k
	target := low - float64(a*a)*math.Max(values[last]-low, 1e-3)
	bent := q.bent
	if bent == nil {
		bent = &q.m.spline
	}
	measure := func(from int) {
		q.score = q.score[:from]
		for i := from; i < len(q.s); i++ {
			q.m.embed.put(q.point(i), q.z)
			p := bent.power(q.z)
			if !(p > 1e-15) || q.d[i] < nearest {
				q.score = append(q.score, math.Inf(1))
				continue
			}
			q.score = append(q.score, 2*math.Log(math.Abs(q.s[i]-target)+1e-12)-math.Log(p))
		}
	}
	q.score = q.score[:0]
	measure(0)
	q.breed(max(q.m.o.candidates/32, 5), measure)
}

// lowest looks for the minimum of the spline within the box: by candidates,
// then by compass search from the best of them and from the best trial. It
// returns the value found; the first candidate is where.
func (q *search) lowest(within box, from []float64) float64 {
	q.begin(within)
	x := q.room()
	copy(x, from)
	q.keep()
	q.pool(q.m.o.candidates / 3)
	measure := func(from int) { q.score = append(q.score[:from], q.s[from:]...) }
	q.score = q.score[:0]
	measure(0)
	q.sort()
	starts := slices.Clone(q.order[:min(3, len(q.order))])
	if len(q.s) > 0 && !slices.Contains(starts, 0) {
		starts = append(starts, 0)
	}
	for _, k := range starts {
		x := q.room()
		copy(x, q.point(int(k)))
		q.compass(x, q.s[k])
		q.keep()
	}
	measure(len(q.score))
	q.sort()
	if len(q.order) == 0 {
		return math.Inf(1)
	}
	return q.s[q.order[0]]
}

// compass goes from x, where the spline is s, to the best of the points at a
// distance of one step along a coordinate, and halves the step where none is
// better.
func (q *search) compass(x []float64, s float64) {
	c := q.m.cube
	conditional := c.Conditional()
	q.move = resize(q.move, len(x))
	try := func(i int, u float64) bool {
		if u == x[i] {
			return false
		}
		copy(q.move, x)
		q.move[i] = u
		if conditional {
			c.Settle(q.move, q.r)
		}
		v, _ := q.look(q.move)
		if !(v < s) || !q.feasible(q.move) {
			return false
		}
		copy(x, q.move)
		s = v
		return true
	}
	step := 0.1
	if q.within.centre != nil {
		step = q.within.radius / 2
	}
	for looks := 0; step > finest && looks < 100; looks++ {
		moved := false
		for i := range x {
			switch levels := c.Levels(i); {
			case math.IsNaN(x[i]):
			case c.Unordered(i):
				if q.within.fixed {
					continue
				}
				for k := range min(levels, choicesTried) {
					if levels > choicesTried {
						k = q.r.IntN(levels)
					}
					moved = try(i, float64(k)) || moved
				}
			default:
				for _, sign := range [...]float64{1, -1} {
					moved = try(i, q.along(i, x[i], float64(sign*step))) || moved
				}
			}
		}
		if !moved {
			step /= 2
		}
	}
}

// along returns the coordinate of parameter i that lies by in one direction of
// u, at least the next value, within the box.
func (q *search) along(i int, u, by float64) float64 {
	c := q.m.cube
	to := c.Snap(i, u+by)
	if levels := c.Levels(i); to == u && levels > 1 {
		k := sort.Search(levels, func(k int) bool { return c.Level(i, k) >= u })
		if by > 0 {
			k++
		} else {
			k--
		}
		to = c.Level(i, min(max(k, 0), levels-1))
	}
	if b := &q.within; b.centre != nil && !math.IsNaN(b.centre[i]) && math.Abs(to-b.centre[i]) > b.radius {
		return u
	}
	return to
}

// yield gives the candidates, the best first, that keep their distance from
// what is known, until take is satisfied or it has seen most.
func (q *search) yield(most int, take func(c space.Config, s float64) bool) bool {
	for _, k := range q.order {
		if most == 0 {
			return false
		}
		if q.d[k] < nearest {
			continue
		}
		most--
		if take(q.m.cube.Decode(q.point(int(k))), q.s[k]) {
			return true
		}
	}
	return false
}
