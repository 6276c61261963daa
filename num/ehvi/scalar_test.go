package ehvi_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/ehvi"
	"github.com/afina-hpo/afina/num/pareto"
)

var near = cmpopts.EquateApprox(1e-12, 1e-12)

func TestReference(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name   string
		points [][]float64
		want   []float64
	}{
		{"none", nil, nil},
		{"none that is finite", [][]float64{{inf, 1}, {2, nan}}, nil},
		{"a front", [][]float64{{0, 30}, {1, 20}, {5, 10}}, []float64{5.5, 32}},
		{"dominated points do not count", [][]float64{{0, 30}, {5, 10}, {90, 90}}, []float64{5.5, 32}},
		{"nor do crashes", [][]float64{{0, 30}, {5, 10}, {inf, 0}, {nan, nan}}, []float64{5.5, 32}},
		{"one point on the front: the range of all", [][]float64{{1, 10}, {2, 20}, {3, 30}}, []float64{1.2, 12}},
		{"one point: its size", [][]float64{{-4, 0}}, []float64{-3.6, 0.1}},
		{"equal points", [][]float64{{2, 3}, {2, 3}}, []float64{2.2, 3.3}},
		{"one objective", [][]float64{{2}, {7}}, []float64{2.5}},
		{"no room behind", [][]float64{{1.7e308, 0}, {-1.7e308, 1}}, []float64{math.MaxFloat64, 1.1}},
		{"a range below the digits", [][]float64{{1e20}, {1e20 + 16384}}, []float64{math.Nextafter(1e20, inf)}},
	} {
		if diff := cmp.Diff(c.want, ehvi.Reference(c.points), near); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestReferenceIsAboveTheFront(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "m")
		loss := rapid.Float64Range(-1e300, 1e300)
		points := rapid.SliceOfN(rapid.SliceOfN(loss, m, m), 1, 8).Draw(t, "points")
		reference := ehvi.Reference(points)
		for _, i := range pareto.Front(points) {
			for j, x := range points[i] {
				if !(x < reference[j]) || math.IsInf(reference[j], 0) {
					t.Fatalf("%v is not finite and above %v", reference, points[i])
				}
			}
		}
	})
}

func TestWeights(t *testing.T) {
	for _, c := range []struct{ normal, want []float64 }{
		{[]float64{3, -4}, []float64{0.6, 0.8}},
		{[]float64{0, 0, 0, 0}, []float64{0.5, 0.5, 0.5, 0.5}},
		{[]float64{0, 2}, []float64{1e-6, 1}},
		{[]float64{1e-320, 0}, []float64{1, 1e-6}},
		{[]float64{-7}, []float64{1}},
	} {
		got := make([]float64, len(c.normal))
		ehvi.Weights(got, c.normal)
		if diff := cmp.Diff(c.want, got, cmpopts.EquateApprox(0, 1e-12)); diff != "" {
			t.Errorf("weights of %v (-want +got):\n%s", c.normal, diff)
		}
		ehvi.Weights(c.normal, c.normal)
		if diff := cmp.Diff(got, c.normal); diff != "" {
			t.Errorf("weights in place (-want +got):\n%s", diff)
		}
	}
}

// Integrated over all directions of a quarter of the circle, the largest values
// make the hypervolume: in polar coordinates, that is half the square of the
// distance at which each ray leaves it.
func TestHypervolumeScalarsMakeTheVolume(t *testing.T) {
	const rays = 20000
	for n := 1; n <= 8; n++ {
		points := append(sphere(n, 2), []float64{0.9, 1.5})
		sum := 0.0
		for k := range rays {
			angle := math.Pi / 2 * (float64(k) + 0.5) / rays
			s := ehvi.Hypervolume{Reference: ones(2), Weights: []float64{math.Cos(angle), math.Sin(angle)}}
			best := 0.0
			for _, p := range points {
				best = max(best, s.Value(p))
			}
			sum += best
		}
		got := math.Pi / 4 * sum / rays
		if want := pareto.Hypervolume(points, ones(2)); math.Abs(got-want) > 1e-6 {
			t.Errorf("%d points: %v, want %v", n, got, want)
		}
	}
}

