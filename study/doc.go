// Package study is the vocabulary of afina: what a study, a trial, an attempt
// and a report are, the states they go through, and the words that workers,
// stores, suggesters and schedulers exchange about them.
//
// It holds values and the rules that need nothing but the values; it does no
// input or output, keeps no clock and starts no goroutine. Everything in it
// has a stable JSON form, because the same words travel to files, databases
// and workers.
//
// A [Definition] says what is to be tuned. A [Trial] is one configuration
// being evaluated, with every [Attempt] at it and every [Report] from it. A
// [History] is the trials of a study as a suggester or scheduler sees them.
// Trials are immutable snapshots: who changes one makes a copy, so a history
// can be read without locks while the study goes on.
package study
