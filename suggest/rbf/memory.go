package rbf

import (
	"math"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// memory is what the ended trials of a study say, a function of the history
// that is brought up to date by what has ended since.
type memory struct {
	last     *study.History
	cube     *cube.Cube
	embed    embedding
	consumed int

	rows []row
	x, z []float64 // of the rows: points of the cube, and embedded

	best     int // place of the best sound row, -1: none
	improved int // consumed when it became the best of its start
	epochs   int // starts before this one
	since    int // first row of this start
	carried  int // best row of earlier starts; -1: none
	base     int // number of this start's first trial
	highest  int // trial number seen
	top      float64

	// The kernel and the ridge, and when they were chosen.
	chosenAt, chosenEpoch int
	kernel                kernel
	ridge                 float64
}

// row is a trial that has ended and says something.
type row struct {
	value  float64 // NaN where it is not known
	pruned bool
	sound  bool // has a value, and violates no outcome constraint
	at     int  // place in the order of ends
}

// follow brings m up to date with h and reports whether anything is new.
func (m *memory) follow(h *study.History, o *options) bool {
	if m.cube == nil || m.cube.Space() != h.Space || !h.Continues(m.last) {
		*m = memory{cube: cube.New(h.Space), best: -1, carried: -1, top: math.Inf(1), chosenAt: -1}
		m.embed = newEmbedding(m.cube)
		m.last = h
		m.take(h, o)
		return true
	}
	m.last = h
	return m.take(h, o)
}

func (m *memory) take(h *study.History, o *options) bool {
	before := m.consumed
	for ; m.consumed < h.EndedLen(); m.consumed++ {
		t := h.Ended(m.consumed)
		m.highest = max(m.highest, t.Number)
		m.learn(t, h.Objectives[0])
		if o.restart > 0 && m.consumed+1-m.improved >= o.restart {
			m.restart()
		}
	}
	return m.consumed > before
}

// restart begins a new start with the next trial.
func (m *memory) restart() {
	if m.best >= 0 && (m.carried < 0 || m.rows[m.best].value < m.rows[m.carried].value) {
		m.carried = m.best
	}
	m.epochs++
	m.since, m.base, m.improved = len(m.rows), m.highest+1, m.consumed+1
	m.best, m.top = -1, math.Inf(1)
}

func (m *memory) learn(t *study.Trial, objective study.Objective) {
	r := row{value: math.NaN(), at: m.consumed}
	switch t.State {
	case study.Complete, study.Pruned:
		r.pruned = t.Cut()
		if len(t.Values) > 0 && !math.IsInf(t.Values[0], 0) {
			r.value = objective.Loss(t.Values[0])
		}
		r.sound = t.Feasible() && !math.IsNaN(r.value)
		if !t.Feasible() {
			r.value, r.pruned = math.NaN(), false // the spline has to turn away
		}
	case study.Infeasible:
	case study.Failed:
		if !t.Failure.Blames() {
			return
		}
	default:
		return
	}
	n, k := m.cube.Len(), m.embed.dim
	m.x = append(m.x, make([]float64, n)...)
	x := m.x[len(m.x)-n:]
	m.cube.Encode(t.Config, x)
	m.z = append(m.z, make([]float64, k)...)
	m.embed.put(x, m.z[len(m.z)-k:])
	m.rows = append(m.rows, r)
	if r.sound && !r.pruned && r.value < m.top {
		m.top, m.best, m.improved = r.value, len(m.rows)-1, m.consumed+1
	}
}

// embedding maps points of a cube to where the spline is.
type embedding struct {
	cube  *cube.Cube
	first []int // coordinate of each parameter, or its first
	dim   int
}

func newEmbedding(c *cube.Cube) embedding {
	e := embedding{cube: c, first: make([]int, c.Len())}
	for i := range e.first {
		e.first[i] = e.dim
		e.dim += e.width(i)
	}
	return e
}

// width returns how many coordinates parameter i takes.
func (e *embedding) width(i int) int {
	if n := e.cube.Levels(i); e.cube.Unordered(i) && n > 2 {
		return n
	}
	return 1
}

// put writes the embedded point of x to z.
func (e *embedding) put(x, z []float64) {
	for i, v := range x {
		at := e.first[i]
		switch w := e.width(i); {
		case w > 1:
			clear(z[at : at+w])
			if v == v {
				z[at+int(v)] = math.Sqrt2 / 2
			}
		case v == v:
			z[at] = v
		default:
			z[at] = 0.5
		}
	}
}
