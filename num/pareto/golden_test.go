package pareto_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/num/pareto"
)

// golden is testdata/golden.json, written by testdata/generate.py from Optuna
// and pymoo, whose versions it names.
type golden struct {
	Volumes []struct {
		Points    [][]float64
		Reference []float64
		Optuna    float64
		Pymoo     float64
	}
	Subsets []struct {
		Points    [][]float64
		Reference []float64
		Indices   []int
		Volume    float64
	}
	Crowding []struct {
		Points   [][]float64
		Distance []*float64 // null: infinite
	}
	Ranks []struct {
		Points [][]float64
		Ranks  []int
	}
	Directions []struct {
		Divisions int
		Points    [][]float64
	}
}

func readGolden(t *testing.T) golden {
	t.Helper()
	raw, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Volumes) == 0 || len(g.Subsets) == 0 || len(g.Crowding) == 0 || len(g.Ranks) == 0 || len(g.Directions) == 0 {
		t.Fatal("a part of the golden file is empty")
	}
	return g
}

var near = cmpopts.EquateApprox(1e-10, 1e-12)

func TestGoldenVolumes(t *testing.T) {
	for i, c := range readGolden(t).Volumes {
		got := pareto.Hypervolume(c.Points, c.Reference)
		if !cmp.Equal(got, c.Optuna, near) || !cmp.Equal(got, c.Pymoo, near) {
			t.Errorf("case %d, %d points of %d: %v, Optuna has %v, pymoo %v", i, len(c.Points), len(c.Reference), got, c.Optuna, c.Pymoo)
		}
	}
}

func TestGoldenSubsets(t *testing.T) {
	for i, c := range readGolden(t).Subsets {
		got := pareto.Subset(c.Points, c.Reference, len(c.Indices))
		if diff := cmp.Diff(c.Indices, got); diff != "" {
			t.Errorf("case %d (-Optuna +got):\n%s", i, diff)
		}
		if len(c.Reference) == 2 {
			best := pareto.BestSubset(c.Points, c.Reference, len(c.Indices))
			if v := volumeOf(c.Points, best, c.Reference); v < c.Volume-1e-12 || len(best) > len(c.Indices) {
				t.Errorf("case %d: the best %d points have the volume %v, the greedily chosen %v", i, len(best), v, c.Volume)
			}
		}
	}
}

func volumeOf(points [][]float64, at []int, reference []float64) float64 {
	var chosen [][]float64
	for _, i := range at {
		chosen = append(chosen, points[i])
	}
	return pareto.Hypervolume(chosen, reference)
}

func TestGoldenCrowding(t *testing.T) {
	for i, c := range readGolden(t).Crowding {
		want := make([]float64, len(c.Distance))
		for k, d := range c.Distance {
			want[k] = math.Inf(1)
			if d != nil {
				want[k] = *d
			}
		}
		if diff := cmp.Diff(want, pareto.Crowding(c.Points), near); diff != "" {
			t.Errorf("case %d (-pymoo +got):\n%s", i, diff)
		}
	}
}

func TestGoldenRanks(t *testing.T) {
	for i, c := range readGolden(t).Ranks {
		if diff := cmp.Diff(c.Ranks, pareto.Ranks(c.Points)); diff != "" {
			t.Errorf("case %d (-pymoo +got):\n%s", i, diff)
		}
	}
}

func TestGoldenDirections(t *testing.T) {
	for _, c := range readGolden(t).Directions {
		m := len(c.Points[0])
		if diff := cmp.Diff(c.Points, pareto.Directions(m, c.Divisions), near); diff != "" {
			t.Errorf("%d objectives, %d divisions (-pymoo +got):\n%s", m, c.Divisions, diff)
		}
	}
}

// Optuna 5.0.0, run by hand.
func TestPublishedValues(t *testing.T) {
	for _, c := range []struct {
		points    [][]float64
		reference []float64
		want      float64
	}{
		{[][]float64{{1, 4}, {2, 2}, {4, 1}, {3, 3}}, []float64{5, 5}, 11},
		{[][]float64{{1, 2, 3}, {2, 1, 3}, {3, 2, 1}, {1, 3, 2}, {2.5, 2.5, 2.5}}, []float64{4, 4, 4}, 14.125},
		{[][]float64{{1, 2, 3, 4}, {2, 1, 4, 3}, {3, 4, 1, 2}, {4, 3, 2, 1}, {2, 2, 2, 2}}, []float64{5, 5, 5, 5}, 105},
	} {
		if got := pareto.Hypervolume(c.points, c.reference); got != c.want {
			t.Errorf("volume of %v is %v, want %v", c.points, got, c.want)
		}
	}
	ranks := pareto.Ranks([][]float64{{1, 5}, {2, 3}, {4, 1}, {3, 4}, {5, 5}, {2, 3}})
	if diff := cmp.Diff([]int{0, 0, 0, 1, 2, 0}, ranks); diff != "" {
		t.Errorf("ranks (-want +got):\n%s", diff)
	}
	subset := pareto.Subset([][]float64{
		{.55, .72, .6}, {.54, .42, .65}, {.44, .89, .96}, {.38, .79, .53},
		{.57, .93, .07}, {.09, .02, .83}, {.78, .87, .98}, {.8, .46, .78},
	}, []float64{1.1, 1.1, 1.1}, 4)
	if diff := cmp.Diff([]int{5, 1, 4, 3}, subset); diff != "" {
		t.Errorf("subset (-want +got):\n%s", diff)
	}
}
