// Package scheduletest holds every scheduler to the contract of package
// schedule.
//
// [Run] is the conformance suite, called once by each scheduler's test. It
// plays whole schedules with package simulate, whose names it also has, and
// [Scenarios] are the programs that it plays.
//
// It is imported by tests only. The one idea: what a scheduler decided is in
// the history, so at any event a fresh instance, and a history rebuilt from
// the events, has to decide the same.
package scheduletest
