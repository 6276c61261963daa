package study_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/study"
)

// The numbers of streams are part of what afina promises: the same seed gives
// the same study in every version. Whoever changes them changes every study that
// is running. A second implementation, of integers in Python from the published
// definitions of FNV-1a, SplitMix64 and PCG-DXSM, gives the same.
func TestStreamGolden(t *testing.T) {
	for _, c := range []struct {
		seed    uint64
		number  int
		purpose string
		want    [3]uint64
	}{
		{0x0, 0, study.PurposeSuggest, [3]uint64{0x55c4a81bb8e94678, 0x7cc826605d169b96, 0x1563540a941af00c}},
		{0x0, 1, study.PurposeSuggest, [3]uint64{0x988a14bb4f988d6c, 0xccdcd28fe8cbfad4, 0x470d3cf5da41689b}},
		{0x1, 0, study.PurposeSuggest, [3]uint64{0x4e901b688dbaa878, 0x20e687e8cbefcef5, 0x447a6bb5e3a3a87e}},
		{0x0, 0, study.PurposeFill, [3]uint64{0xf3d1bc8ee4353575, 0xfdd7f1f2d011bf9b, 0xa898f98b765006c8}},
		{0x0, 0, study.PurposeTrial, [3]uint64{0x599471121f510dd3, 0xdee1ecf154d16974, 0x7e7e027a5c8b2806}},
		{0x0, 0, study.PurposeBackoff, [3]uint64{0xcb8622bdb1af017c, 0xba68a2f59712e00e, 0x56e30d647a8720b8}},
		{0xffffffffffffffff, 1000000, "anything", [3]uint64{0x6e32b24d63fb1294, 0x25e9d1e870cc563b, 0x468cd9accca4e3b7}},
	} {
		r := study.Stream(c.seed, c.number, c.purpose)
		got := [3]uint64{r.Uint64(), r.Uint64(), r.Uint64()}
		if got != c.want {
			t.Errorf("Stream(%d, %d, %q): got %#x, want %#x", c.seed, c.number, c.purpose, got, c.want)
		}
	}
	var seeds []int64
	for n := range 4 {
		seeds = append(seeds, study.TrialSeed(7, n))
	}
	if d := cmp.Diff([]int64{2116189398, 971272234, 304698320, 942795210}, seeds); d != "" {
		t.Error(d)
	}
}

func TestStreamIsAFunctionOfItsArguments(t *testing.T) {
	a, b := study.Stream(1, 2, "x"), study.Stream(1, 2, "x")
	study.Stream(1, 3, "x").Uint64()
	for range 100 {
		if a.Uint64() != b.Uint64() {
			t.Fatal("the same stream has other numbers")
		}
	}
}

// Streams that differ in one argument have nothing to do with each other: no
// number in common, and the correlation of their draws is that of chance.
func TestStreamsAreIndependent(t *testing.T) {
	type key struct {
		seed    uint64
		number  int
		purpose string
	}
	var keys []key
	for _, seed := range []uint64{0, 1, 2, 1 << 63, math.MaxUint64} {
		for _, number := range []int{0, 1, 2, 256, 1 << 40} {
			for _, purpose := range []string{study.PurposeSuggest, study.PurposeFill, study.PurposeTrial, study.PurposeBackoff, ""} {
				keys = append(keys, key{seed, number, purpose})
			}
		}
	}
	const n = 1000
	draws := make([][]float64, len(keys))
	owner := map[uint64]key{}
	for i, k := range keys {
		r := study.Stream(k.seed, k.number, k.purpose)
		draws[i] = make([]float64, n)
		for j := range n {
			x := r.Uint64()
			if other, ok := owner[x]; ok {
				t.Fatalf("%v and %v share %#x", k, other, x)
			}
			owner[x] = k
			draws[i][j] = float64(x>>11)/(1<<53) - 0.5
		}
	}
	for i := range draws {
		for j := range i {
			dot := 0.0
			for k := range n {
				dot += draws[i][k] * draws[j][k]
			}
			// The draws have variance 1/12, the correlation 1/sqrt(n): six
			// deviations in some 8000 pairs.
			if r := 12 * dot / n; math.Abs(r) > 6/math.Sqrt(n) {
				t.Errorf("%v and %v correlate by %v", keys[i], keys[j], r)
			}
		}
	}
}

func TestTrialSeed(t *testing.T) {
	seen := map[int64]bool{}
	low := 0
	for n := range 2000 {
		s := study.TrialSeed(42, n)
		if s < 0 || s >= 1<<31 {
			t.Fatalf("trial %d has the seed %d", n, s)
		}
		if s < 1<<30 {
			low++
		}
		if seen[s] {
			t.Errorf("the seed %d is there twice", s) // expected once in a thousand studies
		}
		seen[s] = true
	}
	if low < 850 || low > 1150 { // six deviations
		t.Errorf("%d of 2000 seeds are in the lower half", low)
	}
}
