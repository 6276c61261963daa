package warp_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/num/warp"
)

func TestKindString(t *testing.T) {
	got := []string{warp.Kind(99).String()}
	for _, k := range kinds {
		got = append(got, k.String())
	}
	want := []string{
		"Kind(99)", "identity", "log", "yeo-johnson", "box-cox",
		"half-rank", "half-rank-log", "rank",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// spanning returns n losses that come near best over six decades.
func spanning(n int, best float64) []float64 {
	r := rand.New(rand.NewPCG(1, 2))
	y := make([]float64, n)
	for i := range y {
		y[i] = best + math.Pow(10, -6*r.Float64())
	}
	return y
}

func TestWhereKindsApply(t *testing.T) {
	all := kinds
	ranked := []warp.Kind{warp.Identity, warp.HalfRank, warp.HalfRankLog, warp.Rank}
	for _, c := range []struct {
		name string
		y    []float64
		want []warp.Kind
	}{
		{"nothing", nil, nil},
		{"one", []float64{1}, nil},
		{"all the same", []float64{2, 2, 2, 2, 2, 2}, nil},
		{"zeros of both signs", []float64{0, math.Copysign(0, -1)}, nil},
		{"not a number", []float64{1, 2, math.NaN()}, nil},
		{"infinite", []float64{1, 2, math.Inf(1)}, nil},
		{"two", []float64{1, 2}, ranked},
		{"four distinct", []float64{1, 2, 3, 4, 4, 4}, ranked},
		{"most are the worst", []float64{1, 5, 5, 5, 5}, []warp.Kind{warp.Identity, warp.Rank}},
		{"decades above 0", spanning(40, 0), all},
		{"decades, some below 0", spanning(40, -1e-3),
			[]warp.Kind{warp.Identity, warp.Log, warp.YeoJohnson, warp.HalfRank, warp.HalfRankLog, warp.Rank}},
		{"a straight row", []float64{1, 2, 3, 4, 5, 6, 7, 8},
			[]warp.Kind{warp.Identity, warp.YeoJohnson, warp.BoxCox, warp.HalfRank, warp.HalfRankLog, warp.Rank}},
		{"leaning to the good side", []float64{-100, -10, -1, -.1, -.01, -.001, -.0001},
			[]warp.Kind{warp.Identity, warp.YeoJohnson, warp.HalfRank, warp.HalfRankLog, warp.Rank}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []warp.Kind
			for _, k := range append(slices.Clone(kinds), 99) {
				w, ok := warp.Fit(k, c.y)
				if ok {
					got = append(got, k)
				}
				if w.Kind() != k {
					t.Errorf("%v was fitted as %v", k, w.Kind())
				}
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestFitLeavesLossesAlone(t *testing.T) {
	y := []float64{5, 1, 4, 9, 2, 7, 1}
	before := slices.Clone(y)
	for _, k := range kinds {
		warp.Fit(k, y)
	}
	if d := cmp.Diff(before, y); d != "" {
		t.Error(d)
	}
}

// However far away the worst is, bending ends with an exact z-score, unless
// nearly all the losses are the same.
func TestBentMoments(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     int
		worst []float64
	}{
		{"one of 25", 24, []float64{50}},
		{"one of 31, diverged", 30, []float64{1e30}},
		{"one of 31, enormous", 30, []float64{1e300}},
		{"three of 100", 97, []float64{1e3, 1e6, 1e9}},
	} {
		y := append(spanning(c.n, 0), c.worst...)
		w, ok := warp.Fit(warp.Identity, y)
		if !ok {
			t.Fatalf("%s: identity does not apply", c.name)
		}
		mean, square := 0.0, 0.0
		for _, v := range y {
			mean += w.At(v) / float64(len(y))
			square += w.At(v) * w.At(v) / float64(len(y))
		}
		if !(math.Abs(mean) < 1e-9 && math.Abs(square-1) < 1e-9) {
			t.Errorf("%s: mean %v, mean square %v", c.name, mean, square)
		}
		if w.At(slices.Max(y)) <= 3 {
			t.Errorf("%s: nothing is bent", c.name)
		}
	}
	// One loss of thirty differs: no scale could make that a variance of 1.
	y := append(slices.Repeat([]float64{1}, 29), 2)
	w, ok := warp.Fit(warp.Identity, y)
	if lo, mid, hi := w.At(1), w.At(1.5), w.At(2); !ok || !(lo > -1 && mid < 3 && hi > 3) {
		t.Errorf("fitted %v; 1, 1.5 and 2 are at %v, %v and %v", ok, lo, mid, hi)
	}
}

// A diverged loss must leave the others a scale of their own: the warped
// losses of twenty good runs that differ are to differ, too.
func TestOneDivergedLoss(t *testing.T) {
	for _, huge := range []float64{1e3, 1e30, math.MaxFloat64} {
		y := spanning(30, 2)
		y = append(y, huge)
		for _, k := range kinds {
			w, ok := warp.Fit(k, y)
			if !ok {
				// Beside the greatest float the others are one number.
				if huge != math.MaxFloat64 && k != warp.BoxCox {
					t.Errorf("%v does not apply beside %g", k, huge)
				}
				continue
			}
			lo, hi := w.At(slices.Min(y)), w.At(slices.Max(y[:30]))
			if hi-lo < 1 {
				t.Errorf("%v beside %g: the others lie between %v and %v", k, huge, lo, hi)
			}
			if z := w.At(huge); !(z > hi && z <= 4) {
				t.Errorf("%v: %g is at %v", k, huge, z)
			}
			if at := w.Inverse(10); at < huge || math.IsInf(at, 0) {
				t.Errorf("%v: the loss at 10 is %v, not past %g", k, at, huge)
			}
		}
	}
}

func TestOutsideTheFit(t *testing.T) {
	y := spanning(60, 1)
	best, worst := slices.Min(y), slices.Max(y)
	for _, k := range kinds {
		w, ok := warp.Fit(k, y)
		if !ok {
			t.Fatalf("%v does not apply", k)
		}
		// Below the best a straight line, whose slope is the one it reports.
		h := 1e-3
		one, two := w.At(best-h), w.At(best-2*h)
		want := math.Exp(w.LogSlope(best-h)) * h
		if got := one - two; !(math.Abs(got-want) < 1e-9*want+1e-9) {
			t.Errorf("%v falls by %v below the best, want %v", k, got, want)
		}
		if got := w.Inverse(two); !(math.Abs(got-(best-2*h)) < 1e-9) {
			t.Errorf("%v: the inverse is %v, want %v", k, got, best-2*h)
		}
		if a, b := w.At(worst), w.At(worst+1); !(a < b && b < 4) {
			t.Errorf("%v rises from %v to %v past the worst", k, a, b)
		}
		for _, z := range []float64{4, 5, math.MaxFloat64, math.Inf(1)} {
			if got := w.Inverse(z); !(got > worst && got < 1e3) {
				t.Errorf("%v: the loss at %v is %v", k, z, got)
			}
		}
		nan := math.NaN()
		for what, got := range map[string]float64{
			"At": w.At(nan), "Inverse": w.Inverse(nan), "LogSlope": w.LogSlope(nan),
		} {
			if !math.IsNaN(got) {
				t.Errorf("%v: %s of NaN is %v", k, what, got)
			}
		}
	}
}

// A best that is nearly repeated must not become an outlier of the logarithm,
// and a best that stands decades ahead stays ahead.
func TestLogKeepsTheBestInside(t *testing.T) {
	y := append(spanning(40, 1)[:38], 1, 1+1e-15)
	w, ok := warp.Fit(warp.Log, y)
	if !ok {
		t.Fatal("log does not apply")
	}
	if z := w.At(1); z < -2.5 || z > -1 {
		t.Errorf("the best is at %v", z)
	}
}

func TestNothingAllocates(t *testing.T) {
	y := spanning(50, 1)
	for _, k := range kinds {
		w, _ := warp.Fit(k, y)
		sum := 0.0
		if n := testing.AllocsPerRun(100, func() {
			for _, v := range y[:5] {
				sum += w.At(v+1e-4) + w.Inverse(v) + w.LogSlope(v)
			}
		}); n != 0 {
			t.Errorf("%v allocates %v times", k, n)
		}
		if math.IsNaN(sum) {
			t.Errorf("%v gives no number", k)
		}
	}
}

func BenchmarkFit(b *testing.B) {
	y := spanning(500, 1)
	for _, k := range kinds {
		b.Run(k.String(), func(b *testing.B) {
			for b.Loop() {
				if _, ok := warp.Fit(k, y); !ok {
					b.Fatal("does not apply")
				}
			}
		})
	}
}

func BenchmarkAt(b *testing.B) {
	y := spanning(500, 1)
	for _, k := range kinds {
		w, _ := warp.Fit(k, y)
		b.Run(k.String(), func(b *testing.B) {
			sum := 0.0
			for b.Loop() {
				for _, v := range y {
					sum += w.At(v)
				}
			}
			if math.IsNaN(sum) {
				b.Fatal("not a number")
			}
		})
	}
}
