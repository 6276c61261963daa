package halving

import "github.com/afina-hpo/afina/internal/ladder"

// plan is the shape of one bracket: it starts on rung first, with sizes[i]
// trials on rung first+i.
type plan struct {
	first int
	sizes []int
}

// makePlan returns the plan of a bracket of n trials that starts on rung first.
func makePlan(n, first, rungs int, reduction float64) plan {
	p := plan{first: first, sizes: make([]int, rungs-first)}
	for i := range p.sizes {
		p.sizes[i] = ladder.Shrink(n, reduction, i)
	}
	return p
}

// hyperbandPlans returns Hyperband's brackets, the most aggressive first; see
// [ladder.Sizes].
func hyperbandPlans(rungs, brackets int, reduction float64, trials int) []plan {
	sizes := ladder.Sizes(rungs, brackets, reduction, trials)
	plans := make([]plan, len(sizes))
	for b, n := range sizes {
		plans[b] = makePlan(n, b, rungs, reduction)
	}
	return plans
}

// shares returns in what proportion trials start in each of some asynchronous
// brackets: that of Hyperband's bracket sizes.
func shares(rungs, brackets int, reduction float64) []float64 {
	out := make([]float64, brackets)
	for b, p := range hyperbandPlans(rungs, brackets, reduction, 0) {
		out[b] = float64(p.sizes[0])
	}
	return out
}
