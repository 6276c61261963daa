package gp

import (
	"math"

	"github.com/afina-hpo/afina/num/linalg"
)

// covariances writes those of p.x and the points to row r of k, and their
// derivatives to e.
func (p *Posterior) covariances(r int) []float64 {
	n, room := p.Len(), p.l.Room()
	k := p.k[r*room : (r+1)*room]
	p.z.distances(k, p.x, p.over)
	materns(k, p.e, p.s2, p.mean)
	p.before[r] = p.s2 + p.mean
	if p.effects.on() {
		p.effects.add(p.single, k)
		p.before[r] += float64(p.single * p.effects.variance())
	}
	clear(k[n:])
	clear(p.e[n:room])
	return k
}

// Mean returns the mean of the function at x, without noise. The time is
// proportional to the number of points.
func (p *Posterior) Mean(x []float64) float64 {
	p.place(x, false)
	return linalg.Dot4(p.covariances(0), p.alpha)
}

// Predict returns mean and variance of the function at x, without noise. The
// time is that of n²/2 multiplications.
func (p *Posterior) Predict(x []float64) (mean, variance float64) {
	p.place(x, false)
	k := p.covariances(0)
	mean = linalg.Dot4(k, p.alpha)
	p.l.Solve(k)
	return mean, p.rest(0, k)
}

// rest returns what v, the solved covariances of row r, leave of its variance.
func (p *Posterior) rest(r int, v []float64) float64 {
	return math.Max(p.before[r]-linalg.Dot4(v, v), 1e-12*p.before[r])
}

// PredictMany is [Posterior.Predict] for the points that lie one behind the
// other in xs, as many as mean and variance have elements, with the same bits.
// It is faster, since the factor is read once for four points.
func (p *Posterior) PredictMany(xs, mean, variance []float64) {
	room := p.l.Room()
	for i := 0; i < len(mean); i += 4 {
		four := p.four(xs, mean, i)
		p.l.Solve4(p.k[:4*room], 0)
		for r := range four {
			variance[i+r] = p.rest(r, p.k[r*room:(r+1)*room])
		}
	}
}

// four writes the means of four points from number i on, or of as many as there
// are, and leaves their covariances in k.
func (p *Posterior) four(xs, mean []float64, i int) int {
	d, room := len(p.columns), p.l.Room()
	count := min(len(mean)-i, 4)
	for r := range count {
		p.place(xs[(i+r)*d:(i+r+1)*d], false)
		p.covariances(r)
	}
	clear(p.k[count*room : 4*room])
	var m [4]float64
	linalg.Dots4(&m, p.k[:4*room], p.alpha)
	copy(mean[i:], m[:count])
	return count
}

// PredictGrad is [Posterior.Predict] that also writes the derivatives of mean
// and variance by the coordinates of x to gm and gv; those of nominal columns
// are 0. The time is that of n² multiplications.
func (p *Posterior) PredictGrad(x, gm, gv []float64) (mean, variance float64) {
	p.place(x, true)
	k := p.covariances(0)
	mean = linalg.Dot4(k, p.alpha)
	p.l.Solve(k)
	variance = p.rest(0, k)
	p.l.SolveT(k)
	if p.effects.on() {
		p.effects.project(p.solved, k[:p.Len()])
	}
	// dk/dx = dk/dr²·2(z - zᵢ)·dz/dx, and the variance has -2 vᵀ dk/dx.
	byMean := p.e[:len(k)]
	for i, e := range byMean {
		k[i] = float64(e * k[i])
		byMean[i] = float64(e * p.alpha[i])
	}
	p.slopes(gm, byMean, 2)
	p.slopes(gv, k, -4)
	if p.effects.on() {
		p.effects.slope(gm, p.weights, p.single)
		p.effects.slope(gv, p.effects.at, 2*p.single)
		p.effects.slope(gv, p.solved, -2*p.single)
	}
	return mean, variance
}

// slopes writes the gradient by the coordinates of p.x to g, given the
// derivatives by half of each point's squared distance over times.
func (p *Posterior) slopes(g, by []float64, times float64) {
	p.z.moments(p.first, p.second, by, p.x)
	for i, c := range p.columns {
		g[c] = 0
		if i < p.numeric {
			g[c] = float64(times*p.first[i]) * p.dw[i]
		}
	}
}

// LeaveOneOut writes, for every point, mean and variance of its value as
// predicted from the others, noise included (Rasmussen and Williams, equations
// 5.10–5.12). The time is that of n³/6 multiplications.
func (p *Posterior) LeaveOneOut(mean, variance []float64) {
	n, room := p.Len(), p.l.Room()
	for i := 0; i < n; i += 4 {
		// Four rows of the inverse of the factor, transposed.
		rows := p.k[:4*room]
		clear(rows)
		for r := range 4 {
			rows[r*room+i+r] = 1
		}
		p.l.Solve4(rows, i)
		for r := range min(n-i, 4) {
			row := rows[r*room : (r+1)*room]
			inverse := linalg.Dot4(row, row)
			mean[i+r], variance[i+r] = p.y[i+r]-p.alpha[i+r]/inverse, 1/inverse
		}
	}
}

// Joint writes mean and covariance, a k × k matrix, of the function at the k
// points of xs.
func (p *Posterior) Joint(xs, mean, cov []float64) {
	d, room := len(p.columns), p.l.Room()
	k := len(mean)
	p.vs = grow(p.vs, k*room)
	var q points
	q.reset(d, p.numeric, k)
	var seen effects
	seen.reset(p.effects.columns)
	between, slopes := make([]float64, (k+3)&^3), make([]float64, (k+3)&^3)
	for i := range k {
		p.place(xs[i*d:(i+1)*d], false)
		q.set(i, p.x)
		row := p.covariances(0)
		mean[i] = linalg.Dot4(row, p.alpha)
		p.l.Solve(row)
		v := p.vs[i*room : (i+1)*room]
		copy(v, row)
		q.distances(between, p.x, p.over)
		materns(between, slopes, p.s2, p.mean)
		if seen.on() {
			seen.place(xs[i*d : (i+1)*d])
			seen.keep(i)
			seen.add(p.single, between[:i&^3+4])
		}
		for j := range i + 1 {
			c := between[j] - linalg.Dot4(v, p.vs[j*room:(j+1)*room])
			cov[i*k+j], cov[j*k+i] = c, c
		}
	}
}
