package bbob

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// golden is values of COCO's own code; see the file's "source".
type golden struct {
	Source string
	Cases  []struct {
		F, I int
		X    []float64
		Y    float64
	}
}

func readGolden(t *testing.T, path string) golden {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

func TestGolden(t *testing.T) {
	for _, suite := range []struct {
		path  string
		build func(f, d, i int) (*Function, error)
		cases int
	}{
		{"testdata/bbob.golden.json", New, 288},
		{"testdata/mixint.golden.json", NewMixed, 144},
	} {
		g := readGolden(t, suite.path)
		if len(g.Cases) != suite.cases {
			t.Fatalf("%s has %d cases, want %d", suite.path, len(g.Cases), suite.cases)
		}
		for _, c := range g.Cases {
			f, err := suite.build(c.F, len(c.X), c.I)
			if err != nil {
				t.Fatal(err)
			}
			if got := f.Eval(c.X); math.Abs(got-c.Y) > 1e-9*math.Max(1, math.Abs(c.Y)) {
				t.Errorf("%s: f%d, dimension %d, instance %d: %.17g, want %.17g", g.Source, c.F, len(c.X), c.I, got, c.Y)
			}
		}
	}
}

// The minimum is where Best says, and nothing near or far is below it.
func TestBest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for name, build := range map[string]func(f, d, i int) (*Function, error){"bbob": New, "mixint": NewMixed} {
		for f := 1; f <= Count; f++ {
			for i := 1; i <= 3; i++ {
				fn, err := build(f, 5, i)
				if err != nil {
					t.Fatal(err)
				}
				x, value := fn.Best()
				if got := fn.Eval(x); math.Abs(got-value) > 1e-6 {
					t.Errorf("%s f%d i%d: %v at the optimum, want %v", name, f, i, got, value)
				}
				for k := range 200 {
					y := make([]float64, len(x))
					for j := range y {
						n := 0
						if name == "mixint" {
							n = Levels(j, len(x))
						}
						switch {
						case n > 0:
							y[j] = float64(r.IntN(n))
						case k%2 == 0:
							y[j] = 10*r.Float64() - 5
						default:
							y[j] = x[j] + 0.01*r.NormFloat64()
						}
					}
					if got := fn.Eval(y); got < value-1e-6 {
						t.Errorf("%s f%d i%d: %v is below the minimum %v", name, f, i, got, value)
					}
				}
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name    string
		build   func(f, d, i int) (*Function, error)
		f, d, i int
	}{
		{"function 0", New, 0, 5, 1}, {"function 25", New, 25, 5, 1},
		{"dimension 1", New, 1, 1, 1}, {"a huge dimension", New, 1, 1 << 20, 1},
		{"instance 0", New, 1, 5, 0}, {"a mixed dimension of 7", NewMixed, 1, 7, 1},
		{"a mixed function 30", NewMixed, 30, 5, 1},
	} {
		if _, err := c.build(c.f, c.d, c.i); err == nil {
			t.Errorf("%s is taken", c.name)
		}
	}
}

func BenchmarkEval(b *testing.B) {
	f, err := New(15, 10, 1)
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float64, 10)
	b.ReportAllocs()
	for b.Loop() {
		f.Eval(x)
	}
}
