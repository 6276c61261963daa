// Package e2e tests the whole program from outside: it runs commands as a
// user does, kills them at bad moments, and looks at what is left.
//
// It holds no code but its tests. The test binary plays three parts, chosen by
// its first argument: the tests, afina itself (so that the race detector and
// the fault points of the store reach the whole program), and the trainers
// that afina is given to tune. What is promised and which test shows it is
// listed in RELIABILITY.md.
package e2e
