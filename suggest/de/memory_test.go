package de

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/afina-hpo/afina/study"
)

func TestLehmerMeanAgreesWithMealpy(t *testing.T) {
	b, err := os.ReadFile("testdata/lehmer.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Lehmer []struct {
			X, Delta []float64
			Mean     float64
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Lehmer) == 0 {
		t.Fatal("no golden values")
	}
	for _, g := range golden.Lehmer {
		m := newMemory(2, 0.5, 0.5)
		for i, x := range g.X {
			m.successes = append(m.successes, success{f: x, cr: x / 2, weight: g.Delta[i]})
		}
		m.turn()
		if math.Abs(m.f[0]-g.Mean) > 1e-14 || math.Abs(m.cr[0]-g.Mean/2) > 1e-14 {
			t.Errorf("means of %v with weights %v: F %v, CR %v; want %v and half of it", g.X, g.Delta, m.f[0], m.cr[0], g.Mean)
		}
	}
}

// TestMemory follows algorithm 1 of Tanabe and Fukunaga 2014 by hand.
func TestMemory(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		turns  [][]success
		f, cr  []float64
		next   int
		memory int
	}{
		{"no success leaves it as it was", [][]success{nil, {}}, []float64{0.5, 0.5}, []float64{0.6, 0.6}, 0, 2},
		{"one success is its own mean", [][]success{{{0.8, 0.2, 7}}}, []float64{0.8, 0.5}, []float64{0.2, 0.6}, 1, 2},
		{"two, of which one improved three times as much",
			// (3*0.25 + 1)/(3*0.5 + 1) = 0.7; (3*0.04 + 0.36)/(3*0.2 + 0.6) = 0.4
			[][]success{{{0.5, 0.2, 3}, {1, 0.6, 1}}}, []float64{0.7, 0.5}, []float64{0.4, 0.6}, 1, 2},
		{"the oldest entry is overwritten",
			[][]success{{{0.1, 0.1, 1}}, {{0.2, 0.2, 1}}, nil, {{0.3, 0.3, 1}}}, []float64{0.3, 0.2}, []float64{0.3, 0.2}, 1, 2},
		{"CR of 0 alone is terminal",
			[][]success{{{0.1, 0, 1}}, {{0.9, 0.9, 1}}}, []float64{0.9}, []float64{nan}, 0, 1},
		{"a weight that is not known counts like the mean",
			// weights 1, 3 and 2 on 0.2, 0.4, 0.6: (0.04+0.48+0.72)/(0.2+1.2+1.2)
			[][]success{{{0.2, 0.2, 1}, {0.4, 0.4, 3}, {0.6, 0.6, nan}}}, []float64{1.24 / 2.6}, []float64{1.24 / 2.6}, 0, 1},
		{"no weight is known",
			// (0.04 + 0.36)/0.8
			[][]success{{{0.2, 0.2, nan}, {0.6, 0.6, nan}}}, []float64{0.5}, []float64{0.5}, 0, 1},
		{"huge weights",
			[][]success{{{0.2, 0.2, math.MaxFloat64}, {0.6, 0.6, math.MaxFloat64}}}, []float64{0.5}, []float64{0.5}, 0, 1},
		{"differences that underflow",
			[][]success{{{0.2, 0.2, 0}, {0.6, 0.6, 0}}}, []float64{0.5}, []float64{0.5}, 0, 1},
	} {
		m := newMemory(c.memory, 0.5, 0.6)
		for _, s := range c.turns {
			m.successes = append(m.successes, s...)
			m.turn()
		}
		same := func(a, b float64) bool { return math.Abs(a-b) < 1e-15 || a != a && b != b }
		for i := range c.f {
			if !same(m.f[i], c.f[i]) || !same(m.cr[i], c.cr[i]) {
				t.Errorf("%s: entry %d has F %v and CR %v, want %v and %v", c.name, i, m.f[i], m.cr[i], c.f[i], c.cr[i])
			}
		}
		if m.next != c.next || len(m.successes) != 0 {
			t.Errorf("%s: next %d with %d successes left, want %d with none", c.name, m.next, len(m.successes), c.next)
		}
	}
}

