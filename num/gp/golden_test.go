package gp

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// golden is testdata/golden.json, which the script beside it made; it names the
// versions of what it asked.
type golden struct {
	Cases  []goldenCase
	Matern [][3]float64
	Warp   [][7]float64
}

type goldenCase struct {
	Name         string
	Kinds        []int
	Warped       []int
	Effects      []int
	Theta, Y     []float64
	MeanVariance float64 `json:"mean_variance"`
	Factor       []float64
	X, At, Cov   [][]float64
	Mean         []float64
	LML, Belief  float64
	Gradient     []float64
	LeftMean     []float64 `json:"left_mean"`
	LeftVariance []float64 `json:"left_variance"`
}

func readGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) < 8 || len(g.Matern) < 10 || len(g.Warp) < 30 {
		t.Fatalf("%d cases, tables of %d and %d", len(g.Cases), len(g.Matern), len(g.Warp))
	}
	return g
}

func (g *goldenCase) data() (*Data, *Prior) {
	d := &Data{Warped: g.Warped, Effects: g.Effects, Y: g.Y, Factor: g.Factor}
	for _, k := range g.Kinds {
		d.Kinds = append(d.Kinds, Kind(k))
	}
	for _, x := range g.X {
		d.X = append(d.X, x...)
	}
	prior := DefaultPrior(float64(len(g.Kinds)))
	prior.Mean = g.MeanVariance
	return d, &prior
}

// near fails unless got is want, relatively above 1 and absolutely below.
func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

func TestPosteriorIsThatOfScikitLearn(t *testing.T) {
	for _, g := range readGolden(t).Cases {
		t.Run(g.Name, func(t *testing.T) {
			data, prior := g.data()
			p, ok := New(data, prior, g.Theta)
			if !ok {
				t.Fatal("no posterior")
			}
			k := len(g.At)
			mean, cov := make([]float64, k), make([]float64, k*k)
			var all []float64
			for i, x := range g.At {
				all = append(all, x...)
				m, v := p.Predict(x)
				near(t, "mean", m, g.Mean[i], 1e-9)
				near(t, "variance", v, g.Cov[i][i], 1e-9)
				near(t, "mean alone", p.Mean(x), g.Mean[i], 1e-9)
			}
			p.Joint(all, mean, cov)
			for i := range k {
				near(t, "joint mean", mean[i], g.Mean[i], 1e-9)
				for j := range k {
					near(t, "covariance", cov[i*k+j], g.Cov[i][j], 1e-9)
				}
			}
			n := len(data.Y)
			mean, variance := make([]float64, n), make([]float64, n)
			p.LeaveOneOut(mean, variance)
			for i := range n {
				near(t, "mean from the others", mean[i], g.LeftMean[i], 1e-7)
				near(t, "variance from the others", variance[i], g.LeftVariance[i], 1e-7)
			}
		})
	}
}

func TestLikelihoodIsThatOfScikitLearn(t *testing.T) {
	gradients := 0
	for _, g := range readGolden(t).Cases {
		t.Run(g.Name, func(t *testing.T) {
			data, prior := g.data()
			var o objective
			o.reset(data, prior)
			gradient, believed := make([]float64, len(g.Theta)), make([]float64, len(g.Theta))
			v := o.value(g.Theta, gradient)
			belief := o.lay.penalty(prior, g.Theta, believed)
			near(t, "belief", belief, g.Belief, 1e-12)
			near(t, "likelihood", belief-v-float64(len(g.Y))*math.Log(2*math.Pi)/2, g.LML, 1e-9)
			for i, want := range g.Gradient {
				near(t, "derivative", believed[i]-gradient[i], want, 1e-7)
				gradients++
			}
		})
	}
	if gradients < 8 {
		t.Errorf("only %d derivatives compared", gradients)
	}
}

func TestKernelIsThatOfMpmath(t *testing.T) {
	for _, c := range readGolden(t).Matern {
		k, slope := matern(c[0])
		for _, v := range [][2]float64{{k, c[1]}, {slope, c[2]}} {
			if math.Abs(v[0]-v[1]) > 1e-13*math.Abs(v[1]) {
				t.Errorf("at %v: %v, want %v", c[0], v[0], v[1])
			}
		}
	}
}

func TestWarpIsThatOfMpmath(t *testing.T) {
	for _, c := range readGolden(t).Warp {
		lnx := logarithm(c[0])
		w, dx, da, db := kumaraswamyGrad(lnx, c[1], c[2])
		for i, got := range []float64{w, dx / c[0], da, db} {
			near(t, fmt.Sprintf("x = %v, a = %v, b = %v: value %d", c[0], c[1], c[2], i), got, c[3+i], 1e-12)
		}
		if again := kumaraswamy(lnx, c[1], c[2]); again != w {
			t.Errorf("%v without slopes, %v with", again, w)
		}
	}
}
