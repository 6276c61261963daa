package qmc

import (
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestNewSobolRefusesImpossibleDimensions(t *testing.T) {
	for _, dim := range []int{math.MinInt, -1, 0, MaxDim + 1, math.MaxInt} {
		if s, err := NewSobol(dim, 1); err == nil || s != nil {
			t.Errorf("NewSobol(%d) = %v, %v; want an error", dim, s, err)
		} else if !strings.Contains(err.Error(), "1867") {
			t.Errorf("NewSobol(%d): %q does not name the limit", dim, err)
		}
		if s, err := NewPlainSobol(dim); err == nil || s != nil {
			t.Errorf("NewPlainSobol(%d) = %v, %v; want an error", dim, s, err)
		}
	}
	for _, dim := range []int{1, 1024, MaxDim} {
		if got := scrambled(t, dim, 1).Dim(); got != dim {
			t.Errorf("Dim() = %d, want %d", got, dim)
		}
	}
}

func TestPointUsesTheBufferOnlyWhenItIsLargeEnough(t *testing.T) {
	s := scrambled(t, 3, 7)
	want := s.Point(5, nil)
	if len(want) != 3 {
		t.Fatalf("%d coordinates, want 3", len(want))
	}
	for _, c := range []struct {
		name   string
		dst    []float64
		shared bool
	}{
		{"short", make([]float64, 2), false},
		{"empty with capacity", make([]float64, 0, 3), true},
		{"exact", make([]float64, 3), true},
		{"long and dirty", []float64{9, 9, 9, 9}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := s.Point(5, c.dst)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if shared := &got[0] == &c.dst[:1][0]; shared != c.shared {
				t.Errorf("result shares the buffer: %v, want %v", shared, c.shared)
			}
			if len(c.dst) == 4 && c.dst[3] != 9 {
				t.Error("wrote past the last coordinate")
			}
		})
	}
}

func TestCoordinatesDoNotDependOnLaterDimensionsOrOnHistory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		i := rapid.Uint64().Draw(t, "index")
		small := rapid.IntRange(1, 40).Draw(t, "dim")
		extra := rapid.IntRange(0, 40).Draw(t, "extra")
		a, err := NewSobol(small, seed)
		if err != nil {
			t.Fatal(err)
		}
		b, err := NewSobol(small+extra, seed)
		if err != nil {
			t.Fatal(err)
		}
		b.Point(rapid.Uint64().Draw(t, "earlier index"), nil)
		x, y := a.Point(i, nil), b.Point(i, nil)
		if diff := cmp.Diff(x, y[:small]); diff != "" {
			t.Fatalf("(-small +large):\n%s", diff)
		}
		for _, c := range y {
			if !(c >= 0 && c < 1) {
				t.Fatalf("coordinate %v outside [0,1)", c)
			}
		}
	})
}

func TestNeighbouringSeedsShareNoCoordinate(t *testing.T) {
	const dims, seeds, points = 8, 32, 64
	// Coordinates are 53-bit numbers: among these 16 384 a chance collision
	// has probability 10^-8. Equal ones would mean a shared key.
	seen := make(map[float64]bool)
	for seed := range uint64(seeds) {
		s := scrambled(t, dims, seed)
		for i := range uint64(points) {
			for _, x := range s.Point(i, nil) {
				seen[x] = true
			}
		}
	}
	if len(seen) != dims*seeds*points {
		t.Errorf("%d distinct coordinates, want %d", len(seen), dims*seeds*points)
	}
}

func TestLowBitsOfTheOutputAreUsed(t *testing.T) {
	s := scrambled(t, 2, 3)
	ones := make([]int, 53)
	for i := range uint64(1024) {
		x := uint64(s.Point(i, nil)[1] * (1 << 53))
		for b := range ones {
			ones[b] += int(x >> b & 1)
		}
	}
	// 512 expected, standard deviation 16.
	for b, n := range ones {
		if n < 400 || n > 624 {
			t.Errorf("bit %d of 53 is set in %d of 1024 points", b, n)
		}
	}
}

func TestPointIsSafeForConcurrentUse(t *testing.T) {
	s := scrambled(t, 10, 42)
	want := make([][]float64, 256)
	for i := range want {
		want[i] = s.Point(uint64(i), nil)
	}
	var wg sync.WaitGroup
	got := make([][]float64, len(want))
	for w := range 4 {
		wg.Go(func() {
			for i := w; i < len(got); i += 4 {
				got[i] = s.Point(uint64(i), nil)
			}
		})
	}
	wg.Wait()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-alone +together):\n%s", diff)
	}
}

func TestPointDoesNotAllocate(t *testing.T) {
	s := scrambled(t, 20, 1)
	dst := make([]float64, 20)
	i := uint64(0)
	if n := testing.AllocsPerRun(100, func() { s.Point(i, dst); i++ }); n != 0 {
		t.Errorf("%v allocations per point, want 0", n)
	}
}

func BenchmarkPoint(b *testing.B) {
	for _, c := range []struct {
		name string
		s    *Sobol
	}{
		{"plain20", plain(b, 20)},
		{"scrambled20", scrambled(b, 20, 1)},
		{"scrambled1024", scrambled(b, 1024, 1)},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]float64, c.s.Dim())
			i := uint64(0)
			for b.Loop() {
				c.s.Point(i&0xffff, dst)
				i++
			}
		})
	}
}

func BenchmarkNewSobol(b *testing.B) {
	for _, c := range []struct {
		name string
		dim  int
	}{{"20", 20}, {"1024", 1024}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := NewSobol(c.dim, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
