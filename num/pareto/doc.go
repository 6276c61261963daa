// Package pareto compares points that have several numbers each, all of which
// are to be small: which points no other beats, in what order of fronts the
// rest stands, how much space a set of points dominates, and which few points
// stand best for many.
//
// It is not an optimiser and knows nothing of trials: callers turn whatever is
// to be large around by its sign, and read the answers by index. The one idea:
// a point dominates another if it is nowhere larger and somewhere smaller, and
// everything here follows from that order, so the answers depend on the points
// alone, never on the order in which they are given (except where a tie has to
// be broken, which is said).
//
//	ranks := pareto.Ranks(points)                  // 0: the front
//	front := pareto.Front(points)                  // indices, ascending
//	volume := pareto.Hypervolume(points, reference)
//	few := pareto.Subset(points, reference, 10)    // indices
//
// # Manners
//
// Points are slices of equal length, and nothing is written to them. Values may
// be infinite where it is not said otherwise, but not NaN: it has no place in
// an order, and the caller knows whether it means the worst or a mistake. No
// points are fine everywhere. Points of unequal length are a programmer's error
// and panic. All functions are pure and safe for concurrent use.
//
// # Sources
//
// Ranks: M. T. Jensen, "Reducing the run-time complexity of multiobjective EAs:
// the NSGA-II and other algorithms", IEEE TEC 7(5), 2003, in the form of M.
// Buzdalov and A. Shalyto, "A provably asymptotically fast version of the
// generalized Jensen algorithm for non-dominated sorting", PPSN 2014, which is
// right for equal values, too. Crowding: K. Deb, A. Pratap, S. Agarwal and T.
// Meyarivan, "A fast and elitist multiobjective genetic algorithm: NSGA-II",
// IEEE TEC 6(2), 2002; thinning by it: S. Kukkonen and K. Deb, "Improved pruning
// of non-dominated solutions based on crowding distance for bi-objective
// optimization problems", CEC 2006. Hypervolume: the sweep of N. Beume, C. M.
// Fonseca, M. López-Ibáñez, L. Paquete and J. Vahrenhold, "On the complexity of
// computing the hypervolume indicator", IEEE TEC 13(5), 2009, for three
// objectives, and for more L. While, L. Bradstreet and L. Barone, "A fast way of
// calculating exact hypervolumes", IEEE TEC 16(1), 2012. Subsets: A. P.
// Guerreiro, C. M. Fonseca and L. Paquete, "Greedy hypervolume subset selection
// in low dimensions", Evolutionary Computation 24(3), 2016, and T. Kuhn et al.,
// "Hypervolume subset selection in two dimensions: formulations and
// algorithms", in the same issue. Directions: I. Das and J. E. Dennis,
// "Normal-boundary intersection", SIAM J. Optim. 8(3), 1998.
package pareto
