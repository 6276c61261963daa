// Package rule is the small stop rules: threshold, patience, bandit slack,
// truncation and the Wilcoxon test. Each says at a report whether a trial goes
// on, and nothing else; none pauses trials or spreads a budget.
//
//   - Threshold ends a trial whose value leaves given bounds or is not finite.
//   - Patience ends one that has not improved on itself for a while, or asks
//     another rule then.
//   - Bandit ends one that is behind the best at the same step by more than
//     some slack.
//   - Truncation ends the worst part at regular steps.
//   - Wilcoxon is for steps that are not epochs but folds, instances or seeds:
//     it ends a trial that is worse than the best one on the same ones, by a
//     paired test.
//
// What they have in common: a trial at the last step of the study's fidelity is
// left alone, since ending it would save nothing, and steps need not be the
// same in all trials except where they are folds.
//
// The one idea of the implementation: each rule needs one fact about the other
// trials (a lower envelope, a rung, the best trial), which follows the history
// by what has changed, so a judgement takes microseconds.
//
// # Sources
//
// Bandit and truncation are the policies of Azure Machine Learning as its
// documentation describes them; patience and Wilcoxon follow the pruners of
// Optuna (T. Akiba et al., "Optuna: a next-generation hyperparameter
// optimization framework", KDD 2019) in what they decide. The test is that of
// F. Wilcoxon, "Individual comparisons by ranking methods", Biometrics
// Bulletin 1(6), 1945.
package rule
