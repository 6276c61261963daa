package forest

import (
	"math"

	"github.com/afina-hpo/afina/num/forest"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// renew is how many trials there are to one that the forests do not wait for.
const renew = 1000

// memory is the ended trials of a study as the forests learn them. It is
// brought up to date by what has ended since, and a function of the history
// all the same.
type memory struct {
	last     *study.History
	cube     *cube.Cube
	consumed int

	rows   *forest.Data // trials that say something of the loss
	losses []loss
	labels *forest.Data // trials that say whether they succeeded
	ok     []float64    // 1 or 0
	bad    int          // labels that are 0

	point []float64
}

// loss is what is known of the loss of a row.
type loss struct {
	value  float64 // NaN: pruned without a value
	pruned bool
	sound  bool // it violates no outcome constraint
}

// follow brings m up to date with h and reports whether anything is new.
func (m *memory) follow(h *study.History) bool {
	if m.cube == nil || m.cube.Space() != h.Space || !h.Continues(m.last) {
		*m = memory{cube: cube.New(h.Space)}
		features := make([]forest.Feature, m.cube.Len())
		for i := range features {
			if m.cube.Unordered(i) {
				features[i].Levels = m.cube.Levels(i)
			}
		}
		m.rows, m.labels = forest.NewData(features), forest.NewData(features)
		m.point = make([]float64, m.cube.Len())
		m.consumed = -1
	}
	m.last = h
	until := h.EndedLen()
	until -= until % max(until/renew, 1)
	if m.consumed == until {
		return false
	}
	for m.consumed = max(m.consumed, 0); m.consumed < until; m.consumed++ {
		m.learn(h.Ended(m.consumed), h.Objectives[0])
	}
	return true
}

// learn adds a trial that has ended.
func (m *memory) learn(t *study.Trial, objective study.Objective) {
	switch t.State {
	case study.Complete, study.Pruned:
	case study.Infeasible:
		m.label(t, false)
		return
	case study.Failed:
		if !t.Failure.Blames() {
			return
		}
		m.label(t, false)
		return
	default:
		return
	}
	l := loss{value: math.NaN(), pruned: t.Cut(), sound: t.Feasible()}
	if len(t.Values) > 0 {
		l.value = objective.Loss(t.Values[0])
	}
	if math.IsInf(l.value, 0) {
		l.value = math.NaN()
	}
	if math.IsNaN(l.value) && !l.pruned {
		m.label(t, false)
		return
	}
	m.label(t, l.sound)
	m.rows.Append(m.point)
	m.losses = append(m.losses, l)
}

func (m *memory) label(t *study.Trial, ok bool) {
	m.cube.Encode(t.Config, m.point)
	m.labels.Append(m.point)
	if ok {
		m.ok = append(m.ok, 1)
		return
	}
	m.ok = append(m.ok, 0)
	m.bad++
}
