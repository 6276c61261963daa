package cmaes

import (
	"math"
	"sort"
)

// grid is the values of one discrete ordered parameter on its Gaussian
// coordinate.
type grid struct {
	coord int       // place among the Gaussian coordinates
	at    []float64 // where the values stand, ascending, at least two
	limit []float64 // half-way between neighbours
}

func newGrid(coord int, at []float64) grid {
	g := grid{coord: coord, at: at, limit: make([]float64, len(at)-1)}
	for k := range g.limit {
		g.limit[k] = (at[k] + at[k+1]) / 2
	}
	return g
}

// level returns which value x stands for.
func (d *grid) level(x float64) int { return sort.SearchFloat64s(d.limit, x) }

// margin keeps the values next to that of the mean probable enough to be
// drawn, without which an integer would stay what it is as soon as the step
// size is small: R. Hamano et al., "CatCMA with Margin", 2025
// (arXiv 2504.07884).
type margin struct {
	grids []grid
	alpha float64   // least probability of a change
	rate  []float64 // probability of a change, one a grid
	hit   []bool    // a good point had another value than the mean's
}

// newMargin returns the margin of grids in a space of that many discrete
// parameters, ordered and categorical.
func newMargin(grids []grid, discrete int) *margin {
	m := &margin{grids: grids, alpha: leastChange(discrete), rate: make([]float64, len(grids)), hit: make([]bool, len(grids))}
	for i := range m.rate {
		m.rate[i] = 0.5 - tiny
	}
	return m
}

// leastChange is the probability with which each of n discrete parameters has
// to change at least, so that all stay the same in at most 73 % of the draws.
func leastChange(n int) float64 { return 1 - math.Pow(0.73, 1/float64(max(n, 1))) }

// centre moves the discrete coordinates of the best mu points, which are
// sorted, onto the values that they stand for, where that is not the mean's
// value; the others it moves so far that the mean feels no bias. It changes
// the points.
func (m *margin) centre(g *gaussian, points []*member) {
	best := points[:g.mu]
	for i := range m.grids {
		d := &m.grids[i]
		home := d.level(g.mean[d.coord])
		m.hit[i] = false
		up, down, bias := 0.0, 0.0, 0.0
		for _, p := range best {
			if p.off[d.coord] {
				continue
			}
			x := p.x[d.coord]
			k := d.level(x)
			gap := d.at[k] - x
			switch {
			case k != home:
				m.hit[i] = true
				p.x[d.coord] = d.at[k]
				bias += d.at[k] - x
			case gap > 0:
				up += gap
			default:
				down += gap
			}
		}
		share := 0.0
		switch {
		case float64(bias*up) < 0:
			share = math.Min(1, -bias/up)
		case float64(bias*down) < 0:
			share = math.Min(1, -bias/down)
		}
		if share == 0 {
			continue
		}
		for _, p := range best {
			if p.off[d.coord] || d.level(p.x[d.coord]) != home {
				continue
			}
			if gap := d.at[home] - p.x[d.coord]; float64(gap*bias) < 0 {
				p.x[d.coord] += float64(share * gap)
			}
		}
	}
}

// correct moves the mean and widens or narrows the scale of every discrete
// coordinate so that its probability of a change is neither below alpha nor,
// unless a change has been a success, above what it was. Coordinates that are
// off in all points keep what they have.
func (m *margin) correct(g *gaussian, points []*member) {
	for i := range m.grids {
		d := &m.grids[i]
		seen := false
		for _, p := range points {
			seen = seen || !p.off[d.coord]
		}
		if !seen {
			continue
		}
		mean := g.mean[d.coord]
		k := d.level(mean)
		low := d.limit[max(k-1, 0)]
		high := d.limit[min(k, len(d.limit)-1)]
		unit := float64(g.sigma * math.Sqrt(g.variance(d.coord)))
		below := cdf((low - mean) / float64(unit*g.scale[d.coord]))
		above := 1 - cdf((high-mean)/float64(unit*g.scale[d.coord]))
		if math.Max(below, above) > 0.5 {
			m.edge(g, i, math.Min(below, above), high, unit)
		} else {
			m.inner(g, i, below, above, low, high, unit)
		}
	}
}

// edge corrects where the mean's value is the first or the last: there is one
// neighbour, beyond limit.
func (m *margin) edge(g *gaussian, i int, change, limit, unit float64) {
	d := &m.grids[i]
	mean := g.mean[d.coord]
	p := math.Max(change, m.alpha)
	if !m.hit[i] {
		p = math.Min(p, m.rate[i])
	}
	p = math.Min(math.Max(p, tiny), 0.5-tiny)
	home := d.at[d.level(mean)]
	least := math.Abs(home-limit) / float64(unit*upperQuantile(m.alpha))
	g.scale[d.coord] = math.Max(g.scale[d.coord], least)
	away := float64(float64(unit*g.scale[d.coord]) * upperQuantile(p))
	g.mean[d.coord] = limit + math.Copysign(away, mean-limit)
	m.rate[i] = p
}

// inner corrects where there are neighbours on both sides.
func (m *margin) inner(g *gaussian, i int, below, above, low, high, unit float64) {
	d := &m.grids[i]
	stay := 1 - (below + above)
	below, above = math.Max(below, m.alpha/2), math.Max(above, m.alpha/2)
	floor := m.alpha / 2 // of stay
	if !m.hit[i] {
		floor = 1 - m.rate[i]
		stay = math.Max(stay, floor)
	}
	// What is above the floors shrinks so that the three sum to 1.
	if room := below + above + stay - m.alpha - floor; room > 0 {
		excess := (1 - below - above - stay) / room
		below += float64(excess * (below - m.alpha/2))
		above += float64(excess * (above - m.alpha/2))
	}
	below = math.Min(math.Max(below, tiny), 0.5-tiny)
	above = math.Min(math.Max(above, tiny), 0.5-tiny)
	a, b := upperQuantile(below), upperQuantile(above)
	g.scale[d.coord] = (high - low) / float64((a+b)*unit)
	g.mean[d.coord] = (float64(low*b) + float64(high*a)) / (a + b)
	m.rate[i] = below + above
}

// cdf is the standard normal distribution function.
func cdf(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// upperQuantile returns the z ≥ 0 that a standard normal variable exceeds with
// probability p, which is above 0 and at most 0.5. It is the square root of
// the quantile of χ² with one degree of freedom at 1-2p.
func upperQuantile(p float64) float64 {
	z := math.Sqrt2 * math.Erfcinv(2*p)
	// math.Erfcinv loses digits where p is small; a Newton step finds them.
	return z + float64((cdf(-z)-p)*math.Sqrt(2*math.Pi)*math.Exp(z*z/2))
}
