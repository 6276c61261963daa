// Package scheduletest holds every scheduler to the contract of package
// schedule, and simulates whole schedules on a virtual clock.
//
// [Run] is the conformance suite, called once by each scheduler's test.
// [Simulate] runs programs that exist as learning curves only on any number of
// virtual workers: it asks the scheduler at every free slot and every report,
// carries out what it says, folds the events of a real study, counts the units
// of resource that were paid for, and refuses an order that no engine could
// carry out. Tests and benchmarks of schedulers are built on it.
//
// It is imported by tests only. The one idea: what a scheduler decided is in
// the history, so at any event a fresh instance, and a history rebuilt from
// the events, has to decide the same.
package scheduletest
