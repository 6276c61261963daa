// Package warp holds monotone maps of losses that make them look like draws
// from a normal distribution, which is what a Gaussian process takes them
// for.
//
// Losses as they come have a long bad tail: one diverged run at 1e30, a crowd
// of settings that learn nothing, and the few good ones a thousandth apart. A
// model of the raw numbers spends itself on the bad half. Each [Kind] here is
// another answer to that; which one suits a study is for the caller to judge,
// for which [Warp.LogSlope] gives what turns a density over warped losses into
// one over losses. The package fits a map to numbers and nothing more: it
// knows no model, no trial and no missing value, and smaller is always better.
//
// The one idea: every map is the same chain, of which a kind fills in two
// links, so that value, inverse and slope are written once.
//
//	loss -> scaled by a power of two -> front -> curve -> z-score -> bent tail
//
// The front is a piecewise-linear function: one line, or the ranks. The curve
// is a line, a logarithm or a power. Outside the fitted losses every front
// and every curve goes on in a straight line, so that a map is defined for
// every finite loss and never runs into the pole of a logarithm. The z-score
// makes the fitted losses mean 0 and standard deviation 1. The bent tail
// winsorises the bad side without a corner: a z above 3 becomes 4 - 1/(z-2),
// which rises for ever and never gets past 4, so that the order of bad losses
// and a finite slope survive. The good side is left alone. Mean and standard
// deviation are those after bending, so one diverged loss among twenty or
// more does not flatten the others even under [Identity].
//
//	w, ok := warp.Fit(warp.YeoJohnson, losses)
//	z := w.At(losses[3])
//	loss := w.Inverse(mean)
//
// Units do not matter: scaling the losses by a positive factor, and for every
// kind but [BoxCox] adding a constant, gives the same z but for rounding, and
// exactly the same for a power of two. Fit sorts, so the order of the losses
// does not matter either.
//
// Equal inputs give equal outputs on one platform. Between platforms the last
// digit may differ, as math.Log, Log1p, Expm1 and the normal quantile do; the
// estimated exponent is a multiple of 1/1024, so that such a digit does not
// grow into another exponent unless two neighbours are equally likely.
package warp
