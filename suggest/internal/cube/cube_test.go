package cube_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/cube"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// same reports whether two points are equal, NaN to NaN.
func same(a, b []float64) bool {
	for i := range a {
		if a[i] != b[i] && !(math.IsNaN(a[i]) && math.IsNaN(b[i])) {
			return false
		}
	}
	return true
}

// continuous reports whether parameter i comes back only to a few digits.
func continuous(s *space.Space, i int) bool {
	p := s.Param(i)
	_, counted := p.Count()
	return !counted
}

func TestRandomPointsAreTheirConfigurations(t *testing.T) {
	for _, c := range suggesttest.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			q := cube.New(c.Space)
			x, back := make([]float64, q.Len()), make([]float64, q.Len())
			for n := range 200 {
				q.Random(x, study.Stream(1, n, "cube"))
				cfg := q.Decode(x)
				q.Encode(cfg, back)
				for i := range x {
					if math.IsNaN(x[i]) != cfg.At(i).IsAbsent() {
						t.Fatalf("%s is %v at the coordinate %v", c.Space.Param(i).Name, cfg.At(i), x[i])
					}
					if d := math.Abs(x[i] - back[i]); d > 1e-9 || d > 0 && !continuous(c.Space, i) {
						t.Fatalf("%s: coordinate %v became %v", c.Space.Param(i).Name, x[i], back[i])
					}
				}
			}
		})
	}
}

func TestRandomFollowsThePrior(t *testing.T) {
	s := suggesttest.Space(
		space.Param{Name: "c", Kind: space.Choice, Weights: []float64{6, 3, 1},
			Choices: spaceValues("a", "b", "c")})
	q := cube.New(s)
	var hits [3]float64
	x := make([]float64, 1)
	const n = 4000
	for k := range n {
		q.Random(x, study.Stream(2, k, "cube"))
		hits[int(x[0])]++
	}
	for k, want := range []float64{0.6, 0.3, 0.1} {
		if got := hits[k] / n; math.Abs(got-want) > 4*math.Sqrt(want*(1-want)/n) {
			t.Errorf("share of choice %d is %.3f, want %.3f", k, got, want)
		}
	}
}

// Whatever is done to a point, settling it gives a point of the space that
// keeps what it may.
func TestSettle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := spacetest.Spaces().Draw(t, "space")
		q := cube.New(s)
		r := study.Stream(rapid.Uint64().Draw(t, "seed"), 0, "cube")
		x, y := make([]float64, q.Len()), make([]float64, q.Len())
		q.Random(x, r)
		if q.Len() == 0 {
			return
		}
		i := rapid.IntRange(0, q.Len()-1).Draw(t, "changed")
		if !math.IsNaN(x[i]) {
			x[i] = q.Draw(i, r)
		}
		copy(y, x)
		q.Settle(y, r)
		cfg := q.Decode(y)
		for j := range y {
			if math.IsNaN(y[j]) != cfg.At(j).IsAbsent() {
				t.Fatalf("%s is %v at the coordinate %v", s.Param(j).Name, cfg.At(j), y[j])
			}
			if !math.IsNaN(y[j]) && !math.IsNaN(x[j]) && x[j] != y[j] {
				t.Fatalf("%s was %v and is %v", s.Param(j).Name, x[j], y[j])
			}
		}
		copy(x, y)
		q.Settle(x, r)
		if !same(x, y) {
			t.Fatalf("settled twice: %v, once: %v", x, y)
		}
	})
}

func TestLevels(t *testing.T) {
	s := suggesttest.Space(
		space.Param{Name: "k", Kind: space.Int, Low: 1, High: 4},
		space.Param{Name: "b", Kind: space.Bool},
		space.Param{Name: "x", Kind: space.Float, High: 1})
	q := cube.New(s)
	for i, want := range []int{4, 2, 0} {
		if got := q.Levels(i); got != want {
			t.Errorf("%s has %d levels, want %d", s.Param(i).Name, got, want)
		}
	}
	if q.Unordered(0) || !q.Unordered(1) || q.Level(0, 1) != 0.375 || q.Level(1, 1) != 1 {
		t.Error("an int lies in the unit interval, a bool is counted")
	}
	if q.Conditional() {
		t.Error("nothing here has a condition")
	}
}

func spaceValues(texts ...string) []space.Value {
	out := make([]space.Value, len(texts))
	for i, s := range texts {
		out[i] = value.String(s)
	}
	return out
}
