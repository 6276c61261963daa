package rule

import (
	"math"
	"slices"
)

// maxExact is up to how many differences the test is exact. The normal
// distribution that is used beyond is off by less than 0.001 there.
const maxExact = 50

// SignedRank returns the probability that differences of no direction would
// speak at least as much for being above 0 as these do: Wilcoxon's test, one
// side of it. Differences are ranked by size; of equals each gets the mean of
// their ranks, and half of what belongs to zeros counts for each side. The
// numbers must be finite. No differences say nothing: 1.
func SignedRank(differences []float64) float64 {
	n := len(differences)
	if n == 0 {
		return 1
	}
	sorted := slices.Clone(differences)
	slices.SortFunc(sorted, func(a, b float64) int {
		switch a, b := math.Abs(a), math.Abs(b); {
		case a < b:
			return -1
		case a > b:
			return 1
		}
		return 0
	})
	// Ranks are doubled, so that means of ranks are whole.
	ranks := make([]int, n)
	ties := 0.0 // Σ(t³-t) over groups of equals
	sum := 0    // of the doubled ranks above 0
	zeros := 0  // how many
	for i := 0; i < n; {
		j := i
		for j < n && math.Abs(sorted[j]) == math.Abs(sorted[i]) {
			j++
		}
		t := float64(j - i)
		ties += t*t*t - t
		for k := i; k < j; k++ {
			ranks[k] = i + 1 + j
			switch {
			case sorted[k] > 0:
				sum += ranks[k]
			case sorted[k] == 0:
				zeros++
			}
		}
		i = j
	}
	if zeros == n {
		return 1
	}
	if n <= maxExact {
		return exactTail(ranks[zeros:], sum)
	}
	// Zeros have the lowest ranks, and each is half above 0.
	w := float64(sum)/2 + float64(zeros*(zeros+1))/4
	m := float64(n)
	z := (w - m*(m+1)/4) / math.Sqrt((m*(m+1)*(2*m+1)-ties/2)/24)
	return math.Erfc(z/math.Sqrt2) / 2
}

// exactTail returns the part of all 2^n ways to give signs to the ranks in
// which those above 0 add up to at least sum.
func exactTail(ranks []int, sum int) float64 {
	total := 0
	for _, r := range ranks {
		total += r
	}
	ways := make([]float64, total+1) // exact: at most 2^50
	ways[0] = 1
	high := 0
	for _, r := range ranks {
		high += r
		for s := high; s >= r; s-- {
			ways[s] += ways[s-r]
		}
	}
	tail := 0.0
	for _, w := range ways[sum:] {
		tail += w
	}
	return math.Ldexp(tail, -len(ranks))
}
