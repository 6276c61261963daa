package multi

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
)

// all returns every function in every size.
func all(t testing.TB) map[string]*Function {
	t.Helper()
	out := map[string]*Function{}
	add := func(f *Function, err error) {
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = f
	}
	for _, k := range []int{1, 2, 3, 4, 6} {
		add(ZDT(k))
	}
	for m := 2; m <= 4; m++ {
		for _, k := range []int{1, 2, 5, 7} {
			add(DTLZ(k, m))
		}
		for k := 1; k <= 9; k++ {
			add(WFG(k, m))
		}
	}
	return out
}

func TestGolden(t *testing.T) {
	b, err := os.ReadFile("testdata/pymoo.golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g struct {
		Source string
		Cases  []struct {
			Name string
			X, F []float64
		}
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Cases) != 124 {
		t.Fatalf("%d golden cases", len(g.Cases))
	}
	fs := all(t)
	for _, c := range g.Cases {
		f := fs[c.Name]
		if f == nil || len(f.Low) != len(c.X) {
			t.Fatalf("%s: there is no such function of %d variables", c.Name, len(c.X))
		}
		got := f.Eval(c.X)
		for i, want := range c.F {
			if math.Abs(got[i]-want) > 1e-9*math.Max(1, math.Abs(want)) {
				t.Errorf("%s at %v: %v, want %v (%s)", c.Name, c.X, got, c.F, g.Source)
				break
			}
		}
	}
}

// No point of the space beats the front: the hypervolume of the front does
// not grow by random points, beyond what its grid leaves out.
func TestNothingBeatsTheFront(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for name, f := range all(t) {
		if f.Objectives > 3 {
			continue
		}
		points := f.Front(900)
		nadir := make([]float64, f.Objectives)
		for _, p := range points {
			for i, v := range p {
				nadir[i] = math.Max(nadir[i], 1.1*v+0.1)
			}
		}
		front := NewFront(nadir)
		for _, p := range points {
			front.Add(p)
		}
		before := front.Hypervolume()
		for range 500 {
			x := make([]float64, len(f.Low))
			for i := range x {
				x[i] = f.Low[i] + (f.High[i]-f.Low[i])*r.Float64()
			}
			front.Add(f.Eval(x))
		}
		if after := front.Hypervolume(); before <= 0 || after > before*1.02 {
			t.Errorf("%s: random points make %v of the front's hypervolume of %v", name, after, before)
		}
	}
}

// With the best distances the functions reach what Front says they do: ZDT and
// DTLZ at known places.
func TestFrontIsReached(t *testing.T) {
	fs := all(t)
	for name, c := range map[string]struct{ position, distance float64 }{
		"zdt/1": {0.3, 0}, "zdt/2": {0.3, 0}, "zdt/3": {0.3, 0}, "zdt/4": {0.3, 0}, "zdt/6": {0.3, 0},
		"dtlz/1/m2": {0.3, 0.5}, "dtlz/2/m2": {0.3, 0.5}, "dtlz/5/m2": {0.3, 0.5}, "dtlz/7/m2": {0.3, 0},
	} {
		f := fs[name]
		x := box(len(f.Low), c.distance)
		x[0] = c.position
		got, want := f.Eval(x), f.front([]float64{c.position})
		for i := range want {
			if math.Abs(got[i]-want[i]) > 1e-12 {
				t.Errorf("%s: %v, want %v", name, got, want)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, err := range map[string]error{
		"zdt 5":          second(ZDT(5)),
		"zdt 0":          second(ZDT(0)),
		"dtlz 3":         second(DTLZ(3, 2)),
		"dtlz 2 of 1":    second(DTLZ(2, 1)),
		"dtlz 2 of 9":    second(DTLZ(2, 9)),
		"wfg 10":         second(WFG(10, 2)),
		"wfg 0":          second(WFG(0, 2)),
		"wfg of 1":       second(WFG(1, 1)),
		"wfg of hundred": second(WFG(1, 100)),
	} {
		if err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func second(_ *Function, err error) error { return err }

func TestHypervolume(t *testing.T) {
	for _, c := range []struct {
		name   string
		nadir  []float64
		points [][]float64
		want   float64
	}{
		{"nothing", []float64{1, 1}, nil, 0},
		{"one point", []float64{1, 1}, [][]float64{{0.25, 0.5}}, 0.375},
		{"beyond the nadir", []float64{1, 1}, [][]float64{{0, 1}, {2, -5}, {math.NaN(), 0}}, 0},
		{"two points", []float64{4, 4}, [][]float64{{1, 3}, {3, 1}}, 5},
		{"three with one beaten", []float64{4, 4}, [][]float64{{3, 3}, {1, 3}, {3, 1}}, 5},
		{"a cube", []float64{2, 2, 2}, [][]float64{{1, 1, 1}, {1, 1, 1}}, 1},
		{"three arms", []float64{2, 2, 2}, [][]float64{{0, 1, 1}, {1, 0, 1}, {1, 1, 0}}, 4},
		{"four objectives", []float64{1, 1, 1, 1}, [][]float64{{0.5, 0.5, 0.5, 0.5}}, 0.0625},
	} {
		f := NewFront(c.nadir)
		for _, p := range c.points {
			f.Add(p)
		}
		if got := f.Hypervolume(); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// The hypervolume of random points is the share of the cube that they cover,
// counted on a grid.
func TestHypervolumeByCounting(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for m := 2; m <= 3; m++ {
		t.Run(fmt.Sprint(m, " objectives"), func(t *testing.T) {
			const side = 32
			nadir := box(m, 1)
			f := NewFront(nadir)
			var points [][]float64
			for range 12 {
				p := make([]float64, m)
				for i := range p {
					p[i] = float64(r.IntN(side)) / side
				}
				points = append(points, p)
				f.Add(p)
			}
			cells, covered := 1, 0
			for range m {
				cells *= side
			}
			for k := range cells {
				at := make([]float64, m)
				for i, rest := 0, k; i < m; i, rest = i+1, rest/side {
					at[i] = float64(rest%side) / side
				}
				for _, p := range points {
					if covers(p, at) {
						covered++
						break
					}
				}
			}
			if got, want := f.Hypervolume(), float64(covered)/float64(cells); math.Abs(got-want) > 1e-9 {
				t.Errorf("%v, counted %v", got, want)
			}
		})
	}
}
