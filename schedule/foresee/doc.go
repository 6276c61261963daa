// Package foresee trains many trials a little and few to the end, and chooses
// whom by what they are expected to end at.
//
// It needs one objective and a fidelity, and chooses no configurations. Like
// ASHA it compares trials on rungs, steps a factor apart, where they pause; it
// waits for nobody and takes any number of workers. The one idea: package
// foresight says what a trial would end at and how far off that may be, so the
// steps can go where most is to be gained at the end, and how early a step says
// anything is measured instead of believed.
//
// # What a free worker does
//
//   - While less than a share of the steps has gone into beginnings, or nobody
//     waits, it starts a trial. New trials begin on the second
//     rung: their reports on the way there say whether the first tells anything.
//     If its order agrees with that of the second, new trials begin there, and
//     where that of the second does not agree with the next, they begin higher.
//     Every fourth begins one higher than the others, so that a wrong
//     conclusion does not last.
//   - Else it resumes the trial of which to know more is worth most for its
//     steps: the probability that it changes places with the best, or the best
//     with the second, and by how much, if it went on to any rung higher up. It
//     goes up one rung and is compared again. Where no link between rungs agrees
//     better than chance all are expected to end alike, and the order on the
//     highest rung decides.
//   - That is for the early steps, as many as a few whole trainings have. Later
//     there is enough to rank, and the differences that count are smaller than
//     what lines can tell: then, as in ASHA, the best of the highest rung goes on
//     that is in the top part of those who were there, and a trial is started
//     where none is.
//   - The best of those that wait goes on towards the end whenever that has had
//     none of so many whole trainings' steps: so there is always something that
//     is measured and not foreseen.
//
// When no trial will be started any more the best goes on until nobody that
// waits is expected to beat those at the end.
//
// # Sources
//
// K. Swersky, J. Snoek and R. P. Adams, "Freeze-thaw Bayesian optimization",
// arXiv 2014, and M. Wistuba, A. Kadra and J. Grabocka, "Supervising the
// multi-fidelity race of hyperparameter configurations", NeurIPS 2022, choose
// by the expected improvement whom to train one step more, with processes over
// configurations and steps; here that is left to the search. Y. Li et al.,
// "Hyper-Tune", VLDB 2022, learn from ranks which bracket is worth it. P.
// Frazier, W. Powell and S. Dayanik, "A knowledge-gradient policy for sequential
// information collection", SIAM J. Control Optim. 47, 2008, is the worth of
// knowing more. L. Li et al., "A system for massively parallel hyperparameter
// tuning", MLSys 2020, is ASHA.
package foresee
