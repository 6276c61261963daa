package qmc

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// Two fractions that share exactly their first n digits keep sharing exactly
// those: this is what makes a map of digits a nested scrambling.
func TestScrambleKeepsCommonPrefixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.Uint64().Draw(t, "key")
		x := rapid.Uint64().Draw(t, "x")
		n := rapid.IntRange(0, 63).Draw(t, "common digits")
		tail := rapid.Uint64().Draw(t, "tail")
		// y is x with digit n turned over and anything after it.
		y := x ^ 1<<(63-n) ^ tail&(1<<(63-n)-1)
		diff := scramble(x, key) ^ scramble(y, key)
		if diff>>(63-n) != 1 {
			t.Fatalf("%#x and %#x share %d digits, their images differ by %#x",
				x, y, n, diff)
		}
	})
}

// treeFlips returns the flips (+1 or -1) of all nodes on the first levels of
// the digit tree under key.
func treeFlips(key uint64, levels int) []float64 {
	var flips []float64
	for level := range levels {
		for path := range uint64(1) << level {
			x := path << 1 << (63 - level)
			digit := scramble(x, key) >> (63 - level) & 1
			flips = append(flips, float64(digit)*2-1)
		}
	}
	return flips
}

// Over many keys, flips and their products by twos, threes and fours must
// average to nought. The limit of six standard errors leaves a chance of about
// 10^-5 over all sums, and the keys are fixed.
func TestFlipsAreIndependent(t *testing.T) {
	const levels, keys, limit = 4, 1 << 14, 6
	n := 1<<levels - 1
	sums := make(map[[4]int]float64)
	for k := range keys {
		f := append(treeFlips(dimensionKey(uint64(k), 0), levels), 1)
		for a := range n {
			// Index n stands for "no factor".
			sums[[4]int{a, n, n, n}] += f[a]
			for b := range a {
				sums[[4]int{a, b, n, n}] += f[a] * f[b]
				for c := range b {
					sums[[4]int{a, b, c, n}] += f[a] * f[b] * f[c]
					for d := range c {
						sums[[4]int{a, b, c, d}] += f[a] * f[b] * f[c] * f[d]
					}
				}
			}
		}
	}
	if want := 15 + 105 + 455 + 1365; len(sums) != want {
		t.Fatalf("%d products tried, want %d", len(sums), want)
	}
	for nodes, sum := range sums {
		if z := math.Abs(sum) / math.Sqrt(keys); z > limit {
			t.Errorf("product of flips %v is %.1f standard errors from 0", nodes, z)
		}
	}
}

// Flips on both sides of the boundary between two hashes, and in the tail.
func TestDeepFlipsAreIndependent(t *testing.T) {
	const keys, limit = 1 << 14, 6
	levels := []int{0, 4, 5, 6, 7, 11, 12, 23, 24, 25, 40, 52, 63}
	sums := make([][]float64, len(levels))
	for a := range sums {
		sums[a] = make([]float64, a+1)
	}
	flips := make([]float64, len(levels))
	for k := range keys {
		const x = 0x5bd1e9955bd1e995
		y := x ^ scramble(x, dimensionKey(uint64(k), 3))
		for a, level := range levels {
			flips[a] = float64(y>>(63-level)&1)*2 - 1
		}
		for a := range flips {
			sums[a][a] += flips[a]
			for b := range a {
				sums[a][b] += flips[a] * flips[b]
			}
		}
	}
	for a := range sums {
		for b, sum := range sums[a] {
			if z := math.Abs(sum) / math.Sqrt(keys); z > limit {
				t.Errorf("flips of levels %d and %d: %.1f standard errors from 0",
					levels[a], levels[b], z)
			}
		}
	}
}

// Nodes of one level, below different paths, have flips of their own: without
// this a scrambling is a mere shift of the digits.
func TestNodesOfOneLevelFlipIndependently(t *testing.T) {
	const keys, nodes, limit = 1 << 13, 16, 6
	for _, level := range []int{6, 7, 12, 17, 18, 23} {
		var sums [nodes][nodes]float64
		var flips [nodes]float64
		for k := range keys {
			key := dimensionKey(uint64(k), 1)
			for a := range flips {
				// The paths differ in their first four digits only.
				x := uint64(a)<<60 | 0x5bd1e9955bd1e99
				digit := (x ^ scramble(x, key)) >> (63 - level) & 1
				flips[a] = float64(digit)*2 - 1
				for b := range a {
					sums[a][b] += flips[a] * flips[b]
				}
			}
		}
		for a := range sums {
			for b := range a {
				if z := math.Abs(sums[a][b]) / math.Sqrt(keys); z > limit {
					t.Errorf("level %d, below paths %d and %d: "+
						"%.1f standard errors from 0", level, a, b, z)
				}
			}
		}
	}
}

func TestDimensionsAreScrambledIndependently(t *testing.T) {
	const seeds, dims, limit = 1 << 13, 12, 6
	var mean [dims]float64
	var product [dims][dims]float64
	x := make([]float64, dims)
	for seed := range uint64(seeds) {
		scrambled(t, dims, seed).Point(0, x)
		for a := range dims {
			mean[a] += x[a] - 0.5
			for b := range a {
				product[a][b] += (x[a] - 0.5) * (x[b] - 0.5)
			}
		}
	}
	for a := range dims {
		if z := math.Abs(mean[a]) / math.Sqrt(seeds/12.); z > limit {
			t.Errorf("coordinate %d of point 0: mean %.1f standard errors off", a, z)
		}
		for b := range a {
			if z := math.Abs(product[a][b]) * 12 / math.Sqrt(seeds); z > limit {
				t.Errorf("coordinates %d and %d: correlation %.1f standard errors off",
					a, b, z)
			}
		}
	}
}

// Any one point, over the seeds, is uniform: chi-squared over 64 cells, whose
// mean is 63 and standard deviation about 11.
func TestEachPointIsUniformOverSeeds(t *testing.T) {
	const seeds, cells = 1 << 13, 64
	for _, i := range []uint64{0, 1, 1000, 1 << 40} {
		var count [3][cells]float64
		for seed := range uint64(seeds) {
			for j, x := range scrambled(t, 3, seed).Point(i, nil) {
				count[j][int(x*cells)]++
			}
		}
		for j := range count {
			chi := 0.0
			for _, c := range count[j] {
				chi += (c - seeds/cells) * (c - seeds/cells) / (seeds / cells)
			}
			if chi < 20 || chi > 130 {
				t.Errorf("point %d, coordinate %d: chi-squared %.1f, want about 63",
					i, j, chi)
			}
		}
	}
}
