package rbf

import (
	"math"
	"slices"
)

// Values are scaled so that the spline's lowest is 0 and its highest 1. The
// limits are in the manner of RBFOpt: beyond logarithmic the better half spans
// so much that only its logarithm can be interpolated; beyond clipping, which
// is 1000 there, the worse half is cut to the median.
const (
	logarithmic = 1e6
	clipping    = 30
)

// maxChoosing is how many points the kernel is chosen with, choosing the share
// of them, best first, whose order counts.
const (
	maxChoosing = 100
	choosing    = 0.7
)

// model is the spline of a history.
type model struct {
	memory
	o      *options
	spline spline
	scale  scale
	set    []int32   // rows in the spline
	f      []float64 // their scaled values
	z      []float64
	loo    []float64
	seen   map[string]int
	key    []byte

	low    float64 // lowest value of the spline at its points
	lowest int     // where, a place in set
}

// scale maps losses to the spline's values.
type scale struct {
	exponent  int
	cut       float64
	log       bool
	low, span float64
	least     float64
}

// learn fits the spline to the rows of the present start, and reports whether
// there are enough.
func (m *model) learn() bool {
	cycle := m.o.cycle()
	mark := m.consumed - m.consumed%cycle
	if mark != m.chosenAt || m.epochs != m.chosenEpoch {
		m.chosenAt, m.chosenEpoch = mark, m.epochs
		m.choose(mark)
	}
	if !m.gather(math.MaxInt, m.o.maxPoints) {
		return false
	}
	m.spline.fit(m.z, len(m.set), m.embed.dim, m.f, m.kernel, m.ridge)
	m.low, m.lowest = math.Inf(1), 0
	for i := range m.set {
		if v := m.spline.at(m.z[i*m.embed.dim : (i+1)*m.embed.dim]); v < m.low {
			m.low, m.lowest = v, i
		}
	}
	return true
}

// choose finds the kernel and the ridge by the trials that had ended by mark.
func (m *model) choose(mark int) {
	m.kernel, m.ridge = m.o.kernels[0], 0
	if len(m.o.kernels)*len(m.o.ridges) == 1 || !m.gather(mark, maxChoosing) || len(m.set) < 2*m.cube.Len() {
		return
	}
	least := math.Inf(1)
	for _, r := range m.o.ridges {
		for _, k := range m.o.kernels {
			m.spline.fit(m.z, len(m.set), m.embed.dim, m.f, k, r)
			// A ridge has to be worth it: it blurs where there is no noise.
			e := m.spline.rankError(m.f, choosing, m.loo)
			if r > 0 {
				e *= 1.1
			}
			if e < least {
				least, m.kernel, m.ridge = e, k, r
			}
		}
	}
}

// gather fills set, z and f with the distinct points of the present start
// among the first until ends, at most most, and reports whether two of them
// have values.
func (m *model) gather(until, most int) bool {
	m.set = m.set[:0]
	var values []float64
	add := func(i int) {
		if r := m.rows[i]; r.at < until {
			m.set = append(m.set, int32(i))
			if r.sound && !r.pruned {
				values = append(values, r.value)
			}
		}
	}
	if m.carried >= 0 {
		add(m.carried)
	}
	for i := m.since; i < len(m.rows); i++ {
		add(i)
	}
	if len(values) == 0 {
		for _, i := range m.set {
			if r := m.rows[i]; !math.IsNaN(r.value) {
				values = append(values, r.value)
			}
		}
	}
	if len(values) == 0 {
		return false
	}
	slices.Sort(values)
	m.scale.learn(values)
	m.f = m.f[:0]
	middle := m.scale.at(values[len(values)/2])
	for _, i := range m.set {
		r := m.rows[i]
		v := 1.0
		switch {
		case r.pruned && math.IsNaN(r.value):
			v = middle
		case r.pruned:
			v = math.Max(m.scale.at(r.value), middle)
		case !math.IsNaN(r.value):
			v = m.scale.at(r.value)
		}
		m.f = append(m.f, v)
	}
	m.thin(most)
	m.merge()
	return len(m.set) >= 2
}