func TestDrawnFAndCR(t *testing.T) {
	m := newMemory(1, 0.5, 0.5)
	r := study.Stream(1, 0, "draw")
	const n = 20_000
	below, whole, cr, square := 0, 0, 0.0, 0.0
	for range n {
		f, c := m.draw(r)
		if !(f > 0 && f <= 1) || !(c >= 0 && c <= 1) {
			t.Fatalf("F %v, CR %v", f, c)
		}
		if f < 0.5 {
			below++
		}
		if f == 1 {
			whole++
		}
		cr += c / n
		square += c * c / n
	}
	// Of Cauchy(0.5, 0.1) the part atan(5)/π + 1/2 is above 0 and drawn again
	// otherwise; half of all is above 0.5, and 1/2 - atan(5)/π above 1.
	above0 := math.Atan(5)/math.Pi + 0.5
	for name, p := range map[string][2]float64{
		"F below its centre": {float64(below) / n, (above0 - 0.5) / above0},
		"F cut to 1":         {float64(whole) / n, (1 - above0) / above0},
	} {
		if math.Abs(p[0]-p[1]) > 5*math.Sqrt(p[1]*(1-p[1])/n) {
			t.Errorf("%s: %.4f, want %.4f", name, p[0], p[1])
		}
	}
	if sd := math.Sqrt(square - cr*cr); math.Abs(cr-0.5) > 0.005 || math.Abs(sd-0.1) > 0.005 {
		t.Errorf("CR has mean %.4f and deviation %.4f, want 0.5 and 0.1", cr, sd)
	}
	m.cr[0] = math.NaN()
	if _, c := m.draw(r); c != 0 {
		t.Errorf("CR %v of a terminal entry, want 0", c)
	}
}

// TestSchedule is equation 10 of Tanabe and Fukunaga 2014 by hand:
// round((4 - 18)/100 · ended + 18).
func TestSchedule(t *testing.T) {
	o := options{variant: variantLShade, least: 4, budget: 100}
	for _, c := range []struct{ ended, want int }{
		{0, 18}, {3, 18}, {4, 17}, {10, 17}, {11, 16}, {50, 11}, {96, 5}, {97, 4}, {100, 4}, {1000, 4},
	} {
		if got := o.size(18, c.ended); got != c.want {
			t.Errorf("after %d of 100: %d members, want %d", c.ended, got, c.want)
		}
	}
	for _, c := range []struct {
		name string
		o    options
	}{
		{"without a budget", options{variant: variantLShade, least: 4}},
		{"rand1bin", options{variant: variantRand, least: 4, budget: 100}},
		{"a start below the least", options{variant: variantLShade, least: 20, budget: 100}},
	} {
		if got := c.o.size(18, 90); got != 18 {
			t.Errorf("%s: %d members, want 18", c.name, got)
		}
	}
}

func TestInitialSize(t *testing.T) {
	for _, c := range []struct {
		name string
		o    options
		d    int
		want int
	}{
		{"as in the paper where the budget allows", options{variant: variantLShade, least: 4, budget: 100_000}, 10, 180},
		{"a hundredth of the paper's budget", options{variant: variantLShade, least: 4, budget: 1000}, 10, 18},
		{"a twentieth of it", options{variant: variantLShade, least: 4, budget: 5000}, 10, 40},
		{"no more than in the paper", options{variant: variantLShade, least: 4, budget: 1_000_000}, 10, 180},
		{"at least ten", options{variant: variantLShade, least: 4, budget: 20}, 10, 10},
		{"not below the least", options{variant: variantLShade, least: 30, budget: 20}, 10, 30},
		{"rand1bin", options{variant: variantRand, least: 4, budget: 500}, 10, 25},
		{"rand1bin, large budget", options{variant: variantRand, least: 4, budget: 50_000}, 10, 100},
		{"no budget", options{variant: variantLShade, least: 4}, 10, 50},
		{"no budget, few", options{variant: variantLShade, least: 4}, 1, 20},
		{"no budget, many", options{variant: variantLShade, least: 4}, 40, 100},
		{"given", options{variant: variantLShade, least: 4, given: 7, budget: 500}, 10, 7},
	} {
		if got := c.o.initial(c.d); got != c.want {
			t.Errorf("%s: %d members, want %d", c.name, got, c.want)
		}
	}
}
