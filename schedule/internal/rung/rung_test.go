package rung

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/pareto"
	"github.com/afina-hpo/afina/study"
)

// One front of three, whose middle dominates most, and three behind it.
func TestOrder(t *testing.T) {
	inf := math.Inf(1)
	for _, c := range []struct {
		name   string
		points [][]float64
		want   []int
	}{
		{"nothing", nil, []int{}},
		{"fronts", [][]float64{{9, 9}, {0, 4}, {1, 1}, {4, 0}, {5, 5}, {2, 2}}, []int{2, 1, 3, 5, 4, 0}},
		{"without a value", [][]float64{{inf, 0}, {7, 7}}, []int{1, 0}},
		{"equals", [][]float64{{1, 2}, {1, 2}, {0, 0}}, []int{2, 0, 1}},
		{"one objective", [][]float64{{3}, {1}, {2}}, []int{1, 2, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, NewOrder(c.points).First(99)); d != "" {
				t.Error(d)
			}
		})
	}
}

// A front too large to be put in order by volume begins with its ends.
func TestLargeFront(t *testing.T) {
	points := make([][]float64, 2*maxSubset)
	for i := range points {
		points[i] = []float64{float64(i * i), -float64(i)}
	}
	got := NewOrder(points).First(len(points))
	if d := cmp.Diff([]int{0, len(points) - 1}, slices.Sorted(slices.Values(got[:2]))); d != "" {
		t.Error(d)
	}
	if got[2] != len(points)-2 { // where the gaps are widest
		t.Errorf("third is %d", got[2])
	}
}

func TestOrderIsAPermutationThatRespectsDominance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.IntRange(1, 4).Draw(t, "objectives")
		x := rapid.OneOf(rapid.SampledFrom([]float64{0, 1, math.Inf(1), 1e300, -1e300, 5e-324}), rapid.Float64Range(0, 1))
		points := make([][]float64, rapid.IntRange(0, 150).Draw(t, "n"))
		for i := range points {
			points[i] = rapid.SliceOfN(x, m, m).Draw(t, "point")
		}
		o := NewOrder(points)
		got := o.First(len(points) + 1)
		for i, k := range got {
			if o.Position(k) != i || i > 0 && o.Front(k) < o.Front(got[i-1]) {
				t.Fatalf("point %d is at position %d, on front %d; it came as number %d", k, o.Position(k), o.Front(k), i)
			}
		}
		if sorted := slices.Sorted(slices.Values(got)); len(sorted) != len(points) || len(slices.Compact(sorted)) != len(points) {
			t.Fatalf("order %v of %d points", got, len(points))
		}
		for i, a := range got {
			for _, b := range got[:i] {
				if pareto.Dominates(points[a], points[b]) && finite(points[a]) {
					t.Fatalf("%v comes behind %v", points[a], points[b])
				}
			}
		}
	})
}

func finite(p []float64) bool {
	return !slices.ContainsFunc(p, func(x float64) bool { return math.IsInf(x, 0) })
}

// A table that follows a study answers like one that sees it for the first
// time, whatever happens: reports in order, again, earlier, without a value.
func TestTableFollows(t *testing.T) {
	step := func(k int) float64 {
		if k > 4 {
			return math.Inf(1)
		}
		return float64(k + 1)
	}
	rapid.Check(t, func(t *rapid.T) {
		objectives := []study.Objective{{Metric: "y", Goal: study.Minimize, Reduce: study.Reduction{Kind: "best"}}}
		if rapid.Bool().Draw(t, "two") {
			objectives = append(objectives, study.Objective{Metric: "z", Goal: study.Maximize})
		}
		b := study.NewBook(nil, objectives, nil)
		table := NewTable(step)
		y := rapid.SampledFrom([]float64{0, 1, 2, 3, math.NaN(), math.Inf(1), math.Inf(-1)})
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			if b.Len() == 0 || rapid.IntRange(0, 4).Draw(t, "new") == 0 {
				b.Put(&study.Trial{Number: b.Len(), State: study.Running})
			}
			next := *b.Trial(rapid.IntRange(0, b.Len()-1).Draw(t, "trial"))
			r := study.Report{Step: next.LastStep() + 1, Values: study.Metrics{{Name: "y", Value: y.Draw(t, "y")}, {Name: "z", Value: y.Draw(t, "z")}}}
			switch rapid.IntRange(0, 5).Draw(t, "how") {
			case 0: // from the start once more
				next.Reports = []study.Report{{Step: 1, Values: r.Values}}
			case 1:
				r.Values = study.Metrics{{Name: "other"}}
				fallthrough
			default:
				next.Reports = append(next.Reports, r)
			}
			b.Put(&next)
			if rapid.Bool().Draw(t, "unseen") {
				continue
			}
			h := b.History()
			left, entered := 0, 0
			table.Update(h, nil, func(*study.Trial) { left++ }, func(*study.Trial) { entered++ })
			if left > entered {
				t.Fatalf("%d trials left, %d entered", left, entered)
			}
			fresh := NewTable(step)
			fresh.Update(h, nil, nil, nil)
			for k := range 6 {
				if want, got := fresh.Ranking(k, 99), table.Ranking(k, 99); !slices.Equal(want, got) {
					t.Fatalf("rung %d: %v, want %v", k, got, want)
				}
				if k < 5 && table.Len(k) > 0 && table.Front(k, table.Ranking(k, 1)[0]) != 0 {
					t.Fatalf("the first on rung %d is not on the first front", k)
				}
				for i, n := range table.Ranking(k, 99) {
					if table.Position(k, n) != i || table.Len(k) <= i || table.Top(n) < k {
						t.Fatalf("trial %d is at position %d of %d on rung %d of %d", n, table.Position(k, n), table.Len(k), k, table.Top(n))
					}
				}
			}
			for tr := range h.All() {
				for k := range 6 {
					i := slices.IndexFunc(tr.Reports, func(r study.Report) bool { return r.Step >= step(k) })
					losses := table.Losses(k, tr.Number)
					if (i >= 0) != (losses != nil) {
						t.Fatalf("trial %d has losses %v on rung %d", tr.Number, losses, k)
					}
					for j := range losses {
						if want := Loss(objectives[j], tr.Reports[:i+1]); losses[j] != want {
							t.Fatalf("trial %d has loss %v on rung %d, want %v", tr.Number, losses[j], k, want)
						}
					}
				}
			}
		}
	})
}

func TestExtends(t *testing.T) {
	reports := make([]study.Report, 3, 4)
	for _, c := range []struct {
		name     string
		now, old []study.Report
		want     bool
	}{
		{"nothing", nil, nil, true}, {"first", reports, nil, true}, {"one more", append(reports, study.Report{}), reports, true},
		{"fewer", reports[:1], reports, false}, {"others", make([]study.Report, 4), reports, false},
	} {
		if got := Extends(c.now, c.old); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
