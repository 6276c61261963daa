package afina_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/afina-hpo/afina"
)

// hardness is how hard fold k is for every configuration: the folds differ by
// much more than the configurations.
func hardness(k int) float64 { return 10 * math.Sin(float64(k*k+1)) }

func foldLoss(x float64, k int) float64 {
	return (x-0.3)*(x-0.3) + hardness(k) + 0.01*math.Sin(100*x+float64(7*k))
}

// TestFolds: all trials run the folds in one order, the value is the mean over
// all, bad trials are dropped on the way, and their values are what they would
// have come to.
func TestFolds(t *testing.T) {
	var order []int
	ran := 0
	var results []afina.Result
	best, err := afina.Optimize(context.Background(), func(t *afina.Trial) (float64, error) {
		x := t.Float("x", 0, 1)
		folds := t.Folds()
		if order == nil {
			order = folds
		}
		if !slices.Equal(order, folds) {
			return 0, fmt.Errorf("folds %v, before %v", folds, order)
		}
		for _, k := range folds {
			ran++
			t.ReportFold(k, foldLoss(x, k))
			if t.ShouldStop() {
				return 0, afina.ErrPruned
			}
		}
		return -1, nil // is not looked at
	}, afina.Folds(10), afina.Trials(40), afina.Seed(3), afina.Search("random"), afina.OnTrial(func(r afina.Result) { results = append(results, r) }))
	if err != nil {
		t.Fatal(err)
	}
	if slices.IsSorted(order) || len(order) != 10 {
		t.Errorf("the order %v is not random", order)
	}
	if ran > 300 {
		t.Errorf("%d folds were run of 400, so little was dropped", ran)
	}
	for _, r := range results {
		want := 0.0
		for k := range 10 {
			want += foldLoss(r.Params.Float("x"), k) / 10
		}
		// On a few folds the plain mean is off by several units, the paired
		// one by the noise.
		if math.Abs(r.Value-want) > 0.02 {
			t.Errorf("trial %d (%s) has value %v, on all folds it would be %v", r.Number, r.State, r.Value, want)
		}
	}
	if x := best.Params.Float("x"); math.Abs(x-0.3) > 0.1 {
		t.Errorf("the best has x = %v", x)
	}
}

func TestInstancesAreAllNeeded(t *testing.T) {
	_, err := afina.Optimize(context.Background(), func(t *afina.Trial) (float64, error) {
		t.Float("x", 0, 1)
		t.ReportSample("b", 1)
		return 1, nil
	}, afina.Instances("a", "b", "c"), afina.Trials(2), afina.Schedule("fixed"))
	if !errors.Is(err, afina.ErrNoResult) {
		t.Errorf("a trial without all instances is complete: %v", err)
	}
	for _, option := range []afina.Option{afina.Folds(1), afina.Folds(1_000_000), afina.Instances("a", "a"), afina.Instances("a,b", "c"), afina.Level("", 1, 2), afina.Level("x", 2, 1)} {
		if _, err := afina.Optimize(context.Background(), func(*afina.Trial) (float64, error) { return 0, nil }, option); err == nil {
			t.Error("a wrong option is taken")
		}
	}
}

// TestLevel: a trial is run with the level that the scheduler chose, and only
// results of the last make one complete.
func TestLevel(t *testing.T) {
	levels := map[float64]int{}
	best, err := afina.Optimize(context.Background(), func(t *afina.Trial) (float64, error) {
		x := t.Float("x", 0, 1)
		levels[t.Level()]++
		return (x-0.3)*(x-0.3) + 1/t.Level(), nil
	}, afina.Level("trees", 10, 270), afina.Trials(30), afina.Search("random"), afina.Schedule("asha"))
	if err != nil {
		t.Fatal(err)
	}
	if levels[10] < 10 || levels[270] == 0 || levels[270] > levels[10] {
		t.Errorf("runs by level: %v", levels)
	}
	if best.Value < 1.0/270 || best.Value > 1.0/270+0.1 {
		t.Errorf("the best is %v, which is none of level 270", best.Value)
	}
}
