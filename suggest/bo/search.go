package bo

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/num/lbfgs"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// search maximises an acquisition over the points of a cube. The work is
// bounded by counts, not by the clock.
type search struct {
	m      *model
	a      *acquisition
	r      *rand.Rand
	solver lbfgs.Solver

	// Where it may search: coordinates of numbers between low and high; nil:
	// anywhere.
	low, high []float64
	// What it must not change.
	held *held

	constrained bool
	pool        []candidate
	taken       map[uint64]struct{} // fingerprints of the points in the pool
	free        []int               // continuous coordinates that exist, of the point searched from
	scale       []float64
	z, g        []float64
	rows        []float64
	t, tl, th   []float64
	trial, keep []float64
}

// candidate is a point with its acquisition.
type candidate struct {
	x     []float64
	value float64
}

// effort is how much the search does.
type effort struct {
	draws  int // points from the prior
	steps  int // points near the best trials
	screen int // of them the most that the acquisition is computed for
	starts int // local searches
	climbs int // evaluations in each climb of a local search
	rounds int
}

func (s *search) begin(m *model, a *acquisition, h *held, r *rand.Rand) {
	s.m, s.a, s.held, s.r = m, a, h, r
	d, n := m.enc.len(), m.cube.Len()
	s.constrained = len(m.cube.Space().Spec().Constraints) > 0
	a.reset(d)
	s.z, s.g = make([]float64, d), make([]float64, d)
	s.trial, s.keep = make([]float64, n), make([]float64, n)
	s.scale = make([]float64, n)
	for i := range s.scale {
		s.scale[i] = 1
		if len(a.loss) > 0 {
			s.scale[i] = math.Min(math.Max(a.loss[0].Length(i), 0.05), 2)
		}
	}
	s.pool = s.pool[:0]
	if s.taken == nil {
		s.taken = map[uint64]struct{}{}
	}
	s.low, s.high = nil, nil
}

// enter keeps the search in a box around the leader whose sides are in
// proportion to the length scales, length on average.
func (s *search) enter(length float64) {
	m := s.m
	if m.leader < 0 {
		return
	}
	n := m.cube.Len()
	sum, count := 0.0, 0
	for i, v := range m.point(m.leader) {
		if v == v && !m.cube.Unordered(i) {
			sum += math.Log(s.scale[i])
			count++
		}
	}
	s.low, s.high = make([]float64, n), make([]float64, n)
	for i, v := range m.point(m.leader) {
		s.low[i], s.high[i] = 0, 1
		if v == v && !m.cube.Unordered(i) {
			half := length / 2 * s.scale[i] / math.Exp(sum/float64(count))
			s.low[i], s.high[i] = math.Max(0, v-half), math.Min(1, v+half)
		}
	}
}

// at is the acquisition at the point x, -Inf where x is not allowed.
func (s *search) at(x []float64) float64 {
	if s.constrained && !s.m.cube.Space().Feasible(s.decode(x)) {
		return math.Inf(-1)
	}
	s.m.enc.put(x, s.z)
	return s.a.value(s.z, nil)
}