func TestHypervolumeScalar(t *testing.T) {
	s := ehvi.Hypervolume{Reference: []float64{4, 4}, Weights: []float64{0.6, 0.8}}
	for _, c := range []struct {
		y, grad      []float64
		depth, value float64
	}{
		{[]float64{1, 2}, []float64{0, -1.25}, 2.5, 6.25},
		{[]float64{3.4, 0}, []float64{-1 / 0.6, 0}, 1, 1},
		{[]float64{5.2, 0}, []float64{-1 / 0.6, 0}, -2, 0},
	} {
		grad := make([]float64, 2)
		depth := s.Depth(c.y, grad)
		if diff := cmp.Diff([][]float64{{c.depth, c.value}, c.grad}, [][]float64{{depth, s.Value(c.y)}, grad}, near); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.y, diff)
		}
	}
}

func TestTchebycheff(t *testing.T) {
	points := [][]float64{{10, 0.5, 7}, {20, 0.1, 7}, {math.NaN(), -9, 7}}
	s := ehvi.NewTchebycheff(points, []float64{0.5, 0.3, 0.2})
	if diff := cmp.Diff([][]float64{{10, 0.1, 7}, {10, 0.4, 0}}, [][]float64{s.Best, s.Range}, near); diff != "" {
		t.Fatalf("scale (-want +got):\n%s", diff)
	}
	for _, c := range []struct {
		y, grad []float64
		want    float64
	}{
		// Weighted 0.5, 0 and 0.
		{[]float64{20, 0.1, 7}, []float64{0.0525, 0.0375, 0.01}, 0.5 + 0.05*0.5},
		// Weighted 0.25, 0.3 and 0.1.
		{[]float64{15, 0.5, 7.5}, []float64{0.0025, 0.7875, 0.01}, 0.3 + 0.05*0.65},
		// Better than all: -0.5, -0.075 and 0.
		{[]float64{0, 0, 7}, []float64{0.0025, 0.0375, 0.21}, 0 - 0.05*0.575},
	} {
		grad := make([]float64, 3)
		got := s.Value(c.y, grad)
		if diff := cmp.Diff([]float64{c.want, c.want}, []float64{got, s.Value(c.y, nil)}, near); diff != "" {
			t.Errorf("%v (-want +got):\n%s", c.y, diff)
		}
		if diff := cmp.Diff(c.grad, grad, near); diff != "" {
			t.Errorf("derivatives at %v (-want +got):\n%s", c.y, diff)
		}
	}
}

// Whatever dominates has the smaller scalar, and the larger depth.
func TestScalarsKeepTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "m")
		normal := rapid.SliceOfN(rapid.Float64Range(-3, 3), m, m).Draw(t, "normal")
		points := append(cloud(t, m, 6), ones(m))
		a := rapid.SliceOfN(rapid.Float64Range(-1, 2), m, m).Draw(t, "a")
		b := make([]float64, m)
		for j := range b {
			b[j] = a[j] + rapid.Float64Range(0.01, 1).Draw(t, "behind")
		}
		weights := make([]float64, m)
		ehvi.Weights(weights, normal)
		h := ehvi.Hypervolume{Reference: ones(m), Weights: weights}
		if h.Depth(a, nil) <= h.Depth(b, nil) || h.Value(a) < h.Value(b) {
			t.Fatalf("weights %v: depth %v of %v, %v of %v", weights, h.Depth(a, nil), a, h.Depth(b, nil), b)
		}
		s := ehvi.NewTchebycheff(points, weights)
		if s.Value(a, nil) >= s.Value(b, nil) {
			t.Fatalf("weights %v: %v of %v, %v of %v", weights, s.Value(a, nil), a, s.Value(b, nil), b)
		}
	})
}
