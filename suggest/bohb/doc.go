// Package bohb is the search of BOHB: kernel densities of good and of bad
// configurations at the largest resource of which enough is known.
//
// It is made for a scheduler that compares trials at steps of training, and
// named together with it: where a study that has a fidelity names this search
// and no scheduler, the scheduler is Hyperband. S. Falkner, A. Klein and
// F. Hutter, "BOHB: robust and efficient hyperparameter optimization at scale",
// ICML 2018. It is here to be what the paper describes; package tpe, of the
// same family, has had more care and models conditional spaces.
//
// The one idea: trials are ranked apart on every level, the step up to which a
// trial was let run (package level), and the model is one of the highest level
// with enough trials. What it proposes follows from that ranking and the trial's
// own random numbers, so nothing has to be kept.
//
// # The model
//
// With d parameters that have more than one value, the least number of points
// of a density is N = max(min_points, d+1). The level is the highest with N+2
// trials; of its n the best max(N, ⌊0.15 n⌋) are good and the worst
// max(N, n - good) bad, which overlap while there are few (equation 3). Either
// is a product kernel density over all parameters,
//
//	p(x) = 1/n Σ_i Π_j κ_j(x_j, x_ij),
//
// a normal density for numbers and ordered choices, in coordinates in which
// the prior is uniform on [0, 1]; for a choice with c values the kernel of
// Aitchison and Aitken, 1 - h for the same and h/(c-1) for another. Bandwidths
// are h = 1.06 σ n^(-1/(4+d)) of the coordinate's (or the number's of the
// choice) standard deviation σ, and at least min_bandwidth. One trial in three
// is drawn from the prior (random_fraction). Else 64 candidates are drawn, each
// around a good trial, with bandwidths of numbers three times as wide and cut
// off at the bounds, and the one with the largest ratio of the densities is
// proposed (algorithm 2).
//
// Parameters that are inactive in a trial are given the values of a trial on
// the same side in which they are active, and random ones where there is none.
//
// # Departures
//
// These are held to hpbandster 0.7.4, the authors' program, and statsmodels,
// which it uses. It differs from the paper in asking for 2 (d+1) trials before
// there is a model; here it is the paper's d+3. Whoever has reported at a step
// counts there, not only those that were to pause at it. Bandwidths of choices,
// which the rule of thumb can put above 1, are cut off where all values weigh
// the same, and a choice has as many values as it has, not as many as were seen.
// Trials that failed on their way to a level, or were pruned before they came
// there (by a scheduler without rungs), are the worst on it. Candidates that
// violate a constraint, or that the study has in a finite space, are passed over.
package bohb