// run fills the pool with the points found, best first.
func (s *search) run(e effort, around [][]float64) {
	m := s.m
	n := m.cube.Len()
	clear(s.taken)
	add := func(x []float64) {
		// A point that was tried promises nothing, and steps from one on the
		// border of the space often lead back to it.
		key := fingerprint(x)
		if _, old := m.tried[key]; old {
			return
		}
		if _, twice := s.taken[key]; twice {
			return
		}
		s.taken[key] = struct{}{}
		if s.constrained && !m.cube.Space().Feasible(s.decode(x)) {
			return
		}
		s.pool = append(s.pool, candidate{x: slices.Clone(x)})
	}
	x := s.trial
	for k := range e.draws {
		if s.m.cube.Space() != s.m.whole && k%2 == 0 {
			m.cube.Encode(m.whole.Random(s.r), x) // from what is believed
		} else {
			m.cube.Random(x, s.r)
		}
		if s.held.any() {
			s.settle(x)
		}
		s.enclose(x)
		add(x)
	}
	if len(around) > 0 {
		for k := range e.steps {
			copy(x, around[k%len(around)])
			if k%4 == 3 && len(around) > 1 {
				s.cross(x, around[s.r.IntN(len(around))])
			} else {
				s.perturb(x)
			}
			s.enclose(x)
			add(x)
		}
	}
	s.rank(e.screen)
	if s.a.kind == sampled {
		s.sample(s.r.IntN(len(s.a.loss)), s.r)
		return
	}
	starts := s.starts(e.starts, n)
	for _, c := range starts {
		copy(s.keep, c.x)
		v := s.climb(c.x, c.value, e)
		s.pool = append(s.pool, candidate{x: c.x, value: v})
	}
	slices.SortStableFunc(s.pool, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
}

// fingerprint is a number that two points have in common only if they are the
// same, for all practical purposes (FNV-1a by words).
func fingerprint(x []float64) uint64 {
	h := uint64(14695981039346656037)
	for _, v := range x {
		h = (h ^ math.Float64bits(v)) * 1099511628211
		h ^= h >> 32
	}
	return h
}

// rank computes the acquisition of the points of the pool that are best for
// the first vector of hyperparameters and leaves those, best first.
func (s *search) rank(most int) {
	if len(s.pool) > most && s.a.kind != feasibility {
		d := s.m.enc.len()
		s.rows = resize(s.rows, len(s.pool)*d)
		for i := range s.pool {
			s.m.enc.put(s.pool[i].x, s.rows[i*d:(i+1)*d])
		}
		for i, v := range s.a.screen(s.rows, len(s.pool)) {
			s.pool[i].value = v + s.a.beside(s.rows[i*d:(i+1)*d], nil)
		}
		slices.SortStableFunc(s.pool, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
		s.pool = s.pool[:most]
	}
	for i := range s.pool {
		s.m.enc.put(s.pool[i].x, s.z)
		s.pool[i].value = s.a.value(s.z, nil)
	}
	slices.SortStableFunc(s.pool, func(a, b candidate) int { return cmp.Compare(b.value, a.value) })
}

// starts returns where local searches begin: the best points of the pool that
// are not next to one another.
func (s *search) starts(most, n int) []candidate {
	var out []candidate
	for _, c := range s.pool {
		if len(out) == most || math.IsInf(c.value, -1) {
			break
		}
		near := false
		for _, o := range out {
			if distance(c.x, o.x, s.scale) < 0.05*math.Sqrt(float64(n)) {
				near = true
				break
			}
		}
		if !near {
			out = append(out, candidate{slices.Clone(c.x), c.value})
		}
	}
	return out
}

// distance is how far apart two points are, in length scales.
func distance(a, b, scale []float64) float64 {
	sum := 0.0
	for i, v := range a {
		switch w := b[i]; {
		case v != v && w != w:
		case v != v || w != w:
			sum++
		default:
			d := (v - w) / scale[i]
			sum += float64(d * d)
		}
	}
	return math.Sqrt(sum)
}

// decode returns the configuration at x.
func (s *search) decode(x []float64) space.Config {
	return s.m.cube.DecodeIn(s.held.flat, x).In(s.m.whole)
}

// settle makes x a point again after some of its coordinates have been
// changed, with what is held.
func (s *search) settle(x []float64) {
	s.held.put(x)
	s.m.cube.Settle(x, s.r)
}

// perturb changes about five coordinates of x, each by a normal step of one
// of three sizes, a choice to any other.
func (s *search) perturb(x []float64) {
	n := 0
	for i, v := range x {
		if v == v && !s.held.holds(i) {
			n++
		}
	}
	if n == 0 {
		return
	}
	p := math.Min(1, 5/float64(n))
	size := [...]float64{0.1, 0.03, 0.01}[s.r.IntN(3)]
	changed := false
	for !changed {
		for i, v := range x {
			if v != v || s.held.holds(i) || s.r.Float64() >= p {
				continue
			}
			s.shift(x, i, size)
			changed = true
		}
	}
	s.settle(x)
}

func (s *search) shift(x []float64, i int, size float64) {
	c := s.m.cube
	switch levels := c.Levels(i); {
	case c.Unordered(i):
		x[i] = float64(s.r.IntN(levels))
	case levels > 0 && levels < fine:
		step := 1 + int(math.Abs(s.r.NormFloat64())*size*float64(levels))
		if s.r.IntN(2) == 0 {
			step = -step
		}
		k := level(c, i, x[i]) + step
		x[i] = c.Level(i, min(max(k, 0), levels-1))
	default:
		v := x[i] + size*s.r.NormFloat64()
		if v < 0 {
			v = -v
		}
		if v > 1 {
			v = 2 - v
		}
		x[i] = c.Snap(i, math.Min(math.Max(v, 0), 1))
	}
}

// level returns the place of coordinate v among the values of parameter i.
func level(c *cube.Cube, i int, v float64) int {
	if c.Unordered(i) {
		return int(v)
	}
	lo, hi := 0, c.Levels(i)-1
	for lo < hi {
		mid := (lo + hi) / 2
		if c.Level(i, mid) < v {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// cross takes half of the coordinates from y.
func (s *search) cross(x, y []float64) {
	for i := range x {
		if s.r.IntN(2) == 0 {
			x[i] = y[i]
		}
	}
	s.settle(x)
}

// enclose moves the numbers of x into the box.
func (s *search) enclose(x []float64) {
	if s.low == nil {
		return
	}
	for i, v := range x {
		if v == v && !s.m.cube.Unordered(i) && !s.held.holds(i) {
			if w := math.Min(math.Max(v, s.low[i]), s.high[i]); w != v {
				x[i] = s.m.cube.Snap(i, w)
			}
		}
	}
}

// climb improves x, whose acquisition is value, by turns: all continuous
// coordinates along the gradient, then each discrete one through its values.
func (s *search) climb(x []float64, value float64, e effort) float64 {
	for range e.rounds {
		before := value
		value = s.slide(x, value, e.climbs)
		value = s.step(x, value)
		if !(value > before+1e-6) {
			break
		}
	}
	return value
}

// slide moves the continuous coordinates.
func (s *search) slide(x []float64, value float64, evaluations int) float64 {
	m := s.m
	s.free = s.free[:0]
	for i, v := range x {
		if v == v && m.enc.smooth[i] && !s.held.holds(i) {
			s.free = append(s.free, i)
		}
	}
	k := len(s.free)
	if k == 0 {
		return value
	}
	s.t, s.tl, s.th = resize(s.t, k), resize(s.tl, k), resize(s.th, k)
	for j, i := range s.free {
		s.t[j], s.tl[j], s.th[j] = x[i]/s.scale[i], 0, 1/s.scale[i]
		if s.low != nil {
			s.tl[j], s.th[j] = s.low[i]/s.scale[i], s.high[i]/s.scale[i]
		}
	}
	copy(s.keep, x)
	m.enc.put(x, s.z)
	f := func(t, g []float64) float64 {
		for j, i := range s.free {
			s.z[i] = float64(t[j] * s.scale[i])
		}
		v := s.a.value(s.z, s.g)
		for j, i := range s.free {
			g[j] = -float64(s.g[i] * s.scale[i])
		}
		return -v
	}
	s.solver.Minimize(f, s.t, s.tl, s.th, lbfgs.Options{Evaluations: evaluations, Gradient: 1e-4, Decrease: 1e-5})
	for j, i := range s.free {
		x[i] = m.cube.Snap(i, math.Min(math.Max(float64(s.t[j]*s.scale[i]), 0), 1))
	}
	if v := s.at(x); v > value {
		return v
	}
	copy(x, s.keep)
	return value
}

func resize(s []float64, n int) []float64 {
	if cap(s) < n {
		return make([]float64, n)
	}
	return s[:n]
}

// step tries the other values of every discrete coordinate.
func (s *search) step(x []float64, value float64) float64 {
	c := s.m.cube
	for i := range x {
		if x[i] != x[i] || s.m.enc.smooth[i] || s.held.holds(i) {
			continue
		}
		levels := c.Levels(i)
		now := level(c, i, x[i])
		copy(s.trial, x)
		best := value
		copy(s.keep, x)
		try := func(k int) bool {
			copy(s.trial, x)
			s.trial[i] = c.Level(i, k)
			if s.low != nil && !c.Unordered(i) && (s.trial[i] < s.low[i] || s.trial[i] > s.high[i]) {
				return false
			}
			s.settle(s.trial)
			if v := s.at(s.trial); v > best {
				best = v
				copy(s.keep, s.trial)
				return true
			}
			return false
		}
		if c.Unordered(i) || levels <= 8 {
			for k := range levels {
				if k != now {
					try(k)
				}
			}
		} else {
			for _, sign := range [...]int{1, -1} {
				for stride := 1; ; stride *= 2 {
					k := now + sign*stride
					if k < 0 || k >= levels || !try(k) && stride > 2 {
						break
					}
				}
			}
		}
		if best > value {
			value = best
			copy(x, s.keep)
		}
	}
	return value
}

// yield hands the candidates to take, best first, until it takes one or most
// have been offered.
func (s *search) yield(most int, take func(space.Config, candidate) bool) bool {
	for _, c := range s.pool {
		if most == 0 || math.IsInf(c.value, -1) || math.IsNaN(c.value) {
			break
		}
		cfg := s.decode(c.x)
		if s.constrained && !s.m.cube.Space().Feasible(cfg) {
			continue
		}
		most--
		if take(cfg, c) {
			return true
		}
	}
	return false
}