// thin leaves the best third of most rows and the newest for the rest.
func (m *model) thin(most int) {
	n := len(m.set)
	if n <= most {
		return
	}
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case m.f[a] < m.f[b]:
			return -1
		case m.f[a] > m.f[b]:
			return 1
		}
		return 0
	})
	keep := make([]bool, n)
	for _, i := range order[:most/3] {
		keep[i] = true
	}
	left := most - most/3
	for i := n - 1; i >= 0 && left > 0; i-- {
		if !keep[i] {
			keep[i] = true
			left--
		}
	}
	k := 0
	for i, ok := range keep {
		if ok {
			m.set[k], m.f[k] = m.set[i], m.f[i]
			k++
		}
	}
	m.set, m.f = m.set[:k], m.f[:k]
}

// merge fills z, and makes one point with the mean value of rows that were
// tried twice.
func (m *model) merge() {
	d := m.embed.dim
	m.z = m.z[:0]
	if m.seen == nil {
		m.seen = make(map[string]int)
	}
	clear(m.seen)
	k := 0
	var counts []float64
	for i, row := range m.set {
		z := m.memory.z[int(row)*d : (int(row)+1)*d]
		m.key = m.key[:0]
		for _, v := range z {
			b := math.Float64bits(v)
			m.key = append(m.key, byte(b), byte(b>>8), byte(b>>16), byte(b>>24), byte(b>>32), byte(b>>40), byte(b>>48), byte(b>>56))
		}
		if at, twice := m.seen[string(m.key)]; twice {
			counts[at]++
			m.f[at] += (m.f[i] - m.f[at]) / counts[at]
			continue
		}
		m.seen[string(m.key)] = k
		m.set[k], m.f[k] = row, m.f[i]
		m.z = append(m.z, z...)
		counts = append(counts, 1)
		k++
	}
	m.set, m.f = m.set[:k], m.f[:k]
}

// learn sets the scale by values in ascending order.
func (s *scale) learn(values []float64) {
	n := len(values)
	*s = scale{cut: math.Inf(1), span: 1}
	_, s.exponent = math.Frexp(math.Max(math.Abs(values[0]), math.Abs(values[n-1])))
	unit := func(v float64) float64 { return math.Ldexp(v, -s.exponent) }
	low, middle, high := unit(values[0]), unit(values[n/2]), unit(values[n-1])
	s.low = low
	// The spread of the better half: from the best few to the median.
	near := unit(values[n/10]) - low
	if middle-low > logarithmic*math.Max(near, math.SmallestNonzeroFloat64) && near > 0 {
		s.log, s.least = true, near
	}
	if middle > low && high-low > clipping*(middle-low) {
		s.cut = middle
	}
	s.span = 1
	if top := s.raw(values[n-1]); top > 0 {
		s.span = top
	}
}

// raw returns the value before it is divided by the span.
func (s *scale) raw(loss float64) float64 {
	x := math.Min(math.Ldexp(loss, -s.exponent), s.cut) - s.low
	if s.log {
		return math.Log1p(math.Max(x, 0) / s.least)
	}
	return x
}

// at returns the spline's value of a loss: 0 for the lowest, at most 1 for
// those that the scale was learned from.
func (s *scale) at(loss float64) float64 {
	return math.Min(math.Max(s.raw(loss)/s.span, -1), 1)
}

// back returns the loss of a spline's value, and how much it changes where
// that changes by d.
func (s *scale) back(v, d float64) (loss, change float64) {
	x, change := v*s.span, d*s.span
	if s.log {
		// Beyond the scale the exponential says nothing.
		x = math.Min(x, 1.5*s.span)
		change *= s.least * math.Exp(x)
		x = s.least * math.Expm1(x)
	}
	const most = math.MaxFloat64
	loss = math.Ldexp(s.low+x, s.exponent)
	return math.Min(math.Max(loss, -most), most), math.Min(math.Ldexp(math.Abs(change), s.exponent), most)
}
