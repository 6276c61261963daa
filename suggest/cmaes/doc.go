// Package cmaes is CMA-ES, the covariance matrix adaptation evolution
// strategy: it draws configurations from a distribution and moves, stretches
// and turns that distribution towards the better of them.
//
// It looks at ranks alone, so the scale of the objective, outliers and failed
// trials do no harm; it is at its best with continuous and integer parameters
// that depend on each other, with hundreds of trials or more, and with many at
// once. With few trials a model of the objective finds more.
//
// # The distribution
//
// Parameters that have an order stand on Gaussian coordinates in the unit cube
// of the space; ints, steps and ordered choices of 3 to 1000 values have a
// margin, which keeps neighbouring values probable. Unordered choices, and
// everything with two values, have probabilities. One generation of lambda
// results updates both:
//
//   - the Gaussian as N. Hansen, "The CMA Evolution Strategy: A Tutorial",
//     2016 (arXiv 1604.00772), equations 41 to 55, with negative weights; or
//     with a diagonal covariance as R. Ros and N. Hansen, PPSN 2008;
//   - margin and probabilities as R. Hamano et al., "CatCMA with Margin",
//     2025 (arXiv 2504.07884), of which CMA-ES with margin and CatCMA are
//     special cases;
//   - learning rates, on request, as M. Nomura, Y. Akimoto and I. Ono, GECCO
//     2023 (arXiv 2304.03473);
//   - restarts as A. Auger and N. Hansen, CEC 2005 (IPOP), and N. Hansen,
//     GECCO 2009 (BIPOP);
//   - the start from earlier results as M. Nomura et al., AAAI 2021 (arXiv
//     2012.06932).
//
// # The state is the history
//
// Nothing is stored beside the trials. The one idea: a trial's origin says how
// many results had come in when it was drawn, and which random stream it used;
// that fixes the distribution, so the point can be drawn again, with all that
// rounding and inactive parameters have taken from the configuration. A fresh
// instance replays the history so, once; a long-lived one goes on from where
// it was. A trial whose configuration does not come out is one of another
// origin, whatever its origin says.
//
// # Departures
//
// There is no waiting for a generation: every request is answered from the
// present distribution, and a generation ends with the next lambda results of
// the run, in whatever order they come. Those drawn from an earlier
// distribution, and results of other origin (the default, enqueued trials,
// other methods), are clipped to the Mahalanobis length that draws have (N.
// Hansen, "Injecting External Solutions Into CMA-ES", arXiv 1110.4181). Those
// of other origin take part only if they are among the best: bad ones tell
// about places where the distribution is not.
//
// A point outside the cube is drawn again up to ten times; then the
// coordinates outside are reflected at the bounds. The update sees the point
// inside, so the mean never leaves the cube. The penalty of CatCMA with Margin,
// which lets it, is not used: it depends on the values of the objective and
// would end the invariance to its scale.
//
// A configuration that violates a constraint, or is a duplicate in a finite
// space, is drawn again up to fifty times, then moved towards the mean by
// halves; what is proposed after that is a random configuration.
//
// A parameter that is inactive gives no evidence in its trial: its mean,
// variance, covariances and probabilities are moved by the other trials alone.
//
// The eigendecomposition is renewed every 1/(2n(c1+cmu)) generations, as in
// Hansen's purecma: up to 20 parameters that is every generation.
package cmaes
