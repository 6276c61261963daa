// Package simulate runs whole schedules on a virtual clock.
//
// Programs exist as learning curves only, on any number of virtual workers: at
// every free slot and every report [Run] asks the same scheduler that decides
// for real, and where it is given one the same suggester. It carries out what
// they say, folds the events of a real study, counts the units of resource
// that were paid for and the time they took, and refuses an order that no
// engine could carry out.
//
// How programs behave comes from [Curves]: invented ones, or those of a study,
// from whose trials also follows what a step takes ([Learn]).
//
// Tests and benchmarks of schedulers are built on it, and so is the command
// that previews a search before anything is spent on it. It is not the engine:
// nothing is stored, nothing is retried but lost attempts, and a report costs
// no time.
package simulate
