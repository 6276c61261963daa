// Package pbt is population-based training: a population of trials trains side
// by side, and now and then those that are behind go on as changed copies of
// those that are ahead, weights and all. What it finds is not one
// configuration but a schedule: which values to use from which step on.
//
// It needs programs that write checkpoints and resume from them, and it pays
// where the best values change while a program trains: learning rates,
// regularisation, exploration. It is not a search for what cannot change in
// the middle, such as a network's width.
//
// # The rule
//
// M. Jaderberg et al., "Population Based Training of Neural Networks"
// (arXiv:1711.09846, 2017), section 4, with truncation selection. A member of
// the population trains for an interval and pauses. Where it is among the worst
// part of the population (a fifth), it is left behind, and a copy of a member
// drawn from the best part takes its place: it begins with that one's
// checkpoint and with its values, each of which is drawn anew with probability
// resample, else changed by one of two factors (see [Perturb]).
//
// Members are compared at the same step, by what they measured there. A member
// goes on when the part of the population that quorum says has come to the
// step as well: with 1, the default, the whole, so that nothing depends on
// which worker is faster. What it is compared with, and copied from, is what
// the others were at that step, also where they have gone on since: the engine
// keeps the checkpoints of pauses.
//
// # How it is kept
//
// A member's number is the Bracket of its trials: its present trial is the
// newest of them. One that was left behind stays paused; its reports end where
// its successor's begin. A member whose trial failed is replaced by a copy at
// the next comparison. [schedule.Lineage] follows a trial back to its beginning.
//
// Package pb2 shares everything but how values are changed; see [Explore].
package pbt
