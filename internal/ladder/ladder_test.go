package ladder_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/internal/ladder"
)

// Steps climb from about the lowest to the highest, no two nearer than the
// root of the reduction unless they are whole.
func TestSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(0.01, 5).Draw(t, "low")
		high := low * rapid.Float64Range(1.01, 1e4).Draw(t, "factor")
		reduction := rapid.Float64Range(1.5, 10).Draw(t, "reduction")
		steps := ladder.Steps(low, high, reduction)
		if len(steps) == 0 || steps[len(steps)-1] != high || !slices.IsSorted(steps) || steps[0] < low {
			t.Fatalf("from %v to %v: %v", low, high, steps)
		}
		for i := range steps[1:] {
			if steps[i+1] <= steps[i]*1.2 {
				t.Fatalf("steps %v and %v", steps[i], steps[i+1])
			}
		}
	})
}

// Li et al. 2018, section 3.1, for R = 81; scaled down to 40 trials all brackets
// keep at least one.
func TestSizes(t *testing.T) {
	if got := ladder.Sizes(5, 0, 3, 0); !slices.Equal(got, []int{81, 34, 15, 8, 5}) {
		t.Errorf("%v", got)
	}
	if got := ladder.Sizes(5, 2, 3, 1000); !slices.Equal(got, []int{81, 34}) {
		t.Errorf("two brackets: %v", got)
	}
	if got := ladder.Sizes(5, 0, 3, 40); !slices.Equal(got, []int{23, 10, 5, 3, 2}) {
		t.Errorf("of 40 trials: %v", got)
	}
	for k, want := range []int{81, 27, 9, 3, 1, 1} {
		if got := ladder.Shrink(81, 3, k); got != want {
			t.Errorf("after %d halvings: %d, want %d", k, got, want)
		}
	}
}
