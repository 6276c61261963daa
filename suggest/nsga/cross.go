package nsga

import (
	"math"
	"math/rand/v2"

	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// crossover recombines numbers in [0, 1]: either gene by gene, of two parents,
// or whole vectors, of which none has a gap.
type crossover struct {
	parents int
	// gene is of parents that are two, as they may be of any crossover.
	gene   vary.Recombine
	vector func(child []float64, parents [][]float64, r *rand.Rand)
}

func newCrossover(kind string, eta, alpha float64) crossover {
	switch kind {
	case "uniform":
		return crossover{parents: 2, gene: vary.Uniform}
	case "blx":
		return crossover{parents: 2, gene: vary.Blended(alpha)}
	case "undx":
		return crossover{parents: 3, gene: vary.Uniform, vector: undx}
	case "spx":
		return crossover{parents: 3, gene: vary.Uniform, vector: spx}
	case "pcx":
		return crossover{parents: 3, gene: vary.Uniform, vector: pcx}
	}
	return crossover{parents: 2, gene: vary.Simulated(eta)}
}

// undx is unimodal normal distribution crossover: about the middle of the first
// two parents, with deviation 1/2 of their distance along the line through
// them, and 0.35/√n of the third's distance from it in every direction across.
func undx(child []float64, parents [][]float64, r *rand.Rand) {
	a, b, c := parents[0], parents[1], parents[2]
	axis := make([]float64, len(child))
	for i := range axis {
		axis[i] = b[i] - a[i]
	}
	away := make([]float64, len(child))
	for i := range away {
		away[i] = c[i] - a[i]
	}
	distance := norm(reject(away, axis))
	along := 0.5 * r.NormFloat64()
	across := make([]float64, len(child))
	for i := range across {
		across[i] = r.NormFloat64()
	}
	reject(across, axis)
	sigma := 0.35 / math.Sqrt(float64(len(child))) * distance
	for i := range child {
		child[i] = (a[i]+b[i])/2 + float64(along*axis[i]) + float64(sigma*across[i])
	}
}

// spx is simplex crossover: uniform in the simplex of the parents, stretched by
// √(number+1) from its centre.
func spx(child []float64, parents [][]float64, r *rand.Rand) {
	stretch := math.Sqrt(float64(len(parents) + 1))
	shares := make([]float64, len(parents))
	for k := 0; k+1 < len(shares); k++ {
		shares[k] = math.Pow(r.Float64(), 1/float64(k+1))
	}
	for i := range child {
		centre := 0.0
		for _, p := range parents {
			centre += p[i]
		}
		centre /= float64(len(parents))
		corner := func(k int) float64 { return centre + float64(stretch*(parents[k][i]-centre)) }
		// C_k = r_{k-1} (x_{k-1} - x_k + C_{k-1}); the child is x_n + C_n.
		offset := 0.0
		for k := 1; k < len(parents); k++ {
			offset = shares[k-1] * (corner(k-1) - corner(k) + offset)
		}
		child[i] = corner(len(parents)-1) + offset
	}
}

// pcx is parent-centric crossover: about the first parent, with deviation 0.1
// of its distance from the centre along that direction, and 0.1 of the others'
// mean distance from that line across.
func pcx(child []float64, parents [][]float64, r *rand.Rand) {
	axis := make([]float64, len(child))
	for i := range axis {
		for _, p := range parents {
			axis[i] += p[i]
		}
		axis[i] = parents[0][i] - axis[i]/float64(len(parents))
	}
	distance := 0.0
	across := make([]float64, len(child))
	for _, p := range parents[1:] {
		for i := range across {
			across[i] = p[i] - parents[0][i]
		}
		distance += norm(reject(across, axis))
	}
	distance /= float64(len(parents) - 1)
	along := 0.1 * r.NormFloat64()
	for i := range across {
		across[i] = 0.1 * r.NormFloat64()
	}
	reject(across, axis)
	for i := range child {
		child[i] = parents[0][i] + float64(along*axis[i]) + float64(distance*across[i])
	}
}

// reject removes from v, in place, what is along the axis.
func reject(v, axis []float64) []float64 {
	dot, square := 0.0, 0.0
	for i, x := range axis {
		dot += float64(x * v[i])
		square += float64(x * x)
	}
	if square > 0 {
		for i, x := range axis {
			v[i] -= float64(dot / square * x)
		}
	}
	return v
}

func norm(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x * x)
	}
	return math.Sqrt(sum)
}
