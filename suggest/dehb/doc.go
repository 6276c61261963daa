// Package dehb is DEHB: differential evolution with a population at every step
// at which Hyperband compares trials, in which the populations of shorter
// trainings lend their best to those of longer ones.
//
// It is for training that can be cut short and spaces with choices, with many
// trials; a proposal takes microseconds. It is made for the scheduler dehb
// (package schedule/halving), which brings new trials to every rung. N. Awad,
// N. Mallik and F. Hutter, "DEHB: evolutionary hyperband for scalable, robust
// and efficient hyperparameter optimization", IJCAI 2021. Without a fidelity it
// is plain differential evolution, of which package de knows better forms.
//
// The one idea: a population is a function of the set of trials. Each member
// stands for a family: a founder, and all children that were bred to replace
// it. The member is the best of the family, so that it does not matter in which
// order results come. To which family and step a child belongs is in its note.
//
// # The method
//
// The request says up to which step the trial to be will run. The population of
// that step has as many members as Hyperband's bracket that begins there; until
// it has them, those that were promoted to it included, founders are drawn from
// the prior. Then the member with the fewest children is the target x of
//
//	v = a + F (b - c)                     (rand/1, F = 0.5)
//
// and the child takes each coordinate from v with probability Cr = 0.5, one at
// least, and from x otherwise. What leaves [0, 1] is drawn anew. The parents a,
// b and c are three of the best of the population of the step below, as many as
// the bracket has trials at this step; on a bracket's first step they are three
// of its own population. Where those are fewer than three, mutants of all
// populations together fill the pool, and random points where there are not
// enough (algorithm 2). A child takes its family's place where it is no worse.
//
// # Departures
//
// The authors' program, dehb 0.1.2, copies configurations upwards in the first
// round of brackets and trains the copies from the start. Here the scheduler
// promotes the trials themselves, which may go on from a checkpoint, and they
// found families on each step that they were sent to. A population has no
// random members that were never tried: the founders are tried first. Families
// beyond the size of the population, of configurations added by hand, count
// while they are among the best.
//
// Coordinates of whole numbers, steps and ordered choices move as numbers and
// are rounded. A choice without order has an interval of [0, 1] for every
// value, as there, and a member stands anywhere in its own. A coordinate that
// is inactive is drawn from the prior whenever it is needed. A child that
// is its parent again, violates a constraint, or that a finite space already had,
// is bred again, and after a few times a configuration is drawn instead.
package dehb
