// Package de is differential evolution of one objective: a configuration is
// made from a target by adding scaled differences of others, and takes the
// target's place where it is no worse.
//
// It is for numeric and mixed spaces, cheap trials, and budgets of a hundred
// trials per parameter and more, where it needs next to no time for a
// suggestion and is hard to lead astray. With fewer trials a model-based method
// is better, for mostly categorical spaces package genetic.
//
// The one idea: the population is a function of the trials that have ended, in
// the order in which they did. What a child needs to be placed, its target and
// the F and CR it was made with, is written into the note of its proposal and
// read back from the trial, so nothing is lost in a restart, and results may
// come in any order.
//
// # Variants
//
// Lshade, the default, is L-SHADE: R. Tanabe and A. S. Fukunaga, "Improving
// the search performance of SHADE using linear population size reduction",
// IEEE CEC 2014, 1658–1665. A child is
//
//	v = x + F (x_pbest - x) + F (x_r1 - x_r2),  r2 also from the archive
//
// crossed binomially with its target x, with F ~ Cauchy(M_F, 0.1) and
// CR ~ N(M_CR, 0.1) about a random entry of a memory, into which the weighted
// Lehmer means of the F and CR that succeeded go at the end of a generation
// (algorithm 1). The population shrinks linearly from population to
// min_population over the budget (equation 10); without a budget it stays, which
// is SHADE.
//
// Pbest1bin makes the same children with fixed F and CR (J. Zhang and A. C.
// Sanderson, "JADE", IEEE TEVC 13, 945–958, 2009, without its adaptation).
// Rand1bin is the classic, v = x_r1 + F (x_r2 - x_r3) (R. Storn and K. Price,
// "Differential evolution", Journal of Global Optimization 11, 341–359, 1997).
//
// # Without generations
//
// The textbooks evaluate a generation and then select. Here a child competes
// with whoever holds its target's slot at the moment it ends, and the next
// target is the one with the fewest children so far, running ones included. A
// generation is counted as over when as many children have ended as the
// population has members; then the memory is updated and the population
// shrinks. A child whose slot is gone by then, and every trial that has no
// target (enqueued, the default configuration, another method's), takes the
// place of the worst member if it is better. Failed children leave their
// target in place and count.
//
// # Other departures
//
// Successes are weighed by how many members the child overtook, not by the
// difference of the objective (equation 3 of the paper), unless the setting
// weights says improvement: losses of models that diverge span many orders of
// magnitude, and one of them would decide the memory alone. With ranks nothing
// depends on the objective but its order.
//
// Whole numbers, steps and ordered choices are moved in the unit interval and
// rounded. A choice without order has an operator of its own: a component of
// the child is first the base's and, where the two members of the difference
// disagree, with probability F the first one's; about once a generation any
// other choice is tried. A coordinate that a member does not have, because the
// parameter is inactive there, adds no difference; one that the target does not
// have is taken from the others. A child equal to its target is mutated; one
// that violates a constraint is pulled towards its target; where neither helps
// a configuration is drawn from the prior, as is the first population.
//
// The paper's initial population of 18 per parameter is meant for 10,000
// evaluations per parameter; with the hundred or thousand that a study has, it
// is worse than a few members are, because there are hardly any generations.
// The default falls with the root of the budget, 18 d √(budget / 10,000 d), so
// that it is the paper's at the paper's budget. On seven classic functions,
// shifted and rotated, of 5 and 20 parameters, the best value was lower than
// with a tenth of the budget as population by a factor of 1.1 to 1.8 after 200
// trials, 2.5 and more after 1000, 15 and more after 5000 (geometric means). Of
// a rugged function with many trials to spare, a larger population finds more.
package de
