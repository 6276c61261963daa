package gp

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/linalg"
)

// drawn is data of any mixture of columns, with points that repeat, and
// hyperparameters near the mode.
func drawn(t *rapid.T, most int) (*Data, *Prior, []float64) {
	data := &Data{}
	d := rapid.IntRange(1, 5).Draw(t, "columns")
	for j := range d {
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			data.Kinds = append(data.Kinds, Nominal)
		case 1:
			data.Warped = append(data.Warped, j)
			data.Effects = append(data.Effects, j)
			fallthrough
		default:
			data.Kinds = append(data.Kinds, Numeric)
		}
	}
	r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
	for i := range rapid.IntRange(1, most).Draw(t, "points") {
		if i > 0 && r.IntN(6) == 0 {
			at := r.IntN(i) * d
			data.X = append(data.X, data.X[at:at+d]...)
		} else {
			for _, kind := range data.Kinds {
				x := r.Float64()
				if kind == Nominal || r.IntN(5) == 0 {
					x = math.Round(x)
				}
				data.X = append(data.X, x)
			}
		}
		data.Y = append(data.Y, r.NormFloat64())
		data.Factor = append(data.Factor, 1/float64(1+r.IntN(4)))
	}
	if rapid.Bool().Draw(t, "without effects") {
		data.Effects = nil
	}
	prior := DefaultPrior(float64(d))
	theta := Mode(data, &prior)
	for i := range theta {
		theta[i] += 0.5 * r.NormFloat64()
	}
	return data, &prior, theta
}

// A posterior without data is the prior: its joint covariance is the kernel.
func TestKernelIsPositiveDefinite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data, prior, theta := drawn(t, 16)
		k := len(data.Y)
		p, ok := New(part(data, 0), prior, theta)
		if !ok {
			t.Fatal("no posterior")
		}
		mean, cov := make([]float64, k), make([]float64, k*k)
		p.Joint(data.X, mean, cov)
		for i, m := range mean {
			d := len(data.Kinds)
			_, v := p.Predict(data.X[d*i : d*i+d])
			if m != 0 || cov[i*k+i] != v || len(data.Effects) == 0 && v != p.Signal()+prior.Mean {
				t.Fatalf("mean %v and variance %v before any data", m, cov[i*k+i])
			}
		}
		e := linalg.NewEigen(k)
		if !e.Decompose(cov) || e.Values[0] < -1e-12*e.Values[k-1] {
			t.Fatalf("eigenvalues %v", e.Values)
		}
	})
}

func TestNominalColumnIsOneHot(t *testing.T) {
	data := random(9, 16)
	data.Warped = nil
	prior := DefaultPrior(5)
	theta := Mode(data, &prior)
	theta[1], theta[4] = -0.3, 0.4
	// Columns 1 and 4 have the values 0 to 3 and 0 to 1; a one-hot distance is
	// √2, so that its length scale is √2 times as long.
	levels := map[int]int{1: 4, 4: 2}
	hot := &Data{Y: data.Y, Factor: data.Factor}
	var hotTheta []float64
	spread := func(x []float64) (out []float64) {
		for j, v := range x {
			if levels[j] == 0 {
				out = append(out, v)
			}
			for level := range levels[j] {
				out = append(out, map[bool]float64{true: 1}[v == float64(level)])
			}
		}
		return out
	}
	for j := range data.Kinds {
		n, long := 1, 0.0
		if levels[j] > 0 {
			n, long = levels[j], math.Ln2/2
		}
		for range n {
			hot.Kinds = append(hot.Kinds, Numeric)
			hotTheta = append(hotTheta, theta[j]+long)
		}
	}
	hotTheta = append(hotTheta, theta[5:]...)
	for i := range data.Y {
		hot.X = append(hot.X, spread(data.X[5*i:5*i+5])...)
	}
	p, _ := New(data, &prior, theta)
	q, _ := New(hot, &prior, hotTheta)
	for i := range 8 {
		x := []float64{float64(i) / 7, float64(i % 4), float64(i % 2), 0.3, float64(i / 4)}
		m, v := p.Predict(x)
		mHot, vHot := q.Predict(spread(x))
		near(t, "mean", m, mHot, 1e-11)
		near(t, "variance", v, vHot, 1e-11)
	}
}

