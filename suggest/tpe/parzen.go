package tpe

import (
	"math"
	"slices"
	"sort"

	"github.com/afina-hpo/afina/num/special"
)

// parzen is one of the two densities: a mixture of one product kernel a trial
// and one for the prior. Trials are added and removed one by one, at the cost
// of a binary search and three bandwidths a parameter; everything else that an
// evaluation needs is kept. What it answers is a function of the set of trials
// in it, whatever the order in which they came: no sum is brought up to date
// by differences, and sums over trials are exact (see density).
//
// Kernels live in slots, so that an addition or removal moves nothing. Slot 0
// is the prior's.
type parzen struct {
	o    *options
	dims []dim
	from int // the parameters before this one are given, not drawn

	n     int     // trials
	ids   []int32 // of trials by slot, -1 in a hole
	slots map[int32]int32
	holes []int32
	norm  []float64 // by slot, negated sum of the logarithms of the normalisers of what is drawn; -Inf in a hole
	lead  []float64 // by slot, the same of what is given
	wt    []float64 // by slot, at most 1
	stale []int32   // slots whose norm has to be summed anew
	fresh []bool    // by slot: not in stale
	floor float64   // the least bandwidth at present, but for cells
	bulk  bool      // additions wait for settle to be sorted
}

// dim is one parameter of a parzen.
type dim struct {
	*axis
	mu, sigma []float64   // by slot
	inv       []float64   // by slot, 1/(sigma √2); of continuous ones
	norm      []float64   // by slot, log of sigma √(2π) and the mass within [0, 1]; likewise
	mass      [][]float64 // by value, then by slot: log of the mass of its cell; of cells
	level     []int32     // by slot, 1 + the value, 0 for the prior and absent values; of choices
	table     []float64   // by level, 0 except while choices works; of choices
	order     []int32     // slots of the trials that have a value, by mu, then by number
}

func newParzen(axes []*axis, from int, o *options) *parzen {
	p := &parzen{o: o, from: from, slots: make(map[int32]int32), dims: make([]dim, len(axes))}
	for d := range p.dims {
		p.dims[d].axis = axes[d]
		switch axes[d].kind {
		case cells:
			p.dims[d].mass = make([][]float64, len(axes[d].place))
		case choice:
			p.dims[d].table = make([]float64, len(axes[d].place)+1)
		}
	}
	p.floor = o.narrowest(0, 0)
	p.slot(-1)
	for d := range p.dims {
		p.put(d, 0, math.NaN())
		if p.o.centred && p.dims[d].kind != choice {
			p.dims[d].order = append(p.dims[d].order, 0)
		}
	}
	p.settle(0)
	return p
}

// slot returns a free slot for a trial.
func (p *parzen) slot(id int32) int32 {
	if k := len(p.holes); k > 0 {
		s := p.holes[k-1]
		p.holes = p.holes[:k-1]
		p.ids[s] = id
		return s
	}
	s := int32(len(p.ids))
	p.ids = append(p.ids, id)
	p.norm = append(p.norm, 0)
	p.lead = append(p.lead, 0)
	p.wt = append(p.wt, 1)
	p.fresh = append(p.fresh, true)
	for d := range p.dims {
		m := &p.dims[d]
		m.mu = append(m.mu, 0)
		m.sigma = append(m.sigma, 0)
		switch m.kind {
		case continuous:
			m.inv = append(m.inv, 0)
			m.norm = append(m.norm, 0)
		case cells:
			for k := range m.mass {
				m.mass[k] = append(m.mass[k], 0)
			}
		case choice:
			m.level = append(m.level, 0)
		}
	}
	return s
}

// add takes in a trial at a point. Parameters that the trial does not have get
// the prior's kernel.
func (p *parzen) add(id int32, at point) {
	s := p.slot(id)
	p.slots[id] = s
	p.n++
	p.touch(s)
	for d := range p.dims {
		x := at.coordinate(p.dims[d].param)
		p.put(d, s, x)
		m := &p.dims[d]
		if m.kind == choice || !present(x) {
			continue
		}
		if p.bulk {
			m.order = append(m.order, s)
			continue
		}
		k := p.find(m, s)
		m.order = slices.Insert(m.order, k, s)
		p.widen(m, k-1, k+2)
	}
}

// remove takes out a trial that is in the density.
func (p *parzen) remove(id int32) {
	s := p.slots[id]
	delete(p.slots, id)
	p.n--
	for d := range p.dims {
		m := &p.dims[d]
		if m.kind == choice {
			continue
		}
		if k := p.find(m, s); k < len(m.order) && m.order[k] == s {
			m.order = slices.Delete(m.order, k, k+1)
			p.widen(m, k-1, k+1)
		}
	}
	p.ids[s] = -1
	p.holes = append(p.holes, s)
	p.touch(s)
}

