package ehvi_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/ehvi"
	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/num/special"
)

// value draws losses from 0 to 1.2, some behind the reference at 1, and on a
// coarse grid, where ties and equal points abound, if asked.
func value(coarse bool) *rapid.Generator[float64] {
	if coarse {
		return rapid.Map(rapid.IntRange(0, 6), func(i int) float64 { return float64(i) / 5 })
	}
	return rapid.Float64Range(0, 1.2)
}

// cloud draws up to most points of m objectives.
func cloud(t *rapid.T, m, most int) [][]float64 {
	v := value(rapid.Bool().Draw(t, "coarse"))
	return rapid.SliceOfN(rapid.SliceOfN(v, m, m), 0, most).Draw(t, "points")
}

// belief draws means and standard deviations.
func belief(t *rapid.T, m int) (mean, sd []float64) {
	mean = rapid.SliceOfN(rapid.Float64Range(-1, 3), m, m).Draw(t, "mean")
	sd = rapid.SliceOfN(rapid.Float64Range(0.02, 2), m, m).Draw(t, "sd")
	return mean, sd
}

func ones(m int) []float64 { return slices.Repeat([]float64{1}, m) }

func covered(points [][]float64, y []float64) bool {
	return slices.ContainsFunc(points, func(p []float64) bool {
		for j, x := range p {
			if x > y[j] {
				return false
			}
		}
		return true
	})
}

func within(y, low, high []float64) bool {
	for j, x := range y {
		if x < low[j] || x >= high[j] {
			return false
		}
	}
	return true
}

func TestBoxesHoldEachOpenPointOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 5).Draw(t, "m")
		points := cloud(t, m, 12)
		boxes := ehvi.Decompose(points, ones(m))
		coarse := rapid.Bool().Draw(t, "coarse")
		for range 20 {
			y := rapid.SliceOfN(value(coarse), m, m).Draw(t, "y")
			want := 1
			if covered(points, y) || slices.Max(y) >= 1 {
				want = 0
			}
			got := 0
			for i := range boxes.Len() {
				if low, high := boxes.Box(i); within(y, low, high) {
					got++
				}
			}
			if got != want {
				t.Fatalf("%v is in %d boxes of the front %v, want %d", y, got, points, want)
			}
		}
	})
}

// Between a corner below all points and the reference the boxes fill what the
// points do not.
func TestBoxesFillWhatIsOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 5).Draw(t, "m")
		points := cloud(t, m, 25)
		boxes := ehvi.Decompose(points, ones(m))
		got := 0.0
		for i := range boxes.Len() {
			low, high := boxes.Box(i)
			v := 1.0
			for j := range m {
				side := high[j] - max(low[j], -0.5)
				if !(side > 0) || !math.IsInf(low[0], -1) {
					t.Fatalf("box %d of the front %v is from %v to %v", i, points, low, high)
				}
				v *= side
			}
			got += v
		}
		want := math.Pow(1.5, float64(m)) - pareto.Hypervolume(points, ones(m))
		if math.Abs(got-want) > 1e-12 {
			t.Fatalf("boxes of the front %v have the volume %v, want %v", points, got, want)
		}
	})
}

func TestImprovementIsTheGainInVolume(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 5).Draw(t, "m")
		points := cloud(t, m, 25)
		y := rapid.SliceOfN(value(rapid.Bool().Draw(t, "coarse")), m, m).Draw(t, "y")
		got := ehvi.Decompose(points, ones(m)).Improvement(y)
		want := pareto.Hypervolume(append(slices.Clone(points), y), ones(m)) - pareto.Hypervolume(points, ones(m))
		if math.Abs(got-want) > 1e-12 {
			t.Fatalf("%v improves the front %v by %v, want %v", y, points, got, want)
		}
		if covered(points, y) && got != 0 {
			t.Fatalf("%v is dominated by a point of %v, but improves by %v", y, points, got)
		}
	})
}

// Without doubt the expectation is the improvement itself.
func TestExpectationOfTheCertainIsTheImprovement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "m")
		points := cloud(t, m, 25)
		y := rapid.SliceOfN(rapid.Float64Range(0, 1.2), m, m).Draw(t, "y")
		boxes := ehvi.Decompose(points, ones(m))
		sd := slices.Repeat([]float64{1e-12}, m)
		got := math.Exp(boxes.LogEHVI(y, sd, nil, nil))
		if want := boxes.Improvement(y); math.Abs(got-want) > 1e-11 {
			t.Fatalf("%v is expected to improve the front %v by %v, want %v", y, points, got, want)
		}
	})
}

