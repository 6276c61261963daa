package forest

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/space"
)

const (
	perNumber = 4   // neighbours in a parameter that is a number
	reach     = 0.2 // their standard deviation
	perChoice = 8   // most neighbours in a choice
	maxSteps  = 40  // of a local search
)

// search maximises the acquisition of a model. Its memory is used again and
// again.
type search struct {
	pool   []float64 // points one behind the other
	scores []float64
	order  []int32
	moves  []float64
	gains  []float64
	rank   []int32
	found  []float64 // where local searches ended
	ends   []float64 // their scores
}

// point returns the i-th of points that lie one behind the other.
func point(points []float64, i, d int) []float64 { return points[i*d : (i+1)*d] }

// byScore fills order with 0 to len(scores)-1, the best first, equal ones in
// their order.
func byScore(order []int32, scores []float64) []int32 {
	order = order[:0]
	for i := range scores {
		order = append(order, int32(i))
	}
	slices.SortFunc(order, func(a, b int32) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return int(a - b)
	})
	return order
}

// run yields candidates that satisfy the constraints, the most promising
// first, until yield returns false.
func (s *search) run(m *model, r *rand.Rand, yield func(x []float64, c space.Config, score float64) bool) {
	d := m.cube.Len()
	s.draw(m, r)
	s.scores = slices.Grow(s.scores[:0], len(s.pool)/d)[:len(s.pool)/d]
	m.score(s.pool, s.scores)
	s.order = byScore(s.order, s.scores)

	s.found, s.ends = s.found[:0], s.ends[:0]
	own := min(m.o.starts/2, len(m.best))
	for _, row := range m.best[:own] {
		m.rows.Row(int(row), m.point)
		s.climb(m, m.point, math.Inf(-1), r)
	}
	for _, k := range s.order[:min(m.o.starts-own, len(s.order))] {
		s.climb(m, point(s.pool, int(k), d), s.scores[k], r)
	}
	s.rank = byScore(s.rank, s.ends)
	// Local optima are better than the points they began at, but the pool goes
	// on where all of them are taken.
	for _, k := range s.rank {
		x := point(s.found, int(k), d)
		if c := m.cube.Decode(x); m.cube.Space().Feasible(c) && !yield(x, c, s.ends[k]) {
			return
		}
	}
	for _, k := range s.order {
		x := point(s.pool, int(k), d)
		if c := m.cube.Decode(x); !yield(x, c, s.scores[k]) {
			return
		}
	}
}

// draw fills the pool from the prior with points that satisfy the constraints,
// with fewer than wanted where that takes too many draws.
func (s *search) draw(m *model, r *rand.Rand) {
	d, want := m.cube.Len(), m.o.candidates
	s.pool = slices.Grow(s.pool[:0], want*d)
	free := len(m.cube.Space().Spec().Constraints) == 0
	for tries := 0; len(s.pool) < want*d && tries < 4*want; tries++ {
		n := len(s.pool)
		s.pool = s.pool[:n+d]
		x := s.pool[n:]
		m.cube.Random(x, r)
		if !free && !m.cube.Space().Feasible(m.cube.Decode(x)) {
			s.pool = s.pool[:n]
		}
	}
}

// climb goes from x to its best neighbour as long as that is better, and notes
// where it ends. score is that of x, -Inf where it is not known.
func (s *search) climb(m *model, x []float64, score float64, r *rand.Rand) {
	d := m.cube.Len()
	n := len(s.found)
	s.found = append(s.found, x...)
	here := s.found[n:]
	if math.IsInf(score, -1) {
		var one [1]float64
		m.score(here, one[:])
		score = one[0]
	}
	sp := m.cube.Space()
	free := len(sp.Spec().Constraints) == 0
	for range maxSteps {
		s.neighbours(m, here, r)
		k := len(s.moves) / d
		if k == 0 {
			break
		}
		s.gains = slices.Grow(s.gains[:0], k)[:k]
		m.score(s.moves, s.gains)
		best, at := score, -1
		for i, g := range s.gains {
			if g > best && (free || sp.Feasible(m.cube.Decode(point(s.moves, i, d)))) {
				best, at = g, i
			}
		}
		if at < 0 {
			break
		}
		copy(here, point(s.moves, at, d))
		score = best
	}
	s.ends = append(s.ends, score)
}

// neighbours fills moves with the points next to x.
func (s *search) neighbours(m *model, x []float64, r *rand.Rand) {
	s.moves = s.moves[:0]
	conditional := m.cube.Conditional()
	try := func(i int, u float64) {
		if u == x[i] {
			return
		}
		n := len(s.moves)
		s.moves = append(s.moves, x...)
		y := s.moves[n:]
		y[i] = u
		if conditional {
			m.cube.Settle(y, r)
		}
	}
	for i := range x {
		if math.IsNaN(x[i]) {
			continue
		}
		levels := m.cube.Levels(i)
		switch {
		case levels == 1:
		case levels > 0 && (levels <= perNumber+1 || m.cube.Unordered(i) && levels <= perChoice+1):
			for k := range levels {
				try(i, m.cube.Level(i, k))
			}
		case m.cube.Unordered(i):
			for range perChoice {
				try(i, float64(r.IntN(levels)))
			}
		default:
			for range perNumber {
				try(i, m.cube.Snap(i, x[i]+float64(reach*r.NormFloat64())))
			}
		}
	}
}
