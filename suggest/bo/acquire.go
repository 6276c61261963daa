package bo

import (
	"math"

	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/num/special"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// doubtSafe is the variance with which a label of success, 1 or -1, is known
// where the process is sure: small, because once all that is safe has been
// exploited the rest promises next to nothing, and what has crashed must
// promise less.
const doubtSafe = 0.01

// acquisition says how much a configuration promises, as a logarithm. It is
// what the search maximises.
type acquisition struct {
	kind   rule
	loss   []*gp.Posterior
	weight []float64 // of each member, as a logarithm
	base   *base     // the mean that the members start from
	best   []float64 // incumbent, of each member
	width  float64   // of the bound, in standard deviations
	many   *several  // where there are several objectives
	// believed is added, times fade, where that is above 0; at is the cube of
	// the rows.
	believed *prior
	fade     float64
	at       *cube.Cube
	// cost is taken away, times cool, where that is above 0.
	cost   *costs
	cool   float64
	limits [][]*gp.Posterior
	safe   *gp.Posterior

	gm, gv []float64 // gradients of a mean and a variance
	shift  float64   // the base at a point, and its gradient
	gb     []float64
	values []float64 // what each member promises
	parts  []float64 // and its gradient

	means, variances []float64 // of screened points
}

// rule is what is maximised.
type rule uint8

const (
	improvement rule = iota // logarithm of the expected improvement
	bound                   // the lower confidence bound, least
	feasibility             // the probability of violating nothing
	hypervolume             // of several objectives
	unknown                 // where least is known, of what may be the best
	sampled                 // the least of a draw, of what has the least bounds; see search.sample
)

// String returns the rule as notes have it.
func (r rule) String() string {
	return [...]string{"improvement", "bound", "feasibility", "hypervolume", "unknown", "draw"}[r]
}

func (a *acquisition) reset(d int) {
	a.gm, a.gv, a.gb = make([]float64, d), make([]float64, d), make([]float64, d)
}

// value returns the acquisition at z, and its gradient in g where g is not
// nil.
func (a *acquisition) value(z, g []float64) float64 {
	clear(g)
	total := a.allowed(z, g)
	if a.kind != feasibility {
		total += a.promise(z, g)
	}
	return total + a.beside(z, g)
}

// allowed is the logarithm of the probability that z violates nothing and
// succeeds; it adds its gradient to g where that is not nil.
func (a *acquisition) allowed(z, g []float64) float64 {
	total := 0.0
	for _, ps := range a.limits {
		for _, p := range ps {
			mean, variance := a.predict(p, z, g)
			sd := math.Sqrt(variance + p.Noise())
			u := -mean / sd
			l := special.LogPhi(u)
			total += l / float64(len(ps))
			if g != nil {
				slope := mills(u, l) / float64(len(ps))
				a.add(g, slope*(-1/sd), slope*(mean/(2*sd*sd*sd)))
			}
		}
	}
	if p := a.safe; p != nil {
		mean, variance := a.predict(p, z, g)
		sd := math.Sqrt(variance + doubtSafe)
		u := mean / sd
		l := special.LogPhi(u)
		total += l
		if g != nil {
			slope := mills(u, l)
			a.add(g, slope/sd, -slope*mean/(2*sd*sd*sd))
		}
	}
	return total
}

// beside is what is maximised beside what the models promise: what was
// believed of configurations, and what they cost.
func (a *acquisition) beside(z, g []float64) float64 {
	total := 0.0
	if a.fade > 0 {
		total += a.believed.value(a.at, z, g, a.fade)
	}
	if a.cool > 0 && a.kind != feasibility {
		total += a.cost.value(a, z, g, -a.cool)
	}
	return total
}

// mills is φ(u)/Φ(u), given ln Φ(u).
func mills(u, l float64) float64 {
	return special.Exp(-float64(u*u)/2 - special.LogSqrt2Pi - l)
}

func (a *acquisition) predict(p *gp.Posterior, z, g []float64) (mean, variance float64) {
	if g == nil {
		return p.Predict(z)
	}
	return p.PredictGrad(z, a.gm, a.gv)
}

// add adds a gradient given by those of mean and variance.
func (a *acquisition) add(g []float64, byMean, byVariance float64) {
	for i := range g {
		g[i] += float64(byMean*a.gm[i]) + float64(byVariance*a.gv[i])
	}
}

// promise is what the losses promise: the mean over the members of the
// expected improvement, or of the bound.
func (a *acquisition) promise(z, g []float64) float64 {
	if a.many != nil {
		return a.many.value(z, g)
	}
	n := len(a.loss)
	if a.base != nil {
		if g == nil {
			a.shift = a.base.at(z)
		} else {
			clear(a.gb)
			a.shift = a.base.grad(z, a.gb)
		}
	}
	if n == 1 {
		v, byMean, byVariance := a.single(0, z, g)
		if g != nil {
			a.add(g, byMean, byVariance)
		}
		return v
	}
	// Log of the mean of the exponentials, gradients weighted by each share.
	a.values = a.values[:0]
	a.parts = a.parts[:0]
	for k := range n {
		v, byMean, byVariance := a.single(k, z, g)
		a.values = append(a.values, v)
		for i := range g {
			a.parts = append(a.parts, float64(byMean*a.gm[i])+float64(byVariance*a.gv[i]))
		}
	}
	if a.kind != improvement {
		sum := 0.0
		for k, v := range a.values {
			w := special.Exp(a.weight[k])
			sum += float64(w * v)
			for i := range g {
				g[i] += float64(w * a.parts[k*len(g)+i])
			}
		}
		return sum
	}
	for k := range a.values {
		a.values[k] += a.weight[k]
	}
	all := special.LogSumExp(a.values)
	for k, v := range a.values {
		share := special.Exp(v - all)
		for i := range g {
			g[i] += float64(share * a.parts[k*len(g)+i])
		}
	}
	return all
}

// hopeless is the slope by which a place loses, under the rule [unknown], whose
// bound is worse than the best.
const hopeless = 10

// kappa is how many standard deviations the bound is below the mean.
const kappa = 1.8

// single is what member k promises, with the derivatives by its mean and
// variance.
func (a *acquisition) single(k int, z, g []float64) (v, byMean, byVariance float64) {
	mean, variance := a.predict(a.loss[k], z, g)
	if a.base != nil {
		mean += a.shift
		if g != nil {
			for i, v := range a.gb {
				a.gm[i] += v
			}
		}
	}
	if g == nil {
		return a.one(k, mean, variance), 0, 0
	}
	sd := math.Sqrt(variance)
	switch a.kind {
	case bound, sampled:
		return a.one(k, mean, variance), -1, a.width / (2 * sd)
	case unknown:
		byVariance = 1 / (2 * variance)
		if mean-float64(a.width*sd) > a.best[k] {
			byMean = -hopeless
			byVariance += hopeless * a.width / (2 * sd)
		}
		return a.one(k, mean, variance), byMean, byVariance
	}
	u := (a.best[k] - mean) / sd
	l := special.LogEI(u)
	slope := special.Exp(special.LogPhi(u) - l)
	return math.Log(sd) + l, -slope / sd, (1 - slope*u) / (2 * variance)
}

// one is what member k promises where it predicts mean and variance.
func (a *acquisition) one(k int, mean, variance float64) float64 {
	sd := math.Sqrt(variance)
	switch a.kind {
	case bound, sampled:
		return float64(a.width*sd) - mean
	case unknown:
		return math.Log(sd) - float64(hopeless*math.Max(mean-float64(a.width*sd)-a.best[k], 0))
	}
	return math.Log(sd) + special.LogEI((a.best[k]-mean)/sd)
}

// screen returns, for n rows that lie one behind the other, what the first
// vector of hyperparameters promises of the losses alone: a cheap view of the
// acquisition. It is valid until the next call.
func (a *acquisition) screen(rows []float64, n int) []float64 {
	ps := a.loss[:1]
	if a.many != nil {
		ps = a.many.ps
	}
	a.means, a.variances = a.means[:0], a.variances[:0]
	for range ps {
		a.means, a.variances = append(a.means, make([]float64, n)...), append(a.variances, make([]float64, n)...)
	}
	for k, p := range ps {
		p.PredictMany(rows, a.means[k*n:(k+1)*n], a.variances[k*n:(k+1)*n])
	}
	if a.base != nil || a.many != nil {
		d := len(rows) / n
		for i := range a.means {
			b := a.base
			if a.many != nil {
				b = a.many.bases[i/n]
			}
			a.means[i] += b.at(rows[i%n*d : (i%n+1)*d])
		}
	}
	a.values = resize(a.values, n)
	for i := range n {
		if a.many == nil {
			a.values[i] = a.one(0, a.means[i], a.variances[i])
			continue
		}
		for k := range ps {
			a.many.mean[k], a.many.sd[k] = a.means[k*n+i], math.Sqrt(a.variances[k*n+i])
		}
		a.values[i] = a.many.promise()
	}
	return a.values
}
