package nsga

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/afina-hpo/afina/num/pareto"
)

// fronts sorts members into fronts, best first, and sets their ranks. Those
// that violate no constraint come first, in order of domination; behind them
// every sum of violations is a front of its own.
func fronts(members []member) [][]member {
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(a.violation, b.violation) })
	feasible := 0
	for feasible < len(members) && members[feasible].violation <= 0 {
		feasible++
	}
	for i, r := range pareto.Ranks(losses(members[:feasible])) {
		members[i].rank = r
	}
	slices.SortStableFunc(members[:feasible], func(a, b member) int { return cmp.Compare(a.rank, b.rank) })
	for i := feasible; i < len(members); i++ {
		switch {
		case i == 0:
			members[i].rank = 0
		case i > feasible && members[i].violation == members[i-1].violation:
			members[i].rank = members[i-1].rank
		default:
			members[i].rank = members[i-1].rank + 1
		}
	}
	var out [][]member
	for from := 0; from < len(members); {
		to := from + 1
		for to < len(members) && members[to].rank == members[from].rank {
			to++
		}
		out = append(out, members[from:to:to])
		from = to
	}
	return out
}

func losses(members []member) [][]float64 {
	out := make([][]float64, len(members))
	for i := range members {
		out[i] = members[i].loss
	}
	return out
}

// crowded is the survival of NSGA-II: front after front, and of the last one
// those that are least crowded.
func crowded(members []member, n int, _ *rand.Rand) []member {
	out := make([]member, 0, n)
	for _, front := range fronts(members) {
		if len(out) == n {
			break
		}
		from := len(out)
		for _, i := range pareto.Thin(losses(front), n-len(out)) {
			out = append(out, front[i])
		}
		for i, d := range pareto.Crowding(losses(out[from:])) {
			out[from+i].crowding = d
		}
	}
	return out
}
