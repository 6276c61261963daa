package cmaes

import "math"

// rates are the constants of a strategy: they follow from the number of
// Gaussian coordinates n and the population lambda.
type rates struct {
	n, lambda, mu int

	// weights has lambda entries, best first: positive ones that sum to 1,
	// then negative ones (none in a separable model).
	weights []float64
	sum     float64 // of all weights

	muEff, c1, cmu, cSigma, dSigma, cc, chi float64

	// gap is how many generations one eigendecomposition serves.
	gap int
}

// defaultLambda is the population for n parameters: equation 48 of Hansen's
// tutorial.
func defaultLambda(n int) int { return 4 + int(3*math.Log(float64(max(n, 1)))) }

// newRates computes the constants of table 1 of Hansen's tutorial, where
// equation numbers are from; those of a separable model are of Ros and Hansen
// 2008.
func newRates(n, lambda int, separable bool) rates {
	r := rates{n: n, lambda: lambda, mu: lambda / 2, gap: 1}
	raw := make([]float64, lambda)
	for i := range raw {
		raw[i] = math.Log(float64(lambda+1)/2) - math.Log(float64(i+1)) // (49)
		if separable {
			raw[i] = math.Log(float64(r.mu)+1) - math.Log(float64(i+1))
		}
	}
	mass := func(ws []float64) (sum, eff float64) {
		squares := 0.0
		for _, w := range ws {
			sum += w
			squares += float64(w * w)
		}
		return sum, float64(sum*sum) / squares
	}
	positive, muEff := mass(raw[:r.mu])
	r.muEff = muEff
	dim := float64(n)
	r.c1 = 2 / (float64((dim+1.3)*(dim+1.3)) + muEff)
	r.dSigma = 1 + 2*math.Max(0, math.Sqrt((muEff-1)/(dim+1))-1)
	r.weights = raw
	if separable {
		r.separate(positive)
	} else {
		r.cmu = math.Min(1-r.c1-1e-8, 2*(muEff-2+1/muEff)/(float64((dim+2)*(dim+2))+muEff))
		r.negate()
		r.cSigma = (muEff + 2) / (dim + muEff + 5)                                 // (55)
		r.cc = (4 + muEff/math.Max(dim, 1)) / (dim + 4 + 2*muEff/math.Max(dim, 1)) // (56)
	}
	r.dSigma += r.cSigma
	r.chi = math.Sqrt(dim) * (1 - 1/(4*dim) + 1/(21*dim*dim))
	for _, w := range r.weights {
		r.sum += w
	}
	if n > 0 {
		// Of N. Hansen's purecma: between two decompositions the matrix
		// changes by a fraction only, and they are the cubic part of the work.
		r.gap = max(1, int(0.5/(dim*(r.c1+r.cmu))))
	}
	return r
}

// negate makes the weights those of active CMA: (50) to (53).
func (r *rates) negate() {
	raw, dim := r.weights, float64(r.n)
	positive, negative, tail, squares := 0.0, 0.0, 0.0, 0.0
	for i, w := range raw {
		if w > 0 {
			positive += w
		} else {
			negative -= w
		}
		if i >= r.mu {
			tail += w
			squares += float64(w * w)
		}
	}
	least := 0.0
	if r.n > 0 && r.cmu > 0 {
		muMinus := tail * tail / squares
		least = min(1+r.c1/r.cmu, 1+2*muMinus/(r.muEff+2), (1-r.c1-r.cmu)/(dim*r.cmu))
	}
	for i, w := range raw {
		switch {
		case w >= 0:
			raw[i] = w / positive
		case negative > 0:
			raw[i] = w * least / negative
		}
	}
}

// separate sets the constants of a diagonal model, which can learn (n+2)/3
// times as fast.
func (r *rates) separate(positive float64) {
	for i := range r.weights {
		if i < r.mu {
			r.weights[i] /= positive
		} else {
			r.weights[i] = 0
		}
	}
	dim, muEff := float64(r.n), r.muEff
	full := 2/muEff/((dim+math.Sqrt2)*(dim+math.Sqrt2)) +
		float64((1-1/muEff)*math.Min(1, (2*muEff-1)/(float64((dim+2)*(dim+2))+muEff)))
	r.cmu = math.Min((dim+2)/3*full, 1-r.c1)
	r.cSigma = (muEff + 2) / (dim + muEff + 3)
	r.cc = 4 / (dim + 4)
}
