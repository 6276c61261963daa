package halving

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/internal/foresight"
	"github.com/afina-hpo/afina/study"
)

func TestRungSteps(t *testing.T) {
	for _, c := range []struct {
		name      string
		min, max  float64
		reduction float64
		want      []float64
	}{
		{"powers of three", 1, 81, 3, []float64{1, 3, 9, 27, 81}},
		{"81 is too near to 100", 1, 100, 3, []float64{1, 3, 9, 27, 100}},
		{"27 is far enough from 50", 1, 50, 3, []float64{1, 3, 9, 27, 50}},
		{"another beginning", 2, 50, 3, []float64{2, 6, 18, 50}},
		{"fractions become whole steps", 1, 20, 2.5, []float64{1, 3, 6, 20}},
		{"no rung twice", 1, 5, 1.5, []float64{1, 2, 3, 5}},
		{"parts of the data", 0.1, 1, 3, []float64{0.1, 0.30000000000000004, 1}},
		{"no room for a rung", 60, 81, 3, []float64{81}},
		{"room for one", 40, 81, 3, []float64{40, 81}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := foresight.Steps(study.Fidelity{Min: c.min, Max: c.max}, c.reduction)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

// The brackets of Li et al. 2018, section 3.1, for R = 81 and a reduction of
// 3: n = ⌈(s_max+1)/(s+1)·3^s⌉ trials for s = 4 … 0, halved to ⌊n·3^-i⌋. The
// numbers of trials are also those that Optuna's HyperbandPruner(1, 81, 3)
// computes as the shares of its brackets (81, 34, 15, 8, 5).
func TestHyperbandsBrackets(t *testing.T) {
	want := []plan{
		{0, []int{81, 27, 9, 3, 1}}, // from 1 step on
		{1, []int{34, 11, 3, 1}},    // from 3
		{2, []int{15, 5, 1}},        // from 9
		{3, []int{8, 2}},            // from 27
		{4, []int{5}},               // 81
	}
	if d := cmp.Diff(want, hyperbandPlans(5, 0, 3, 0), cmp.AllowUnexported(plan{})); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(want[:2], hyperbandPlans(5, 2, 3, 0), cmp.AllowUnexported(plan{})); d != "" {
		t.Errorf("two brackets: %s", d)
	}
	if d := cmp.Diff([]float64{81, 34, 15}, shares(5, 3, 3)); d != "" {
		t.Errorf("shares: %s", d)
	}
}

// 40 trials are 40/143 of a round: 81 become ⌈22.7⌉, and so on.
func TestHyperbandForFewTrials(t *testing.T) {
	want := []plan{
		{0, []int{23, 7, 2, 1, 1}}, {1, []int{10, 3, 1, 1}}, {2, []int{5, 1, 1}}, {3, []int{3, 1}}, {4, []int{2}},
	}
	if d := cmp.Diff(want, hyperbandPlans(5, 0, 3, 40), cmp.AllowUnexported(plan{})); d != "" {
		t.Error(d)
	}
}

func TestRungsAndPlansHoldTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lo := rapid.Float64Range(1e-3, 100).Draw(t, "min")
		hi := lo * rapid.Float64Range(1.0001, 1e6).Draw(t, "ratio")
		reduction := rapid.Float64Range(1.5, 20).Draw(t, "reduction")
		steps := foresight.Steps(study.Fidelity{Min: lo, Max: hi}, reduction)
		for i, s := range steps {
			if s > hi || i > 0 && s <= steps[i-1] {
				t.Fatalf("rungs %v", steps)
			}
		}
		if steps[len(steps)-1] != hi {
			t.Fatalf("rungs %v do not end at %v", steps, hi)
		}
		for _, p := range hyperbandPlans(len(steps), rapid.IntRange(0, 5).Draw(t, "brackets"), reduction, rapid.IntRange(0, 200).Draw(t, "trials")) {
			for i, n := range p.sizes {
				if n < 1 || i > 0 && n > p.sizes[i-1] || p.first+len(p.sizes) != len(steps) {
					t.Fatalf("plan %+v of %d rungs", p, len(steps))
				}
			}
		}
	})
}
