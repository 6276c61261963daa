package bohb

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/num/special"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/cube"
	"github.com/afina-hpo/afina/suggest/internal/level"
)

var inf = math.Inf(1)

// purpose is the random stream that stands in for inactive parameters.
const purpose = "bohb/impute"

// floor is the least density that is told from nothing.
const floor = 1e-32

// model is the densities of one level.
type model struct {
	cube      *cube.Cube
	free      []int // parameters with more than one value
	good, bad *density
	step      float64 // of the level
	trials    int     // on it
}

func newModel(s *suggester, good, bad []level.Place) *model {
	m := &model{cube: s.cube, free: s.free}
	choices := make([]int, len(s.free))
	for j, i := range s.free {
		if s.cube.Unordered(i) {
			choices[j] = s.cube.Levels(i)
		}
	}
	m.good = newDensity(choices, m.points(s.of, s.seed, good), s.o.least)
	m.bad = newDensity(choices, m.points(s.of, s.seed, bad), s.o.least)
	return m
}

// points returns the coordinates of some trials, a row a trial, with values in
// the place of those that are inactive.
func (m *model) points(h *study.History, seed uint64, places []level.Place) [][]float64 {
	rows := make([][]float64, len(places))
	x := make([]float64, m.cube.Len())
	for n, p := range places {
		m.cube.Encode(h.Trial(p.Trial).Config, x)
		rows[n] = make([]float64, len(m.free))
		for j, i := range m.free {
			rows[n][j] = x[i]
		}
	}
	m.impute(rows, func(n int) *rand.Rand { return study.Stream(seed, places[n].Trial, purpose) })
	return rows
}

// impute fills what is NaN in each row: all that a random other row has where
// the first of it is, and a draw from the prior where no row has it.
func (m *model) impute(rows [][]float64, random func(n int) *rand.Rand) {
	full := make([][]float64, len(rows))
	for n, row := range rows {
		j := slices.IndexFunc(row, math.IsNaN)
		if j < 0 {
			full[n] = row
			continue
		}
		full[n] = slices.Clone(row)
		rng := random(n)
		for ; j >= 0; j = slices.IndexFunc(full[n], math.IsNaN) {
			from, seen := -1, 0
			for k, other := range rows {
				if math.IsNaN(other[j]) {
					continue
				}
				if seen++; rng.IntN(seen) == 0 {
					from = k
				}
			}
			if from < 0 {
				full[n][j] = m.cube.Draw(m.free[j], rng)
				continue
			}
			for i, v := range full[n] {
				if math.IsNaN(v) {
					full[n][i] = rows[from][i]
				}
			}
		}
	}
	copy(rows, full)
}

// candidate is a point with the logarithm of the ratio of the densities there.
type candidate struct {
	x    []float64
	gain float64
}

// propose returns the best of the candidates that take accepts.
func (m *model) propose(o *options, rng *rand.Rand, take func(space.Config) bool) (c space.Config, gain float64, ok bool) {
	list := make([]candidate, o.candidates)
	for i := range list {
		x := m.good.draw(rng, o.widen)
		list[i] = candidate{x, math.Log(max(m.good.at(x), floor)) - math.Log(max(m.bad.at(x), floor))}
	}
	slices.SortStableFunc(list, func(a, b candidate) int {
		switch {
		case a.gain > b.gain:
			return -1
		case a.gain < b.gain:
			return 1
		}
		return 0
	})
	full := make([]float64, m.cube.Len())
	for _, one := range list {
		for i := range full {
			full[i] = math.NaN() // those with one value have it
		}
		for j, i := range m.free {
			full[i] = one.x[j]
		}
		m.cube.Settle(full, rng)
		if c := m.cube.Decode(full); take(c) {
			return c, one.gain, true
		}
	}
	return space.Config{}, 0, false
}

// density is a product kernel density over numbers and choices.
type density struct {
	choices []int // of each coordinate how many values it has, 0 of a number
	data    [][]float64
	bw      []float64
}

// newDensity returns the density of some points, at least one, with bandwidths
// by the normal reference rule.
func newDensity(choices []int, data [][]float64, least float64) *density {
	k := &density{choices: choices, data: data, bw: make([]float64, len(choices))}
	n := float64(len(data))
	for j, c := range choices {
		mean := 0.0
		for _, x := range data {
			mean += x[j]
		}
		mean /= n
		sum := 0.0
		for _, x := range data {
			sum += float64((x[j] - mean) * (x[j] - mean))
		}
		h := 1.06 * math.Sqrt(sum/n) * math.Pow(n, -1/(4+float64(len(choices))))
		k.bw[j] = max(h, least)
		if c > 0 {
			k.bw[j] = min(k.bw[j], 1-1/float64(c))
		}
	}
	return k
}

// at returns the density at x.
func (k *density) at(x []float64) float64 {
	scale := 1 / float64(len(k.data))
	for j, c := range k.choices {
		if c == 0 {
			scale /= k.bw[j] * math.Sqrt(2*math.Pi)
		}
	}
	sum := 0.0
	for _, row := range k.data {
		square, share := 0.0, 1.0
		for j, c := range k.choices {
			switch {
			case c == 0:
				z := (x[j] - row[j]) / k.bw[j]
				square += float64(z * z)
			case x[j] == row[j]:
				share *= 1 - k.bw[j]
			default:
				share *= k.bw[j] / float64(c-1)
			}
		}
		sum += float64(share * special.Exp(-square/2))
	}
	return sum * scale
}

// draw returns a point around one of those the density is made of, with the
// bandwidths of numbers widened and cut off at the bounds.
func (k *density) draw(rng *rand.Rand, widen float64) []float64 {
	row := k.data[rng.IntN(len(k.data))]
	x := make([]float64, len(row))
	for j, c := range k.choices {
		switch {
		case c == 0:
			x[j] = truncated(row[j], widen*k.bw[j], rng.Float64())
		case rng.Float64() < 1-k.bw[j]:
			x[j] = row[j]
		default:
			x[j] = float64(rng.IntN(c))
		}
	}
	return x
}

// truncated returns the p-quantile of a normal distribution around a mean in
// [0, 1], cut off at 0 and 1.
func truncated(mean, sd, p float64) float64 {
	low, high := special.Phi(-mean/sd), special.Phi((1-mean)/sd)
	x := mean + float64(sd*special.Quantile(low+float64(p*(high-low))))
	return min(max(x, 0), 1)
}
