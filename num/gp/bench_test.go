package gp

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// uniform returns n points of d numeric columns.
func uniform(n, d int) *Data {
	r := rand.New(rand.NewPCG(1, 1))
	data := &Data{Kinds: make([]Kind, d)}
	for range n {
		for range d {
			data.X = append(data.X, r.Float64())
		}
		data.Y = append(data.Y, r.NormFloat64())
	}
	return data
}

// sizes runs f for several numbers of points of ten columns.
func sizes(b *testing.B, f func(b *testing.B, data *Data, prior *Prior, theta []float64)) {
	for _, n := range []int{50, 200, 500} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			data, prior := uniform(n, 10), DefaultPrior(10)
			b.ReportAllocs()
			f(b, data, &prior, Mode(data, &prior))
		})
	}
}

// ofPosterior is [sizes] for what a posterior does.
func ofPosterior(b *testing.B, f func(p *Posterior, x []float64)) {
	sizes(b, func(b *testing.B, data *Data, prior *Prior, theta []float64) {
		p, ok := New(data, prior, theta)
		if !ok {
			b.Fatal("no posterior")
		}
		x := uniform(8, 10).X
		f(p, x)
		for b.Loop() {
			f(p, x)
		}
	})
}

func BenchmarkLikelihood(b *testing.B) {
	sizes(b, func(b *testing.B, data *Data, prior *Prior, theta []float64) {
		var o objective
		o.reset(data, prior)
		g := make([]float64, len(theta))
		for b.Loop() {
			o.value(theta, g)
		}
	})
}

// BenchmarkWarped is [BenchmarkLikelihood] with all columns bent.
func BenchmarkWarped(b *testing.B) {
	sizes(b, func(b *testing.B, data *Data, prior *Prior, _ []float64) {
		for j := range data.Kinds {
			data.Warped = append(data.Warped, j)
		}
		var o objective
		o.reset(data, prior)
		theta := Mode(data, prior)
		g := make([]float64, len(theta))
		for b.Loop() {
			o.value(theta, g)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	sizes(b, func(b *testing.B, data *Data, prior *Prior, theta []float64) {
		for b.Loop() {
			New(data, prior, theta)
		}
	})
}

func BenchmarkExtend(b *testing.B) {
	ofPosterior(b, func(p *Posterior, x []float64) {
		n := p.Len()
		p.Extend(x[:10], 0, 1)
		p.Truncate(n)
	})
}

func BenchmarkMean(b *testing.B) {
	ofPosterior(b, func(p *Posterior, x []float64) { p.Mean(x[:10]) })
}

func BenchmarkPredict(b *testing.B) {
	ofPosterior(b, func(p *Posterior, x []float64) { p.Predict(x[:10]) })
}

func BenchmarkPredictGrad(b *testing.B) {
	gm, gv := make([]float64, 10), make([]float64, 10)
	ofPosterior(b, func(p *Posterior, x []float64) { p.PredictGrad(x[:10], gm, gv) })
}

// BenchmarkPredictMany predicts eight points.
func BenchmarkPredictMany(b *testing.B) {
	mean, variance := make([]float64, 8), make([]float64, 8)
	ofPosterior(b, func(p *Posterior, x []float64) { p.PredictMany(x, mean, variance) })
}
