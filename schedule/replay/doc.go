// Package replay runs a schedule of values again: from a step on use these
// values, from a later step on those. Population-based training finds such
// schedules; [schedule.PlanOf] makes one of the trials that led to its best, and
// as a text it can be kept, read, changed and run with other data or seeds.
//
// The scheduler of this package runs a [schedule.Plan] as a chain of trials, each with
// one step's values, beginning with the checkpoint of the one before. It makes
// no choices and needs neither a search algorithm nor comparisons. It is not a
// way to give every epoch its own learning rate: that the program does better
// by itself.
package replay
