package bo

import (
	"math"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// memory is the ended trials of a study as the processes learn them: a
// function of the history that is brought up to date by what has ended since.
type memory struct {
	last     *study.History
	whole    *space.Space // of the history
	cube     *cube.Cube   // of the space without priors, where they fade
	believed prior
	costs    costs
	enc      encoding
	consumed int

	x, z  []float64 // points and rows, one for each of rows
	rows  []row
	tried map[uint64]struct{} // fingerprints of the points
	// first is the row of each configuration and kind of end, more the others
	// by the first, in order.
	first map[string]int
	more  map[int][]int
	// sound is how many rows have losses, bad how many failed.
	sound, bad int
}

// row is a trial that says something: it has ended or, in a study with steps,
// has come to one.
type row struct {
	number int
	loss   []float64 // nil: none is known
	// errors are the standard errors that the program reported with the losses,
	// 0 for none; nil: it reported none at all.
	errors []float64
	// limits are the outcome constraints, above 0 violated; nil: unknown.
	limits []float64
	pruned bool
	// partial is set where the trial has not come to its end, and the loss is
	// what is expected there.
	partial bool
	failed  bool // the configuration is to blame for there being nothing
	// other is set while a request is answered that holds values which the
	// row's trial does not have: it is learned from, and no incumbent.
	other bool
	// again is one more than the number of the first row of a configuration
	// that came to the same kind of end; 0: this is the first.
	again int
}

// whole reports whether the row has the loss at the end of its trial, if only
// as it is expected, and violates nothing.
func (r *row) whole() bool { return r.feasible() && !r.pruned && !r.other }

// follow brings m up to date with h and reports whether anything is new.
func (m *memory) follow(h *study.History, fade bool) bool {
	fresh := m.cube == nil || m.whole != h.Space || !h.Continues(m.last)
	if fresh {
		flat := h.Space
		if fade {
			flat = flat.Flat()
		}
		c := m.costs
		c.restart()
		*m = memory{
			whole: h.Space, cube: cube.New(flat), costs: c,
			tried: map[uint64]struct{}{}, first: map[string]int{}, more: map[int][]int{},
		}
		m.enc = newEncoding(m.cube, modelsSteps(h))
		m.believed = newPrior(h.Space, &m.enc)
	}
	if m.enc.step >= 0 {
		news := m.replay(h)
		m.costs.follow(h, m)
		return fresh || news
	}
	m.last = h
	before := m.consumed
	for ; m.consumed < h.EndedLen(); m.consumed++ {
		m.learn(h.Ended(m.consumed), h.Objectives)
	}
	m.costs.follow(h, m)
	return fresh || m.consumed > before
}

func (m *memory) learn(t *study.Trial, objectives []study.Objective) {
	if t.Cut() && m.enc.step >= 0 {
		return // it counts as far as it got
	}
	r := row{number: t.Number}
	switch t.State {
	case study.Complete, study.Pruned:
		r.pruned = t.Cut()
		if len(t.Values) == len(objectives) {
			r.loss = make([]float64, len(objectives))
			for k, o := range objectives {
				r.loss[k] = o.Loss(t.Values[k])
				if math.IsInf(r.loss[k], 0) || math.IsNaN(r.loss[k]) {
					r.loss = nil
					break
				}
				if se, ok := o.Error(t); ok {
					if r.errors == nil {
						r.errors = make([]float64, len(objectives))
					}
					r.errors[k] = se
				}
			}
		}
		r.limits = t.Violations
		for _, v := range r.limits {
			if math.IsNaN(v) {
				r.limits = nil
				break
			}
		}
		if r.loss == nil && r.pruned {
			return
		}
		r.failed = r.loss == nil
	case study.Infeasible:
		r.failed = true
	case study.Failed:
		if !t.Failure.Blames() {
			return
		}
		r.failed = true
	default:
		return
	}
	m.add(t, r)
}

// add appends a row for t.
func (m *memory) add(t *study.Trial, r row) {
	n, d := m.cube.Len(), m.enc.len()
	m.x = append(m.x, make([]float64, n)...)
	x := m.x[len(m.x)-n:]
	m.cube.Encode(t.Config, x)
	m.z = append(m.z, make([]float64, d)...)
	m.enc.put(x, m.z[len(m.z)-d:])
	m.join(t, &r)
	m.rows = append(m.rows, r)
	m.tried[fingerprint(x)] = struct{}{}
	if r.failed {
		m.bad++
	} else {
		m.sound++
	}
}

// join puts r, the row of t that is added next, to those of its configuration.
func (m *memory) join(t *study.Trial, r *row) {
	if r.partial {
		return
	}
	kind := "c"
	switch {
	case r.failed:
		kind = "f"
	case r.pruned:
		kind = "p"
	case !r.feasible():
		kind = "v"
	}
	key := kind + t.Config.Key()
	if k, ok := m.first[key]; ok {
		r.again = k + 1
		m.more[k] = append(m.more[k], len(m.rows))
		return
	}
	m.first[key] = len(m.rows)
}

// head returns the first row of the configuration of row i.
func (m *memory) head(i int) int {
	if k := m.rows[i].again; k > 0 {
		return k - 1
	}
	return i
}

// average returns the first loss of row i, a head, averaged over the rows that
// it stands for.
func (m *memory) average(i int) float64 {
	others := m.more[i]
	if len(others) == 0 {
		return m.rows[i].loss[0]
	}
	sum := m.rows[i].loss[0]
	for _, j := range others {
		sum += m.rows[j].loss[0]
	}
	return sum / float64(1+len(others))
}

func (m *memory) point(i int) []float64 { n := m.cube.Len(); return m.x[i*n : (i+1)*n] }
func (m *memory) row(i int) []float64   { d := m.enc.len(); return m.z[i*d : (i+1)*d] }

// feasible reports whether row i has losses and violates nothing.
func (r *row) feasible() bool {
	if r.loss == nil {
		return false
	}
	for _, v := range r.limits {
		if !(v <= 0) {
			return false
		}
	}
	return true
}
