package tpe

import (
	"math"
	"sort"

	"github.com/afina-hpo/afina/space"
)

// kind is how a parameter is modelled.
type kind uint8

const (
	// continuous: truncated normal densities on the unit interval. Discrete
	// parameters with more than maxCells values are modelled so too, because
	// their cells are narrower than any bandwidth.
	continuous kind = iota
	// cells: truncated normals, integrated over the cell of each value.
	cells
	// choice: no order between the values.
	choice
)

// maxCells is the most values of a parameter whose cells are integrated over;
// exactCells that of the flavour optuna5, which does it always.
const (
	maxCells   = 32
	exactCells = 128
)

// axis is one parameter as the densities see it: a coordinate of the unit
// cube in which the space's prior is uniform.
type axis struct {
	param  int
	kind   kind
	branch bool // the existence of others hangs on it
	// place has the coordinate of every value and edge those between them,
	// with 0 and 1 at the ends; of cells and choices.
	place, edge []float64
	// share is the prior probability of every choice.
	share, logShare []float64
}

func newAxis(s *space.Space, i int, o *options) axis {
	a := axis{param: i}
	p := s.Param(i)
	n, finite := p.Count()
	optuna := o.flavour == flavourOptuna5
	most := maxCells
	if optuna {
		most = exactCells
	}
	switch {
	case !p.IsNumeric() && (!p.Ordered || optuna):
		a.kind = choice
	case finite && n <= most:
		a.kind = cells
	default:
		return a
	}
	a.place = make([]float64, n)
	for k := range a.place {
		a.place[k] = s.EncodeParam(i, p.Nth(k))
	}
	a.edge = make([]float64, n+1)
	a.edge[n] = 1
	for k := 1; k < n; k++ {
		a.edge[k] = between(a.place[k-1], a.place[k], func(u float64) bool { return s.DecodeParam(i, u) == p.Nth(k-1) })
	}
	if a.kind == choice {
		a.share, a.logShare = make([]float64, n), make([]float64, n)
		for k := range a.share {
			a.share[k] = a.edge[k+1] - a.edge[k]
			if optuna {
				a.share[k] = 1 / float64(n)
			}
			a.logShare[k] = math.Log(a.share[k])
		}
	}
	return a
}

// between returns where a function that is true at lo and false at hi turns
// false. The space keeps the edges of its cells to itself, and this finds them
// whatever the scale or prior is.
func between(lo, hi float64, f func(float64) bool) float64 {
	for range 60 {
		mid := (lo + hi) / 2
		if mid <= lo || mid >= hi {
			break
		}
		if f(mid) {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// level returns which value is at u.
func (a *axis) level(u float64) int {
	k := sort.SearchFloat64s(a.edge[1:len(a.edge)-1], u)
	// An edge itself belongs to what is above it.
	if k+1 < len(a.edge)-1 && a.edge[k+1] == u {
		k++
	}
	return min(k, len(a.place)-1)
}
