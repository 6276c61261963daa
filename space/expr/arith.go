package expr

import (
	"math"
	"math/bits"

	"github.com/afina-hpo/afina/space/value"
)

// two63 is the first float beyond the ints; its negative is the first int.
const two63 = 1 << 63

// asInt returns v if its kind is int. Unlike value.Value.AsInt it refuses whole
// floats: here 2.0 stays a float.
func asInt(v value.Value) (int64, bool) {
	if v.Kind() != value.KindInt {
		return 0, false
	}
	return v.AsInt()
}

// apply computes a o b for two numbers; the % operator only for two ints.
// Products are wrapped in a conversion wherever a sum could follow, because a
// compiler may otherwise fuse the two and round once on some platforms.
func apply(o op, a, b value.Value) value.Value {
	i, iok := asInt(a)
	j, jok := asInt(b)
	if iok && jok {
		switch o {
		case opAdd:
			if s := i + j; (s > i) == (j > 0) {
				return value.Int(s)
			}
		case opSub:
			if d := i - j; (d < i) == (j > 0) {
				return value.Int(d)
			}
		case opMul:
			if p, ok := multiply(i, j); ok {
				return value.Int(p)
			}
		case opMod:
			if j == 0 {
				return value.Float(math.NaN())
			}
			return value.Int(i % j)
		case opPow:
			if p, ok := intPower(i, j); ok {
				return value.Int(p)
			}
		}
	}
	x, y := a.AsFloat(), b.AsFloat()
	switch o {
	case opAdd:
		return value.Float(x + y)
	case opSub:
		return value.Float(x - y)
	case opMul:
		return value.Float(float64(x * y))
	case opDiv:
		return value.Float(x / y)
	default:
		return value.Float(power(x, y))
	}
}

// multiply returns i*j and whether it fits.
func multiply(i, j int64) (int64, bool) {
	magnitude := func(n int64) uint64 {
		if n < 0 {
			return -uint64(n)
		}
		return uint64(n)
	}
	hi, lo := bits.Mul64(magnitude(i), magnitude(j))
	negative := (i < 0) != (j < 0)
	switch {
	case hi != 0:
		return 0, false
	case negative:
		return -int64(lo), lo <= 1<<63
	default:
		return int64(lo), lo < 1<<63
	}
}

// intPower returns base**n by squaring, and whether n >= 0 and it fits.
func intPower(base, n int64) (int64, bool) {
	if n < 0 {
		return 0, false
	}
	result, ok := int64(1), true
	for n > 0 {
		if n&1 == 1 {
			if result, ok = multiply(result, base); !ok {
				return 0, false
			}
		}
		// The last square is not needed, and may not fit where the result does.
		if n >>= 1; n > 0 {
			if base, ok = multiply(base, base); !ok {
				return 0, false
			}
		}
	}
	return result, true
}

// negate returns -v for a number.
func negate(v value.Value) value.Value {
	if i, ok := asInt(v); ok && i != math.MinInt64 {
		return value.Int(-i)
	}
	return value.Float(-v.AsFloat())
}

// order compares two numbers exactly. ok is false where one is NaN. (Going
// through floats would make neighbouring ints beyond 2^53 equal.)
func order(a, b value.Value) (sign int, ok bool) {
	i, iok := asInt(a)
	j, jok := asInt(b)
	switch {
	case iok && jok:
		return threeWay(i, j), true
	case iok:
		return orderIntFloat(i, b.AsFloat())
	case jok:
		sign, ok = orderIntFloat(j, a.AsFloat())
		return -sign, ok
	}
	x, y := a.AsFloat(), b.AsFloat()
	return threeWay(x, y), x == x && y == y
}

func orderIntFloat(i int64, f float64) (sign int, ok bool) {
	switch {
	case f != f:
		return 0, false
	case f >= two63:
		return -1, true
	case f < -two63:
		return 1, true
	}
	floor := math.Floor(f)
	if sign := threeWay(i, int64(floor)); sign != 0 || f == floor {
		return sign, true
	}
	return -1, true // i is the floor of f, f lies above it
}

func threeWay[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// equal reports a == b as the language means it.
func equal(a, b value.Value) bool {
	if a.IsNumber() && b.IsNumber() {
		sign, ok := order(a, b)
		return ok && sign == 0
	}
	return a == b
}
