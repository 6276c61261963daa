package gp

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// smooth is n points of a function of two columns of which the first matters,
// with noise of the standard deviation sd.
func smooth(n int, sd float64) *Data {
	r := rand.New(rand.NewPCG(5, 6))
	data := &Data{Kinds: []Kind{Numeric, Numeric}}
	for range n {
		x := []float64{r.Float64(), r.Float64()}
		data.X = append(data.X, x...)
		data.Y = append(data.Y, math.Sqrt2*math.Sin(6*x[0])+sd*r.NormFloat64())
	}
	return data
}

func TestFitFindsWhatMatters(t *testing.T) {
	var f Fitter
	prior := DefaultPrior(2)
	for _, sd := range []float64{0.02, 0.3} {
		theta, _, ok := f.Fit(smooth(60, sd), &prior, nil, Effort{Evaluations: 100, Starts: 3})
		if !ok {
			t.Fatal("no fit")
		}
		if theta[1] < theta[0]+math.Ln2 {
			t.Errorf("noise %v: length scales %v and %v, where the first column alone matters",
				sd, math.Exp(theta[0]), math.Exp(theta[1]))
		}
		if got := math.Exp(theta[3] / 2); got < 0.6*sd || got > 1.6*sd {
			t.Errorf("noise %v, want about %v", got, sd)
		}
	}
}

// The search ends where the projected gradient is small, between the bounds,
// and at the value that it returns.
func TestFitEndsAtAMaximum(t *testing.T) {
	var f Fitter
	for seed := range uint64(5) {
		data := random(seed, 25)
		prior := DefaultPrior(5)
		theta, v, ok := f.Fit(data, &prior, nil, Effort{Evaluations: 300, Starts: 1})
		if !ok {
			t.Fatal("no fit")
		}
		var o objective
		o.reset(data, &prior)
		n := len(theta)
		g, lo, hi := make([]float64, n), make([]float64, n), make([]float64, n)
		if again := o.value(theta, g); again != v {
			t.Errorf("value %v, at the end %v", v, again)
		}
		mode := Mode(data, &prior)
		if at := o.value(mode, make([]float64, n)); at <= v {
			t.Errorf("value %v, at the mode of the prior %v", v, at)
		}
		o.lay.bounds(&prior, lo, hi)
		for i, x := range theta {
			if x < lo[i] || x > hi[i] {
				t.Errorf("hyperparameter %d is %v, outside of %v to %v", i, x, lo[i], hi[i])
			}
			if step := math.Min(math.Max(x-g[i], lo[i]), hi[i]) - x; math.Abs(step) > 0.3 {
				t.Errorf("derivative %d is %v", i, g[i])
			}
		}
	}
}

func TestFitIsTheSameAgainAndAfterOthers(t *testing.T) {
	prior := DefaultPrior(5)
	effort := Effort{Evaluations: 30, Starts: 3}
	var f Fitter
	want, v, _ := f.Fit(random(1, 21), &prior, nil, effort)
	f.Fit(random(2, 34), &prior, nil, effort)
	f.Fit(smooth(7, 0.1), &prior, nil, effort)
	got, again, _ := f.Fit(random(1, 21), &prior, nil, effort)
	if v != again || !slices.Equal(got, want) {
		t.Errorf("%v at %v, then %v at %v", v, want, again, got)
	}
}

func TestFitBeginsWarm(t *testing.T) {
	prior := DefaultPrior(5)
	data := random(1, 30)
	var f Fitter
	theta, v, _ := f.Fit(data, &prior, nil, Effort{Evaluations: 200, Starts: 1})
	if _, again, _ := f.Fit(data, &prior, theta, Effort{Evaluations: 1, Starts: 1}); again > v {
		t.Errorf("value %v, warm %v", v, again)
	}
	// What has another length is no beginning.
	if _, again, _ := f.Fit(data, &prior, theta[1:], Effort{Evaluations: 200, Starts: 1}); again != v {
		t.Errorf("value %v, with a beginning that does not fit %v", v, again)
	}
	// Nor is what cannot be evaluated.
	nan := slices.Repeat([]float64{math.NaN()}, len(theta))
	if _, again, ok := f.Fit(data, &prior, nan, Effort{Evaluations: 200, Starts: 1}); !ok || again != v {
		t.Errorf("value %v, with a beginning of NaN %v", v, again)
	}
	if _, more, _ := f.Fit(data, &prior, theta, Effort{Evaluations: 50, Starts: 4}); more > v {
		t.Errorf("value %v, with more starts %v", v, more)
	}
}

