// Package tpe is the tree-structured Parzen estimator: two densities over the
// space, one of the good trials and one of the others, and proposals where the
// first is largest in proportion to the second.
//
// It is the method for spaces with conditions and choices, for noisy
// objectives and for many trials: a suggestion takes a fraction of a
// millisecond and hardly grows with the history. It is not the most frugal
// with trials where a handful of numbers are tuned smoothly; a Gaussian
// process is. J. Bergstra, R. Bardenet, Y. Bengio and B. Kégl, "Algorithms for
// hyper-parameter optimization", NIPS 2011, section 4; the parts and their
// merits are taken apart in S. Watanabe, "Tree-structured Parzen estimator:
// understanding its algorithm components and their roles for better empirical
// performance", arXiv 2304.11127, 2023.
//
// The one idea: what is kept between suggestions is a function of the set of
// trials alone, to the last bit, so that it may be brought up to date trial by
// trial and still be what a restart would build.
//
// # The model
//
// With n trials the best ⌈0.15 n⌉, at most 25, are good. Either density is a
// mixture of one kernel a trial and one for the prior,
//
//	p(x) = Σ_i w_i Π_j κ_ij(x_j)
//
// over coordinates x_j in [0, 1] in which the space's prior is uniform (so
// scales and priors need no case of their own). κ is a normal density
// truncated to [0, 1] around the trial's value; of parameters with up to 32
// values its mass over the value's cell; of a choice the trial's own value
// with weight 1 and the prior with weight c/(n+1) shared by the c choices. The
// prior's kernel is N(0.5, 1), and the choices' weights. Bandwidths are the
// larger of the gaps to the neighbours in each coordinate, within limits. 24
// candidates are drawn from the good density and the one with the largest
// ratio of the two is proposed.
//
// # Order of trials
//
// Complete trials by loss; after them pruned ones, by how far they got, then
// by their last report; after them those that violate an outcome constraint,
// by how much in all. Failed and infeasible trials are bad without being
// counted, so that the region in which trials crash is avoided while the number
// of good ones stays right; those that failed for the machine's reasons (lost,
// preempted, killed, not started) say nothing. Running trials are bad until
// they end (constant liar), and so are proposals of the same request. With
// several objectives whole fronts are good while there is room, and of the
// next one the trials that together dominate most volume.
//
// # Conditional spaces
//
// Parameters under the same condition form a group. Groups are drawn parents
// first, and each has densities of its own, of the trials that have its
// parameters, split among themselves: so a branch learns from its own best
// trials even where another is ahead. The densities of a group include the
// parameters that always exist and those its condition hangs on, at the values
// already chosen: p(group | parents). One in four times the parents are drawn
// from the prior, or branches that need many trials would be given up before
// they had them.
//
// # Flavours, and departures from the textbook
//
// The default flavour, afina, differs from Watanabe's recommendation (flavour
// watanabe) where measurements said so (docs/benchmarks/tpe-ablation.md). The
// ends of the range are no neighbours. The least bandwidth falls as
// 1/(n+2)^0.7, to 0.01 of the range, n being all trials of the study, so that
// all densities are equally smooth (wide while little is known). Of numbers and
// ordered choices with up to 32 values it never falls below half the mean
// distance between values: where trials share a value the gaps are nothing, and
// kernels that do not reach the next value would keep the search where it is.
// 6 trials of a Sobol sequence start the search. As there, good trials weigh
// what they are better by than the best of the others. Flavour optuna5 is
// Optuna 5's TPESampler: its densities, bandwidths, weights and splits are held
// to vectors made with it. It differs in where random numbers come from, in
// parameters of more than 128 values, whose cells are not integrated over, and
// in histories of more than 4096 bad trials.
//
// # Speed
//
// A trial that ends is put in its place in one sorted list a coordinate, and
// changes three bandwidths in each. Sums over kernels are sums of
// integers, exact, so that they do not depend on the order in which trials
// came. A density has at most 10240/d kernels within 256 and 1024, over d
// parameters; beyond that a pseudo-random part of the trials, chosen by their
// numbers, stands for all. A space with more parameters than that many trials
// can teach about gains nothing from more of them.
package tpe
