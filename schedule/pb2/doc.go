// Package pb2 is population-based bandits: population-based training whose
// copies do not change their values at random but take those from which a
// model expects most.
//
// J. Parker-Holder, V. Nguyen and S. Roberts, "Provably Efficient Online
// Hyperparameter Optimization with Population-Based Bandits" (NeurIPS 2020).
// What a member gained in an interval is modelled as a function of its values,
// of the time and of how good it was at the beginning; a copy gets the values
// with the greatest upper confidence bound for the interval that it is about
// to train, given where it begins. So a small population, of four, is enough.
//
// Three things are not as published. The kernel in time is the one of the
// other columns, Matérn-5/2 with a length scale that is learned, in place of a
// decay that is; an old observation counts less where the function is seen to
// change. Choices are columns of the model, too, in place of being left to
// chance. And the copies that are decided at the same moment are told apart by
// giving the model the expected gain of those before (as GP-BUCB does, which
// the paper follows), but only once for each copy, so that its own variance
// shrinks.
//
// Who is left behind, who is copied and what is kept is package pbt's.
package pb2
