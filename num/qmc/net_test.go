package qmc

import (
	"fmt"
	"math"
	"testing"
)

// bothKinds runs f on plain points and on points of a few seeds.
func bothKinds(t *testing.T, dim int, f func(t *testing.T, s *Sobol)) {
	t.Run("plain", func(t *testing.T) { f(t, plain(t, dim)) })
	for _, seed := range []uint64{0, 1, 0xfeedface} {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			f(t, scrambled(t, dim, seed))
		})
	}
}

func TestBlocksHaveOnePointInEachIntervalOfEveryCoordinate(t *testing.T) {
	coordinates := []int{0, 1, 2, 3, 4, 5, 6, 7, 20, 100, 500, 1110, MaxDim - 1}
	bothKinds(t, MaxDim, func(t *testing.T, s *Sobol) {
		x := make([]float64, MaxDim)
		for _, k := range []int{0, 1, 2, 5, 9} {
			for _, block := range []uint64{0, 1, 6} {
				n := 1 << k
				hits := make([][]int, len(coordinates))
				for c := range hits {
					hits[c] = make([]int, n)
				}
				for i := range uint64(n) {
					s.Point(block<<k+i, x)
					for c, j := range coordinates {
						hits[c][int(x[j]*float64(n))]++
					}
				}
				for c, j := range coordinates {
					for cell, count := range hits[c] {
						if count != 1 {
							t.Fatalf("coordinate %d, block %d of 2^%d: "+
								"%d points in interval %d, want 1",
								j, block, k, count, cell)
						}
					}
				}
			}
		}
	})
}

// indexOfGray inverts the Gray code i ^ i>>1.
func indexOfGray(gray uint64) uint64 {
	for shift := 1; shift < 64; shift *= 2 {
		gray ^= gray >> shift
	}
	return gray
}

// Part of a block of 2^40 points, those in one interval of width 2^-28: the
// digits below the ones with flips of their own must stratify as well. The
// first coordinate reverses the Gray code of the index, so a fixed low part of
// that code fixes the interval, and its higher bits run through it.
func TestLongBlockIsStratifiedBelowTheScramblingDepth(t *testing.T) {
	const k, low, start = 40, 12, 0xabcdef1
	bothKinds(t, 1, func(t *testing.T, s *Sobol) {
		parents, cells := make(map[uint64]bool), make(map[uint64]bool)
		for h := range uint64(1 << low) {
			i := indexOfGray(h<<(k-low) | start)
			cell := uint64(s.Point(i, nil)[0] * (1 << k))
			parents[cell>>low] = true
			cells[cell] = true
		}
		if len(parents) != 1 || len(cells) != 1<<low {
			t.Errorf("%d points fill %d cells in %d intervals, want each its own in 1",
				1<<low, len(cells), len(parents))
		}
	})
}

// checkNet demands that the 2^m points of a block form a (t,m,s)-net in the
// given coordinates: every elementary box of volume 2^(t-m) holds 2^t points.
func checkNet(t *testing.T, points [][]float64, coordinates []int, deficit, m int) {
	t.Helper()
	split := make([]int, len(coordinates))
	var visit func(c, left int)
	visit = func(c, left int) {
		if c < len(split)-1 {
			for k := 0; k <= left; k++ {
				split[c] = k
				visit(c+1, left-k)
			}
			return
		}
		split[c] = left
		counts := make([]int, 1<<(m-deficit))
		for _, x := range points {
			box := 0
			for c, j := range coordinates {
				box = box<<split[c] | int(math.Ldexp(x[j], split[c]))
			}
			counts[box]++
		}
		for box, n := range counts {
			if n != 1<<deficit {
				t.Fatalf("coordinates %v split %v: %d points in box %d, want %d",
					coordinates, split, n, box, 1<<deficit)
			}
		}
	}
	visit(0, m-deficit)
}

// Sobol's theorem bounds t by the sum of (degree - 1) over the coordinates.
func TestBlocksAreNetsInSeveralCoordinates(t *testing.T) {
	// Degrees of the primitive polynomials; the first coordinate has none.
	deficit := []int{0, 0, 1, 2, 2, 3, 3}
	const m = 9
	bothKinds(t, len(deficit), func(t *testing.T, s *Sobol) {
		for _, block := range []uint64{0, 3} {
			var points [][]float64
			for i := range uint64(1 << m) {
				points = append(points, s.Point(block<<m+i, nil))
			}
			for b := range deficit {
				for a := range b {
					checkNet(t, points, []int{a, b}, deficit[a]+deficit[b], m)
				}
			}
			checkNet(t, points, []int{0, 1, 2}, 1, m)
			checkNet(t, points, []int{0, 1, 2, 3}, 3, m)
		}
	})
}
