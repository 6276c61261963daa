package cmaes

import (
	"math"

	"github.com/afina-hpo/afina/num/linalg"
)

// adaptation adapts the learning rates of mean and covariance so that the
// signal-to-noise ratio of their steps stays constant: M. Nomura, Y. Akimoto
// and I. Ono, "CMA-ES with Learning Rate Adaptation", GECCO 2023
// (arXiv 2304.03473). It is for a full covariance.
type adaptation struct {
	mean, cov trend

	oldMean, oldCov, root []float64 // before the update; root is Σ^(-1/2)
	step, change, local   []float64 // of mean, of Σ, of Σ in local coordinates
}

// trend is the learning rate of one part of the distribution with the moving
// averages of its steps and of their squared lengths.
type trend struct {
	eta, beta float64
	e         []float64
	v         float64
}

// The constants of the paper.
const (
	snrTarget = 1.4
	betaMean  = 0.1
	betaCov   = 0.03
	etaDamp   = 0.1
)

func newAdaptation(n int) *adaptation {
	return &adaptation{
		mean:    trend{eta: 1, beta: betaMean, e: make([]float64, n)},
		cov:     trend{eta: 1, beta: betaCov, e: make([]float64, n*n)},
		oldMean: make([]float64, n), oldCov: make([]float64, n*n), root: make([]float64, n*n),
		step: make([]float64, n), change: make([]float64, n*n), local: make([]float64, n*n),
	}
}

// before remembers the distribution, which must have been decomposed.
func (l *adaptation) before(g *gaussian) {
	n := g.n
	copy(l.oldMean, g.mean)
	for i, x := range g.c {
		l.oldCov[i] = float64(float64(g.sigma*g.sigma) * x)
	}
	clear(l.root)
	for k := range n {
		v := g.eigen.Vectors[k*n : k*n+n]
		for i, x := range v {
			linalg.Axpy(x/g.d[k]/g.sigma, v, l.root[i*n:i*n+n])
		}
	}
}

// after shortens the step from the remembered distribution to the present one,
// and leaves that decomposed.
func (l *adaptation) after(g *gaussian) {
	n := g.n
	for i := range l.step {
		l.step[i] = g.mean[i] - l.oldMean[i]
	}
	for i, x := range g.c {
		l.change[i] = float64(float64(g.sigma*g.sigma)*x) - l.oldCov[i]
	}
	// Σ^(-1/2) ΔΣ Σ^(-1/2) / √2, row by row; all three are symmetric.
	for i := range n {
		linalg.MulVec(g.tmp, l.change, l.root[i*n:i*n+n])
		row := l.local[i*n : i*n+n]
		linalg.MulVec(row, l.root, g.tmp)
		for j := range row {
			row[j] /= math.Sqrt2
		}
	}
	linalg.MulVec(g.tmp, l.root, l.step)
	before := l.mean.eta
	l.mean.observe(g.tmp)
	l.cov.observe(l.local)

	for i, d := range l.step {
		g.mean[i] = l.oldMean[i] + float64(l.mean.eta*d)
	}
	for i, d := range l.change {
		g.c[i] = l.oldCov[i] + float64(l.cov.eta*d)
	}
	// Σ becomes σ²·C with a C of determinant 1.
	if !g.eigen.Decompose(g.c) {
		return // decompose will start it anew
	}
	sum := 0.0
	for i, x := range g.eigen.Values {
		x = math.Max(x, math.SmallestNonzeroFloat64)
		g.d[i] = math.Sqrt(x)
		sum += math.Log(x)
	}
	g.sigma = math.Min(math.Exp(sum/2/float64(n)), maxSigma)
	for i := range g.c {
		g.c[i] /= float64(g.sigma * g.sigma)
	}
	for i := range g.d {
		g.d[i] /= g.sigma
	}
	g.decomposed = g.gen
	g.sigma *= before / l.mean.eta
}

// observe takes a step in local coordinates into account and sets the rate.
func (t *trend) observe(step []float64) {
	square := linalg.Dot(step, step)
	t.v = float64((1-t.beta)*t.v) + float64(t.beta*square)
	for i, x := range step {
		t.e[i] = float64((1-t.beta)*t.e[i]) + float64(t.beta*x)
	}
	signal := linalg.Dot(t.e, t.e)
	ratio := (signal - float64(t.beta/(2-t.beta)*t.v)) / (t.v - signal)
	if math.IsNaN(ratio) { // no step at all
		return
	}
	relative := math.Min(math.Max(ratio/snrTarget/t.eta-1, -1), 1)
	t.eta = math.Min(t.eta*math.Exp(math.Min(etaDamp*t.eta, t.beta)*relative), 1)
}
