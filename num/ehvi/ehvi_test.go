package ehvi_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/num/ehvi"
)

// sphere returns n points of a concave front in the positive orthant, all
// non-dominated.
func sphere(n, m int) [][]float64 {
	r := rand.New(rand.NewPCG(3, uint64(m)))
	points := make([][]float64, n)
	for i := range points {
		p := make([]float64, m)
		sum := 0.0
		for j := range p {
			p[j] = math.Abs(r.NormFloat64())
			sum += p[j] * p[j]
		}
		for j := range p {
			p[j] = 1 - 0.9*p[j]/math.Sqrt(sum)
		}
		points[i] = p
	}
	return points
}

func TestNumberOfBoxes(t *testing.T) {
	for _, n := range []int{0, 1, 2, 7, 50} {
		for m, want := range map[int]int{1: 1, 2: n + 1, 3: 2*n + 1} {
			if got := ehvi.Decompose(sphere(n, m), ones(m)).Len(); got != want {
				t.Errorf("%d points of %d objectives make %d boxes, want %d", n, m, got, want)
			}
		}
	}
	// What the package says of four.
	for n, most := range map[int]int{50: 300, 100: 650} {
		if got := ehvi.Decompose(sphere(n, 4), ones(4)).Len(); got > most {
			t.Errorf("%d points of 4 objectives make %d boxes, want at most %d", n, got, most)
		}
	}
}

