package bo

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/num/ehvi"
	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/num/pareto"
)

// The expected hypervolume improvement is computed for up to exactObjectives
// objectives, and for one more as long as the front has exactPoints points at
// most: then it is made of some thousand boxes, and of more with the square of
// the points. Beyond, every trial has a random scalarisation.
const (
	exactObjectives = 3
	exactPoints     = 150
)

// exact reports whether the hypervolume is computed for the points.
func exact(points [][]float64, objectives int) bool {
	return objectives <= exactObjectives ||
		objectives == exactObjectives+1 && len(pareto.Front(points)) <= exactPoints
}

// several is the acquisition for several objectives: the logarithm of the
// expected hypervolume improvement, or the depth of the lower confidence bound
// in a random direction.
type several struct {
	ps    []*gp.Posterior // of each objective
	bases []*base         // and the mean that it starts from
	boxes *ehvi.Boxes     // nil: the scalarisation
	depth ehvi.Hypervolume

	mean, sd, gradMean, gradSD []float64
	gm, gv                     [][]float64
}

// newSeveral sets up the acquisition for the model's objectives; points are
// the values, as the processes learn them, of the rows that count, and said is
// the reference as the study has it, NaN where it has none.
func newSeveral(losses []belief, points [][]float64, said []float64, d int, r *rand.Rand) *several {
	m := len(losses)
	s := &several{
		mean: make([]float64, m), sd: make([]float64, m),
		gradMean: make([]float64, m), gradSD: make([]float64, m),
	}
	for k := range losses {
		s.ps, s.bases = append(s.ps, losses[k].members[0]), append(s.bases, losses[k].base)
		s.gm, s.gv = append(s.gm, make([]float64, d)), append(s.gv, make([]float64, d))
	}
	reference := worst(points, said, r.Float64())
	if exact(points, m) {
		s.boxes = ehvi.Decompose(points, reference)
		return s
	}
	weights := make([]float64, m)
	for k := range weights {
		weights[k] = r.NormFloat64()
	}
	ehvi.Weights(weights, weights)
	s.depth = ehvi.Hypervolume{Reference: reference, Weights: weights}
	return s
}

// worst returns the corner that the hypervolume is measured from: the values
// that are said, and where none is (NaN) one between just behind the front, for
// u = 0, and just behind all points, for u = 1.
//
// How much the ends of a front are worth hangs on that corner, and nobody knows
// it who is not told. Just behind the front they are worth next to nothing, and
// a search that has found a piece of a front stays there; behind all points they
// are worth so much that it looks for nothing else. So u is drawn anew for every
// trial.
func worst(points [][]float64, said []float64, u float64) []float64 {
	out := ehvi.Reference(points)
	for j := range out {
		if !math.IsNaN(said[j]) {
			out[j] = said[j]
			continue
		}
		low, high := math.Inf(1), math.Inf(-1)
		for _, p := range points {
			low, high = math.Min(low, p[j]), math.Max(high, p[j])
		}
		if far := high + float64(0.1*(high-low)); far > out[j] {
			out[j] += float64(u * (far - out[j]))
		}
	}
	return out
}

// value returns the acquisition at z and adds its gradient to g, where that is
// not nil.
func (s *several) value(z, g []float64) float64 {
	for k, p := range s.ps {
		var v float64
		if g == nil {
			s.mean[k], v = p.Predict(z)
			s.mean[k] += s.bases[k].at(z)
		} else {
			s.mean[k], v = p.PredictGrad(z, s.gm[k], s.gv[k])
			s.mean[k] += s.bases[k].grad(z, s.gm[k])
		}
		s.sd[k] = math.Sqrt(v)
	}
	if g == nil {
		return s.promise()
	}
	if s.boxes == nil {
		v := s.promise()
		for k := range s.mean {
			s.gradSD[k] = -kappa * s.gradMean[k]
		}
		s.chain(g)
		return v
	}
	v := s.boxes.LogEHVI(s.mean, s.sd, s.gradMean, s.gradSD)
	s.chain(g)
	return v
}

// promise is the acquisition for the means and standard deviations in s; of a
// scalarisation it leaves the gradient by the means in gradMean.
func (s *several) promise() float64 {
	if s.boxes != nil {
		return s.boxes.LogEHVI(s.mean, s.sd, nil, nil)
	}
	for k := range s.mean {
		s.mean[k] -= kappa * s.sd[k]
	}
	return s.depth.Depth(s.mean, s.gradMean)
}

// chain adds the gradient by the coordinates to g.
func (s *several) chain(g []float64) {
	for k := range s.ps {
		byVariance := s.gradSD[k] / (2 * s.sd[k])
		for i := range g {
			g[i] += float64(s.gradMean[k]*s.gm[k][i]) + float64(byVariance*s.gv[k][i])
		}
	}
}