// put sets the place of a kernel; its bandwidth follows.
func (p *parzen) put(d int, s int32, x float64) {
	m := &p.dims[d]
	switch {
	case m.kind == choice:
		m.level[s] = 0
		if present(x) {
			m.level[s] = int32(m.axis.level(x)) + 1
		}
	case present(x):
		m.mu[s], m.sigma[s] = x, 0
	default:
		m.mu[s], m.sigma[s] = 0.5, 0
		p.spread(m, s, 1)
	}
}

// find returns where slot s stands, or would stand, in the order of m.
func (p *parzen) find(m *dim, s int32) int {
	x, id := m.mu[s], p.ids[s]
	return sort.Search(len(m.order), func(k int) bool {
		t := m.order[k]
		return m.mu[t] > x || m.mu[t] == x && p.ids[t] >= id
	})
}

// widen sets the bandwidths of the kernels from the a-th to before the b-th:
// the larger of the gaps to the neighbours, as in Hyperopt. The prior's own is
// the whole range. Values that repeat have no gap between them, and on a grid of
// few they soon do: there a kernel keeps at least so much width that it reaches
// the values next to its own.
func (p *parzen) widen(m *dim, a, b int) {
	k := len(m.order)
	floor := p.floor
	if m.kind == cells {
		floor = math.Max(floor, p.o.cellBandwidth/float64(len(m.place)))
	}
	for i := max(a, 0); i < min(b, k); i++ {
		s := m.order[i]
		if s == 0 {
			continue
		}
		x := m.mu[s]
		left, right := x, 1-x
		if i > 0 {
			left = x - m.mu[m.order[i-1]]
		} else if !p.o.endpoints && k > 1 {
			left = 0
		}
		if i < k-1 {
			right = m.mu[m.order[i+1]] - x
		} else if !p.o.endpoints && k > 1 {
			right = 0
		}
		p.spread(m, s, math.Min(math.Max(math.Max(left, right), floor), 1))
	}
}

// spread sets the bandwidth of a kernel and what hangs on it.
func (p *parzen) spread(m *dim, s int32, sigma float64) {
	if m.sigma[s] == sigma {
		return
	}
	m.sigma[s] = sigma
	t := special.TruncNorm{Mu: m.mu[s], Sigma: sigma, Low: 0, High: 1}
	switch m.kind {
	case continuous:
		m.inv[s] = 1 / (sigma * math.Sqrt2)
		m.norm[s] = math.Log(sigma) + special.LogSqrt2Pi + t.LogMass()
		p.touch(s)
	case cells:
		for k := range m.mass {
			m.mass[k][s] = t.LogCell(m.edge[k], m.edge[k+1])
		}
	}
}

// touch notes that the norm of a slot is not right any more.
func (p *parzen) touch(s int32) {
	if p.fresh[s] {
		p.fresh[s] = false
		p.stale = append(p.stale, s)
	}
}

// settle brings everything up to date after additions and removals. all is the
// number of good and bad trials together.
func (p *parzen) settle(all int) {
	floor := p.o.narrowest(p.n, all)
	if p.bulk || floor != p.floor {
		p.floor = floor
		for d := range p.dims {
			m := &p.dims[d]
			if p.bulk {
				slices.SortFunc(m.order, func(s, t int32) int {
					switch {
					case m.mu[s] < m.mu[t]:
						return -1
					case m.mu[s] > m.mu[t]:
						return 1
					}
					return int(p.ids[s]) - int(p.ids[t])
				})
			}
			p.widen(m, 0, len(m.order))
		}
		p.bulk = false
	}
	for _, s := range p.stale {
		p.fresh[s] = true
		if p.ids[s] < 0 && s != 0 {
			p.norm[s], p.lead[s] = math.Inf(-1), math.Inf(-1)
			continue
		}
		p.lead[s], p.norm[s] = p.normal(s, 0, p.from), p.normal(s, p.from, len(p.dims))
	}
	p.stale = p.stale[:0]
}

// normal returns the negated sum of the logarithms of a slot's normalisers.
func (p *parzen) normal(s int32, from, to int) float64 {
	sum := 0.0
	for d := from; d < to; d++ {
		if m := &p.dims[d]; m.kind == continuous {
			sum -= m.norm[s]
		}
	}
	return sum
}

// rows returns the two values that a row of choice probabilities is made of
// at value c: the logarithm of a kernel's probability where its trial has
// another value, and what is added to it where it has c.
func (p *parzen) rows(m *dim, c int) (miss, hit float64) {
	// A kernel is the trial's own value, weighing 1, and the prior, of which
	// the n+1 kernels share the weight that an average value has.
	w := p.lean(m)
	return math.Log(w/(1+w)) + m.logShare[c], math.Log1p(1 / (w * m.share[c]))
}

// lean returns the weight of the prior in a kernel's row of choices, in which
// the trial's own value weighs 1.
func (p *parzen) lean(m *dim) float64 {
	return p.o.priorWeight / float64(p.n+1) * float64(len(m.share))
}
