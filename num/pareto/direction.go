package pareto

import "math"

// Directions returns the points of the simplex whose m coordinates are
// multiples of 1/divisions and sum to 1, in lexical order (Das and Dennis). m
// and divisions must be at least 1; [DirectionCount] says how many there are.
func Directions(m, divisions int) [][]float64 {
	var out [][]float64
	parts := make([]int, m)
	var fill func(at, left int)
	fill = func(at, left int) {
		if at == m-1 {
			parts[at] = left
			p := make([]float64, m)
			for i, n := range parts {
				p[i] = float64(n) / float64(divisions)
			}
			out = append(out, p)
			return
		}
		for n := 0; n <= left; n++ {
			parts[at] = n
			fill(at+1, left-n)
		}
	}
	fill(0, divisions)
	return out
}

// DirectionCount returns how many points [Directions] has: divisions+m-1 over
// m-1. What is more than an int holds is [math.MaxInt].
func DirectionCount(m, divisions int) int {
	n := 1
	for i := 1; i < m; i++ {
		// n·(divisions+i) is divisible by i: n is a binomial coefficient.
		if n > math.MaxInt/(divisions+i) {
			return math.MaxInt
		}
		n = n * (divisions + i) / i
	}
	return n
}
