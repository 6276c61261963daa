// Package num is the roof over afina's numerical rooms and holds no code of
// its own.
//
// A room below it is plain mathematics: linear algebra, bounded optimisation,
// special functions, quasi-random points, Gaussian processes, forests. None of
// them knows what a trial, a study or a search space is: they take and return
// numbers, slices and matrices, so that each can be tested against an
// independent reference and be read without knowing the rest of the house.
// Imports run one way: rooms of num import the standard library and each
// other, never anything above them.
//
// All rooms keep the same manners. They read no clock, no file and no global
// random source: whatever is random takes a seed, and equal inputs give equal
// outputs on every run. Hot paths write into a buffer of the caller.
package num
