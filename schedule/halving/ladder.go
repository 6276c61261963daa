package halving

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/study"
)

// rungSteps returns the steps at which trials are compared, ascending: min,
// min·reduction, min·reduction² and so on up to max, which is the last. What
// would lie within a factor of √reduction below max is left out, because it
// would cost nearly as much as the end and tell the same. Where min and max are
// whole numbers, so are all.
//
// Where the fidelity lists its levels they are the rungs: nothing lies between.
func rungSteps(f study.Fidelity, reduction float64) []float64 {
	if f.Levels != nil && len(f.Levels.Steps) > 0 {
		return slices.Clone(f.Levels.Steps)
	}
	whole := f.Min == math.Trunc(f.Min) && f.Max == math.Trunc(f.Max)
	var steps []float64
	// The conversion keeps compilers from fusing the product with the
	// comparison; the margin is for reductions that have no exact power.
	for x := f.Min; float64(x*math.Sqrt(reduction)) < f.Max*(1+1e-9); x = float64(x * reduction) {
		s := x
		if whole {
			s = math.Round(x)
		}
		if n := len(steps); s < f.Max && (n == 0 || s > steps[n-1]) {
			steps = append(steps, s)
		}
	}
	return append(steps, f.Max)
}

// plan is the shape of one bracket: it starts on rung first, with sizes[i]
// trials on rung first+i.
type plan struct {
	first int
	sizes []int
}

// shrink returns how many of n trials survive k halvings: at least one.
func shrink(n int, reduction float64, k int) int {
	return max(1, int(math.Floor(float64(n)/math.Pow(reduction, float64(k))+1e-9)))
}

// makePlan returns the plan of a bracket of n trials that starts on rung first.
func makePlan(n, first, rungs int, reduction float64) plan {
	p := plan{first: first, sizes: make([]int, rungs-first)}
	for i := range p.sizes {
		p.sizes[i] = shrink(n, reduction, i)
	}
	return p
}

// hyperbandPlans returns Hyperband's brackets, the most aggressive first. With
// s the number of halvings in a bracket and S the most there are, it starts
// with ⌈(S+1)/(s+1)·reduction^s⌉ trials, which gives every bracket about the
// same resource. Where trials, the study's budget, is above 0 and does not
// suffice for one round of them, all are scaled down alike.
func hyperbandPlans(rungs, brackets int, reduction float64, trials int) []plan {
	if brackets == 0 || brackets > rungs {
		brackets = rungs
	}
	sizes, total := make([]int, brackets), 0
	for b := range sizes {
		s := rungs - 1 - b
		sizes[b] = int(math.Ceil(float64(rungs)/float64(s+1)*math.Pow(reduction, float64(s)) - 1e-9))
		total += sizes[b]
	}
	plans := make([]plan, brackets)
	for b, n := range sizes {
		if trials > 0 && trials < total {
			n = (n*trials + total - 1) / total
		}
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
