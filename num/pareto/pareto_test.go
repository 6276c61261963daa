package pareto_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/num/pareto"
)

// random returns n points of m objectives, uniform in the unit cube.
func random(seed uint64, n, m int) [][]float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	points := make([][]float64, n)
	for i := range points {
		points[i] = make([]float64, m)
		for j := range points[i] {
			points[i][j] = r.Float64()
		}
	}
	return points
}

// sphere returns n points of m objectives none of which dominates another.
func sphere(seed uint64, n, m int) [][]float64 {
	r := rand.New(rand.NewPCG(seed, 2))
	points := make([][]float64, n)
	for i := range points {
		points[i] = make([]float64, m)
		sum := 0.0
		for j := range points[i] {
			x := r.NormFloat64()
			points[i][j] = math.Abs(x)
			sum += x * x
		}
		for j := range points[i] {
			points[i][j] = 1 - points[i][j]/math.Sqrt(sum)
		}
	}
	return points
}

func TestEdges(t *testing.T) {
	inf := math.Inf(1)
	t.Run("nothing", func(t *testing.T) {
		if pareto.Front(nil) != nil || pareto.Ranks(nil) != nil || pareto.Crowding(nil) != nil ||
			pareto.Thin(nil, 3) != nil || pareto.Subset(nil, []float64{1}, 3) != nil ||
			pareto.BestSubset(nil, []float64{1, 1}, 3) != nil || pareto.Hypervolume(nil, []float64{1, 1}) != 0 {
			t.Error("no points are something")
		}
	})
	t.Run("infinite values have ranks", func(t *testing.T) {
		points := [][]float64{{inf, 0}, {0, inf}, {-inf, inf}, {inf, inf}, {1, 1}}
		if diff := cmp.Diff([]int{0, 1, 0, 2, 0}, pareto.Ranks(points)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("infinite values are crowded by the largest", func(t *testing.T) {
		points := [][]float64{{-inf, inf}, {0, 0}, {inf, -inf}}
		if diff := cmp.Diff([]float64{inf, 2, inf}, pareto.Crowding(points)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("the range may be too large for a float", func(t *testing.T) {
		points := [][]float64{{-math.MaxFloat64}, {0}, {math.MaxFloat64}}
		if diff := cmp.Diff([]float64{inf, 1, inf}, pareto.Crowding(points)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("a constant objective singles nobody out", func(t *testing.T) {
		if diff := cmp.Diff([]float64{0, 0}, pareto.Crowding([][]float64{{3, 1}, {3, 1}})); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("infinite volumes", func(t *testing.T) {
		for _, c := range []struct {
			points    [][]float64
			reference []float64
			want      float64
		}{
			{[][]float64{{-inf, 0}, {0, 0}}, []float64{1, 1}, inf},
			{[][]float64{{0, 0}}, []float64{inf, 1}, inf},
			{[][]float64{{-inf, 2}, {0, 0}}, []float64{1, 1}, 1},
			{[][]float64{{inf, 0}, {1, 0}}, []float64{1, 1}, 0},
		} {
			if got := pareto.Hypervolume(c.points, c.reference); got != c.want {
				t.Errorf("volume of %v within %v is %v, want %v", c.points, c.reference, got, c.want)
			}
		}
	})
	t.Run("points of unequal length", func(t *testing.T) {
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		pareto.Ranks([][]float64{{1, 2}, {1}})
	})
}

func BenchmarkRanks(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		for _, m := range []int{2, 3, 5} {
			for _, kind := range []struct {
				name   string
				points [][]float64
			}{{"cube", random(1, n, m)}, {"front", sphere(1, n, m)}} {
				b.Run(fmt.Sprintf("%s/n=%d/m=%d", kind.name, n, m), func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						pareto.Ranks(kind.points)
					}
				})
			}
		}
	}
}

func BenchmarkFront(b *testing.B) {
	for _, m := range []int{2, 3, 5} {
		points := random(1, 10_000, m)
		b.Run(fmt.Sprintf("n=10000/m=%d", m), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pareto.Front(points)
			}
		})
	}
}

func BenchmarkHypervolume(b *testing.B) {
	for _, c := range []struct{ n, m int }{{10_000, 2}, {10_000, 3}, {100, 4}, {1000, 4}, {100, 5}, {100, 6}} {
		points := sphere(1, c.n, c.m)
		reference := ones(c.m)
		b.Run(fmt.Sprintf("n=%d/m=%d", c.n, c.m), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pareto.Hypervolume(points, reference)
			}
		})
	}
}

func BenchmarkSubset(b *testing.B) {
	for _, c := range []struct{ n, m, k int }{{1000, 2, 50}, {1000, 3, 50}, {300, 4, 20}} {
		points := sphere(1, c.n, c.m)
		reference := ones(c.m)
		b.Run(fmt.Sprintf("n=%d/m=%d/k=%d", c.n, c.m, c.k), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pareto.Subset(points, reference, c.k)
			}
		})
	}
}
