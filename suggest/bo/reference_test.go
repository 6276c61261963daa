package bo_test

import (
	"context"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/bo"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// Of a front from (0, 1) to (1, 0), thresholds leave a piece, and the search
// stays there. The second objective is negated and maximised.
func TestThresholdsAreTheReference(t *testing.T) {
	inside := func(first, second float64, thresholds bool) int {
		one, err := bo.Method().New(suggest.Problem{Objectives: 2, Parallel: 1, Trials: 30}, nil)
		if err != nil {
			t.Fatal(err)
		}
		setup := suggesttest.Setup{
			Space: suggesttest.Space(unit("a", "b", "c")...), Trials: 30, Parallel: 1, Seed: 3,
			Objectives: []study.Objective{{Metric: "f", Goal: study.Minimize}, {Metric: "g", Goal: study.Maximize}},
			Evaluate: func(_ int, c space.Config) suggesttest.Outcome {
				a, b, d := c.At(0).AsFloat(), c.At(1).AsFloat()-0.3, c.At(2).AsFloat()-0.6
				return losses(a, a-1-b*b-d*d)
			},
		}
		if thresholds {
			setup.Objectives[0].Threshold, setup.Objectives[1].Threshold = &first, &second
		}
		result, err := suggesttest.Drive(context.Background(), one, setup)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		h := result.Log.Book.History()
		for k := 10; k < 30; k++ {
			if v := h.Trial(k).Values; v[0] < first && v[1] > second {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		name          string
		first, second float64
		least, most   int // trials of 20 inside with thresholds, and without
	}{
		{"the end with a small first", 0.3, -1, 15, 10},
		{"the middle", 0.6, -0.6, 15, 10},
		{"nothing", -0.1, 1, 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			with, without := inside(c.first, c.second, true), inside(c.first, c.second, false)
			if with < c.least || without > c.most {
				t.Errorf("%d of 20 trials are inside with thresholds, %d without; want %d at least and %d at most", with, without, c.least, c.most)
			}
		})
	}
}
