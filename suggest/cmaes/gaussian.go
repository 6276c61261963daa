package cmaes

import (
	"math"

	"github.com/afina-hpo/afina/num/linalg"
)

const (
	tiny     = 1e-8 // keeps divisions from 0, as in the reference
	maxSigma = 1e32
)

// gaussian is the normal distribution of the ordered parameters and its
// evolution paths: N(mean, σ²·A·C·A), where the diagonal A, scale, is 1 unless
// the margin of an integer has widened it.
type gaussian struct {
	rates
	separable bool

	mean  []float64
	scale []float64
	sigma float64
	c     []float64 // n × n, or the diagonal of a separable model
	ps    []float64 // path of the step size
	pc    []float64 // path of the covariance
	gen   int       // updates so far

	// C = Vᵀ·D²·V with the eigenvectors in rows, as of generation decomposed;
	// -1: never. A separable model has D alone.
	eigen      *linalg.Eigen
	d          []float64
	decomposed int

	adapt *adaptation // of the learning rates; nil: fixed

	y, raw, yw, yr, tmp, tmp2, keep, w []float64
}

// newGaussian returns N(mean, sigma² I).
func newGaussian(r rates, separable bool, mean []float64, sigma float64) *gaussian {
	n := r.n
	g := &gaussian{
		rates: r, separable: separable, sigma: sigma, decomposed: -1,
		mean: append([]float64(nil), mean...), scale: make([]float64, n),
		ps: make([]float64, n), pc: make([]float64, n), d: make([]float64, n),
		y: make([]float64, r.lambda*n), raw: make([]float64, n),
		yw: make([]float64, n), yr: make([]float64, n),
		tmp: make([]float64, n), tmp2: make([]float64, n), keep: make([]float64, n),
		w: make([]float64, r.lambda),
	}
	for i := range g.scale {
		g.scale[i] = 1
	}
	if separable {
		g.c = make([]float64, n)
		for i := range n {
			g.c[i] = 1
		}
		return g
	}
	g.c = make([]float64, n*n)
	for i := range n {
		g.c[i*n+i] = 1
	}
	g.eigen = linalg.NewEigen(n)
	return g
}

// variance returns the i-th diagonal entry of C.
func (g *gaussian) variance(i int) float64 {
	if g.separable {
		return g.c[i]
	}
	return g.c[i*g.n+i]
}

// leastRatio is how short the shortest axis may be beside the longest: below
// that a step along it could not be told from rounding.
const leastRatio = 1e-10

// decompose brings D and the eigenvectors up to date, as far as gap demands.
func (g *gaussian) decompose() {
	if g.decomposed >= 0 && g.gen-g.decomposed < g.gap {
		return
	}
	g.decomposed = g.gen
	squares := g.c
	if !g.separable {
		if !g.eigen.Decompose(g.c) {
			// C is bounded by construction; should it ever overflow, begin
			// again from the sphere rather than propose what is not a number.
			clear(g.c)
			for i := range g.n {
				g.c[i*g.n+i] = 1
			}
			g.eigen.Decompose(g.c)
		}
		squares = g.eigen.Values
	}
	most := 0.0
	for _, x := range squares {
		most = math.Max(most, x)
	}
	least, repair := math.Max(float64(most*(leastRatio*leastRatio)), 1e-300), false
	for i, x := range squares {
		if x < least {
			x, repair = least, true
		}
		g.d[i] = math.Sqrt(x)
	}
	if repair {
		g.compose()
	}
}

// compose sets C to what D and the eigenvectors say.
func (g *gaussian) compose() {
	n := g.n
	if g.separable {
		for i, d := range g.d {
			g.c[i] = float64(d * d)
		}
		return
	}
	clear(g.c)
	for k := range n {
		v := g.eigen.Vectors[k*n : k*n+n]
		for i, x := range v {
			linalg.Axpy(float64(float64(g.d[k]*g.d[k])*x), v, g.c[i*n:i*n+n])
		}
	}
}

// transform writes the point that the standard normal draws z stand for to
// dst. It destroys z.
func (g *gaussian) transform(dst, z []float64) {
	g.decompose()
	for i := range z {
		z[i] *= g.d[i]
	}
	if g.separable {
		copy(dst, z)
	} else {
		linalg.MulVecT(dst, g.eigen.Vectors, z)
	}
	for i, y := range dst {
		dst[i] = g.mean[i] + float64(float64(g.sigma*g.scale[i])*y)
	}
}

// whiten writes D⁻¹·V·y to dst: C^(-1/2)·y in the coordinates of the
// eigenvectors, which has the same length.
func (g *gaussian) whiten(dst, y []float64) {
	if g.separable {
		copy(dst, y)
	} else {
		linalg.MulVec(dst, g.eigen.Vectors, y)
	}
	for i := range dst {
		dst[i] /= g.d[i]
	}
}

// invRoot writes C^(-1/2)·y to dst; it uses tmp.
func (g *gaussian) invRoot(dst, y []float64) {
	if g.separable {
		g.whiten(dst, y)
		return
	}
	g.whiten(g.tmp, y)
	linalg.MulVecT(dst, g.eigen.Vectors, g.tmp)
}

