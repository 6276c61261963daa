// Package policy holds the rules of the house as tests: who may import whom,
// that every package says what it is, and that every file is formatted. It
// has no code of its own.
//
// A failing test here is not to be mended by changing the rule, unless the
// change of rule is what is meant.
package policy
