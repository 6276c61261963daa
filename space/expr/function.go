package expr

import (
	"math"

	"github.com/afina-hpo/afina/space/value"
)

// function is a function that an expression can call. Null among the
// arguments makes the result null before run is asked.
type function struct {
	name  string
	least int     // arguments
	most  int     // arguments
	takes kindSet // besides null
	gives kindSet // besides null
	// run computes the function of one argument; nil for those that
	// [Program.call] folds over two or more.
	run func(value.Value) value.Value
}

// Indexes of the functions of several arguments.
const (
	fnMin = iota
	fnMax
	fnPow
)

// functions is the whole library; nodes refer to it by index.
var functions = [...]function{
	fnMin: {name: "min", least: 1, most: MaxNodes, takes: kindNumber, gives: kindNumber},
	fnMax: {name: "max", least: 1, most: MaxNodes, takes: kindNumber, gives: kindNumber},
	fnPow: {name: "pow", least: 2, most: 2, takes: kindNumber, gives: kindNumber},

	{"abs", 1, 1, kindNumber, kindNumber, absolute},
	{"floor", 1, 1, kindNumber, kindNumber, func(v value.Value) value.Value { return whole(v, math.Floor) }},
	{"ceil", 1, 1, kindNumber, kindNumber, func(v value.Value) value.Value { return whole(v, math.Ceil) }},
	{"round", 1, 1, kindNumber, kindNumber, func(v value.Value) value.Value { return whole(v, math.Round) }},
	{"sqrt", 1, 1, kindNumber, kindFloat, func(v value.Value) value.Value { return value.Float(math.Sqrt(v.AsFloat())) }},
	{"exp", 1, 1, kindNumber, kindFloat, func(v value.Value) value.Value { return value.Float(exp(v.AsFloat())) }},
	{"log", 1, 1, kindNumber, kindFloat, func(v value.Value) value.Value { return value.Float(log(v.AsFloat())) }},
	{"log2", 1, 1, kindNumber, kindFloat, func(v value.Value) value.Value { return value.Float(log2(v.AsFloat())) }},
	{"log10", 1, 1, kindNumber, kindFloat, func(v value.Value) value.Value { return value.Float(log10(v.AsFloat())) }},
	{"int", 1, 1, kindNumber | kindBool, kindNumber, func(v value.Value) value.Value { return whole(number(v), math.Trunc) }},
	{"float", 1, 1, kindNumber | kindBool, kindFloat, func(v value.Value) value.Value { return value.Float(number(v).AsFloat()) }},
}

// number turns true into 1 and false into 0, and leaves numbers alone.
func number(v value.Value) value.Value {
	if b, ok := v.AsBool(); ok {
		if b {
			return value.Int(1)
		}
		return value.Int(0)
	}
	return v
}

// whole rounds a float with rule and makes it an int where it fits.
func whole(v value.Value, rule func(float64) float64) value.Value {
	if v.Kind() == value.KindInt {
		return v
	}
	f := rule(v.AsFloat())
	if f >= -two63 && f < two63 { // false for NaN
		return value.Int(int64(f))
	}
	return value.Float(f)
}

func absolute(v value.Value) value.Value {
	if i, ok := asInt(v); ok && i >= 0 {
		return v
	} else if ok {
		return negate(v)
	}
	return value.Float(math.Abs(v.AsFloat()))
}
