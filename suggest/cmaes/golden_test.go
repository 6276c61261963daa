package cmaes

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The golden values were computed by the Python package cmaes from
// testdata/generate.py; the file names the version.
type goldenFile struct {
	Gaussian []struct {
		Name      string
		N, Lambda int
		Separable bool
		Adapt     bool
		Mean      []float64
		Sigma     float64
		Draws     [][]float64
		Points    [][]float64
		Values    []float64
		States    []goldenState
	}
	Mixed []struct {
		Name       string
		Continuous int
		Grids      [][]float64
		Choices    []int
		Lambda     int
		Mean       []float64
		Sigma      float64
		Points     [][]float64
		Cats       [][]int
		Values     []float64
		States     []goldenState
	}
	Warm struct {
		Points [][]float64
		Mean   []float64
		Sigma  float64
		Cov    []float64
	}
}

type goldenState struct {
	Generation int
	Mean       []float64
	Sigma      float64
	C          []float64
	Ps, Pc     []float64
	Scale      []float64
	Rate       []float64
	Q          [][]float64
}

func golden(t *testing.T) goldenFile {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldenFile
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// near compares slices to 1e-9 of their largest entry.
func near(t *testing.T, what string, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s has %d entries, want %d", what, len(got), len(want))
	}
	size := 0.0
	for _, x := range want {
		size = math.Max(size, math.Abs(x))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) <= 1e-9*size) {
			t.Fatalf("%s[%d] is %v, want %v", what, i, got[i], want[i])
		}
	}
}

// drawn returns the covariance of the points that g draws, over sigma²: the
// sum over the images of the unit vectors.
func drawn(g *gaussian) []float64 {
	n := g.n
	c := make([]float64, n*n)
	for k := range n {
		x, z := make([]float64, n), make([]float64, n)
		z[k] = 1
		g.transform(x, z)
		for i := range n {
			for j := range n {
				c[i*n+j] += (x[i] - g.mean[i]) * (x[j] - g.mean[j]) / (g.sigma * g.sigma)
			}
		}
	}
	return c
}

// point returns a result whose coordinates are all known.
func point(number int, x []float64, cats []int, loss float64) *member {
	return &member{number: number, x: slices.Clone(x), off: make([]bool, len(x)), cats: cats, loss: loss}
}

func TestGaussianIsThatOfTheReference(t *testing.T) {
	for _, c := range golden(t).Gaussian {
		t.Run(c.Name, func(t *testing.T) {
			r := newRates(c.N, c.Lambda, c.Separable)
			r.gap = 1 // the reference decomposes in every generation
			g := newGaussian(r, c.Separable, c.Mean, c.Sigma)
			if c.Adapt {
				g.adapt = newAdaptation(c.N)
			}
			for k, z := range c.Draws {
				x := make([]float64, c.N)
				g.transform(x, slices.Clone(z))
				near(t, fmt.Sprintf("first point %d", k), x, c.Points[k])
			}
			compared := 0
			for gen := 0; gen*c.Lambda < len(c.Points); gen++ {
				var ps []*member
				for k := gen * c.Lambda; k < (gen+1)*c.Lambda; k++ {
					ps = append(ps, point(k, c.Points[k], nil, c.Values[k]))
				}
				slices.SortFunc(ps, (*member).before)
				g.update(ps)
				for _, s := range c.States {
					if s.Generation != gen+1 {
						continue
					}
					compared++
					near(t, "mean", g.mean, s.Mean)
					near(t, "sigma", []float64{g.sigma}, []float64{s.Sigma})
					cov := g.c
					if c.Separable {
						cov = make([]float64, c.N*c.N)
						for i, x := range g.c {
							cov[i*c.N+i] = x
						}
					}
					near(t, "C", cov, s.C)
					near(t, "covariance of draws", drawn(g), s.C)
					near(t, "path of sigma", g.ps, s.Ps)
					near(t, "path of C", g.pc, s.Pc)
				}
			}
			if compared < 2 {
				t.Fatalf("%d states compared", compared)
			}
		})
	}
}

func TestMixedIsThatOfTheReference(t *testing.T) {
	for _, c := range golden(t).Mixed {
		t.Run(c.Name, func(t *testing.T) {
			n, discrete := c.Continuous+len(c.Grids), len(c.Grids)+len(c.Choices)
			r := newRates(n, c.Lambda, false)
			r.gap = 1
			m := model{gauss: newGaussian(r, false, c.Mean, c.Sigma)}
			var grids []grid
			for i, at := range c.Grids {
				grids = append(grids, newGrid(c.Continuous+i, at))
			}
			m.margin = newMargin(grids, discrete)
			var q [][]float64
			for _, k := range c.Choices {
				row := make([]float64, k)
				for j := range row {
					row[j] = 1 / float64(k)
				}
				q = append(q, row)
			}
			m.cat = newCategorical(q, discrete)
			compared := 0
			for gen := 0; gen*c.Lambda < len(c.Points); gen++ {
				var ps []*member
				for k := gen * c.Lambda; k < (gen+1)*c.Lambda; k++ {
					ps = append(ps, point(k, c.Points[k], c.Cats[k], c.Values[k]))
				}
				slices.SortFunc(ps, (*member).before)
				m.tell(ps)
				for _, s := range c.States {
					if s.Generation != gen+1 {
						continue
					}
					compared++
					if n > 0 {
						near(t, "mean", m.gauss.mean, s.Mean)
						near(t, "sigma", []float64{m.gauss.sigma}, []float64{s.Sigma})
						near(t, "C", m.gauss.c, s.C)
						near(t, "scale", m.gauss.scale, s.Scale)
						near(t, "mutation rate", m.margin.rate, s.Rate)
					}
					for i := range q {
						near(t, fmt.Sprintf("q[%d]", i), m.cat.q[i], s.Q[i])
					}
				}
			}
			if compared < 2 {
				t.Fatalf("%d states compared", compared)
			}
		})
	}
}

// Constants for 10 parameters as Hansen's tutorial gives them, computed with
// the Python package cmaes 0.13.1.
func TestRates(t *testing.T) {
	r := newRates(10, defaultLambda(10), false)
	got := []float64{float64(r.lambda), float64(r.mu), r.muEff, r.c1, r.cmu, r.cSigma, r.dSigma, r.cc, r.chi}
	want := []float64{10, 5, 3.167299, .015284, .020154, .284429, 1.284429, .294990, 3.084727}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-6 {
			t.Errorf("constant %d is %v, want %v", i, got[i], want[i])
		}
	}
	var lambdas []int
	for _, n := range []int{0, 1, 2, 5, 20, 40} {
		lambdas = append(lambdas, defaultLambda(n))
	}
	if diff := cmp.Diff([]int{4, 4, 6, 8, 12, 15}, lambdas); diff != "" {
		t.Errorf("populations (-want +got):\n%s", diff)
	}
}
