package bbob

import (
	"fmt"
	"math"
)

// Levels says how many values variable i of a mixed function of dimension d
// has: 0 to Levels-1, or a continuum where it is 0. The fifths of the
// variables have 2, 4, 8, 16 and infinitely many.
func Levels(i, d int) int { return [5]int{2, 4, 8, 16, 0}[i/(d/5)] }

// weight is by what the values of each function are multiplied in the mixed
// suite, so that functions are of similar difficulty.
var weight = [Count]float64{
	1, 1e-3, 1e-1, 1e-1, 1, 1e-2, 1, 1e-2, 1e-2, 1e-3, 1e-2, 1e-4,
	1e-1, 1, 1e-1, 1, 10, 1, 10, 1e-1, 1, 1, 10, 1e-1,
}

// NewMixed returns the mixed-integer form of a function: dimension d must be
// 5, 10, 20 or 40. Variables with [Levels] are to be given as whole numbers;
// they stand for evenly spaced points within [-4, 4], moved so that one of
// them is the optimum's.
func NewMixed(f, d, i int) (*Function, error) {
	if d != 5 && d != 10 && d != 20 && d != 40 {
		return nil, fmt.Errorf("bbob-mixint has dimensions 5, 10, 20 and 40 here, not %d", d)
	}
	inner, err := New(f, d, i)
	if err != nil {
		return nil, err
	}
	const low, high = -4.0, 4.0
	start, step := make([]float64, d), make([]float64, d)
	best := make([]float64, d)
	for j := range d {
		n := Levels(j, d)
		if n == 0 {
			step[j], best[j] = 1, inner.best[j]
			continue
		}
		gap := (high - low) / float64(n+1)
		// n points between the two at the ends of the interval, low+gap to
		// high-gap; then the one nearest the optimum is moved onto it.
		first, last := low+gap, high-gap
		step[j] = (last - first) / float64(n-1)
		k := round((inner.best[j]-first)/(last-first)*float64(n-1) + 1e-7)
		best[j] = math.Max(0, math.Min(k, float64(n-1)))
		start[j] = inner.best[j] - best[j]*step[j]
	}
	factor := weight[f-1]
	eval := func(x []float64) float64 {
		z := make([]float64, d)
		for j, v := range x {
			if n := Levels(j, d); n > 0 {
				v = math.Max(0, math.Min(round(v), float64(n-1)))
			}
			z[j] = start[j] + v*step[j]
		}
		return factor * inner.eval(z)
	}
	return &Function{eval: eval, best: best, value: factor * inner.value}, nil
}
