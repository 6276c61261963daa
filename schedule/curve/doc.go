// Package curve prunes a trial whose learning curve, continued to the end, is
// not expected to beat the best trial.
//
// It is for curves that are smooth and costly: it looks at the shape of each,
// so it can keep a slow starter that a comparison at equal steps would end, and
// end a fast one that has levelled off. It needs a fidelity, which says where
// the end is, and pauses nothing.
//
// # The rule
//
// Four families of curves are fitted to what a trial has reported (a power law,
// an exponential, an inverse logarithm, a Hill curve), each written as
//
//	y(t) = f + b·u(t),  u(first step) = 1,  u(last step) = 0,
//
// so that f is what the curve ends at, b how much it falls until then, and the
// other one or two parameters are its shape. What such parameters are like in
// this study is taken from the curves that are complete: their mean and
// covariance are the prior of a fit, which so has a distribution for f even
// after few steps. The families are weighted by the Bayesian information
// criterion, residuals that hang together count as fewer, and the result is
// the probability that the trial ends better than the best complete one. If it
// is below 5 % with all that was reported, and was without the last report, the
// trial is pruned; but never before a tenth of the whole training, before five
// curves are complete, or while fewer than three others were better at the
// same step.
//
// The one idea of the implementation: everything about complete curves is
// fitted once, when a trial ends, and a judgement fits one short curve.
//
// # Sources
//
// T. Domhan, J. T. Springenberg and F. Hutter, "Speeding up automatic
// hyperparameter optimization of deep neural networks by extrapolation of
// learning curves", IJCAI 2015, has the families and the rule; it samples where
// this package uses Laplace's approximation, and has no prior from other
// curves. The fit is that of K. Levenberg (1944) and D. Marquardt (1963).
package curve
