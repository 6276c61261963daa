package lbfgs_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/lbfgs"
)

func rosenbrock(x, g []float64) float64 {
	sum := 0.0
	clear(g)
	for i := range len(x) - 1 {
		a, b := x[i+1]-x[i]*x[i], 1-x[i]
		sum += 100*a*a + b*b
		g[i] -= 400*a*x[i] + 2*b
		g[i+1] += 200 * a
	}
	return sum
}

// quadratic is x'ax/2 - b'x.
func quadratic(a, b []float64) func(x, g []float64) float64 {
	n := len(b)
	return func(x, g []float64) float64 {
		sum := 0.0
		for i := range n {
			g[i] = -b[i]
			for j := range n {
				g[i] += a[i*n+j] * x[j]
			}
			sum += x[i] * (g[i] - b[i]) / 2
		}
		return sum
	}
}

func filled(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }

// The minima were found with SciPy's L-BFGS-B by testdata/generate.py; the file
// says by which version.
func TestMinimaAreThoseOfScipy(t *testing.T) {
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Name                   string
			Start, Lo, Hi, X, A, B []float64
			Value                  float64
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Cases) < 9 {
		t.Fatalf("%d cases", len(golden.Cases))
	}
	var s lbfgs.Solver
	for _, c := range golden.Cases {
		t.Run(c.Name, func(t *testing.T) {
			f := rosenbrock
			if strings.HasPrefix(c.Name, "quadratic") {
				f = quadratic(c.A, c.B)
			}
			calls := 0
			counted := func(x, g []float64) float64 {
				calls++
				return f(x, g)
			}
			x := slices.Clone(c.Start)
			v := s.Minimize(counted, x, c.Lo, c.Hi, lbfgs.Options{Evaluations: 400})
			if math.Abs(v-c.Value) > 1e-8*(1+math.Abs(c.Value)) {
				t.Errorf("value %v, want %v", v, c.Value)
			}
			for i, want := range c.X {
				if math.Abs(x[i]-want) > 1e-4 {
					t.Errorf("x[%d] = %v, want %v", i, x[i], want)
				}
			}
			if calls > 200 {
				t.Errorf("%d evaluations", calls)
			}
		})
	}
}

// minimizeChecked watches that a search keeps to its bounds and its budget, says
// what is true where it ends, and does not end above its start.
func minimizeChecked(t *rapid.T, f func(x, g []float64) float64, x, lo, hi []float64, evaluations int) {
	var s lbfgs.Solver
	calls, first := 0, math.NaN()
	v := s.Minimize(func(x, g []float64) float64 {
		for i := range x {
			if !(lo[i] <= x[i] && x[i] <= hi[i]) {
				t.Fatalf("asked for x[%d] = %v outside of %v to %v", i, x[i], lo[i], hi[i])
			}
		}
		v := f(x, g)
		if calls == 0 {
			first = v
		}
		calls++
		return v
	}, x, lo, hi, lbfgs.Options{Evaluations: evaluations})
	if calls > evaluations {
		t.Fatalf("%d evaluations, %d were allowed", calls, evaluations)
	}
	for i := range x {
		if !(lo[i] <= x[i] && x[i] <= hi[i]) {
			t.Fatalf("ends at x[%d] = %v outside of %v to %v", i, x[i], lo[i], hi[i])
		}
	}
	g := make([]float64, len(x))
	if again := f(x, g); again != v && !(math.IsNaN(again) && math.IsNaN(v)) {
		t.Fatalf("says %v where the value is %v", v, again)
	}
	if v > first {
		t.Fatalf("ends at %v, above the start's %v", v, first)
	}
}

func TestBoundsBudgetAndDescent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 6).Draw(t, "n")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		lo, hi, x := make([]float64, n), make([]float64, n), make([]float64, n)
		phase := make([]float64, n)
		for i := range n {
			lo[i] = r.NormFloat64()
			hi[i] = lo[i] + float64(r.IntN(3))*r.Float64() // some are fixed
			x[i], phase[i] = 3*r.NormFloat64(), r.NormFloat64()
		}
		hole := rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), 0}).Draw(t, "hole")
		f := func(x, g []float64) float64 {
			v := rosenbrock(x, g) / 10
			for i := range x {
				v += math.Sin(3*x[i] + phase[i])
				g[i] = g[i]/10 + 3*math.Cos(3*x[i]+phase[i])
			}
			if hole != 0 && n > 0 && math.Abs(math.Mod(x[0]*7, 2)) < 0.6 {
				return hole
			}
			return v
		}
		minimizeChecked(t, f, x, lo, hi, rapid.IntRange(1, 40).Draw(t, "evaluations"))
	})
}

