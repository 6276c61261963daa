// Package ladder is the arithmetic of Hyperband: at which steps trials are
// compared, and how many there are at each.
//
// It is shared by the schedulers that carry it out and by searches that want
// populations of the same sizes. It knows neither trials nor brackets that are
// under way.
package ladder

import "math"

// Steps returns the steps at which trials are compared, ascending: low,
// low·reduction, low·reduction² and so on up to high, which is the last. What
// would lie within a factor of √reduction below high is left out, because it
// would cost nearly as much as the end and tell the same. Where low and high
// are whole numbers, so are all. It needs 0 < low < high and a reduction above
// 1.
func Steps(low, high, reduction float64) []float64 {
	whole := low == math.Trunc(low) && high == math.Trunc(high)
	var steps []float64
	// The conversion keeps compilers from fusing the product with the
	// comparison; the margin is for reductions that have no exact power.
	for x := low; float64(x*math.Sqrt(reduction)) < high*(1+1e-9); x = float64(x * reduction) {
		s := x
		if whole {
			s = math.Round(x)
		}
		if n := len(steps); s < high && (n == 0 || s > steps[n-1]) {
			steps = append(steps, s)
		}
	}
	return append(steps, high)
}

// Shrink returns how many of n trials survive k halvings: at least one.
func Shrink(n int, reduction float64, k int) int {
	return max(1, int(math.Floor(float64(n)/math.Pow(reduction, float64(k))+1e-9)))
}

// Sizes returns how many trials each of Hyperband's brackets begins with, of
// which the first starts on the lowest of so many rungs, each other one higher.
// With s the number of halvings in a bracket and S the most there are, it is
// ⌈(S+1)/(s+1)·reduction^s⌉, which gives every bracket about the same resource.
// Where trials, the study's budget, is above 0 and does not suffice for one
// round of them, all are scaled down alike. Brackets of 0 means all there are.
func Sizes(rungs, brackets int, reduction float64, trials int) []int {
	if brackets == 0 || brackets > rungs {
		brackets = rungs
	}
	sizes, total := make([]int, brackets), 0
	for b := range sizes {
		s := rungs - 1 - b
		sizes[b] = int(math.Ceil(float64(rungs)/float64(s+1)*math.Pow(reduction, float64(s)) - 1e-9))
		total += sizes[b]
	}
	if trials > 0 && trials < total {
		for b, n := range sizes {
			sizes[b] = (n*trials + total - 1) / total
		}
	}
	return sizes
}