// clip draws x, a point that was not drawn from the present distribution,
// towards the mean until its Mahalanobis distance is one that draws have, by
// N. Hansen, "Injecting External Solutions Into CMA-ES", 2011
// (arXiv 1110.4181).
// Coordinates for which off is true are not looked at.
func (g *gaussian) clip(x []float64, off []bool) {
	if g.n == 0 {
		return
	}
	g.decompose()
	for i := range x {
		g.raw[i] = 0
		if !off[i] {
			g.raw[i] = (x[i] - g.mean[i]) / float64(g.scale[i]*g.sigma)
		}
	}
	g.whiten(g.tmp, g.raw)
	dim := float64(g.n)
	most, norm := math.Sqrt(dim)+2*dim/(dim+2), linalg.Norm(g.tmp)
	if norm <= most {
		return
	}
	for i := range x {
		if !off[i] {
			x[i] = g.mean[i] + float64((x[i]-g.mean[i])*(most/norm))
		}
	}
}

// update moves the distribution towards the better of the points, which are
// lambda and sorted, best first: equations (41) to (47) of Hansen's tutorial.
//
// A coordinate that is off in a point, because its parameter was inactive,
// gives no evidence: it moves neither mean nor variance. In the path of the
// step size its draw still counts, being noise of exactly the length that the
// path is compared with.
func (g *gaussian) update(points []*member) {
	g.decompose()
	g.gen++
	if g.adapt != nil {
		g.adapt.before(g)
	}
	partial := g.differences(points)
	for i, y := range g.yw {
		g.mean[i] += float64(g.sigma * y)
	}

	g.invRoot(g.tmp2, g.yr)
	decay, gain := 1-g.cSigma, math.Sqrt(float64(g.cSigma*(2-g.cSigma))*g.muEff)
	for i, z := range g.tmp2 {
		g.ps[i] = float64(decay*g.ps[i]) + float64(gain*z)
	}
	length := linalg.Norm(g.ps)
	g.sigma *= math.Exp(g.cSigma / g.dSigma * (length/g.chi - 1))
	g.sigma = math.Min(g.sigma, maxSigma)

	// The path of the covariance stalls while the step size grows fast.
	h := 0.0
	if length/math.Sqrt(1-math.Pow(decay, float64(2*(g.gen+1)))) < (1.4+2/float64(g.n+1))*g.chi {
		h = 1
	}
	gain = h * math.Sqrt(float64(g.cc*(2-g.cc))*g.muEff)
	for i, y := range g.yw {
		g.pc[i] = float64((1-g.cc)*g.pc[i]) + float64(gain*y)
	}
	g.covariance(points, partial, float64((1-h)*g.cc)*(2-g.cc))
	if g.adapt != nil {
		g.adapt.after(g)
	}
}

// differences fills y, yw (without the coordinates that are off) and yr (with
// them), and reports whether any is off.
func (g *gaussian) differences(points []*member) (partial bool) {
	n := g.n
	clear(g.yw)
	clear(g.yr)
	for k, p := range points {
		y := g.y[k*n : k*n+n]
		for i, x := range p.x {
			y[i] = (x - g.mean[i]) / g.scale[i] / g.sigma
			if p.off[i] {
				partial = true
				if k < g.mu && !p.absent {
					g.yr[i] += float64(g.weights[k] * y[i])
				}
				y[i] = 0
			} else if k < g.mu {
				step := float64(g.weights[k] * y[i])
				g.yr[i] += step
				g.yw[i] += step
			}
		}
	}
	return partial
}

// covariance is equation (47), with (46) for the negative weights. With
// coordinates that are off, the old matrix is not shrunk by one factor but
// from both sides by a diagonal: each coordinate as much as there is evidence
// for it, and the matrix stays positive definite.
func (g *gaussian) covariance(points []*member, partial bool, stalled float64) {
	n := g.n
	for k, w := range g.weights {
		g.w[k] = w
		if w < 0 {
			y := g.y[k*n : k*n+n]
			g.whiten(g.tmp, y)
			dim := n
			if partial {
				dim = 0
				for _, off := range points[k].off {
					if !off {
						dim++
					}
				}
			}
			g.w[k] = w * float64(dim) / (linalg.Dot(g.tmp, g.tmp) + tiny)
		}
	}
	factor := 1 + float64(g.c1*stalled) - g.c1 - float64(g.cmu*g.sum)
	if partial {
		for i := range n {
			all, best := 0.0, 0.0
			for k, p := range points {
				if !p.off[i] {
					all += g.weights[k]
					if k < g.mu {
						best += g.weights[k]
					}
				}
			}
			g.keep[i] = math.Sqrt(math.Max(0, 1-float64(best*float64(g.c1*(1-stalled)))-float64(g.cmu*all)))
		}
	}
	if g.separable {
		for i := range n {
			f := factor
			if partial {
				f = float64(g.keep[i] * g.keep[i])
			}
			sum := float64(f*g.c[i]) + float64(g.c1*float64(g.pc[i]*g.pc[i]))
			for k, w := range g.w[:g.mu] {
				y := g.y[k*n+i]
				sum += float64(float64(g.cmu*w) * float64(y*y))
			}
			g.c[i] = sum
		}
		return
	}
	for i := range n {
		row := g.c[i*n : i*n+i+1]
		for j := range row {
			if partial {
				row[j] *= float64(g.keep[i] * g.keep[j])
			} else {
				row[j] *= factor
			}
		}
		linalg.Axpy(float64(g.c1*g.pc[i]), g.pc[:i+1], row)
		for k, w := range g.w {
			linalg.Axpy(float64(float64(g.cmu*w)*g.y[k*n+i]), g.y[k*n:k*n+i+1], row)
		}
		for j := range i {
			g.c[j*n+i] = row[j]
		}
	}
}
