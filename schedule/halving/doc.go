// Package halving is the family of schedulers that train many trials a little
// and few to the end: successive halving, Hyperband, DEHB, ASHA and PASHA.
//
// They need a fidelity, which says how many steps a whole training has, and
// reports with steps; paused trials of programs that keep checkpoints go on
// where they were, others begin again. They choose no configurations, whatever
// search proposes them.
//
// # Rungs
//
// A few steps between the fidelity's min and max are rungs, a factor apart:
// the reduction. Trials are compared on rungs only, everybody by what the
// study would make of its reports up to there, so at equal resource; and of
// all that have reached a rung about one in so many as the reduction says goes
// on to the next. What is not finite, or not there, is the worst.
//
// Halving and Hyperband work in brackets: a fixed number of trials, nobody
// promoted before all have reached the rung. Hyperband takes turns between
// brackets that begin on the lowest rung with many trials and such that begin
// higher with few, against curves that tell nothing early. A worker for whom a
// bracket has no use begins the next one.
//
// DEHB is Hyperband for a search that breeds (package suggest/dehb): after the
// first round nobody is promoted; when a rung is complete, the next one gets as
// many new trials as would have been.
//
// ASHA waits for nobody. With mode promotion a trial pauses at every rung, and
// a free worker resumes the best one that is in the top of the highest rung.
// With mode stopping a trial runs on as long as it is in the top. The published
// rule lets the first trial at a rung pass because nobody is there to compare
// it with, so that one worker trains its first configuration to the end before
// it has seen another; here a trial is sent no further than the first rung that
// too few have reached for one to be in its top, and pauses there until
// somebody can be.
//
// PASHA is ASHA whose highest rung begins at the second and is raised when the
// order of the trials there is not that of the rung below, beyond noise. The
// noise is estimated from curves that change sides and back.
//
// With several objectives the order on a rung is by fronts, and within a front
// so that its first trials dominate the most volume.
//
// A trial that can no longer be promoted is pruned instead of paused, so that
// the search learns from it and its checkpoint can go.
//
// A study whose budget of trials is used up, or whose search has nothing left
// to propose, while none has reached the end sends the best there; a bracket
// that is not full then counts as complete.
//
// # Implementation
//
// The one idea is a table from rungs to the trials that have reached them, in
// order of value, which follows the history by what has changed in it. All
// five are questions to it.
//
// # Sources
//
// K. Jamieson and A. Talwalkar, "Non-stochastic best arm identification and
// hyperparameter optimization", AISTATS 2016. L. Li, K. Jamieson, G. DeSalvo,
// A. Rostamizadeh and A. Talwalkar, "Hyperband: a novel bandit-based approach
// to hyperparameter optimization", JMLR 18, 2018. L. Li et al., "A system for
// massively parallel hyperparameter tuning", MLSys 2020. O. Bohdal, L. Balles,
// M. Wistuba, B. Ermis, C. Archambeau and G. Zappella, "PASHA: efficient HPO
// and NAS with progressive resource allocation", ICLR 2023. N. Awad, N. Mallik
// and F. Hutter, "DEHB: evolutionary hyperband for scalable, robust and
// efficient hyperparameter optimization", IJCAI 2021.
package halving
