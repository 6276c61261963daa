// Package cube lets a search method move about in a mixed, conditional space
// by numbers alone.
//
// A [Cube] wraps one [space.Space] and gives every configuration a point: one
// coordinate a parameter, in [0, 1] as [space.Space.Encode] has it for numbers
// and ordered choices, the place of the value in the list for unordered
// choices and bools, and NaN where the parameter is inactive. Points always
// stand exactly on a value, so two points are equal where their configurations
// are, and a model that is trained on points of trials can be asked about
// points of candidates.
//
// It is no suggester, holds no history, and does not look at constraints (ask
// [space.Space.Feasible] of what [Cube.Decode] returns). The one idea: a search
// looks at thousands of candidates and keeps one, so candidates must cost
// neither a configuration nor an allocation. Which parameters are active is
// worked out on the coordinates; only conditions written as expressions need
// the space itself.
package cube

import (
	"math"
	"math/rand/v2"
	"sort"

	"github.com/afina-hpo/afina/space"
)

// maxTable is the most values of a discrete number whose coordinates are kept.
const maxTable = 4096

// Cube is the points of one space. It is not safe for concurrent use.
type Cube struct {
	space *space.Space
	axes  []axis
	exprs bool // some condition is an expression
	unit  []float64
}

// axis is one parameter.
type axis struct {
	levels    int  // number of values, 0 where there are very many
	unordered bool // the coordinate is the number of the value
	// mid has the place of every value in the unit interval; of unordered
	// parameters edge has the upper end of its interval.
	mid, edge []float64
	branches  []branch
}

// branch activates a parameter where the coordinate of the parent is one of
// at.
type branch struct {
	parent int
	at     []float64
}

// New returns the cube of s. The time is proportional to the number of values
// of its discrete parameters, up to 4096 each.
func New(s *space.Space) *Cube {
	c := &Cube{space: s, axes: make([]axis, s.Len()), unit: make([]float64, s.Len())}
	for i := range c.axes {
		a, p := &c.axes[i], s.Param(i)
		a.unordered = !p.IsNumeric() && !p.Ordered
		if n, ok := p.Count(); ok && (n <= maxTable || a.unordered) {
			a.levels = n
			a.mid = make([]float64, n)
			for k := range a.mid {
				a.mid[k] = s.EncodeParam(i, p.Nth(k))
			}
		}
		if a.unordered {
			a.edge = make([]float64, a.levels)
			low := 0.0
			for k := range a.edge {
				// A value stands in the middle of its interval.
				low += 2 * (a.mid[k] - low)
				a.edge[k] = low
			}
		}
	}
	for i := range c.axes {
		p := s.Param(i)
		for _, b := range p.Branches {
			j := s.Lookup(b.Parent)
			link := branch{parent: j}
			for _, v := range b.Values {
				w, err := s.Param(j).Coerce(v)
				if err != nil {
					continue // the space has refused such a branch
				}
				link.at = append(link.at, c.Coordinate(j, w))
			}
			c.axes[i].branches = append(c.axes[i].branches, link)
		}
		if p.If != nil {
			c.exprs = true
		}
	}
	return c
}

// Space returns the space of the cube.
func (c *Cube) Space() *space.Space { return c.space }

// Len returns the number of coordinates.
func (c *Cube) Len() int { return len(c.axes) }

// Levels returns how many values coordinate i has, 0 where there are more
// than can be listed.
func (c *Cube) Levels(i int) int { return c.axes[i].levels }

// Unordered reports whether coordinate i is the number of a value, from 0 to
// Levels(i)-1, rather than a place in [0, 1].
func (c *Cube) Unordered(i int) bool { return c.axes[i].unordered }

// Level returns the coordinate of the k-th value of a listed parameter.
func (c *Cube) Level(i, k int) float64 {
	if c.axes[i].unordered {
		return float64(k)
	}
	return c.axes[i].mid[k]
}

// Coordinate returns the coordinate of the value v of parameter i, NaN for an
// absent one.
func (c *Cube) Coordinate(i int, v space.Value) float64 {
	if c.axes[i].unordered && !v.IsAbsent() {
		if k := c.space.Param(i).Index(v); k >= 0 {
			return float64(k)
		}
		return math.NaN()
	}
	return c.space.EncodeParam(i, v)
}

// Encode writes the point of cfg to x, which has Len coordinates.
func (c *Cube) Encode(cfg space.Config, x []float64) {
	for i := range c.axes {
		x[i] = c.Coordinate(i, cfg.At(i))
	}
}

// Decode returns the configuration at x.
func (c *Cube) Decode(x []float64) space.Config { return c.DecodeIn(c.space, x) }

// DecodeIn is Decode for a point of a part of the space ([space.Space.Hold]):
// what is held has its value to the last digit. The configuration is one of the
// cube's space.
func (c *Cube) DecodeIn(part *space.Space, x []float64) space.Config {
	for i := range c.axes {
		c.unit[i] = x[i]
		if a := &c.axes[i]; a.unordered && x[i] >= 0 && int(x[i]) < a.levels {
			c.unit[i] = a.mid[int(x[i])]
		}
	}
	return part.Decode(c.unit).In(c.space)
}

// Snap returns the coordinate of the value of parameter i that the place u of
// the unit interval stands for.
func (c *Cube) Snap(i int, u float64) float64 {
	a := &c.axes[i]
	if a.unordered {
		return float64(min(sort.SearchFloat64s(a.edge, math.Nextafter(u, 2)), a.levels-1))
	}
	if a.levels == 1 {
		return a.mid[0]
	}
	if p := c.space.Param(i); p.Kind == space.Float && p.Step == 0 {
		return math.Min(math.Max(u, 0), 1)
	}
	return c.space.EncodeParam(i, c.space.DecodeParam(i, u))
}

// Draw returns a coordinate of parameter i drawn from its prior.
func (c *Cube) Draw(i int, r *rand.Rand) float64 { return c.Snap(i, r.Float64()) }

// Random fills x with a point drawn from the prior.
func (c *Cube) Random(x []float64, r *rand.Rand) {
	for i := range x {
		x[i] = c.Draw(i, r)
	}
	c.Settle(x, r)
}

// Settle makes x a point again after some of its coordinates have been
// changed: parameters that are inactive now become NaN, and those that are
// active and have no value are drawn from their prior.
func (c *Cube) Settle(x []float64, r *rand.Rand) {
	if c.exprs {
		c.settleByExpression(x, r)
		return
	}
	for _, i := range c.space.Order() {
		switch {
		case !c.active(i, x):
			x[i] = math.NaN()
		case math.IsNaN(x[i]):
			x[i] = c.Draw(i, r)
		}
	}
}

func (c *Cube) active(i int, x []float64) bool {
	branches := c.axes[i].branches
	if len(branches) == 0 {
		return true
	}
	for _, b := range branches {
		for _, at := range b.at {
			if x[b.parent] == at {
				return true
			}
		}
	}
	return false
}

// settleByExpression asks the space what is active, having drawn a value for
// everything that may be.
func (c *Cube) settleByExpression(x []float64, r *rand.Rand) {
	for i := range x {
		if math.IsNaN(x[i]) {
			x[i] = c.Draw(i, r)
		}
	}
	cfg := c.Decode(x)
	for i := range x {
		if cfg.At(i).IsAbsent() {
			x[i] = math.NaN()
		}
	}
}

// Conditional reports whether changing one coordinate may change which others
// are active.
func (c *Cube) Conditional() bool {
	if c.exprs {
		return true
	}
	for i := range c.axes {
		if len(c.axes[i].branches) > 0 {
			return true
		}
	}
	return false
}