func TestLeaveOneOutIsFittingWithoutThePoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data, prior, theta := drawn(t, 12)
		theta[data.layout().noise()] = -3
		n, d := len(data.Y), len(data.Kinds)
		p, ok := New(data, prior, theta)
		if !ok {
			t.Fatal("no posterior")
		}
		mean, variance := make([]float64, n), make([]float64, n)
		p.LeaveOneOut(mean, variance)
		for i := range n {
			rest := &Data{Kinds: data.Kinds, Warped: data.Warped, Effects: data.Effects}
			for j := range n {
				if j != i {
					rest.X = append(rest.X, data.X[j*d:(j+1)*d]...)
					rest.Y = append(rest.Y, data.Y[j])
					rest.Factor = append(rest.Factor, data.Factor[j])
				}
			}
			q, ok := New(rest, prior, theta)
			if !ok {
				t.Fatal("no posterior without the point")
			}
			m, v := q.Predict(data.X[i*d : (i+1)*d])
			v += p.Noise() * data.Factor[i]
			if math.Abs(m-mean[i]) > 1e-6 || math.Abs(v-variance[i]) > 1e-6*v {
				t.Fatalf("point %d of %d: %v, %v; without it %v, %v", i, n, mean[i], variance[i], m, v)
			}
		}
	})
}

// Two values at one point say as much as their mean with half the noise.
func TestReplicatesAreOnePointWithLessNoise(t *testing.T) {
	kinds := []Kind{Numeric, Nominal}
	twice := &Data{
		Kinds: kinds,
		X:     []float64{0.1, 0, 0.5, 1, 0.5, 1, 0.9, 0},
		Y:     []float64{-1, 0.2, 0.8, 1},
	}
	once := &Data{
		Kinds: kinds, X: []float64{0.1, 0, 0.5, 1, 0.9, 0},
		Y: []float64{-1, 0.5, 1}, Factor: []float64{1, 0.5, 1},
	}
	prior := DefaultPrior(2)
	theta := Mode(twice, &prior)
	theta[3] = math.Log(0.05)
	p, _ := New(twice, &prior, theta)
	q, _ := New(once, &prior, theta)
	for i := range 11 {
		x := []float64{float64(i) / 10, float64(i % 2)}
		m, v := p.Predict(x)
		mOnce, vOnce := q.Predict(x)
		near(t, "mean", m, mOnce, 1e-8)
		near(t, "variance", v, vOnce, 1e-8)
	}
}

func TestWithoutNoiseTheMeanGoesThroughThePoints(t *testing.T) {
	data := random(3, 10)
	data.Factor = nil
	prior := DefaultPrior(5)
	theta := Mode(data, &prior)
	theta[data.layout().noise()] = -30
	p, _ := New(data, &prior, theta)
	for i, y := range data.Y {
		m, v := p.Predict(data.X[5*i : 5*i+5])
		near(t, "mean", m, y, 1e-6)
		if v > 1e-8 {
			t.Errorf("variance %v at a point that was seen", v)
		}
	}
	// Far away the constant and the signal remain.
	_, v := p.Predict([]float64{1e6, 9, -1e6, 0.5, 9})
	if v < p.Signal() || v > p.Signal()+prior.Mean {
		t.Errorf("variance %v far away", v)
	}
}

func TestSizesAreThoseOfTheHyperparameters(t *testing.T) {
	data := random(3, 10)
	prior := DefaultPrior(5)
	theta := []float64{0.1, 0.2, 0.3, 0.4, 0.5, 0.6, -4, 0, 0, 0, 0}
	p, _ := New(data, &prior, theta)
	for j := range 5 {
		near(t, fmt.Sprintf("length %d", j), p.Length(j), math.Exp(theta[j]), 1e-14)
	}
	near(t, "signal", p.Signal(), math.Exp(0.6), 1e-14)
	near(t, "noise", p.Noise(), math.Exp(-4), 1e-14)
	if p.Len() != 10 {
		t.Errorf("%d points", p.Len())
	}
}

