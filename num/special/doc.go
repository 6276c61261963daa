// Package special holds the special functions that statistics needs and
// package math does not have: the normal distribution in log space, the
// truncated normal, and sums and differences of numbers given by their
// logarithms.
//
// It is not a general library of special functions; what is here is what
// afina's models use. The one idea: a probability may be far smaller than the
// smallest float, its logarithm never is. So everything that can underflow is
// offered as its logarithm, and each function picks the form that loses no
// digits where it is asked: the tail that is small is computed, never one
// minus the tail that is large.
//
// Unless said otherwise relative errors are below 1e-12; tables computed with
// mpmath at 400 digits hold the functions to it. [Exp] and what adds with it
// give the same bits on every platform; the other functions use those of
// package math, which may differ in the last digit. All of them are pure and
// safe for concurrent use, allocate nothing, and return NaN for NaN.
package special