func TestOneObjectiveIsExpectedImprovement(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		best := rapid.Float64Range(-3, 1).Draw(t, "best")
		mean := rapid.Float64Range(-50, 50).Draw(t, "mean")
		sd := math.Exp(rapid.Float64Range(-5, 5).Draw(t, "log sd"))
		got := ehvi.Decompose([][]float64{{best}, {best + 0.5}}, []float64{2}).LogEHVI([]float64{mean}, []float64{sd}, nil, nil)
		want := math.Log(sd) + special.LogEI((best-mean)/sd)
		if apart(got, want) > 1e-12 {
			t.Fatalf("best %v, mean %v, sd %v: %v, want %v", best, mean, sd, got, want)
		}
	})
}

// A smaller loss dominates more. And what a point dominates of the open region
// grows faster the smaller the loss is, so by Jensen's inequality doubt helps.
func TestExpectationGrowsWithSmallerMeanAndLargerSD(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "m")
		boxes := ehvi.Decompose(cloud(t, m, 20), ones(m))
		mean, sd := belief(t, m)
		gm, gs := make([]float64, m), make([]float64, m)
		before := boxes.LogEHVI(mean, sd, gm, gs)
		for j := range m {
			if gm[j] > 0 || gs[j] < -1e-12 {
				t.Fatalf("derivatives %v in the mean, %v in the sd", gm, gs)
			}
		}
		slack := 1e-12 * max(1, math.Abs(before))
		j := rapid.IntRange(0, m-1).Draw(t, "j")
		step := rapid.Float64Range(0, 1).Draw(t, "step")
		mean[j] -= step
		if after := boxes.LogEHVI(mean, sd, nil, nil); after < before-slack {
			t.Fatalf("mean %d smaller by %v: %v, before %v", j, step, after, before)
		}
		mean[j] += step
		sd[j] += step
		if after := boxes.LogEHVI(mean, sd, nil, nil); after < before-slack {
			t.Fatalf("sd %d larger by %v: %v, before %v", j, step, after, before)
		}
	})
}

// Another order of objectives makes other boxes, another order of points and
// points that do not count the same.
func TestExpectationIgnoresOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "m")
		points := cloud(t, m, 25)
		mean, sd := belief(t, m)
		want := ehvi.Decompose(points, ones(m)).LogEHVI(mean, sd, nil, nil)

		shuffled := rapid.Permutation(points).Draw(t, "shuffled")
		shuffled = append(shuffled, slices.Repeat([]float64{1}, m), slices.Repeat([]float64{math.NaN()}, m))
		if len(points) > 0 {
			shuffled = append(shuffled, points[0])
		}
		if got := ehvi.Decompose(shuffled, ones(m)).LogEHVI(mean, sd, nil, nil); got != want {
			t.Fatalf("%v with points in another order, %v before", got, want)
		}

		order := rapid.Permutation([]int{0, 1, 2, 3}[:m]).Draw(t, "order")
		turn := func(p []float64) []float64 {
			out := make([]float64, m)
			for j, k := range order {
				out[j] = p[k]
			}
			return out
		}
		turned := make([][]float64, len(points))
		for i, p := range points {
			turned[i] = turn(p)
		}
		got := ehvi.Decompose(turned, ones(m)).LogEHVI(turn(mean), turn(sd), nil, nil)
		if apart(got, want) > 1e-11 {
			t.Fatalf("%v with objectives in the order %v, %v before", got, order, want)
		}
	})
}

func TestGradientsMatchDifferences(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "m")
		boxes := ehvi.Decompose(cloud(t, m, 20), ones(m))
		mean, sd := belief(t, m)
		gm, gs := make([]float64, m), make([]float64, m)
		boxes.LogEHVI(mean, sd, gm, gs)
		slope := func(x *float64, h float64) float64 {
			at := *x
			*x = at + h
			above := boxes.LogEHVI(mean, sd, nil, nil)
			*x = at - h
			below := boxes.LogEHVI(mean, sd, nil, nil)
			*x = at
			return (above - below) / (2 * h)
		}
		for j := range m {
			h := 1e-5 * sd[j]
			if want := slope(&mean[j], h); math.Abs(gm[j]-want) > 1e-5*math.Abs(want)+1e-5/sd[j] {
				t.Fatalf("derivative in mean %d is %v, differences give %v", j, gm[j], want)
			}
			if want := slope(&sd[j], h); math.Abs(gs[j]-want) > 1e-5*math.Abs(want)+1e-5/sd[j] {
				t.Fatalf("derivative in sd %d is %v, differences give %v", j, gs[j], want)
			}
		}
	})
}