// At the ends of the interval, where the slope may be infinite, the warp is
// flat.
func TestEdgesOfTheWarpAreFinite(t *testing.T) {
	for _, x := range []float64{0, 1e-300, 1, 1 - 1e-16} {
		for _, a := range []float64{0.2, 1, 5} {
			for _, b := range []float64{0.2, 1, 5} {
				w, dx, da, db := kumaraswamyGrad(logarithm(x), a, b)
				sum := dx + da + db
				if w < 0 || w > 1 || math.IsNaN(sum) || math.IsInf(sum, 0) {
					t.Errorf("x = %v, a = %v, b = %v: %v with the slopes %v, %v, %v", x, a, b, w, dx, da, db)
				}
				data := &Data{Kinds: []Kind{Numeric}, Warped: []int{0}, X: []float64{0.4, 0.6}, Y: []float64{-1, 1}}
				prior := DefaultPrior(1)
				theta := append(Mode(data, &prior)[:3], math.Log(a), math.Log(b))
				p, _ := New(data, &prior, theta)
				gm, gv := []float64{1}, []float64{1}
				if p.PredictGrad([]float64{x}, gm, gv); gm[0] != 0 || gv[0] != 0 {
					t.Errorf("x = %v, a = %v, b = %v: gradients %v and %v", x, a, b, gm, gv)
				}
			}
		}
	}
}

// degenerate is data that offers little to learn from, by name.
func degenerate() map[string]*Data {
	r := rand.New(rand.NewPCG(1, 1))
	two := []Kind{Numeric, Nominal}
	wide := &Data{Kinds: make([]Kind, 300), Y: []float64{-1, 1, 0.5}}
	for range 3 * 300 {
		wide.X = append(wide.X, r.Float64())
	}
	long := &Data{Kinds: two[:1]}
	for i := range 150 {
		long.X = append(long.X, float64(i%3)/2)
		long.Y = append(long.Y, r.NormFloat64())
	}
	return map[string]*Data{
		"one point":             {Kinds: two, X: []float64{0.5, 1}, Y: []float64{0}},
		"equal points":          {Kinds: two, X: []float64{0.5, 1, 0.5, 1, 0.5, 1}, Y: []float64{1, 1, 1}},
		"equal points disagree": {Kinds: two, X: []float64{0.5, 1, 0.5, 1, 0.5, 1}, Y: []float64{-1, 0, 1}},
		"constant values":       {Kinds: two, X: []float64{0.1, 0, 0.5, 1, 0.9, 1}, Y: []float64{0, 0, 0}},
		"equal columns":         {Kinds: two, X: []float64{0.3, 2, 0.3, 2, 0.3, 2}, Y: []float64{-1, 0, 1}},
		"edges, warped": {
			Kinds: two, Warped: []int{0}, X: []float64{0, 0, 1, 0, 0, 1, 1, 1}, Y: []float64{-1, 0, 1, 0},
		},
		"many columns":      wide,
		"many repeats":      long,
		"nominal alone":     {Kinds: two[1:], X: []float64{0, 1, 2, 0}, Y: []float64{-1, 0, 1, -1}},
		"an enormous value": {Kinds: two, X: []float64{0.1, 0, 0.5, 1, 0.9, 1}, Y: []float64{0, 1e6, 0}},
	}
}

func TestDegenerateDataIsFitted(t *testing.T) {
	for name, data := range degenerate() {
		t.Run(name, func(t *testing.T) {
			prior := DefaultPrior(float64(len(data.Kinds)))
			var f Fitter
			theta, v, ok := f.Fit(data, &prior, nil, Effort{Evaluations: 40, Starts: 3})
			if !ok || math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("value %v, %v", v, ok)
			}
			p, ok := New(data, &prior, theta)
			if !ok {
				t.Fatal("no posterior")
			}
			n, d := len(data.Y), len(data.Kinds)
			mean, variance := make([]float64, n), make([]float64, n)
			gm, gv := make([]float64, d), make([]float64, d)
			p.LeaveOneOut(mean, variance)
			for i := range n {
				m, v := p.PredictGrad(data.X[i*d:(i+1)*d], gm, gv)
				sum := m + v + mean[i] + variance[i]
				for c := range d {
					sum += gm[c] + gv[c]
				}
				if math.IsNaN(sum) || math.IsInf(sum, 0) || v <= 0 || variance[i] <= 0 {
					t.Fatalf("point %d: %v, %v; from the others %v, %v", i, m, v, mean[i], variance[i])
				}
			}
		})
	}
}
