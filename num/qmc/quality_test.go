package qmc

import (
	"math"
	"math/rand/v2"
	"testing"
)

// pointSet returns n points of the seed's sequence in dim dimensions, and
// independent random ones to compare with.
func pointSet(t *testing.T, n, dim int, seed uint64) (sobol, random [][]float64) {
	s := scrambled(t, dim, seed)
	r := rand.New(rand.NewPCG(seed, 1))
	for i := range uint64(n) {
		sobol = append(sobol, s.Point(i, nil))
		x := make([]float64, dim)
		for j := range x {
			x[j] = r.Float64()
		}
		random = append(random, x)
	}
	return sobol, random
}

// meanSquareError is that of the mean of a smooth product with integral 1.
func meanSquareError(points [][]float64) float64 {
	sum := 0.0
	for _, x := range points {
		f := 1.0
		for j, c := range x {
			f *= 1 + (math.Exp(c)-(math.E-1))/float64(j+1)
		}
		sum += f
	}
	e := sum/float64(len(points)) - 1
	return e * e
}

func TestIntegrationErrorIsFarBelowRandom(t *testing.T) {
	const seeds = 32
	for _, c := range []struct {
		name   string
		n, dim int
		factor float64 // random root mean square error over ours, at least
	}{
		{"2 dimensions, 256 points", 256, 2, 50},
		{"5 dimensions, 1024 points", 1024, 5, 50},
		{"20 dimensions, 4096 points", 4096, 20, 15},
	} {
		t.Run(c.name, func(t *testing.T) {
			var ours, theirs float64
			for seed := range uint64(seeds) {
				sobol, random := pointSet(t, c.n, c.dim, seed)
				ours += meanSquareError(sobol)
				theirs += meanSquareError(random)
			}
			ratio := math.Sqrt(theirs / ours)
			t.Logf("error of random over error of Sobol: %.1f", ratio)
			if ratio < c.factor {
				t.Errorf("only %.1f times better than random, want %v", ratio, c.factor)
			}
		})
	}
}

// With n points Owen's variance falls like n^-3 for a smooth function, so the
// error falls about 2^4.5 = 23 times when n grows eightfold; random points
// gain 2.8.
func TestIntegrationErrorFallsFasterThanLinearly(t *testing.T) {
	const seeds = 64
	var few, many float64
	for seed := range uint64(seeds) {
		sobol, _ := pointSet(t, 1024, 2, seed)
		few += meanSquareError(sobol[:128])
		many += meanSquareError(sobol)
	}
	gain := math.Sqrt(few / many)
	t.Logf("error of 128 points over that of 1024: %.1f", gain)
	if gain < 10 {
		t.Errorf("error fell %.1f times from 128 to 1024 points, want 10", gain)
	}
}

// starDiscrepancy is the L2 star discrepancy by T. T. Warnock's formula (1972).
func starDiscrepancy(points [][]float64) float64 {
	n := float64(len(points))
	d := len(points[0])
	single, pair := 0.0, 0.0
	for _, x := range points {
		f := 1.0
		for _, c := range x {
			f *= 1 - c*c
		}
		single += f
		for _, y := range points {
			g := 1.0
			for j := range x {
				g *= 1 - math.Max(x[j], y[j])
			}
			pair += g
		}
	}
	return math.Sqrt(math.Pow(3, -float64(d)) -
		math.Pow(2, 1-float64(d))/n*single + pair/(n*n))
}

func TestStarDiscrepancyIsFarBelowRandom(t *testing.T) {
	const seeds, n = 8, 256
	for _, c := range []struct {
		dim    int
		factor float64
	}{{1, 6}, {2, 4}, {4, 2}} {
		var ours, theirs float64
		for seed := range uint64(seeds) {
			sobol, random := pointSet(t, n, c.dim, seed)
			ours += starDiscrepancy(sobol)
			theirs += starDiscrepancy(random)
		}
		t.Logf("dim %d: random %.5f, Sobol %.5f", c.dim, theirs/seeds, ours/seeds)
		if theirs < c.factor*ours {
			t.Errorf("dim %d: discrepancy %.5f, random has %.5f, want %v times less",
				c.dim, ours/seeds, theirs/seeds, c.factor)
		}
	}
}
