// Package gp is Gaussian-process regression for the search methods: a prior
// over functions of mixed coordinates, its hyperparameters found by maximum a
// posteriori, and the posterior with its gradients.
//
// It knows no parameters of a study, no trials and no acquisition; it is given
// points as rows of numbers, each column [Numeric] or [Nominal], and values
// that the caller has standardised. The one idea: there is a single squared
// distance over all columns,
//
//	r² = Σ (w(x) - w(x'))² / l²   over the numeric columns
//	   + Σ [x ≠ x'] / l²          over the nominal ones,
//
// and one Matérn-5/2 function of it. Both sums are squared Euclidean
// distances (the second of one-hot vectors), so the kernel is positive definite
// whatever the mixture, and every length scale is learned with one gradient
// formula. Whether a conditional parameter is active is one more column, of
// zeros and ones.
//
// w is the distribution function of Kumaraswamy, 1 - (1 - x^a)^b, which bends a
// coordinate in [0, 1] (J. Snoek et al., "Input warping for Bayesian
// optimization of non-stationary functions", ICML 2014); a = b = 1 leaves it
// straight.
//
// # Effects
//
// Much of what a column does it does by itself, whatever the others are, and
// along a parabola. A stationary kernel has to learn that in every place anew.
// [Data.Effects] names columns in [0, 1] for which a part φ of the variance is
// that of a sum of polynomials of second degree, one for each,
//
//	k(x, x') = (1-φ) M(r) + φ/c Σ (P₁(u) P₁(u') + P₂(u) P₂(u')),  u = 2x - 1,
//
// with M the Matérn function, the polynomials of Legendre P₁ and P₂, and c the
// variance of the sum on average over the cube. It is Bayesian regression on
// explicit features (Rasmussen and Williams, section 2.7) and the first order
// of an additive process (D. Duvenaud, H. Nickisch and C. E. Rasmussen,
// "Additive Gaussian processes", NIPS 2011). φ is learned.
//
// # Model
//
// y = m + f(x) + ε with m ~ N(0, v), f a centred process with covariance s²·k,
// ε ~ N(0, σ²·c) with a factor c that each point has. m is integrated out: v
// is added to every covariance. The hyperparameters are the logarithms of the
// l, of s², of σ², of the a and b, and of φ/(1-φ); see [Prior] for what is
// believed of them beforehand. C. E. Rasmussen and C. K. I. Williams, "Gaussian
// Processes for Machine Learning", 2006: equations 2.23–2.26 for the posterior,
// 2.30 and 5.9 for the likelihood and its gradient, 5.10–5.12 for leaving one
// out.
//
// # Speed
//
// Four points are worked on at a time, see Triangle in num/linalg: on amd64 with
// AVX2 by vector instructions, and elsewhere, or with the build tag purego, by
// Go that adds up in the same order. Sums are never fused with products, so
// that results do not depend on the machine except for the last bits of
// math.Log, which the likelihood's value and the warps contain.
package gp
