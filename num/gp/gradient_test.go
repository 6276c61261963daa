package gp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// random returns n points of mixed columns with values of a rough function.
func random(seed uint64, n int) *Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := &Data{
		Kinds:  []Kind{Numeric, Nominal, Numeric, Numeric, Nominal},
		Warped: []int{0, 3},
	}
	for range n {
		x := []float64{r.Float64(), float64(r.IntN(4)), float64(r.IntN(2)), r.Float64(), float64(r.IntN(2))}
		d.X = append(d.X, x...)
		d.Y = append(d.Y, math.Sin(5*x[0])+0.5*x[1]*x[2]+x[3]*x[3]+0.1*r.NormFloat64())
		d.Factor = append(d.Factor, 1/float64(1+r.IntN(3)))
	}
	return d
}

func TestLikelihoodGradient(t *testing.T) {
	for seed := range uint64(20) {
		data := random(seed, 12)
		if seed%2 == 1 {
			data.Effects = []int{0, 2, 3}
		}
		prior := DefaultPrior(5)
		var o objective
		o.reset(data, &prior)
		theta := Mode(data, &prior)
		r := rand.New(rand.NewPCG(seed, 2))
		for i := range theta {
			theta[i] += 0.7 * r.NormFloat64()
		}
		n := len(theta)
		g, scratch := make([]float64, n), make([]float64, n)
		if v, alone := o.value(theta, g), o.value(theta, nil); v != alone {
			t.Errorf("seed %d: value %v, without the gradient %v", seed, v, alone)
		}
		for i := range theta {
			const h = 1e-5
			at := theta[i]
			theta[i] = at + h
			up := o.value(theta, scratch)
			theta[i] = at - h
			down := o.value(theta, scratch)
			theta[i] = at
			if want := (up - down) / (2 * h); math.Abs(g[i]-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("seed %d: derivative %d is %v, by differences %v", seed, i, g[i], want)
			}
		}
	}
}

func TestPredictionGradient(t *testing.T) {
	for seed := range uint64(20) {
		data := random(seed, 15)
		if seed%2 == 1 {
			data.Effects = []int{0, 2, 3}
		}
		prior := DefaultPrior(5)
		theta := Mode(data, &prior)
		theta[len(theta)-1], theta[len(theta)-3] = 0.4, -0.3
		p, ok := New(data, &prior, theta)
		if !ok {
			t.Fatal("no posterior")
		}
		x := []float64{0.3, 2, 1, 0.8, 0}
		gm, gv := make([]float64, 5), make([]float64, 5)
		mean, variance := p.PredictGrad(x, gm, gv)
		if m, v := p.Predict(x); math.Abs(m-mean) > 1e-12 || math.Abs(v-variance) > 1e-12 {
			t.Fatalf("Predict says %v, %v and PredictGrad %v, %v", m, v, mean, variance)
		}
		for _, i := range []int{0, 2, 3} {
			const h = 1e-6
			at := x[i]
			x[i] = at + h
			mu, vu := p.Predict(x)
			x[i] = at - h
			md, vd := p.Predict(x)
			x[i] = at
			if want := (mu - md) / (2 * h); math.Abs(gm[i]-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("seed %d: derivative %d of the mean is %v, by differences %v", seed, i, gm[i], want)
			}
			if want := (vu - vd) / (2 * h); math.Abs(gv[i]-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("seed %d: derivative %d of the variance is %v, by differences %v", seed, i, gv[i], want)
			}
		}
	}
}
