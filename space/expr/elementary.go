package expr

import "math"

// The functions of this file exist because package math's exp, log and pow
// differ in the last bit between processors: some have assembly for them, and
// on others the compiler fuses multiplications with additions. Here every
// product is rounded by an explicit conversion or taken exactly with FMA, which
// Go defines, so that the bits are the same everywhere. Working in pairs of
// doubles also rounds nearly every result correctly: log10(1000) is 3.

// pair is the unevaluated sum hi+lo, |lo| at most half an ulp of hi.
type pair struct{ hi, lo float64 }

// Constants to twice the precision of a float64.
const (
	ln2Hi, ln2Lo         = 0.6931471805599453, 2.3190468138462996e-17
	invLn2Hi, invLn2Lo   = 1.4426950408889634, 2.0355273740931033e-17
	invLn10Hi, invLn10Lo = 0.4342944819032518, 1.098319650216765e-17
	thirdHi, thirdLo     = 0.3333333333333333, 1.850371707708594e-17
	fifthHi, fifthLo     = 0.2, -1.1102230246251566e-17
	seventhHi, seventhLo = 0.14285714285714285, 7.93016446160826e-18
)

// twoSum returns a+b exactly (Knuth).
func twoSum(a, b float64) pair {
	s := a + b
	t := s - a
	return pair{s, (a - (s - t)) + (b - t)}
}

// fastTwoSum returns a+b exactly if |a| >= |b| (Dekker).
func fastTwoSum(a, b float64) pair {
	s := a + b
	return pair{s, b - (s - a)}
}

func (a pair) plus(b pair) pair {
	s := twoSum(a.hi, b.hi)
	return fastTwoSum(s.hi, s.lo+(a.lo+b.lo))
}

func (a pair) times(b pair) pair {
	p := float64(a.hi * b.hi)
	e := math.FMA(a.hi, b.hi, -p)
	e += float64(a.hi*b.lo) + float64(a.lo*b.hi)
	return fastTwoSum(p, e)
}

func (a pair) over(b pair) pair {
	q := a.hi / b.hi
	r := a.plus(b.times(pair{-q, 0}))
	return fastTwoSum(q, r.hi/b.hi)
}

// logParts returns k and ln(m) for 0 < x < Inf with x = m·2^k and m within
// [√½, √2). With s = (m-1)/(m+1), ln(m) = 2·atanh(s) = 2s·Σ s^2n/(2n+1); s² is
// at most 0.0295, so the terms from n = 4 on need only single doubles and those
// from n = 16 on are below 2^-80.
func logParts(x float64) (k float64, ln pair) {
	m, e := math.Frexp(x)
	if m < math.Sqrt2/2 {
		m *= 2
		e--
	}
	s := pair{m - 1, 0}.over(twoSum(m, 1)) // m-1 is exact
	z := s.times(s)
	tail := 1.0 / 31
	for n := 14; n >= 4; n-- {
		tail = float64(tail*z.hi) + 1/float64(2*n+1)
	}
	sum := z.times(pair{tail, 0}).plus(pair{seventhHi, seventhLo})
	sum = z.times(sum).plus(pair{fifthHi, fifthLo})
	sum = z.times(sum).plus(pair{thirdHi, thirdLo})
	sum = z.times(sum).plus(pair{1, 0})
	ln = s.times(sum)
	return float64(e), pair{2 * ln.hi, 2 * ln.lo}
}

// logPair returns ln(x) for 0 < x < Inf.
func logPair(x float64) pair {
	k, ln := logParts(x)
	return pair{ln2Hi, ln2Lo}.times(pair{k, 0}).plus(ln)
}

// expPair returns e^x as a float64: with k the whole number nearest x/ln 2 and
// r = x - k·ln 2, it is 2^k·Σ r^n/n!; |r| is at most 0.35, so the terms from
// n = 6 on need only single doubles and those from n = 19 on are below 2^-80.
func expPair(x pair) float64 {
	switch {
	case x.hi > 710:
		return math.Inf(1)
	case x.hi < -746:
		return 0
	}
	k := math.Floor(float64(x.hi*invLn2Hi) + 0.5)
	r := x.plus(pair{ln2Hi, ln2Lo}.times(pair{-k, 0}))
	// Horner's rule from the inside, 1 + r/1·(1 + r/2·(1 + r/3·(...))).
	tail := 1.0
	for n := 18; n >= 7; n-- {
		tail = 1 + float64(tail*r.hi)/float64(n)
	}
	sum := pair{tail, 0}
	for n := 6; n >= 1; n-- {
		sum = r.times(sum).over(pair{float64(n), 0}).plus(pair{1, 0})
	}
	return math.Ldexp(sum.hi, int(k))
}

func exp(x float64) float64 {
	if x != x {
		return x
	}
	return expPair(pair{x, 0})
}

// logSpecial returns ln(x), to any base, where x is not a positive finite
// number.
func logSpecial(x float64) (ln float64, special bool) {
	switch {
	case x == 0:
		return math.Inf(-1), true
	case x < 0, x != x:
		return math.NaN(), true
	case math.IsInf(x, 1):
		return x, true
	}
	return 0, false
}

func log(x float64) float64 {
	if ln, special := logSpecial(x); special {
		return ln
	}
	return logPair(x).hi
}

func log2(x float64) float64 {
	if ln, special := logSpecial(x); special {
		return ln
	}
	// Adding k last keeps the logarithm of a power of two exact.
	k, ln := logParts(x)
	return pair{k, 0}.plus(ln.times(pair{invLn2Hi, invLn2Lo})).hi
}

func log10(x float64) float64 {
	if ln, special := logSpecial(x); special {
		return ln
	}
	return logPair(x).times(pair{invLn10Hi, invLn10Lo}).hi
}

// power returns x^y with the special cases of C's pow. Package math's version
// decides those, which takes no arithmetic.
func power(x, y float64) float64 {
	special := x == 0 || y == 0 || x != x || y != y || math.IsInf(x, 0) || math.IsInf(y, 0)
	if special || x < 0 && y != math.Floor(y) {
		return math.Pow(x, y)
	}
	ln := logPair(math.Abs(x))
	var p float64
	switch approx := float64(ln.hi * y); {
	case approx > 1000: // and keep infinities out of the pairs
		p = math.Inf(1)
	case approx < -1000:
		p = 0
	default:
		p = expPair(ln.times(pair{y, 0}))
	}
	if x < 0 && math.Mod(y, 2) != 0 {
		return -p
	}
	return p
}
