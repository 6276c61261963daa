package cmaes

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/linalg"
)

func unitGaussian(n, lambda int, separable bool) *gaussian {
	mean := make([]float64, n)
	for i := range mean {
		mean[i] = 0.5
	}
	return newGaussian(newRates(n, lambda, separable), separable, mean, 0.25)
}

func TestCovarianceStaysPositiveDefinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 6).Draw(t, "n")
		lambda := rapid.IntRange(4, 12).Draw(t, "lambda")
		separable := rapid.Bool().Draw(t, "separable")
		g := unitGaussian(n, lambda, separable)
		if !separable && rapid.Bool().Draw(t, "adapt") {
			g.adapt, g.gap = newAdaptation(n), 1
		}
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		inactive := rapid.Float64Range(0, 1).Draw(t, "share of inactive")
		for range 60 {
			var ps []*member
			for k := range lambda {
				m := point(k, make([]float64, n), nil, r.NormFloat64())
				for i := range m.x {
					m.x[i] = r.Float64() // from anywhere, not from g
					m.off[i] = r.Float64() < inactive
				}
				g.clip(m.x, m.off)
				ps = append(ps, m)
			}
			slices.SortFunc(ps, (*member).before)
			g.update(ps)
			(&model{gauss: g}).bound()
			if separable {
				if least := slices.Min(g.c); !(least > 0) {
					t.Fatalf("generation %d: variance %v", g.gen, least)
				}
				continue
			}
			e := linalg.NewEigen(n)
			if !e.Decompose(g.c) || !(e.Values[0] > -1e-12*e.Values[n-1]) {
				t.Fatalf("generation %d: eigenvalues %v", g.gen, e.Values)
			}
		}
	})
}

// The distribution turns with the objective: fed with rotated points it is the
// rotated distribution.
func TestRotationInvariance(t *testing.T) {
	const n, lambda = 4, 8
	r := rand.New(rand.NewPCG(5, 6))
	a := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			a[i*n+j] = r.NormFloat64()
			a[j*n+i] = a[i*n+j]
		}
	}
	e := linalg.NewEigen(n)
	e.Decompose(a)
	q := e.Vectors // an orthogonal matrix as good as any
	turn := func(x []float64) []float64 {
		y := make([]float64, n)
		linalg.MulVec(y, q, x)
		return y
	}
	g := unitGaussian(n, lambda, false)
	h := newGaussian(newRates(n, lambda, false), false, turn(g.mean), 0.25)
	for range 40 {
		var ps, qs []*member
		for k := range lambda {
			z, x := make([]float64, n), make([]float64, n)
			for i := range z {
				z[i] = r.NormFloat64()
			}
			g.transform(x, z)
			loss := 0.0
			for i, v := range x {
				loss += math.Pow(10, float64(i)) * (v - 0.1) * (v - 0.1)
			}
			ps, qs = append(ps, point(k, x, nil, loss)), append(qs, point(k, turn(x), nil, loss))
		}
		slices.SortFunc(ps, (*member).before)
		slices.SortFunc(qs, (*member).before)
		g.update(ps)
		h.update(qs)
	}
	near(t, "mean", h.mean, turn(g.mean))
	near(t, "sigma", []float64{h.sigma}, []float64{g.sigma})
	// Q·C·Qᵀ by columns, then by rows; C is symmetric.
	var half, whole []float64
	for i := range n {
		half = append(half, turn(g.c[i*n:i*n+n])...)
	}
	for i := range n {
		column := make([]float64, n)
		for k := range n {
			column[k] = half[k*n+i]
		}
		whole = append(whole, turn(column)...)
	}
	near(t, "C", h.c, whole)
}

func TestInactiveCoordinateKeepsItsDistribution(t *testing.T) {
	for _, separable := range []bool{false, true} {
		g := unitGaussian(3, 6, separable)
		r := rand.New(rand.NewPCG(1, 1))
		for range 30 {
			var ps []*member
			for k := range 6 {
				m := point(k, []float64{r.Float64(), r.Float64(), r.Float64()}, nil, float64(k))
				m.off[1] = true
				ps = append(ps, m)
			}
			g.update(ps)
		}
		if g.mean[1] != 0.5 || math.Abs(g.variance(1)-1) > 1e-12 {
			t.Errorf("separable %v: mean %v and variance %v of the inactive coordinate, want 0.5 and 1", separable, g.mean[1], g.variance(1))
		}
		if g.mean[0] == 0.5 || g.variance(0) == 1 {
			t.Errorf("separable %v: the active coordinate has not moved", separable)
		}
	}
}

