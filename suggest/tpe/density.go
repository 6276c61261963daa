package tpe

import (
	"math"

	"github.com/afina-hpo/afina/num/special"
)

// given writes to acc, which it returns, the logarithm of every kernel at the
// values of the parameters that are given; x has one coordinate a parameter.
// Holes get -Inf.
func (p *parzen) given(x []float64, acc []float64) []float64 {
	acc = append(acc[:0], p.lead...)
	p.accumulate(x, 0, p.from, acc)
	return acc
}

// at returns the logarithm of the density at x, where base is what given
// returned for it; acc is scratch.
func (p *parzen) at(x, base, acc []float64) float64 {
	acc = acc[:len(base)]
	for i, b := range base {
		acc[i] = b + p.norm[i]
	}
	p.accumulate(x, p.from, len(p.dims), acc)
	return p.density(acc)
}

// accumulate adds to acc the logarithms of the kernels' factors, without the
// normalisers of continuous ones, of the parameters from to before to.
func (p *parzen) accumulate(x []float64, from, to int, acc []float64) {
	n := len(acc)
	var mus, invs [4][]float64
	var xs [4]float64
	k := 0
	for d := from; d < to; d++ {
		m := &p.dims[d]
		switch m.kind {
		case continuous:
			mus[k], invs[k], xs[k] = m.mu[:n], m.inv[:n], x[d]
			// Four at a time, so that the sums are loaded and stored once for
			// all of them.
			if k++; k == 4 {
				fourNormals(acc, &mus, &invs, &xs)
				k = 0
			}
		case cells:
			row := m.mass[m.axis.level(x[d])][:n]
			for i := range acc {
				acc[i] += row[i]
			}
		case choice:
			p.choices(m, m.axis.level(x[d]), acc)
		}
	}
	for i := range k {
		oneNormal(acc, mus[i], invs[i], xs[i])
	}
}

// Conversions to float64 keep compilers from fusing products with sums, which
// would give other last digits on some platforms.

func fourNormals(acc []float64, mus, invs *[4][]float64, xs *[4]float64) {
	n := len(acc)
	m0, m1, m2, m3 := mus[0][:n], mus[1][:n], mus[2][:n], mus[3][:n]
	s0, s1, s2, s3 := invs[0][:n], invs[1][:n], invs[2][:n], invs[3][:n]
	x0, x1, x2, x3 := xs[0], xs[1], xs[2], xs[3]
	for i := range acc {
		z0 := (x0 - m0[i]) * s0[i]
		z1 := (x1 - m1[i]) * s1[i]
		z2 := (x2 - m2[i]) * s2[i]
		z3 := (x3 - m3[i]) * s3[i]
		acc[i] -= (float64(z0*z0) + float64(z1*z1)) + (float64(z2*z2) + float64(z3*z3))
	}
}

func oneNormal(acc, mu, inv []float64, x float64) {
	mu, inv = mu[:len(acc)], inv[:len(acc)]
	for i := range acc {
		z := (x - mu[i]) * inv[i]
		acc[i] -= float64(z * z)
	}
}

func (p *parzen) choices(m *dim, c int, acc []float64) {
	miss, hit := p.rows(m, c)
	// A table instead of comparisons, which the processor could not predict.
	m.table[0], m.table[c+1] = m.logShare[c]-miss, hit
	level, table := m.level[:len(acc)], m.table
	for i, l := range level {
		acc[i] += miss + table[l]
	}
	m.table[c+1] = 0
}

// unit is what a kernel of weight 1 counts in the sum over kernels.
const unit = 1 << 48

// density returns the logarithm of the weighted sum of the kernels whose
// logarithms are in acc. The sum is one of whole numbers, after all have been
// scaled by the largest: it is exact, so that it does not depend on the slots
// in which the kernels happen to be. What is below 2^-48 of the largest is
// nothing.
func (p *parzen) density(acc []float64) float64 {
	top := math.Inf(-1)
	for _, a := range acc {
		if a > top {
			top = a
		}
	}
	sum := int64(0)
	for i, a := range acc {
		if a -= top; a > -34 {
			sum += int64(float64(p.wt[i]*special.Exp(a)) * unit)
		}
	}
	return top + math.Log(float64(sum)/unit)
}

// total returns the sum of the weights, exactly as density would: what its
// result has to be divided by to be a probability.
func (p *parzen) total() float64 {
	sum := int64(0)
	for i, w := range p.wt {
		if i == 0 || p.ids[i] >= 0 {
			sum += int64(w * unit)
		}
	}
	return float64(sum) / unit
}
