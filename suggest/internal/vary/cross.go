package vary

import (
	"math"
	"math/rand/v2"
)

// Recombine makes a number of those of two parents, all in [0, 1].
type Recombine func(a, b float64, r *rand.Rand) float64

// Uniform returns a or b.
func Uniform(a, b float64, r *rand.Rand) float64 {
	if r.Uint64()&1 == 0 {
		return a
	}
	return b
}

// Blended returns BLX-α: uniform in the interval of the parents, widened by
// alpha of its length on either side and folded at the bounds.
func Blended(alpha float64) Recombine {
	return func(a, b float64, r *rand.Rand) float64 {
		return Mirror(Blend(a, b, alpha, r.Float64()))
	}
}

// Simulated returns simulated binary crossover with distribution index eta.
// As in Deb's code half of the genes are crossed, and of the two children that
// a pair would have, either gives its gene.
func Simulated(eta float64) Recombine {
	return func(a, b float64, r *rand.Rand) float64 {
		bits := r.Uint64()
		if bits&1 == 0 {
			return a
		}
		return SBX(a, b, eta, r.Float64(), bits&2 == 0)
	}
}

// Cross recombines the genes of child, a copy of the first parent, with those
// of the second: numbers by how, choices without order by exchange. A gene
// that only one parent has is inherited from it; one that neither has stays
// NaN.
func (g *Genome) Cross(child, second []float64, how Recombine, r *rand.Rand) {
	for i, x := range child {
		y := second[i]
		switch {
		case math.IsNaN(y) || x == y:
		case math.IsNaN(x):
			child[i] = y
		case g.traits[i] == Nominal:
			child[i] = Uniform(y, x, r)
		default:
			child[i] = how(x, y, r)
		}
	}
}

// Blend returns the quantile u of the interval between a and b, widened by
// alpha of its length on either side. It may lie outside of [0, 1].
func Blend(a, b, alpha, u float64) float64 {
	low, high := min(a, b), max(a, b)
	beyond := float64(alpha * (high - low))
	return low - beyond + float64(u*(high-low+2*beyond))
}

// SBX returns the lower or upper child of a and b at the quantile u by bounded
// simulated binary crossover: the ratio of the children's distance to the
// parents' is distributed as for one-point crossover of bit strings, sharper
// for a greater eta, and cut off where the child would leave [0, 1].
func SBX(a, b, eta, u float64, lower bool) float64 {
	low, high := min(a, b), max(a, b)
	distance := high - low
	if distance <= 1e-14 {
		return a
	}
	room := 1 - high
	if lower {
		room = low
	}
	alpha := 2 - math.Pow(1+2*room/distance, -(eta+1))
	q := float64(u * alpha)
	if q > 1 {
		q = 1 / (2 - q)
	}
	reach := float64(math.Pow(q, 1/(eta+1)) * distance)
	if lower {
		reach = -reach
	}
	return clamp((low + high + reach) / 2)
}

// Mirror folds x into [0, 1] at the bounds.
func Mirror(x float64) float64 {
	x = math.Abs(math.Mod(x, 2))
	return min(x, 2-x)
}

func clamp(x float64) float64 { return min(max(x, 0), 1) }
