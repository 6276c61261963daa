package bo

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// Where a request holds some values, the processes still learn from every
// trial, whatever values it had, and the acquisition is maximised over the
// other parameters: the model of the whole is what a context needs, and what a
// fixed value can use (A. Krause and C. S. Ong, "Contextual Gaussian process
// bandit optimization", NeurIPS 2011). The incumbent is the best trial that has
// the held values; where none has them the lower confidence bound, which needs
// no incumbent, is minimised, as they do.

// held is what the request that is being answered holds. The zero held holds
// nothing.
type held struct {
	parts suggest.Part
	part  *space.Space // the space of the held values
	flat  *space.Space // the same without priors, where they fade
	from  *space.Space // that flat was made of
	at    []float64    // a coordinate of each parameter, NaN where it is free; empty: nothing is held

	leader int
	best   []int
}

func (h *held) any() bool { return len(h.at) > 0 }

// holds reports whether coordinate i must stay as it is.
func (h *held) holds(i int) bool { return len(h.at) > 0 && !math.IsNaN(h.at[i]) }

// put writes the held values into x, also where they do not exist.
func (h *held) put(x []float64) {
	for i, v := range h.at {
		if v == v {
			x[i] = v
		}
	}
}

// Holds implements [suggest.Holder].
func (s *suggester) Holds() {}

// hold turns the model to what r holds; release turns it back.
func (s *suggester) hold(r suggest.Request) error {
	h, m := &s.held, &s.model
	part, err := h.parts.Of(r)
	if err != nil {
		return err
	}
	h.at = h.at[:0]
	if h.part = part; part != h.from {
		h.from, h.flat = part, part
		if part == m.whole {
			h.flat = m.cube.Space()
		} else if m.cube.Space() != m.whole {
			h.flat = part.Flat()
		}
	}
	if len(r.Fixed) == 0 {
		return nil
	}
	for i := range m.cube.Len() {
		p := r.History.Space.Param(i)
		at := math.NaN()
		if v, ok := r.Fixed[p.Name]; ok {
			if v, err := p.Coerce(v); err == nil { // the part has been made of it
				at = m.cube.Coordinate(i, v)
			}
		}
		h.at = append(h.at, at)
	}
	h.leader, h.best = m.leader, slices.Clone(m.best)
	for i := range m.rows {
		x := m.point(i)
		for j, v := range h.at {
			if v == v && x[j] == x[j] && x[j] != v {
				m.rows[i].other = true
				break
			}
		}
	}
	m.rank()
	m.lead()
	return nil
}

// release is the end of hold.
func (s *suggester) release() {
	h, m := &s.held, &s.model
	if !h.any() {
		return
	}
	for i := range m.rows {
		m.rows[i].other = false
	}
	m.leader, m.best = h.leader, append(m.best[:0], h.best...)
}

// elsewhere reports whether there are good trials, but none with the held
// values.
func (h *held) elsewhere(m *model) bool {
	if !h.any() {
		return false
	}
	for i := range m.rows {
		if m.rows[i].other && m.rows[i].feasible() {
			return true
		}
	}
	return false
}

// moved adds to the points near which a search looks, of trials with the held
// values, where they are few the best of the others, given those values.
func (h *held) moved(m *model, points [][]float64, r *rand.Rand) [][]float64 {
	const enough = 5
	if !h.any() {
		return points
	}
	for _, i := range h.best {
		if len(points) >= enough {
			break
		}
		if !m.rows[i].other {
			continue
		}
		x := slices.Clone(m.point(i))
		h.put(x)
		m.cube.Settle(x, r)
		points = append(points, x)
	}
	return points
}

// middle returns the configuration in the middle of what was believed, with
// what is held.
func (h *held) middle(m *model) space.Config {
	c := m.cube
	if c.Space() != m.whole {
		c = cube.New(m.whole)
	}
	x := make([]float64, c.Len())
	for i := range x {
		x[i] = c.Snap(i, 0.5)
	}
	return c.DecodeIn(h.part, x)
}