// The values at the points that a search accepts, which end its line searches,
// never grow: ending earlier is never better.
func TestValueNeverGrows(t *testing.T) {
	last := math.Inf(1)
	for evaluations := 1; evaluations < 80; evaluations++ {
		var s lbfgs.Solver
		x := filled(4, -1.2)
		v := s.Minimize(rosenbrock, x, filled(4, -2), filled(4, 0.8), lbfgs.Options{Evaluations: evaluations})
		if v > last {
			t.Fatalf("%v after %d evaluations, %v before", v, evaluations, last)
		}
		last = v
	}
}

func TestWhatCannotBeEvaluated(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	wall := func(v, slope float64) func(x, g []float64) float64 {
		// (x - 3)², but v and slope above 2.
		return func(x, g []float64) float64 {
			d := x[0] - 3
			g[0] = 2 * d
			if x[0] > 2 {
				g[0] = slope
				return v
			}
			return d * d
		}
	}
	for _, c := range []struct {
		name     string
		f        func(x, g []float64) float64
		start    float64
		from, to float64 // of what is returned
	}{
		{"not a number beyond a wall", wall(nan, nan), 0, 1, 1.3},
		{"infinite beyond a wall", wall(inf, inf), 0, 1, 1.3},
		{"minus infinite beyond a wall", wall(-inf, 0), 0, 1, 1.3},
		{"infinite at the start", wall(inf, 0), 5, inf, inf},
		{"a gradient of no number", func(x, g []float64) float64 { g[0] = nan; return 7 }, 0, 7, 7},
		{"an infinite gradient", func(x, g []float64) float64 { g[0] = inf; return 7 }, 0, 7, 7},
	} {
		t.Run(c.name, func(t *testing.T) {
			var s lbfgs.Solver
			x := []float64{c.start}
			v := s.Minimize(func(x, g []float64) float64 {
				if math.IsNaN(x[0]) {
					t.Fatal("asked for the value of no number")
				}
				return c.f(x, g)
			}, x, []float64{-10}, []float64{10}, lbfgs.Options{})
			if !(c.from <= v && v <= c.to) {
				t.Errorf("value %v at %v, want %v to %v", v, x[0], c.from, c.to)
			}
		})
	}
	var s lbfgs.Solver
	x := []float64{1}
	if v := s.Minimize(func(x, g []float64) float64 { return nan }, x, []float64{0}, []float64{2}, lbfgs.Options{}); !math.IsNaN(v) || x[0] != 1 {
		t.Errorf("no number at the start: value %v at %v", v, x[0])
	}
}

func TestNoVariables(t *testing.T) {
	var s lbfgs.Solver
	if v := s.Minimize(func(x, g []float64) float64 { return 5 }, nil, nil, nil, lbfgs.Options{}); v != 5 {
		t.Errorf("value %v, want 5", v)
	}
}

func TestStartIsMovedBetweenTheBounds(t *testing.T) {
	var s lbfgs.Solver
	x := []float64{-7, 9}
	v := s.Minimize(func(x, g []float64) float64 {
		g[0], g[1] = 1, -1
		return x[0] - x[1]
	}, x, []float64{1, 1}, []float64{2, 2}, lbfgs.Options{})
	if v != -1 || x[0] != 1 || x[1] != 2 {
		t.Errorf("value %v at %v, want -1 at [1 2]", v, x)
	}
}

func TestOptionsStopEarlier(t *testing.T) {
	count := func(o lbfgs.Options) int {
		var s lbfgs.Solver
		calls := 0
		s.Minimize(func(x, g []float64) float64 {
			calls++
			return rosenbrock(x, g)
		}, filled(4, -1.2), filled(4, -5), filled(4, 5), o)
		return calls
	}
	all := count(lbfgs.Options{})
	for name, o := range map[string]lbfgs.Options{
		"evaluations": {Evaluations: 10},
		"gradient":    {Gradient: 1},
		"decrease":    {Decrease: 0.1},
	} {
		if got := count(o); got >= all {
			t.Errorf("%s: %d evaluations, %d without", name, got, all)
		}
	}
	if got := count(lbfgs.Options{Evaluations: 10}); got != 10 {
		t.Errorf("%d evaluations, want 10", got)
	}
}

func TestMinimizeAllocatesNothing(t *testing.T) {
	var s lbfgs.Solver
	x, lo, hi := filled(5, -1), filled(5, -2), filled(5, 2)
	if n := testing.AllocsPerRun(20, func() {
		for i := range x {
			x[i] = -1
		}
		s.Minimize(rosenbrock, x, lo, hi, lbfgs.Options{})
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
