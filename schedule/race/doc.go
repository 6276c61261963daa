// Package race is the scheduler for studies whose steps are samples: folds of a
// cross-validation, problem instances, seeds. It drops a trial as soon as its
// samples prove that it will not be the best, and never because its samples
// were hard ones: every comparison is on samples that both have run.
//
// A trial runs against the best complete one, its rival. While none is
// complete, it runs against the one that is best on its own samples among those
// that run, and the error is shared out over all of them, because the luckiest
// of many is no fair rival. After the first few samples, and again after every
// (or every few) more, a paired test of the differences asks whether chance
// alone would make the trial look so much worse. A trial that is at its last
// sample is left alone.
//
// # What is promised
//
// The probability that a race drops a trial which on all samples would have been
// better than its rival is at most 1 - confidence, all its tests together. Many
// tests give chance many occasions. As they are not independent, the level of
// each is that of S. J. Pocock, "Group sequential methods in the design and
// analysis of clinical trials", Biometrika 64, 1977, for the way in which these
// tests hang together: what is asked is not whether a trial is worse in some
// endless population but on the samples of the study, of which a test has seen a
// growing part, so that the tests of two equal trials are like a Brownian bridge
// seen at some moments, divided by its standard deviation.
//
// For the same reason the t-test divides by the standard error of drawing
// without replacement, √(s²/n·(1-n/N)): with eight of ten folds known, little
// can still change. Differences that are all the same would have no error at
// all; they count by their signs.
//
// The promise needs that the samples come in an order that has nothing to do
// with who is good on them, which a random one guarantees, and for the t-test
// differences of about normal distribution.
//
// # Tests
//
//   - t: the paired t-test. It tells after the fewest samples.
//   - wilcoxon: the signed-rank test, which outliers do not move. It cannot tell
//     anything before the sixth sample or so.
//   - friedman: the test of M. Friedman (1937) over the trial, its rival and
//     others that are still in the race and have run the same samples, with the
//     comparison of W. J. Conover (1999) of the first two; of two trials alone
//     the signed-rank test. It is for samples of different size or difficulty,
//     where only the order on each of them tells anything.
//
// # Sources
//
// O. Maron and A. W. Moore, "Hoeffding races", NIPS 1993; M. Birattari, T.
// Stützle, L. Paquete and K. Varrentrapp, "A racing algorithm for configuring
// metaheuristics", GECCO 2002 (F-race); M. López-Ibáñez, J. Dubois-Lacoste, L.
// Pérez Cáceres, T. Stützle and M. Birattari, "The irace package: iterated
// racing for automatic algorithm configuration", Operations Research
// Perspectives 3, 2016. Those races run many configurations side by side, sample
// by sample, and do not correct for the number of tests. Here trials come one by
// one from a search that learns, for any number of workers, and nobody waits: a
// trial is tested at its own reports against whoever has the same samples.
package race
