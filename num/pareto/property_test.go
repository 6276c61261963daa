package pareto_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/pareto"
)

// cloud draws up to most points of m objectives in [0, 1.2], half of the time
// on a coarse grid, where ties and equal points abound.
func cloud(t *rapid.T, m, most int) [][]float64 {
	coarse := rapid.Bool().Draw(t, "coarse")
	value := rapid.Float64Range(0, 1.2)
	if coarse {
		value = rapid.Map(rapid.IntRange(0, 6), func(i int) float64 { return float64(i) / 5 })
	}
	return rapid.SliceOfN(rapid.SliceOfN(value, m, m), 0, most).Draw(t, "points")
}

func ones(m int) []float64 { return slices.Repeat([]float64{1}, m) }

// union computes a hypervolume by inclusion and exclusion over all subsets.
func union(points [][]float64, reference []float64) float64 {
	sum := 0.0
	for set := 1; set < 1<<len(points); set++ {
		corner := slices.Repeat([]float64{math.Inf(-1)}, len(reference))
		sign := -1.0
		for i, p := range points {
			if set>>i&1 == 1 {
				sign = -sign
				for j, x := range p {
					corner[j] = max(corner[j], x)
				}
			}
		}
		v := sign
		for j, x := range corner {
			v *= max(0, reference[j]-x)
		}
		sum += v
	}
	return sum
}

// peel computes ranks by their definition.
func peel(points [][]float64) []int {
	ranks := make([]int, len(points))
	for i := range ranks {
		ranks[i] = -1
	}
	for r, left := 0, len(points); left > 0; r++ {
		var front []int
		for i, p := range points {
			if ranks[i] >= 0 {
				continue
			}
			beaten := false
			for k, q := range points {
				beaten = beaten || ranks[k] < 0 && pareto.Dominates(q, p)
			}
			if !beaten {
				front = append(front, i)
			}
		}
		for _, i := range front {
			ranks[i] = r
			left--
		}
	}
	return ranks
}

func TestRanksAreThoseOfTheDefinition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 6).Draw(t, "m")
		points := cloud(t, m, 60)
		want := peel(points)
		if diff := cmp.Diff(want, pareto.Ranks(points)); len(points) > 0 && diff != "" {
			t.Fatalf("ranks of %v (-want +got):\n%s", points, diff)
		}
		var front []int
		for i, r := range want {
			if r == 0 {
				front = append(front, i)
			}
		}
		if diff := cmp.Diff(front, pareto.Front(points)); diff != "" {
			t.Fatalf("front of %v (-want +got):\n%s", points, diff)
		}
	})
}

// The divisions only come into play with many points.
func TestRanksOfManyAreThoseOfTheDefinition(t *testing.T) {
	for m := 2; m <= 6; m++ {
		for _, grid := range []float64{3, 10, 1e9} {
			points := random(uint64(m), 400, m)
			for _, p := range points {
				for j := range p {
					p[j] = math.Floor(p[j]*grid) / grid
				}
			}
			if diff := cmp.Diff(peel(points), pareto.Ranks(points)); diff != "" {
				t.Errorf("%d objectives, grid of %g (-want +got):\n%s", m, grid, diff)
			}
		}
	}
}

func TestRanksSeeOnlyTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 5).Draw(t, "m")
		points := cloud(t, m, 40)
		warped := make([][]float64, len(points))
		for i, p := range points {
			warped[i] = make([]float64, m)
			for j, x := range p {
				// Monotone, another for each objective, and injective on
				// floats, the smallest ones, too.
				warped[i][j] = math.Float64frombits(math.Float64bits(x) + uint64(j)<<40)
			}
		}
		if diff := cmp.Diff(pareto.Ranks(points), pareto.Ranks(warped)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestVolumeIsThatOfTheUnion(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 6).Draw(t, "m")
		points := cloud(t, m, 9)
		want := union(points, ones(m))
		if got := pareto.Hypervolume(points, ones(m)); math.Abs(got-want) > 1e-11 {
			t.Fatalf("volume of %v is %v, want %v", points, got, want)
		}
	})
}

// A constant further objective multiplies every volume by its depth, so that
// each method can be held against the next: sweep against slicing and so on.
func TestVolumeInOneMoreDimension(t *testing.T) {
	for m := 1; m <= 4; m++ {
		points := random(uint64(m), 80, m)
		for i := range points {
			points[i] = points[i][:m:m]
		}
		want := pareto.Hypervolume(points, ones(m)) * 0.75
		for i := range points {
			points[i] = append(points[i], 0.25)
		}
		if got := pareto.Hypervolume(points, ones(m+1)); math.Abs(got-want) > 1e-12 {
			t.Errorf("%d objectives and a constant: %v, want %v", m, got, want)
		}
	}
}

func TestVolumeGrowsAndIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 5).Draw(t, "m")
		points := cloud(t, m, 25)
		if len(points) == 0 {
			return
		}
		before := slices.Clone(points)
		all := pareto.Hypervolume(points, ones(m))
		if fewer := pareto.Hypervolume(points[1:], ones(m)); fewer > all+1e-12 {
			t.Fatalf("%v without a point, %v with it", fewer, all)
		}
		shuffled := rapid.Permutation(points).Draw(t, "shuffled")
		if got := pareto.Hypervolume(shuffled, ones(m)); math.Abs(got-all) > 1e-12 {
			t.Fatalf("%v in another order, %v before", got, all)
		}
		if diff := cmp.Diff(before, points); diff != "" {
			t.Fatalf("the points were changed:\n%s", diff)
		}
	})
}

func TestContributionsAreDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 5).Draw(t, "m")
		points := cloud(t, m, 15)
		all := pareto.Hypervolume(points, ones(m))
		for i, got := range pareto.Contributions(points, ones(m)) {
			others := slices.Delete(slices.Clone(points), i, i+1)
			if want := all - pareto.Hypervolume(others, ones(m)); math.Abs(got-want) > 1e-11 {
				t.Fatalf("point %d of %v contributes %v, want %v", i, points, got, want)
			}
		}
	})
}

// subsets calls visit with every choice of k of n.
func subsets(n, k int, visit func([]int)) {
	var at []int
	var walk func(from int)
	walk = func(from int) {
		if len(at) == k {
			visit(at)
			return
		}
		for i := from; i < n; i++ {
			at = append(at, i)
			walk(i + 1)
			at = at[:len(at)-1]
		}
	}
	walk(0)
}

func TestSubsets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "m")
		points := cloud(t, m, 9)
		k := rapid.IntRange(0, 10).Draw(t, "k")
		got := pareto.Subset(points, ones(m), k)
		if len(got) != min(k, len(points)) || len(got) != len(distinct(got)) {
			t.Fatalf("%d of %d points are %v", k, len(points), got)
		}
		best := 0.0
		subsets(len(points), len(got), func(at []int) { best = max(best, volumeOf(points, at, ones(m))) })
		if v := volumeOf(points, got, ones(m)); v < (1-1/math.E)*best-1e-12 {
			t.Fatalf("greedy volume %v, best %v", v, best)
		}
		// Each choice is the best there is, up to rounding.
		for n := range got {
			have := volumeOf(points, got[:n+1], ones(m))
			for i := range points {
				if v := volumeOf(points, append(slices.Clone(got[:n]), i), ones(m)); v > have+1e-11 {
					t.Fatalf("choice %d is %d with %v, but %d gives %v", n, got[n], have, i, v)
				}
			}
		}
		if m != 2 {
			return
		}
		exact := pareto.BestSubset(points, ones(2), k)
		if v := volumeOf(points, exact, ones(2)); math.Abs(v-best) > 1e-11 || len(exact) > k {
			t.Fatalf("best subset of %v of size %d is %v with %v, want %v", points, k, exact, v, best)
		}
	})
}

func distinct(at []int) map[int]bool {
	m := map[int]bool{}
	for _, i := range at {
		m[i] = true
	}
	return m
}

// Thin drops what the definition drops, one point after the other. Points are
// drawn without ties, where rounding cannot choose between equals.
func TestThin(t *testing.T) {
	for seed := range uint64(20) {
		points := random(seed, 20, 1+int(seed%4))
		ranges := [][]float64{slices.Repeat([]float64{0}, len(points[0])), ones(len(points[0]))}
		for j := range points[0] { // exact ranges, whatever is dropped
			points[0][j], points[1][j] = ranges[0][j], ranges[1][j]
		}
		left := make([]int, len(points))
		for i := range left {
			left[i] = i
		}
		for k := len(points); k >= 2; k-- {
			if diff := cmp.Diff(left, pareto.Thin(points, k)); diff != "" {
				t.Fatalf("%d of %v (-want +got):\n%s", k, points, diff)
			}
			rest := make([][]float64, len(left))
			for at, i := range left {
				rest[at] = points[i]
			}
			distance := pareto.Crowding(rest)
			worst := 0
			for at, d := range distance {
				if d <= distance[worst] {
					worst = at
				}
			}
			left = slices.Delete(left, worst, worst+1)
		}
	}
	if got := pareto.Thin(random(1, 5, 2), 0); got != nil {
		t.Errorf("none of five points are %v", got)
	}
}

func TestDirections(t *testing.T) {
	for m := 1; m <= 6; m++ {
		for h := 1; h <= 6; h++ {
			ds := pareto.Directions(m, h)
			if len(ds) != pareto.DirectionCount(m, h) {
				t.Errorf("%d objectives, %d divisions: %d directions, counted %d", m, h, len(ds), pareto.DirectionCount(m, h))
			}
			for i, d := range ds {
				sum := 0.0
				for _, x := range d {
					sum += x
				}
				if math.Abs(sum-1) > 1e-12 || slices.Min(d) < 0 {
					t.Errorf("%v is not on the simplex", d)
				}
				if i > 0 && slices.Compare(ds[i-1], d) >= 0 {
					t.Errorf("%v stands before %v", ds[i-1], d)
				}
			}
		}
	}
	if n := pareto.DirectionCount(60, 60); n != math.MaxInt {
		t.Errorf("%d directions for 60 objectives, want the largest int", n)
	}
}
