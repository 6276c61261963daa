package bo

import (
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestWorst(t *testing.T) {
	// The front is (0, 2) and (1, 0); the range of all points is 4 and 5.
	points := [][]float64{{0, 2}, {1, 0}, {4, 1}, {3, 5}}
	none := math.NaN()
	for _, c := range []struct {
		name string
		said []float64
		u    float64
		want []float64
	}{
		{"behind the front", []float64{none, none}, 0, []float64{1.1, 2.2}},
		{"behind all", []float64{none, none}, 1, []float64{4.4, 5.5}},
		{"between", []float64{none, none}, 0.5, []float64{2.75, 3.85}},
		{"one is said", []float64{none, 7}, 1, []float64{4.4, 7}},
		{"better than all is said", []float64{-1, -2}, 0.3, []float64{-1, -2}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := worst(points, c.said, c.u)
			for j := range got {
				if math.Abs(got[j]-c.want[j]) > 1e-12 {
					t.Errorf("got %v, want %v", got, c.want)
				}
			}
		})
	}
}

// Every point of a front is below the corner that is drawn, and all points are
// below that for u = 1, whatever they are.
func TestWorstIsBehind(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(2, 4).Draw(t, "objectives")
		value := rapid.OneOf(rapid.Float64Range(-3, 4), rapid.SampledFrom([]float64{-1, 0, 0.5}))
		points := rapid.SliceOfN(rapid.SliceOfN(value, m, m), 1, 20).Draw(t, "points")
		near, far := worst(points, unsaid(m), 0), worst(points, unsaid(m), 1)
		u := rapid.Float64Range(0, 1).Draw(t, "u")
		for j, v := range worst(points, unsaid(m), u) {
			if v < near[j] || v > far[j]+1e-12 {
				t.Errorf("objective %d: %v is not between %v and %v", j, v, near[j], far[j])
			}
			for _, p := range points {
				if p[j] >= far[j] {
					t.Errorf("objective %d: %v is not before %v", j, p[j], far[j])
				}
			}
		}
	})
}

// The time of a suggestion is bounded: large fronts of four objectives, and
// five objectives, have no boxes.
func TestExact(t *testing.T) {
	front := func(m, n int) [][]float64 { // all on a plane: none dominates another
		r := rand.New(rand.NewPCG(1, uint64(n)))
		points := make([][]float64, n)
		for i := range points {
			sum := 0.0
			for range m - 1 {
				points[i] = append(points[i], r.Float64())
				sum += points[i][len(points[i])-1]
			}
			points[i] = append(points[i], float64(m)-sum)
		}
		return points
	}
	for _, c := range []struct {
		objectives, points int
		want               bool
	}{{2, 400, true}, {3, 400, true}, {4, 150, true}, {4, 151, false}, {5, 10, false}} {
		if got := exact(front(c.objectives, c.points), c.objectives); got != c.want {
			t.Errorf("%d points of %d objectives: %v, want %v", c.points, c.objectives, got, c.want)
		}
	}
}
