package curve

import "math"

// samples is a curve: xs are the logarithms of steps, as parts of the whole
// training, ascending up to 0; ys are losses in the study's units.
type samples struct {
	xs, ys []float64
	first  float64 // the least x
}

// prior is a normal distribution of a family's parameters.
type prior struct {
	mean      vec
	precision mat
}

// fit is what became of one family on one curve.
type fit struct {
	theta    vec
	variance float64 // of f
	rss      float64
	noise    float64 // variance of the residuals
	// lag is the correlation of neighbouring residuals.
	lag float64
	ok  bool
}

const (
	rounds     = 2 // of estimating the noise
	iterations = 8 // of Levenberg and Marquardt in each
	// minNoise bounds the noise from below, in the study's units: no curve is
	// known better.
	minNoise = 1e-6
	// noiseWeight is how many residuals the noise of other curves counts for.
	noiseWeight = 4
)

// solve fits m to s. One of n residuals counts as weight ones, at most 1.
func (m *family) solve(s samples, pr *prior, noise, weight float64) fit {
	n := len(s.xs)
	buffer := make([]float64, 4*n)
	u, up, uq, trial := buffer[:n], buffer[n:2*n], buffer[2*n:3*n], buffer[3*n:]
	theta := pr.mean
	f := fit{noise: math.Max(noise, minNoise)}
	var hessian mat
	for range rounds {
		scale := weight / f.noise
		lambda := 1e-3
		m.u(u, s.xs, s.first, theta[2], theta[3])
		cost := m.cost(s, u, theta, pr, scale)
		for range iterations {
			const e = 1e-4
			m.u(up, s.xs, s.first, theta[2]+e, theta[3])
			if m.n > 3 {
				m.u(uq, s.xs, s.first, theta[2], theta[3]+e)
			}
			var gradient vec
			hessian = pr.precision
			for i := range m.n {
				for j := range m.n {
					gradient[i] -= pr.precision[i][j] * (theta[j] - pr.mean[j])
				}
			}
			for k, y := range s.ys {
				j := vec{1, u[k], theta[1] * (up[k] - u[k]) / e}
				if m.n > 3 {
					j[3] = theta[1] * (uq[k] - u[k]) / e
				}
				r := y - theta[0] - float64(theta[1]*u[k])
				for a := range m.n {
					gradient[a] += float64(scale * j[a] * r)
					for b := range a + 1 {
						hessian[a][b] += float64(scale * j[a] * j[b])
					}
				}
			}
			mirror(&hessian, m.n)
			improved := false
			for range 6 {
				damped := hessian
				for a := range m.n {
					damped[a][a] *= 1 + lambda
				}
				step, ok := solveFor(&damped, gradient, m.n)
				if !ok {
					lambda *= 10
					continue
				}
				next := theta
				for a := range m.n {
					next[a] += step[a]
				}
				next[2], next[3] = clamp(next[2]), clamp(next[3])
				m.u(trial, s.xs, s.first, next[2], next[3])
				c := m.cost(s, trial, next, pr, scale)
				if c < cost {
					improved = cost-c > 1e-9*(1+cost)
					theta, cost = next, c
					u, trial = trial, u
					lambda = math.Max(lambda/10, 1e-9)
					break
				}
				lambda *= 10
			}
			if !improved {
				break
			}
		}
		f.rss, f.lag = residuals(s, u, theta)
		f.noise = math.Max((f.rss+float64(noiseWeight*noise))/float64(n+noiseWeight), minNoise)
	}
	f.theta = theta
	unit, ok := solveFor(&hessian, vec{1}, m.n)
	f.variance = unit[0]
	f.ok = ok && f.variance > 0 && !math.IsInf(f.rss, 0) && !math.IsNaN(f.rss)
	return f
}

// cost is what is minimized: the squared residuals, and the distance from the
// prior.
func (m *family) cost(s samples, u []float64, theta vec, pr *prior, scale float64) float64 {
	sum := 0.0
	for k, y := range s.ys {
		r := y - theta[0] - float64(theta[1]*u[k])
		sum += float64(r * r)
	}
	sum *= scale
	for i := range m.n {
		for j := range m.n {
			sum += float64((theta[i] - pr.mean[i]) * pr.precision[i][j] * (theta[j] - pr.mean[j]))
		}
	}
	return sum
}

// residuals returns their sum of squares and their correlation with the next.
func residuals(s samples, u []float64, theta vec) (rss, lag float64) {
	before, product := 0.0, 0.0
	for k, y := range s.ys {
		r := y - theta[0] - float64(theta[1]*u[k])
		rss += float64(r * r)
		product += float64(r * before)
		before = r
	}
	if rss > 0 {
		lag = product / rss
	}
	return rss, lag
}

// criterion is the Bayesian information criterion of a fit, less is better.
func (m *family) criterion(f fit, n, weight float64) float64 {
	return n*weight*math.Log(f.noise) + float64(m.n)*math.Log(math.Max(n*weight, 1))
}

func mirror(a *mat, n int) {
	for i := range n {
		for j := range i {
			a[j][i] = a[i][j]
		}
	}
}

// solveFor solves a·x = b by Cholesky's factors; false where a is not positive
// definite.
func solveFor(a *mat, b vec, n int) (vec, bool) {
	var l mat
	for i := range n {
		for j := range i + 1 {
			sum := a[i][j]
			for k := range j {
				sum -= float64(l[i][k] * l[j][k])
			}
			if i == j {
				if !(sum > 0) {
					return vec{}, false
				}
				l[i][i] = math.Sqrt(sum)
			} else {
				l[i][j] = sum / l[j][j]
			}
		}
	}
	var x vec
	for i := range n {
		sum := b[i]
		for k := range i {
			sum -= float64(l[i][k] * x[k])
		}
		x[i] = sum / l[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		sum := x[i]
		for k := i + 1; k < n; k++ {
			sum -= float64(l[k][i] * x[k])
		}
		x[i] = sum / l[i][i]
	}
	return x, true
}

// inverse returns the inverse of a positive definite matrix.
func inverse(a *mat, n int) (mat, bool) {
	var out mat
	for j := range n {
		var e vec
		e[j] = 1
		x, ok := solveFor(a, e, n)
		if !ok {
			return mat{}, false
		}
		for i := range n {
			out[i][j] = x[i]
		}
	}
	return out, true
}
