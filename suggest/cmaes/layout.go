package cmaes

import (
	"math"

	"github.com/afina-hpo/afina/space"
)

// maxLevels is the largest number of values of an ordered parameter that gets
// a margin. Beyond it neighbours are so close that the parameter is as good as
// continuous, and it is treated so.
const maxLevels = 1000

// layout says where the parameters of a space stand in the model. A parameter
// with one value has no place. One with two is categorical even if it is
// ordered, as the paper on the margin advises.
type layout struct {
	space *space.Space
	coord []int // Gaussian coordinate of a parameter, or -1
	cat   []int // place among the categorical ones, or -1
	n     int   // Gaussian coordinates

	box     []bool      // of a coordinate: continuous, to be kept in [0, 1]
	grids   []grid      // of the others
	grid    []int       // of a coordinate: its grid, or -1
	choices [][]float64 // where the choices stand in the unit interval
	prior   [][]float64 // what they are drawn with before anything is known

	constrained bool
}

// newLayout lays s out. Without margin ints and steps are continuous.
func newLayout(s *space.Space, margin bool) *layout {
	l := &layout{space: s, constrained: len(s.Spec().Constraints) > 0}
	for i := range s.Len() {
		p := s.Param(i)
		count, countable := p.Count()
		at, cat := -1, -1
		switch {
		case countable && count == 1:
		case !p.IsNumeric() && !p.Ordered || countable && count == 2:
			cat = len(l.choices)
			l.addChoices(i, count)
		default:
			at = l.n
			l.addCoordinate(i, count, countable && count <= maxLevels && (margin || !p.IsNumeric()))
		}
		l.coord, l.cat = append(l.coord, at), append(l.cat, cat)
	}
	return l
}

func (l *layout) addChoices(i, count int) {
	p := l.space.Param(i)
	at, prior := make([]float64, count), make([]float64, count)
	total := 0.0
	for k := range at {
		at[k] = l.space.EncodeParam(i, p.Nth(k))
		prior[k] = 1
		if p.Weights != nil {
			prior[k] = p.Weights[k]
		}
		total += prior[k]
	}
	for k := range prior {
		prior[k] /= total
	}
	l.choices, l.prior = append(l.choices, at), append(l.prior, prior)
}

func (l *layout) addCoordinate(i, count int, discrete bool) {
	grid := -1
	if discrete {
		at := make([]float64, count)
		for k := range at {
			at[k] = l.space.EncodeParam(i, l.space.Param(i).Nth(k))
		}
		grid = len(l.grids)
		l.grids = append(l.grids, newGrid(l.n, at))
	}
	l.grid = append(l.grid, grid)
	l.box = append(l.box, !discrete)
	l.n++
}

// dims is how many parameters the model has.
func (l *layout) dims() int { return l.n + len(l.choices) }

// discrete is how many of them have a margin.
func (l *layout) discrete() int { return len(l.grids) + len(l.choices) }

// decode writes the point of the unit cube that coordinates and choices stand
// for to u.
func (l *layout) decode(u, x []float64, cats []int) {
	for i := range u {
		u[i] = 0.5
		if c := l.coord[i]; c >= 0 {
			u[i] = x[c]
			if g := l.grid[c]; g >= 0 {
				u[i] = l.grids[g].at[l.grids[g].level(x[c])]
			}
		} else if k := l.cat[i]; k >= 0 {
			u[i] = l.choices[k][cats[k]]
		}
	}
}

// inactive writes to m which of its coordinates are off in c.
func (l *layout) inactive(c space.Config, m *member) {
	for i := range l.coord {
		if k := l.coord[i]; k >= 0 {
			m.off[k] = c.At(i).IsAbsent()
		} else if k := l.cat[i]; k >= 0 && c.At(i).IsAbsent() {
			m.cats[k] = -1
		}
	}
}

// encode writes the coordinates and choices of c, which was not drawn here, to
// m.
func (l *layout) encode(c space.Config, m *member) {
	m.absent = true
	for i := range l.coord {
		v := c.At(i)
		u := l.space.EncodeParam(i, v)
		if k := l.coord[i]; k >= 0 {
			m.off[k], m.x[k] = math.IsNaN(u), u
			if m.off[k] {
				m.x[k] = 0.5
			}
		} else if k := l.cat[i]; k >= 0 {
			m.cats[k] = -1
			if !math.IsNaN(u) {
				m.cats[k] = nearest(l.choices[k], u)
			}
		}
	}
}

// nearest returns the place of the number in at that is closest to u.
func nearest(at []float64, u float64) int {
	best := 0
	for k, a := range at {
		if math.Abs(a-u) < math.Abs(at[best]-u) {
			best = k
		}
	}
	return best
}

// same reports whether c is the configuration at u. Which parameters are
// active follows from the values of others, so the active ones are enough.
func (l *layout) same(c space.Config, u []float64) bool {
	for i := range u {
		if v := c.At(i); !v.IsAbsent() && v != l.space.DecodeParam(i, u[i]) {
			return false
		}
	}
	return true
}

// reflect folds x into [0, 1] as mirrors at both ends would.
func reflect(x float64) float64 {
	x = math.Mod(math.Abs(x), 2)
	if x > 1 {
		return 2 - x
	}
	return x
}
