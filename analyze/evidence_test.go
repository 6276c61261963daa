package analyze_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// line is the space of one float parameter, x.
func line(t testing.TB) *space.Space {
	t.Helper()
	s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 10}}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func at(t testing.TB, s *space.Space, x float64) space.Config {
	t.Helper()
	c, err := s.Config(map[string]space.Value{"x": value.Float(x)})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// measured returns a study with a complete trial for each pair of x and value.
func measured(t testing.TB, goal study.Goal, pairs ...[2]float64) *study.History {
	t.Helper()
	s := line(t)
	book := study.NewBook(s, []study.Objective{{Metric: "m", Goal: goal}}, nil)
	for n, p := range pairs {
		book.Put(&study.Trial{Number: n, State: study.Complete, Config: at(t, s, p[0]), Values: []float64{p[1]}})
	}
	return book.History()
}

func TestReplicates(t *testing.T) {
	h := measured(t, study.Minimize, [2]float64{1, 5}, [2]float64{2, 4}, [2]float64{1, 3}, [2]float64{1, 7})
	got := analyze.Replicates(h)
	if len(got) != 2 || got[0].Runs != 3 || got[0].Mean != 5 || got[0].Trial.Number != 2 || got[1].Runs != 1 || got[1].Mean != 4 {
		t.Fatalf("%+v", got)
	}
	// 5, 3 and 7 have the variance 4.
	if want := math.Sqrt(4.0 / 3); math.Abs(got[0].SE()-want) > 1e-12 || !math.IsNaN(got[1].SE()) {
		t.Errorf("standard errors %v and %v, want %v and none", got[0].SE(), got[1].SE(), want)
	}
	one := analyze.RunsOf(h, h.Trial(0).Config)
	if one.Runs != 3 || one.Mean != 5 || one.Trial.Number != 2 || one.SE() != got[0].SE() {
		t.Errorf("%+v", one)
	}
	if none := analyze.RunsOf(h, at(t, h.Space, 9)); none.Trial != nil || none.Runs != 0 {
		t.Errorf("%+v", none)
	}
}

func TestByEvidence(t *testing.T) {
	// Eleven configurations; trial 10 was lucky at x = 10.
	var pairs [][2]float64
	for x := range 11 {
		pairs = append(pairs, [2]float64{float64(x), math.Abs(float64(x) - 3)})
	}
	pairs[10][1] = -5
	curve := func(c space.Config) ([]float64, []float64, bool) {
		x := c.At(0).AsFloat()
		return []float64{math.Abs(x - 3)}, []float64{x / 10}, true
	}
	silent := func(space.Config) ([]float64, []float64, bool) { return nil, nil, false }
	flipped := slices.Clone(pairs)
	for i := range flipped {
		flipped[i][1] *= -1
	}
	twice := append(slices.Clone(pairs[:9]), pairs[3])
	for _, c := range []struct {
		name    string
		h       *study.History
		believe analyze.Belief
		want    int // trial; -1: nothing to say
	}{
		{"the model sees through luck", measured(t, study.Minimize, pairs...), curve, 3},
		{"large is good", measured(t, study.Maximize, flipped...), func(c space.Config) ([]float64, []float64, bool) {
			m, se, ok := curve(c)
			return []float64{-m[0]}, se, ok
		}, 3},
		{"too few", measured(t, study.Minimize, pairs[:9]...), curve, -1},
		{"runs count, not configurations", measured(t, study.Minimize, twice...), curve, 3},
		{"no belief", measured(t, study.Minimize, pairs...), silent, -1},
		{"several objectives", history(t, bothLess, slices.Repeat([]study.Trial{complete(1, 1)}, 12)), curve, -1},
		{"equal beliefs", measured(t, study.Minimize, pairs...), func(space.Config) ([]float64, []float64, bool) {
			return []float64{1}, []float64{0}, true
		}, 10},
		{"equal but for rounding", measured(t, study.Minimize, pairs...), func(c space.Config) ([]float64, []float64, bool) {
			return []float64{1 + 1e-12*c.At(0).AsFloat()}, []float64{0}, true
		}, 10},
		{"less than a tenth of a standard error", measured(t, study.Minimize, pairs...), func(c space.Config) ([]float64, []float64, bool) {
			return []float64{1 + 0.0095*c.At(0).AsFloat()}, []float64{1}, true
		}, 10},
		{"more than that", measured(t, study.Minimize, pairs...), func(c space.Config) ([]float64, []float64, bool) {
			return []float64{1 + 0.05*c.At(0).AsFloat()}, []float64{1}, true
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := analyze.ByEvidence(c.h, c.believe)
			if !ok {
				if c.want >= 0 {
					t.Fatal("no incumbent")
				}
				return
			}
			if got.Trial.Number != c.want {
				t.Fatalf("the incumbent is trial %d, want %d", got.Trial.Number, c.want)
			}
			mean, se, _ := c.believe(got.Trial.Config)
			if got.Believed != mean[0] || got.BelievedSE != se[0] {
				t.Errorf("believed %v ± %v, want %v ± %v", got.Believed, got.BelievedSE, mean[0], se[0])
			}
		})
	}
}

// The average and its error are those of the textbook, and no configuration
// that was evaluated has a belief that is better than the incumbent's by more
// than a tenth of its standard error.
func TestEvidenceProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 10}}})
		if err != nil {
			t.Fatal(err)
		}
		book := study.NewBook(s, []study.Objective{{Metric: "m", Goal: study.Minimize}}, nil)
		values := map[float64][]float64{}
		for n := range rapid.IntRange(10, 40).Draw(t, "trials") {
			x, y := float64(rapid.IntRange(0, 5).Draw(t, "x")), rapid.Float64Range(-1, 1).Draw(t, "y")
			c, err := s.Config(map[string]space.Value{"x": value.Float(x)})
			if err != nil {
				t.Fatal(err)
			}
			values[x] = append(values[x], y)
			book.Put(&study.Trial{Number: n, State: study.Complete, Config: c, Values: []float64{y}})
		}
		h := book.History()
		for _, m := range analyze.Replicates(h) {
			ys := values[m.Trial.Config.At(0).AsFloat()]
			sum, n := 0.0, float64(len(ys))
			for _, y := range ys {
				sum += y
			}
			square := 0.0
			for _, y := range ys {
				square += (y - sum/n) * (y - sum/n)
			}
			want := []float64{n, sum / n, math.Sqrt(square / (n - 1) / n), slices.Min(ys)}
			got := []float64{float64(m.Runs), m.Mean, m.SE(), m.Trial.Values[0]}
			if !cmp.Equal(want, got, cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 || a != a && b != b })) {
				t.Fatalf("%v, want %v", got, want)
			}
		}
		believe := func(c space.Config) ([]float64, []float64, bool) {
			return []float64{math.Sin(c.At(0).AsFloat())}, []float64{1}, true
		}
		best, ok := analyze.ByEvidence(h, believe)
		if !ok {
			t.Fatal("no incumbent")
		}
		for x := range values {
			if math.Sin(x) < best.Believed-0.1-1e-8 {
				t.Fatalf("%v is believed better than %v", x, best)
			}
		}
		for _, m := range analyze.Replicates(h) { // and of those as good none was measured better
			if x := m.Trial.Config.At(0).AsFloat(); m.Mean < best.Mean && math.Sin(x) <= best.Believed {
				t.Fatalf("%v is believed no worse than %v, and measured better", x, best)
			}
		}
	})
}