func TestClipKeepsTheDirectionAndTheLength(t *testing.T) {
	g := unitGaussian(2, 6, false)
	x := []float64{0.5 + 30, 0.5 - 40}
	g.clip(x, []bool{false, false})
	most := math.Sqrt2 + 2*2.0/(2+2) // Hansen 2011: √n + 2n/(n+2)
	near(t, "clipped", x, []float64{0.5 + 0.6*0.25*most, 0.5 - 0.8*0.25*most})
	y := []float64{0.6, 0.5}
	g.clip(y, []bool{false, false})
	near(t, "near point", y, []float64{0.6, 0.5})
}

// However small the step size, the margin leaves each neighbour of the mean's
// value the probability that the paper asks for.
func TestMarginKeepsNeighboursProbable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		levels := rapid.IntRange(3, 9).Draw(t, "levels")
		at := make([]float64, levels)
		for k := range at {
			at[k] = (float64(k) + 0.5) / float64(levels)
		}
		g := newGaussian(newRates(1, 6, false), false, []float64{rapid.Float64Range(0, 1).Draw(t, "mean")},
			math.Pow(10, rapid.Float64Range(-9, 0).Draw(t, "log sigma")))
		m := newMargin([]grid{newGrid(0, at)}, 1)
		p := []*member{point(0, []float64{0.5}, nil, 0)}
		m.hit[0] = rapid.Bool().Draw(t, "hit")
		m.correct(g, p)
		d, sd := &m.grids[0], g.sigma*g.scale[0]
		home := d.level(g.mean[0])
		const slack = 1e-9
		if home > 0 {
			below := cdf((d.limit[home-1] - g.mean[0]) / sd)
			if below < m.alpha/2-slack {
				t.Fatalf("probability %v below level %d, want at least %v", below, home, m.alpha/2)
			}
		}
		if home < levels-1 {
			above := 1 - cdf((d.limit[home]-g.mean[0])/sd)
			if above < m.alpha/2-slack {
				t.Fatalf("probability %v above level %d, want at least %v", above, home, m.alpha/2)
			}
		}
	})
}

func TestProbabilitiesStayAboveTheLeast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(2, 6), 1, 3).Draw(t, "sizes")
		var q [][]float64
		for _, k := range sizes {
			row := make([]float64, k)
			for j := range row {
				row[j] = 1 / float64(k)
			}
			q = append(q, row)
		}
		c := newCategorical(q, len(q))
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		same := rapid.Bool().Draw(t, "all alike")
		for range 50 {
			var ps []*member
			for k := range 3 {
				m := &member{cats: make([]int, len(q))}
				for i, row := range q {
					if !same {
						m.cats[i] = (r.IntN(len(row)+1) + k) % (len(row) + 1)
						m.cats[i]-- // -1: inactive
					}
				}
				ps = append(ps, m)
			}
			c.update(ps, []float64{0.6, 0.3, 0.1})
			for i, row := range c.q {
				sum := 0.0
				for _, p := range row {
					sum += p
					if !(p >= c.least[i]-1e-12) {
						t.Fatalf("probability %v is below %v", p, c.least[i])
					}
				}
				if math.Abs(sum-1) > 1e-12 {
					t.Fatalf("probabilities sum to %v", sum)
				}
			}
		}
	})
}

func TestReflect(t *testing.T) {
	for x, want := range map[float64]float64{0: 0, 0.25: 0.25, 1: 1, 1.25: 0.75, -0.25: 0.25, 2.25: 0.25, -3.5: 0.5} {
		if got := reflect(x); math.Abs(got-want) > 1e-15 {
			t.Errorf("reflect(%v) = %v, want %v", x, got, want)
		}
	}
}
