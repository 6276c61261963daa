package rbf

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
)

func flat(rows [][]float64) []float64 {
	var out []float64
	for _, r := range rows {
		out = append(out, r...)
	}
	return out
}

func TestSplineMatchesSciPy(t *testing.T) {
	b, err := os.ReadFile("testdata/spline.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Kernel    string
			Smoothing float64
			X, At     [][]float64
			F, Want   []float64
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) != 10 {
		t.Fatalf("%d cases, want 10", len(golden.Cases))
	}
	var s spline // one for all: memory is used again
	for _, c := range golden.Cases {
		k := cubic
		if c.Kernel != "cubic" {
			k = thinPlate
		}
		s.fit(flat(c.X), len(c.X), len(c.X[0]), c.F, k, c.Smoothing)
		for i, x := range c.At {
			if got := s.at(x); math.Abs(got-c.Want[i]) > 1e-9*math.Max(1, math.Abs(c.Want[i])) {
				t.Errorf("%s of %d points, smoothing %v, at %v: %v, SciPy has %v", c.Kernel, len(c.X), c.Smoothing, x, got, c.Want[i])
			}
		}
	}
}

// random returns n points of d coordinates with values.
func random(seed uint64, n, d int) (x, f []float64) {
	r := rand.New(rand.NewPCG(seed, 0))
	for range n {
		sum := 0.0
		for range d {
			u := r.Float64()
			x = append(x, u)
			sum += math.Sin(4 * u)
		}
		f = append(f, sum+0.1*r.NormFloat64())
	}
	return x, f
}

func TestLeaveOneOutIsLeavingOneOut(t *testing.T) {
	for _, c := range []struct {
		k     kernel
		ridge float64
	}{{cubic, 0}, {thinPlate, 0}, {cubic, 0.02}, {thinPlate, 0.02}} {
		const n, d = 18, 3
		x, f := random(1, n, d)
		var all, less spline
		all.fit(x, n, d, f, c.k, c.ridge)
		e := all.leaveOneOut(nil)
		for i := range n {
			xs := slices.Delete(slices.Clone(x), i*d, (i+1)*d)
			less.fit(xs, n-1, d, slices.Delete(slices.Clone(f), i, i+1), c.k, c.ridge)
			want := f[i] - less.at(x[i*d:(i+1)*d])
			if math.Abs(e[i]-want) > 1e-8 {
				t.Errorf("kernel %d, ridge %v, point %d: %v, without it the error is %v", c.k, c.ridge, i, e[i], want)
			}
		}
	}
}

// The power function is what a new point adds: the coefficient of its own
// Lagrange function is the inverse.
func TestPowerIsTheInverseOfTheCoefficient(t *testing.T) {
	for _, k := range []kernel{cubic, thinPlate} {
		const n, d = 15, 2
		x, f := random(2, n, d)
		var s, more spline
		s.fit(x, n, d, f, k, 0)
		probes, _ := random(3, 6, d)
		for i := range 6 {
			p := probes[i*d : (i+1)*d]
			unit := make([]float64, n+1)
			unit[n] = 1
			more.fit(append(slices.Clone(x), p...), n+1, d, unit, k, 0)
			if got, want := s.power(p), 1/more.lambda[n]; math.Abs(got-want) > 1e-9*math.Abs(want) {
				t.Errorf("kernel %d: power %v, inverse of the coefficient %v", k, got, want)
			}
		}
		if got := s.power(x[:d]); got > 1e-10 {
			t.Errorf("kernel %d: power %v at a point, want 0", k, got)
		}
	}
}

// Values on a plane are met everywhere, and values are met at the points even
// where these lie in a hyperplane, or are fewer than the tail has slopes.
func TestInterpolation(t *testing.T) {
	for _, k := range []kernel{cubic, thinPlate} {
		var s spline
		x, f := random(4, 10, 3)
		for i := range f {
			f[i] = 2 + x[3*i] - 3*x[3*i+2]
		}
		s.fit(x, 10, 3, f, k, 0)
		p := []float64{3, -1, 2}
		if got := s.at(p); math.Abs(got+1) > 1e-9 {
			t.Errorf("kernel %d: the plane is %v at %v, want -1", k, got, p)
		}
		x, f = random(5, 12, 3)
		for i := range f {
			x[3*i+1] = 1 - x[3*i]
		}
		for _, n := range []int{1, 2, 3, 12} {
			s.fit(x, n, 3, f, k, 0)
			for i := range n {
				if got := s.at(x[3*i : 3*i+3]); math.Abs(got-f[i]) > 1e-9 {
					t.Errorf("kernel %d, %d points: %v at point %d, want %v", k, n, got, i, f[i])
				}
			}
		}
	}
}

// Smooth data want no ridge, noise does, and the rank error says so.
func TestRankErrorTellsNoise(t *testing.T) {
	const n, d = 60, 2
	x, noisy := random(6, n, d)
	smooth := make([]float64, n)
	r := rand.New(rand.NewPCG(9, 9))
	for i := range smooth {
		smooth[i] = math.Sin(4*x[2*i]) + x[2*i+1]*x[2*i+1]
		noisy[i] = smooth[i] + r.NormFloat64()
	}
	var s spline
	measure := func(f []float64, ridge float64) float64 {
		s.fit(x, n, d, f, thinPlate, ridge)
		return s.rankError(f, 0.7, nil)
	}
	if a, b := measure(smooth, 0), measure(smooth, 1); !(a < b) {
		t.Errorf("smooth data: rank error %v without a ridge, %v with one", a, b)
	}
	if a, b := measure(noisy, 0), measure(noisy, 1); !(a > b) {
		t.Errorf("noise: rank error %v without a ridge, %v with one", a, b)
	}
}

func TestCoincidingPointsDoNotBreakTheFit(t *testing.T) {
	var s spline
	x, f := random(8, 20, 2)
	copy(x[2:4], x[:2])
	x[5] = math.Nextafter(x[1], 2)
	x[4] = x[0]
	s.fit(x, 20, 2, f, cubic, 0)
	for _, v := range append(s.lambda, s.tail...) {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatal("a coefficient is not finite")
		}
	}
}

func BenchmarkFit(b *testing.B) {
	x, f := random(1, 200, 10)
	var s spline
	b.ReportAllocs()
	for b.Loop() {
		s.fit(x, 200, 10, f, cubic, 0)
	}
}
