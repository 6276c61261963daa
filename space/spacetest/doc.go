// Package spacetest makes search spaces for tests: random ones of every shape
// that [space.New] accepts ([Spaces], [FiniteSpaces]), points and
// configurations in them ([Points], [Configs]), and a family of named ones that
// never change ([Fixed]).
//
// It is for the tests of every package that takes a space: a suggester, a
// store or a file format that works for all of these works for what users
// write. It is not part of any program.
package spacetest
