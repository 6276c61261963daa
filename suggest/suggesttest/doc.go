// Package suggesttest holds every suggester to the contract of package
// suggest, and runs whole searches in memory.
//
// [Run] is the conformance suite: a method's test calls it once, and from then
// on the method is tried on every kind of space and history that afina knows
// of, including those that were thought of after the method was written.
// [Drive] is a study without an engine, a store or a clock: it asks a
// suggester, evaluates a Go function on virtual workers whose trials end out
// of order, fail, report and are pruned, and folds the same events as a real
// study. Tests and benchmarks of methods are built on it.
//
// It is not a benchmark of how good a method is, and it is imported by tests
// only. The one idea: a suggester is pure, so everything can be asked twice,
// of a fresh instance, and of a history rebuilt from its events, and has to
// come out the same.
package suggesttest
