// Package ehvi says how much a point that is not measured yet is expected to
// add to a front of points that are: the expected hypervolume improvement of
// independent normal objectives, computed exactly, and two scalarisations that
// turn several objectives into one.
//
// It is no model and no optimiser: means and standard deviations come from the
// caller, and so does the search for the point where the answer is largest. All
// objectives are losses, small is good, and the reference is the worst corner:
// what lies beyond it in any objective adds nothing.
//
// The one idea: the space below the reference that no point of the front
// dominates is cut into boxes. What a point adds to the front is the sum of
// what it dominates of each box, and of one box that is a product with one
// factor for each objective. So the expectation is a sum of products of
// one-dimensional expectations, each of which has a closed form. As all terms
// are positive, sum and products can be taken of logarithms, which tell the
// better of two points even where the improvement is far too small for a float.
//
//	boxes := ehvi.Decompose(losses, ehvi.Reference(losses))
//	value := boxes.LogEHVI(mean, sd, gradMean, gradSD)
//
// There is one box for each local upper bound of the front, which for n points
// are n+1 boxes for two objectives, 2n+1 for three, and O(n²) at worst for
// four, though for points spread over a sphere about 270 for 50 and 600 for
// 100. More objectives work, but the number of boxes grows on, and a
// scalarisation serves better.
//
// [Hypervolume] and [Tchebycheff] are the scalarisations: one draws weights,
// optimises the scalar as if it were the only objective, and draws again for
// the next point. They care nothing for the number of objectives.
//
// # Sources
//
// Expected hypervolume improvement: M. Emmerich, K. Giannakoglou and B.
// Naujoks, "Single- and multiobjective evolutionary optimization assisted by
// Gaussian random field metamodels", IEEE TEC 10(4), 2006; as a sum over boxes:
// K. Yang, M. Emmerich, A. Deutz and T. Bäck, "Efficient computation of
// expected hypervolume improvement using box decomposition algorithms", J.
// Global Optimization 75, 2019, and S. Daulton, M. Balandat and E. Bakshy,
// "Differentiable expected hypervolume improvement for parallel multi-objective
// Bayesian optimization", NeurIPS 2020. The boxes: K. Klamroth, R. Lacour and
// D. Vanderpooten, "On the representation of the search region in
// multi-objective optimization", EJOR 245(3), 2015, and R. Lacour, K. Klamroth
// and C. M. Fonseca, "A box decomposition algorithm to compute the hypervolume
// indicator", Computers & OR 79, 2017. The logarithm: S. Ament, S. Daulton, D.
// Eriksson, M. Balandat and E. Bakshy, "Unexpected improvements to expected
// improvement for Bayesian optimization", NeurIPS 2023. Scalarisations: R.
// Zhang and D. Golovin, "Random hypervolume scalarizations for provable
// multi-objective black box optimization", ICML 2020, and J. Knowles, "ParEGO:
// a hybrid algorithm with on-line landscape approximation for expensive
// multiobjective optimization problems", IEEE TEC 10(1), 2006.
package ehvi
