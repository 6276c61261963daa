package bbob

import (
	"math"
	"slices"
)

// order returns the places of u's numbers in ascending order.
func order(u []float64) []int {
	p := make([]int, len(u))
	for i := range p {
		p[i] = i
	}
	slices.SortFunc(p, func(a, b int) int {
		switch {
		case u[a] < u[b]:
			return -1
		case u[a] > u[b]:
			return 1
		}
		return a - b
	})
	return p
}

// gallagher builds the functions of Gaussian peaks: the highest is the
// optimum, the others are random in place, height and shape.
func gallagher(peaks int) builder {
	width, half, first := 10.0, 5.0, math.Sqrt(1000)
	if peaks == 21 {
		width, half, first = 9.8, 4.9, 1000
	}
	return func(n int, seed int64) (func([]float64) float64, []float64) {
		r := rotation(n, seed)
		condition, height := make([]float64, peaks), make([]float64, peaks)
		condition[0], height[0] = first, 10
		rank := order(uniform(peaks-1, seed))
		for i := 1; i < peaks; i++ {
			condition[i] = math.Pow(1000, float64(rank[i-1])/float64(peaks-2))
			height[i] = float64(i-1)/float64(peaks-2)*(9.1-1.1) + 1.1
		}
		shape, place := make([][]float64, peaks), make([][]float64, peaks)
		u := uniform(n*peaks, seed)
		var best []float64
		for p := range peaks {
			shape[p] = make([]float64, n)
			for j, k := range order(uniform(n, seed+1000*int64(p))) {
				shape[p][j] = math.Pow(condition[p], share(k, n)-0.5)
			}
			at := make([]float64, n)
			for j := range at {
				at[j] = width*u[p*n+j] - half
				if p == 0 {
					at[j] *= 0.8
				}
			}
			if p == 0 {
				best = at
			}
			place[p] = r.apply(at)
		}
		return func(x []float64) float64 {
			z, top := r.apply(x), 0.0
			for p := range peaks {
				sum := 0.0
				for j, v := range z {
					d := v - place[p][j]
					sum += shape[p][j] * d * d
				}
				top = math.Max(top, height[p]*math.Exp(-0.5/float64(n)*sum))
			}
			y := oscillate(10 - top)
			return y*y + outside(x)
		}, best
	}
}
