package gp

import (
	"math"
	"math/rand/v2"
	"testing"
)

// repeated returns points that were measured several times, once a row for
// every measurement and once a row for every point.
func repeated(seed uint64, n int) (all, merged *Data, same float64) {
	r := rand.New(rand.NewPCG(seed, 7))
	base := random(seed, n)
	d := len(base.Kinds)
	all = &Data{Kinds: base.Kinds, Warped: base.Warped}
	merged = &Data{Kinds: base.Kinds, Warped: base.Warped, X: base.X}
	for i := range n {
		runs := 1 + r.IntN(4)
		ys := make([]float64, runs)
		mean := 0.0
		for k := range ys {
			ys[k] = base.Y[i] + 0.3*r.NormFloat64()
			mean += ys[k] / float64(runs)
			all.X, all.Y = append(all.X, base.X[i*d:(i+1)*d]...), append(all.Y, ys[k])
		}
		for _, y := range ys {
			merged.Squares += (y - mean) * (y - mean)
		}
		merged.Y, merged.Factor = append(merged.Y, mean), append(merged.Factor, 1/float64(runs))
		merged.Spare += runs - 1
		same += math.Log(float64(runs)) / 2
	}
	return all, merged, same
}

// The likelihood of means with their spread is that of the single values, but
// for a constant, and so are its gradient and the predictions.
func TestMeansOfRepeatsAreAsGoodAsTheRepeats(t *testing.T) {
	for seed := range uint64(20) {
		all, merged, same := repeated(seed, 9)
		prior := DefaultPrior(5)
		theta := Mode(all, &prior)
		r := rand.New(rand.NewPCG(seed, 8))
		for i := range theta {
			theta[i] += 0.5 * r.NormFloat64()
		}
		theta[all.layout().noise()] = math.Log(0.02 + 0.3*r.Float64())
		var o, p objective
		o.reset(all, &prior)
		p.reset(merged, &prior)
		g, h := make([]float64, len(theta)), make([]float64, len(theta))
		a, b := o.value(theta, g), p.value(theta, h)
		if math.Abs(a-b-same) > 1e-6*(1+math.Abs(a)) {
			t.Errorf("seed %d: the likelihoods %v and %v differ by %v, want %v", seed, a, b, a-b, same)
		}
		for i := range g {
			if math.Abs(g[i]-h[i]) > 1e-6*(1+math.Abs(g[i])) {
				t.Errorf("seed %d: derivative %d is %v, of the means %v", seed, i, g[i], h[i])
			}
		}
		every, ok1 := New(all, &prior, theta)
		means, ok2 := New(merged, &prior, theta)
		if !ok1 || !ok2 {
			t.Fatal("no posterior")
		}
		x := random(seed+100, 1).X
		m1, v1 := every.Predict(x)
		m2, v2 := means.Predict(x)
		if math.Abs(m1-m2) > 1e-7 || math.Abs(v1-v2) > 1e-7 {
			t.Errorf("seed %d: predicted %v ± %v, of the means %v ± %v", seed, m1, v1, m2, v2)
		}
	}
}

// Also where each measurement has a noise of its own: then the means are
// weighted by one over it, and what differs does not depend on the
// hyperparameters.
func TestWeightedMeansOfRepeats(t *testing.T) {
	for seed := range uint64(10) {
		r := rand.New(rand.NewPCG(seed, 9))
		base := random(seed, 8)
		d := len(base.Kinds)
		all := &Data{Kinds: base.Kinds, Warped: base.Warped}
		merged := &Data{Kinds: base.Kinds, Warped: base.Warped, X: base.X}
		for i := range base.Y {
			var weight, sum float64
			first := len(all.Y)
			for range 1 + r.IntN(3) {
				y, c := base.Y[i]+0.3*r.NormFloat64(), 0.2+3*r.Float64()
				all.X, all.Y, all.Factor = append(all.X, base.X[i*d:(i+1)*d]...), append(all.Y, y), append(all.Factor, c)
				weight, sum = weight+1/c, sum+y/c
			}
			for k := first; k < len(all.Y); k++ {
				merged.Squares += (all.Y[k] - sum/weight) * (all.Y[k] - sum/weight) / all.Factor[k]
			}
			merged.Spare += len(all.Y) - first - 1
			merged.Y, merged.Factor = append(merged.Y, sum/weight), append(merged.Factor, 1/weight)
		}
		prior := DefaultPrior(5)
		var differences []float64
		for range 3 {
			theta := Mode(all, &prior)
			for i := range theta {
				theta[i] += 0.5 * r.NormFloat64()
			}
			theta[all.layout().noise()] = math.Log(0.02 + 0.3*r.Float64())
			var o, p objective
			o.reset(all, &prior)
			p.reset(merged, &prior)
			differences = append(differences, o.value(theta, nil)-p.value(theta, nil))
		}
		for _, x := range differences {
			if math.Abs(x-differences[0]) > 1e-6 {
				t.Errorf("seed %d: the likelihoods differ by %v", seed, differences)
			}
		}
	}
}