func TestFitRefusesWhatIsNotFinite(t *testing.T) {
	prior := DefaultPrior(2)
	var f Fitter
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e200} {
		data := smooth(9, 0.1)
		data.Y[4] = bad
		if theta, v, ok := f.Fit(data, &prior, nil, Effort{Evaluations: 20, Starts: 2}); ok {
			t.Errorf("a value of %v was fitted: %v at %v", bad, v, theta)
		}
	}
	for _, bad := range []float64{math.NaN(), math.Inf(1)} {
		data := smooth(9, 0.1)
		data.X[4] = bad
		if theta, v, ok := f.Fit(data, &prior, nil, Effort{Evaluations: 20, Starts: 2}); ok {
			t.Errorf("a coordinate of %v was fitted: %v at %v", bad, v, theta)
		}
		if _, ok := New(data, &prior, Mode(data, &prior)); ok {
			t.Errorf("a coordinate of %v has a posterior", bad)
		}
	}
	if _, _, ok := f.Fit(smooth(9, 0.1), &prior, nil, Effort{}); !ok {
		t.Error("the fitter does not recover")
	}
}

func TestModeIsThatOfThePrior(t *testing.T) {
	data := random(1, 5)
	prior := DefaultPrior(5)
	theta := Mode(data, &prior)
	g := make([]float64, len(theta))
	if v := data.layout().penalty(&prior, theta, g); v != 0 || slices.ContainsFunc(g, func(x float64) bool { return x != 0 }) {
		t.Errorf("value %v and gradient %v at the mode", v, g)
	}
}

func TestAroundIsALotOfTheBelief(t *testing.T) {
	data := random(3, 40)
	prior := DefaultPrior(5)
	var f Fitter
	theta, least, _ := f.Fit(data, &prior, nil, Effort{Evaluations: 300, Starts: 1})
	samples := f.Around(data, &prior, theta, 200, rand.New(rand.NewPCG(1, 2)))
	if len(samples) < 100 {
		t.Fatalf("%d samples", len(samples))
	}
	if !slices.Equal(samples[0].Theta, theta) {
		t.Errorf("the first is %v, want %v", samples[0].Theta, theta)
	}
	n := len(theta)
	lo, hi := make([]float64, n), make([]float64, n)
	data.layout().bounds(&prior, lo, hi)
	sum := 0.0
	var o objective
	o.reset(data, &prior)
	for _, s := range samples {
		sum += s.Weight
		if !(s.Weight > 0) {
			t.Errorf("weight %v", s.Weight)
		}
		for i, x := range s.Theta {
			if !(lo[i] <= x && x <= hi[i]) {
				t.Errorf("hyperparameter %d is %v, outside of %v to %v", i, x, lo[i], hi[i])
			}
		}
		if v := o.value(s.Theta, make([]float64, n)); v < least-0.5 {
			t.Errorf("a draw of value %v, below the least %v", v, least)
		}
	}
	near(t, "sum of the weights", sum, 1, 1e-12)

	again := f.Around(data, &prior, theta, 200, rand.New(rand.NewPCG(1, 2)))
	if len(again) != len(samples) || !slices.Equal(again[50].Theta, samples[50].Theta) {
		t.Error("the same numbers drawn give other samples")
	}
}

// With one point the likelihood says next to nothing: the belief is the prior,
// a normal distribution, for which Laplace's approximation is exact. Its
// standard deviations stay below what the least curvature allows.
func TestAroundDrawsFromANormalDistribution(t *testing.T) {
	data := &Data{Kinds: []Kind{Numeric, Nominal}, X: []float64{0.5, 1}, Y: []float64{0}}
	prior := DefaultPrior(2)
	prior.LengthSD, prior.Signal, prior.NoiseSD = 0.5, 0.3, 0.4
	prior.Mean = 1e6 // drowns the others in the likelihood
	var f Fitter
	theta, _, _ := f.Fit(data, &prior, nil, Effort{Evaluations: 100, Starts: 1})
	const count = 4000
	samples := f.Around(data, &prior, theta, count, rand.New(rand.NewPCG(3, 4)))
	if len(samples) != count+1 {
		t.Fatalf("%d samples, want %d: none is unlikely", len(samples), count+1)
	}
	for i, sd := range []float64{0.5, 0.5, 0.3, 0.4} {
		mean, square := 0.0, 0.0
		for _, s := range samples {
			near(t, "weight", s.Weight*(count+1), 1, 0.02)
			mean += s.Weight * s.Theta[i]
			square += s.Weight * (s.Theta[i] - theta[i]) * (s.Theta[i] - theta[i])
		}
		near(t, "mean", mean, theta[i], 5*sd/math.Sqrt(count))
		near(t, "standard deviation", math.Sqrt(square), sd, 0.06*sd)
	}
}

func TestAroundWhatCannotBeEvaluated(t *testing.T) {
	data := smooth(9, 0.1)
	data.Y[0] = math.NaN()
	prior := DefaultPrior(2)
	theta := Mode(data, &prior)
	var f Fitter
	samples := f.Around(data, &prior, theta, 5, rand.New(rand.NewPCG(1, 2)))
	if len(samples) != 1 || samples[0].Weight != 1 || !slices.Equal(samples[0].Theta, theta) {
		t.Errorf("samples %v, want theta alone", samples)
	}
}
