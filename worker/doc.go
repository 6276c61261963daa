// Package worker runs trials: it leases one, starts its command, reads its
// output, reports what it measures, ends it when told to, and says how it
// ended.
//
// A [Worker] knows the study through a [Queue] alone. Today the engine in the
// same process is one; over HTTP a client will be another, and nothing here
// can tell. What it needs of the machine it has through a [launch.Launcher].
//
// One goroutine a slot runs trials one after another. Where there are several,
// the end of a short trial is reported while the next is being leased, so that
// a trivial command waits for one durable write a trial, not two. Leases are
// renewed by one goroutine for all slots, which also receives the orders for
// trials that are to end.
package worker
