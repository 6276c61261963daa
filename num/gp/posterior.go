package gp

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/linalg"
	"github.com/afina-hpo/afina/num/special"
)

// Posterior is a process that has seen its data, at fixed hyperparameters.
// Points are rows in the order of the data's columns. It is not safe for
// concurrent use: its methods share memory.
type Posterior struct {
	columns []int     // numeric ones first
	numeric int       // how many are
	over    []float64 // 1/l of the columns in that order, 1/l² of nominal ones
	a, b    []float64 // warps of the numeric columns; 0: none
	s2      float64   // of the Matérn process
	single  float64   // variance of the effects
	noise   float64
	mean    float64 // variance of the constant

	z     points // seen, scaled
	y     []float64
	l     linalg.Triangle
	alpha []float64

	x, dw  []float64 // a point to predict, scaled, and the slopes of its warps
	k, e   []float64 // four rows of covariances, and their derivatives by r²
	first  []float64
	second []float64
	vs     []float64 // solved covariances of Joint

	effects effects
	before  [4]float64 // variances of rows of k with nothing seen
	weights []float64  // of the features, as the mean has them
	solved  []float64  // and as the variance has them
}

// New returns the posterior of data at the hyperparameters theta, as
// [Fitter.Fit] returns them; false where the covariance is not finite. The time
// is that of n³/6 multiplications.
func New(data *Data, prior *Prior, theta []float64) (*Posterior, bool) {
	lay := data.layout()
	p := &Posterior{
		noise: special.Exp(theta[lay.noise()]), mean: prior.Mean,
	}
	p.s2, p.single = lay.split(theta)
	p.effects.reset(data.Effects)
	p.columns, p.numeric = arrange(data.Kinds, nil)
	n, d := len(data.Y), len(data.Kinds)
	p.over, p.a, p.b = make([]float64, d), make([]float64, p.numeric), make([]float64, p.numeric)
	for i, j := range p.columns {
		if i >= p.numeric {
			p.over[i] = special.Exp(-2 * theta[j])
			continue
		}
		p.over[i] = special.Exp(-theta[j])
		if k := slices.Index(data.Warped, j); k >= 0 {
			p.a[i], p.b[i] = special.Exp(theta[lay.a(k)]), special.Exp(theta[lay.b(k)])
		}
	}
	p.x, p.dw = make([]float64, d), make([]float64, p.numeric)
	p.first, p.second = make([]float64, d), make([]float64, d)
	p.z.reset(d, p.numeric, n)
	p.l.Resize(n)
	p.room()
	for i := range n {
		p.put(i, data.X[i*d:(i+1)*d], data.factor(i))
	}
	if !p.l.Factor(0, leastLeft) {
		return nil, false
	}
	p.y = slices.Clone(data.Y)
	p.solve()
	return p, true
}

// leastLeft is what is left of the variance of a point, in parts of it, once
// the points before it are known. A point that repeats others leaves rounding
// errors alone.
const leastLeft = 1e-12

// Len returns the number of points seen.
func (p *Posterior) Len() int { return p.l.Len() }

// Noise returns σ².
func (p *Posterior) Noise() float64 { return p.noise }

// Signal returns s².
func (p *Posterior) Signal() float64 { return p.s2 + p.single }

// Length returns the length scale of column j.
func (p *Posterior) Length(j int) float64 {
	i := slices.Index(p.columns, j)
	if i < p.numeric {
		return 1 / p.over[i]
	}
	return 1 / math.Sqrt(p.over[i])
}

// Warped returns where the warp of column j, a numeric one, takes x in [0, 1].
func (p *Posterior) Warped(j int, x float64) float64 {
	i := slices.Index(p.columns, j)
	if p.a[i] == 0 {
		return x
	}
	return kumaraswamy(logarithm(x), p.a[i], p.b[i])
}

// place scales x into p.x, and makes it the point in hand of the effects; with
// slopes, the derivatives by the coordinates go to p.dw.
func (p *Posterior) place(x []float64, slopes bool) {
	if p.effects.on() {
		p.effects.place(x)
	}
	for i, c := range p.columns {
		switch {
		case i >= p.numeric:
			p.x[i] = x[c]
		case p.a[i] == 0:
			p.x[i], p.dw[i] = float64(x[c]*p.over[i]), p.over[i]
		case slopes:
			w, dx, _, _ := kumaraswamyGrad(logarithm(x[c]), p.a[i], p.b[i])
			p.x[i], p.dw[i] = float64(w*p.over[i]), 0
			if x[c] > edge && x[c] < 1-edge {
				p.dw[i] = float64(dx / x[c] * p.over[i])
			}
		default:
			p.x[i] = float64(kumaraswamy(logarithm(x[c]), p.a[i], p.b[i]) * p.over[i])
		}
	}
}

// room makes the memory fit the number of points.
func (p *Posterior) room() {
	room := p.l.Room()
	p.k, p.e = grow(p.k, 4*room), grow(p.e, room)
}

// put makes x, with the factor of its noise, point i, whose row of the matrix is
// then to be factored.
func (p *Posterior) put(i int, x []float64, factor float64) {
	p.place(x, false)
	p.z.set(i, p.x)
	row := p.l.Row(i)
	p.z.distances(row, p.x, p.over)
	materns(row, p.e, p.s2, p.mean)
	row[i] = float64(p.s2*(1+jitter)) + p.mean + float64(p.noise*factor)
	if p.effects.on() {
		p.effects.keep(i)
		p.effects.add(p.single, row)
	}
}

// Extend adds a point with its value and the factor of its noise, at the same
// hyperparameters; false, and the point is not added, where its covariances are
// not finite. The time is that of n² multiplications.
func (p *Posterior) Extend(x []float64, y, factor float64) bool {
	n := p.Len()
	p.z.resize(n + 1)
	p.l.Resize(n + 1)
	p.room()
	p.put(n, x, factor)
	if !p.l.Factor(n, leastLeft) {
		p.z.resize(n)
		p.l.Resize(n)
		return false
	}
	p.y = append(p.y, y)
	p.solve()
	return true
}

// Truncate forgets all but the first n points.
func (p *Posterior) Truncate(n int) {
	if n >= p.Len() {
		return
	}
	p.z.resize(n)
	p.l.Resize(n)
	p.y = p.y[:n]
	p.solve()
}

// solve computes alpha.
func (p *Posterior) solve() {
	p.alpha = grow(p.alpha, p.l.Room())
	clear(p.alpha[copy(p.alpha, p.y):])
	p.l.Solve(p.alpha)
	p.l.SolveT(p.alpha)
	if p.effects.on() {
		p.weights, p.solved = grow(p.weights, p.effects.stride), grow(p.solved, p.effects.stride)
		p.effects.project(p.weights, p.alpha[:p.Len()])
	}
}