func TestBoxesOfTwoObjectives(t *testing.T) {
	inf := math.Inf(-1)
	boxes := ehvi.Decompose([][]float64{{3, 1}, {1, 2}, {2, 2}, {0, 5}, {3, 1}}, []float64{4, 4})
	type box struct{ Low, High []float64 }
	var got []box
	for i := range boxes.Len() {
		low, high := boxes.Box(i)
		got = append(got, box{low, high})
	}
	slices.SortFunc(got, func(a, b box) int { return slices.Compare(a.High, b.High) })
	want := []box{
		{[]float64{inf, 2}, []float64{1, 4}},
		{[]float64{inf, 1}, []float64{3, 2}},
		{[]float64{inf, inf}, []float64{4, 1}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("boxes (-want +got):\n%s", diff)
	}
}

func TestInfiniteValues(t *testing.T) {
	inf := math.Inf(1)
	boxes := ehvi.Decompose([][]float64{{-inf, 0.5}, {0.5, 0.25}, {inf, -inf}}, ones(2))
	// Of the square the lower half is left, less what {0.5, 0.25} has of it.
	if got, want := boxes.Improvement([]float64{0, 0}), 0.5-0.125; got != want {
		t.Errorf("improvement %v, want %v", got, want)
	}
	if got := boxes.LogEHVI([]float64{0, 0}, []float64{1, 1}, nil, nil); math.IsNaN(got) || math.IsInf(got, 0) {
		t.Errorf("log of the expectation is %v", got)
	}
	if got := boxes.Improvement([]float64{-inf, 0}); got != inf {
		t.Errorf("a loss of -Inf improves by %v, want +Inf", got)
	}
	if got := boxes.Improvement([]float64{-inf, 0.75}); got != 0 {
		t.Errorf("a dominated loss of -Inf improves by %v, want 0", got)
	}
	none := ehvi.Decompose([][]float64{{-inf, -inf}}, ones(2))
	if n, l := none.Len(), none.LogEHVI([]float64{0, 0}, []float64{1, 1}, nil, nil); n != 0 || l != -inf {
		t.Errorf("below nothing there are %d boxes, log expectation %v", n, l)
	}
}

func TestFarTailsAreFinite(t *testing.T) {
	for m := 1; m <= 4; m++ {
		boxes := ehvi.Decompose(sphere(30, m), ones(m))
		for _, far := range []float64{5, 40, 1e3, 1e6, 1e9, 1e100} {
			for _, sd := range []float64{1e-6, 1, 1e6} {
				mean, sds := make([]float64, m), make([]float64, m)
				for j := range mean {
					mean[j], sds[j] = 1+far*sd, sd
				}
				gm, gs := make([]float64, m), make([]float64, m)
				got := boxes.LogEHVI(mean, sds, gm, gs)
				if math.IsNaN(got) || math.IsInf(got, 0) {
					t.Errorf("%d objectives, %g sd of %g behind: %v", m, far, sd, got)
				}
				for j := range m {
					// A nearer mean and a larger spread help, however little.
					if !(gm[j] < 0) || !(gs[j] > 0) || math.IsInf(gm[j], 0) || math.IsInf(gs[j], 0) {
						t.Errorf("%d objectives, %g sd of %g behind: derivatives %v and %v", m, far, sd, gm, gs)
					}
				}
			}
		}
		mean := slices.Repeat([]float64{1e200}, m)
		gm, gs := make([]float64, m), make([]float64, m)
		if got := boxes.LogEHVI(mean, ones(m), gm, gs); got != math.Inf(-1) {
			t.Errorf("1e200 sd behind: %v, want -Inf", got)
		}
		for j := range m {
			if gm[j] != 0 || gs[j] != 0 {
				t.Errorf("1e200 sd behind: derivatives %v and %v, want 0", gm, gs)
			}
		}
	}
}

func TestNoNumberGivesNoNumber(t *testing.T) {
	boxes := ehvi.Decompose(sphere(5, 2), ones(2))
	nan := math.NaN()
	for _, c := range []struct{ mean, sd []float64 }{
		{[]float64{nan, 0}, []float64{1, 1}},
		{[]float64{0, 0}, []float64{1, nan}},
		{[]float64{0, 0}, []float64{0, 1}},
		{[]float64{0, 0}, []float64{1, -1}},
	} {
		gm, gs := []float64{1, 1}, []float64{1, 1}
		got := boxes.LogEHVI(c.mean, c.sd, gm, gs)
		for _, x := range append(append([]float64{got}, gm...), gs...) {
			if !math.IsNaN(x) {
				t.Errorf("mean %v, sd %v: %v, derivatives %v and %v, want NaN", c.mean, c.sd, got, gm, gs)
			}
		}
	}
}

func TestMisusePanics(t *testing.T) {
	boxes := ehvi.Decompose(nil, ones(2))
	for name, f := range map[string]func(){
		"no objectives":         func() { ehvi.Decompose(nil, nil) },
		"infinite reference":    func() { ehvi.Decompose(nil, []float64{1, math.Inf(1)}) },
		"short point":           func() { ehvi.Decompose([][]float64{{1}}, ones(2)) },
		"improvement, short":    func() { boxes.Improvement(ones(1)) },
		"expectation, short":    func() { boxes.LogEHVI(ones(1), ones(2), nil, nil) },
		"expectation, short sd": func() { boxes.LogEHVI(ones(2), ones(1), nil, nil) },
		"gradient, short":       func() { boxes.LogEHVI(ones(2), ones(2), ones(1), nil) },
		"no point to scale by":  func() { ehvi.NewTchebycheff([][]float64{{math.NaN()}}, ones(1)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestLogEHVIAllocatesNothing(t *testing.T) {
	boxes := ehvi.Decompose(sphere(20, 3), ones(3))
	gm, gs := make([]float64, 3), make([]float64, 3)
	mean, sd := []float64{0.5, 0.5, 0.5}, []float64{0.1, 0.2, 0.3}
	if n := testing.AllocsPerRun(20, func() {
		boxes.LogEHVI(mean, sd, gm, gs)
		boxes.Improvement(mean)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Clones share the boxes only; the race detector watches.
func TestClonesServeSeveralGoroutines(t *testing.T) {
	boxes := ehvi.Decompose(sphere(20, 3), ones(3))
	at := func(b *ehvi.Boxes, g int) float64 {
		x := 0.3 + 0.1*float64(g)
		return b.LogEHVI([]float64{x, x, 0.5}, []float64{0.1, 0.2, x}, nil, nil)
	}
	var got [4]float64
	var wait sync.WaitGroup
	for g := range got {
		wait.Go(func() {
			clone := boxes.Clone()
			for range 100 {
				got[g] = at(clone, g)
			}
		})
	}
	wait.Wait()
	for g := range got {
		if want := at(boxes, g); got[g] != want {
			t.Errorf("goroutine %d got %v, want %v", g, got[g], want)
		}
	}
}

func BenchmarkLogEHVI(b *testing.B) {
	for m := 2; m <= 4; m++ {
		for _, n := range []int{10, 50, 100} {
			b.Run(fmt.Sprintf("m=%d/n=%d", m, n), func(b *testing.B) {
				boxes := ehvi.Decompose(sphere(n, m), ones(m))
				mean, sd := slices.Repeat([]float64{0.4}, m), slices.Repeat([]float64{0.15}, m)
				gm, gs := make([]float64, m), make([]float64, m)
				b.ReportAllocs()
				for b.Loop() {
					boxes.LogEHVI(mean, sd, gm, gs)
				}
				b.ReportMetric(float64(boxes.Len()), "boxes")
			})
		}
	}
}

func BenchmarkDecompose(b *testing.B) {
	for m := 2; m <= 4; m++ {
		for _, n := range []int{10, 50, 100} {
			b.Run(fmt.Sprintf("m=%d/n=%d", m, n), func(b *testing.B) {
				points, reference := sphere(n, m), ones(m)
				b.ReportAllocs()
				for b.Loop() {
					ehvi.Decompose(points, reference)
				}
			})
		}
	}
}

func BenchmarkImprovement(b *testing.B) {
	boxes := ehvi.Decompose(sphere(100, 3), ones(3))
	y := []float64{0.3, 0.3, 0.3}
	b.ReportAllocs()
	for b.Loop() {
		boxes.Improvement(y)
	}
}
