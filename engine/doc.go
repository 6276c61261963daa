// Package engine is the heart of afina: it decides what happens to a study,
// and makes it happen.
//
// The deciding half is pure. A state is everything known of one study; decide
// takes one input (a worker asks, reports, has finished; a suggestion has
// arrived; time has passed) and the time, and returns effects: events to
// store, answers to give, a suggestion to compute. It reads no clock, does no
// input or output and starts no goroutine, so every situation can be played
// through in a test, and a search on a virtual clock.
//
// The other half, [Engine], is a loop around it: inputs are decided one at a
// time; events go to a committer that stores whatever has gathered while the
// last commit was syncing in one transaction; and an answer is given only when
// everything that was decided up to it is durable. A store that fails stops
// the engine: nothing is acknowledged any more, and the same command goes on
// from what is durable.
//
// The engine knows suggesters, schedulers and stores only by their contracts,
// and workers not at all: whoever calls [Engine.Lease], [Engine.Report],
// [Engine.Beat] and [Engine.Finish] is one.
//
// # Lost workers and late words
//
// A lease that is not renewed, by a beat or a report, ends: the attempt is
// lost, and the trial waits for another. What a worker says after that, or
// says again because an answer was lost, is taken as follows.
//
//	the trial has meanwhile   a report    a result             cancelled, lost   the same word again
//	-----------------------   ---------   ------------------   ---------------   -------------------
//	been given to another     fenced      fenced               fenced            fenced
//	waited, after a loss      fenced      counts               no effect         no effect
//	waited, after a failure   fenced      conflict             conflict          no effect
//	paused                    fenced      conflict             conflict          no effect
//	ended                     fenced      conflict             conflict          no effect
//
// # Thinking early
//
// A suggestion that takes long keeps a free slot waiting. Where nothing else is
// to be done and a slot is free, the engine therefore puts the question that the
// next request will put, and uses the answer if the history is still the very
// one that it was put for; anything that happens before makes it worthless, and
// tells the suggester so by its context. Trials are the same as without. That
// helps who does something between telling a result and asking for more. Where
// a worker brings a result and wants the next trial at once, only choosing ahead
// helps (the definition's Ahead): then so many trials are kept in line, each
// chosen when the one before starts, without its result. Either way the order
// of events alone decides, not how fast the suggester is.
//
// # Budgets
//
// A budget of trials bounds what the suggester and the scheduler make; what a
// person asked for by name (enqueued or added) runs even beyond it, and what
// is added to a study that had finished runs whatever ended the study.
package engine
