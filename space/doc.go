// Package space says what may be chosen: the parameters of a study with their
// scales, steps, distributions and defaults, the conditions under which each
// exists, and the constraints between them.
//
// A [Space] is built once from a [Spec], checked as a whole, and immutable
// from then on. It turns points of the unit cube into configurations and back
// ([Space.Decode], [Space.Encode]), so that a suggester can work on [0, 1]^d
// and never has to know what a learning rate is; and it decides what is
// active, what is allowed ([Space.Check]) and how far apart two configurations
// are ([Space.Distance]).
//
// # Conditions
//
// A parameter may stand under branches (a value of a parent) and have an if
// expression. It is active where one of its branches holds (or it has none)
// and its expression is true. An inactive parameter is absent from a
// [Config]: it has no value, not its default. A parameter that stands under
// several branches is one parameter, about which results from all of them
// teach.
//
// # The unit cube
//
// Every parameter has one coordinate, in the order of [Space.Params]. A
// number is mapped by its scale, or by the distribution function of its prior,
// so that a uniform draw in the cube is a draw from the prior. Whole numbers,
// steps and choices own an interval each and encode to its middle (on a log
// scale: to their own place in it). An inactive parameter encodes to NaN.
//
// Spaces and configurations are safe for concurrent use.
package space

import "github.com/afina-hpo/afina/space/value"

// Value is the scalar a parameter takes; see package value.
type Value = value.Value
