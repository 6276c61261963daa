package simulate

import (
	"math"

	"github.com/afina-hpo/afina/num/forest"
	"github.com/afina-hpo/afina/num/linalg"
	"github.com/afina-hpo/afina/space"
)

// predictor returns the logarithm of the seconds of a step at a row.
type predictor interface{ predict(x []float64) float64 }

// row is what a model sees of a stretch of training: each coordinate of the
// configuration (of a choice without order the number of its value), NaN where
// it is inactive, and the logarithm of the step.
func row(s *space.Space, c space.Config, step float64) []float64 {
	x := make([]float64, s.Len()+1)
	for i := range s.Len() {
		p, v := s.Param(i), c.At(i)
		switch {
		case v.IsAbsent():
			x[i] = math.NaN()
		case !p.IsNumeric() && !p.Ordered:
			x[i] = float64(p.Index(v))
		default:
			x[i] = s.EncodeParam(i, v)
		}
	}
	x[s.Len()] = math.Log(step)
	return x
}

// choose takes the model that misses the times of trials it was not made of the
// least, of ten parts each by the other nine.
func (c *Cost) choose(spans []span) {
	rows, y := make([][]float64, len(spans)), make([]float64, len(spans))
	for i, p := range spans {
		rows[i], y[i] = row(c.space, p.config, p.mid()), math.Log(p.seconds/(p.to-p.from))
	}
	type kind struct {
		name string
		fit  func(rows [][]float64, y []float64) predictor
	}
	kinds := []kind{{"constant", fitConstant}}
	if c.Trials >= minMeasured {
		for _, ridge := range []float64{0.01, 0.1, 1} {
			kinds = append(kinds, kind{"linear", func(rows [][]float64, y []float64) predictor { return fitLinear(c.space, rows, y, ridge) }})
		}
		kinds = append(kinds, kind{"forest", func(rows [][]float64, y []float64) predictor { return fitForest(c.space, rows, y) }})
	}
	best := math.Inf(1)
	for _, k := range kinds {
		miss, spread := c.validate(spans, rows, y, k.fit)
		if miss < 0.95*best-1e-9 { // of two that are about as good the simpler
			best = miss
			c.Model, c.Error, c.spread, c.model = k.name, math.Exp(miss)-1, spread, k.fit(rows, y)
		}
	}
}

// validate returns the mean of |ln(predicted/measured)| of the time of a trial,
// and the standard deviation of the logarithm.
func (c *Cost) validate(spans []span, rows [][]float64, y []float64, fit func([][]float64, []float64) predictor) (miss, spread float64) {
	if c.Trials == 1 {
		return 0, 0
	}
	folds := min(10, c.Trials)
	predicted, actual := make([]float64, c.Trials), make([]float64, c.Trials)
	for fold := range folds {
		var some [][]float64
		var of []float64
		for i, p := range spans {
			if p.trial%folds != fold {
				some, of = append(some, rows[i]), append(of, y[i])
			}
		}
		m := fit(some, of)
		for i, p := range spans {
			if p.trial%folds == fold {
				predicted[p.trial] += float64(math.Exp(m.predict(rows[i])) * (p.to - p.from))
				actual[p.trial] += p.seconds
			}
		}
	}
	sum, square := 0.0, 0.0
	for t := range predicted {
		e := math.Log(predicted[t] / actual[t])
		miss += math.Abs(e)
		sum += e
		square += float64(e * e)
	}
	n := float64(c.Trials)
	mean := sum / n
	return miss / n, math.Sqrt(max(0, square/n-float64(mean*mean)))
}

// constant is the same for every row.
type constant float64

func (m constant) predict([]float64) float64 { return float64(m) }

func fitConstant(_ [][]float64, y []float64) predictor {
	sum := 0.0
	for _, v := range y {
		sum += v
	}
	return constant(sum / float64(len(y)))
}

// grown is a forest.
type grown struct{ f *forest.Forest }

func (m grown) predict(x []float64) float64 {
	mean, _ := m.f.Predict(x)
	return mean
}

func fitForest(s *space.Space, rows [][]float64, y []float64) predictor {
	features := make([]forest.Feature, s.Len()+1)
	for i := range s.Len() {
		if p := s.Param(i); !p.IsNumeric() && !p.Ordered {
			features[i].Levels, _ = p.Count()
		}
	}
	d := forest.NewData(features)
	for _, x := range rows {
		d.Append(x)
	}
	f := new(forest.Forest)
	f.Fit(d, y, forest.Options{Trees: 50, MinLeaf: 2, MinSplit: 4, Bootstrap: true, Share: 0.7, Seed: 1})
	return grown{f}
}

// linear is a sum over terms of a row, with small weights.
type linear struct {
	space        *space.Space
	mean, weight []float64 // of each term
	level        float64   // where all terms have their means
}

// terms are what a linear model makes of a row: a number and its square, a
// choice as a term for every value, whether a parameter is inactive, and the
// logarithm of the step.
func terms(s *space.Space, x []float64) []float64 {
	var out []float64
	for i := range s.Len() {
		p := s.Param(i)
		inactive := math.IsNaN(x[i])
		if p.IsNumeric() || p.Ordered {
			u := x[i]
			if inactive {
				u = 0.5
			}
			out = append(out, u, float64((u-0.5)*(u-0.5)))
		} else {
			n, _ := p.Count()
			for k := range n {
				one := 0.0
				if !inactive && x[i] == float64(k) {
					one = 1
				}
				out = append(out, one)
			}
		}
		if p.Conditional() {
			one := 0.0
			if inactive {
				one = 1
			}
			out = append(out, one)
		}
	}
	return append(out, x[s.Len()])
}

func (m *linear) predict(x []float64) float64 {
	sum := m.level
	for j, v := range terms(m.space, x) {
		sum += float64(m.weight[j] * (v - m.mean[j]))
	}
	return sum
}

// fitLinear returns the ridge regression: what is added to the diagonal is ridge
// times the variance that one term would have on its own.
func fitLinear(s *space.Space, rows [][]float64, y []float64, ridge float64) predictor {
	list := make([][]float64, len(rows))
	for i, x := range rows {
		list[i] = terms(s, x)
	}
	d, n := len(list[0]), float64(len(rows))
	m := &linear{space: s, mean: make([]float64, d), weight: make([]float64, d), level: float64(fitConstant(nil, y).(constant))}
	for _, t := range list {
		for j, v := range t {
			m.mean[j] += v / n
		}
	}
	a := make([]float64, d*d)
	for i, t := range list {
		for j := range t {
			x := t[j] - m.mean[j]
			m.weight[j] += float64(x * (y[i] - m.level))
			for k := range j + 1 {
				a[j*d+k] += float64(x * (t[k] - m.mean[k]))
			}
		}
	}
	for j := range d {
		a[j*d+j] += float64(ridge * max(a[j*d+j]/n, 1e-6))
	}
	if !linalg.Cholesky(a, d) {
		clear(m.weight)
		return m
	}
	linalg.SolveLower(a, m.weight)
	linalg.SolveLowerT(a, m.weight)
	return m
}
