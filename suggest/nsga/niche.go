package nsga

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/num/pareto"
)

// niches returns the survival of NSGA-III: front after front, and of the last
// one those that serve the reference directions with the fewest members.
func niches(directions [][]float64) survivors {
	units := unitsOf(directions)
	return func(members []member, n int, r *rand.Rand) []member {
		out := make([]member, 0, n)
		for k, front := range fronts(members) {
			if room := n - len(out); len(front) <= room {
				out = append(out, front...)
			} else if room > 0 {
				out = append(out, fill(units, out, front, room, k == 0, r)...)
			}
		}
		// Parents are drawn evenly among those that violate nothing.
		for i := range out {
			if out[i].violation <= 0 {
				out[i].rank = 0
			}
		}
		return out
	}
}

// unitsOf returns the directions with length 1.
func unitsOf(directions [][]float64) [][]float64 {
	units := make([][]float64, len(directions))
	for i, d := range directions {
		norm := 0.0
		for _, x := range d {
			norm = math.Hypot(norm, x)
		}
		units[i] = make([]float64, len(d))
		for j, x := range d {
			units[i][j] = x / norm
		}
	}
	return units
}

// fill chooses n of the last front, given those that are in already.
func fill(units [][]float64, in, last []member, n int, first bool, r *rand.Rand) []member {
	if last[0].violation > 0 {
		// Equal in what counts: their objectives are not to be compared with
		// those of members that violate nothing.
		var out []member
		for _, i := range pareto.Thin(losses(last), n) {
			out = append(out, last[i])
		}
		return out
	}
	all := append(append(make([]member, 0, len(in)+len(last)), in...), last...)
	best := all
	if !first {
		best = all[:0:0]
		for _, m := range all {
			if m.rank == 0 {
				best = append(best, m)
			}
		}
	}
	points := normalize(losses(all), len(best))
	counts := make([]int, len(units))
	for _, p := range points[:len(in)] {
		k, _ := nearest(units, p)
		counts[k]++
	}
	candidates := make([][]candidate, len(units))
	for i, p := range points[len(in):] {
		k, d := nearest(units, p)
		candidates[k] = append(candidates[k], candidate{i, d})
	}
	out := make([]member, 0, n)
	for len(out) < n {
		k := emptiest(counts, candidates, r)
		c := candidates[k]
		at := 0
		if counts[k] == 0 {
			for i := range c {
				if c[i].distance < c[at].distance {
					at = i
				}
			}
		} else {
			at = r.IntN(len(c))
		}
		out = append(out, last[c[at].index])
		c[at] = c[len(c)-1]
		candidates[k] = c[:len(c)-1]
		counts[k]++
	}
	return out
}

// candidate is a member of the last front at its direction.
type candidate struct {
	index    int
	distance float64
}

// emptiest returns the direction with the fewest members among those that have
// candidates; of equals one at random.
func emptiest(counts []int, candidates [][]candidate, r *rand.Rand) int {
	best, ties := -1, 0
	for k, c := range candidates {
		switch {
		case len(c) == 0:
		case best < 0 || counts[k] < counts[best]:
			best, ties = k, 1
		case counts[k] == counts[best]:
			if ties++; r.IntN(ties) == 0 {
				best = k
			}
		}
	}
	return best
}

// nearest returns the direction with the least perpendicular distance from p,
// and its square.
func nearest(units [][]float64, p []float64) (int, float64) {
	best, least := 0, math.Inf(1)
	for k, u := range units {
		along := 0.0
		for j, x := range p {
			along += float64(x * u[j])
		}
		sum := 0.0
		for j, x := range p {
			d := x - float64(along*u[j])
			sum += float64(d * d)
		}
		if sum < least {
			best, least = k, sum
		}
	}
	return best, least
}

// normalize moves the ideal point to the origin and scales each objective by
// the intercept of the hyperplane through the extreme points. The first points
// are the front.
func normalize(points [][]float64, front int) [][]float64 {
	m := len(points[0])
	out := make([][]float64, len(points))
	for i := range out {
		out[i] = make([]float64, m)
	}
	for j := range m {
		// Halves, because the whole range may be too large for a float.
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range points {
			low, high = min(low, p[j]/2), max(high, p[j]/2)
		}
		if low == high {
			continue
		}
		for i, p := range points {
			out[i][j] = (p[j]/2 - low) / (high - low)
		}
	}
	for j, x := range intercepts(out, front) {
		for i := range out {
			out[i][j] /= x
		}
	}
	return out
}

// intercepts returns where the hyperplane through the extreme points meets the
// axes, or the worst values of the front where there is no such plane. Values
// are in [0, 1].
func intercepts(points [][]float64, front int) []float64 {
	m := len(points[0])
	plane := make([][]float64, m) // rows: extreme point, then 1
	for j := range plane {
		best, least := 0, math.Inf(1)
		for i, p := range points {
			// The scalarising function of section IV.C, with weights of 1 for
			// axis j and 1e-6 for the others.
			worst := p[j]
			for k, x := range p {
				if k != j {
					worst = max(worst, x*1e6)
				}
			}
			if worst < least {
				best, least = i, worst
			}
		}
		plane[j] = append(append(make([]float64, 0, m+1), points[best]...), 1)
	}
	out, ok := solve(plane)
	for j := range out {
		out[j] = 1 / out[j]
		ok = ok && out[j] > 1e-6
	}
	if !ok {
		out = make([]float64, m)
		for _, p := range points[:front] {
			for j, x := range p {
				out[j] = max(out[j], x)
			}
		}
	}
	for j, x := range out {
		if x = min(x, 1); !(x > 1e-6) {
			x = 1
		}
		out[j] = x
	}
	return out
}

// solve returns the solution of the linear system whose rows end in the right
// side, false where it is singular. It changes rows.
func solve(rows [][]float64) ([]float64, bool) {
	n := len(rows)
	for c := range n {
		pivot := c
		for i := c; i < n; i++ {
			if math.Abs(rows[i][c]) > math.Abs(rows[pivot][c]) {
				pivot = i
			}
		}
		if math.Abs(rows[pivot][c]) < 1e-12 {
			return nil, false
		}
		rows[c], rows[pivot] = rows[pivot], rows[c]
		for i := range rows {
			if i == c {
				continue
			}
			f := rows[i][c] / rows[c][c]
			for k := c; k <= n; k++ {
				rows[i][k] -= float64(f * rows[c][k])
			}
		}
	}
	out := make([]float64, n)
	for i := range out {
		out[i] = rows[i][n] / rows[i][i]
	}
	return out, true
}
