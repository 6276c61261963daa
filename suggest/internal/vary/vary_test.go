package vary_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/vary"
	"github.com/afina-hpo/afina/suggest/suggesttest"
)

// TestOperatorsAgreeWithPymoo checks the formulas at the quantiles that the
// golden values were computed with.
func TestOperatorsAgreeWithPymoo(t *testing.T) {
	b, err := os.ReadFile("testdata/operators.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		SBX        []struct{ A, B, Eta, U, Lower, Upper float64 }
		Polynomial []struct{ X, Eta, U, Y float64 }
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.SBX) == 0 || len(golden.Polynomial) == 0 {
		t.Fatal("no golden values")
	}
	near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12 }
	for _, g := range golden.SBX {
		lower, upper := vary.SBX(g.A, g.B, g.Eta, g.U, true), vary.SBX(g.A, g.B, g.Eta, g.U, false)
		if !near(lower, g.Lower) || !near(upper, g.Upper) {
			t.Errorf("SBX of %v and %v, eta %v, u %v: %v and %v, want %v and %v", g.A, g.B, g.Eta, g.U, lower, upper, g.Lower, g.Upper)
		}
	}
	for _, g := range golden.Polynomial {
		if y := vary.Polynomial(g.X, g.Eta, g.U); !near(y, g.Y) {
			t.Errorf("polynomial mutation of %v, eta %v, u %v: %v, want %v", g.X, g.Eta, g.U, y, g.Y)
		}
	}
}

func TestBlendIsUniformInTheWidenedInterval(t *testing.T) {
	for _, c := range []struct{ a, b, alpha, u, want float64 }{
		{0.2, 0.6, 0.5, 0, 0},
		{0.6, 0.2, 0.5, 1, 0.8},
		{0.2, 0.6, 0.5, 0.5, 0.4},
		{0.2, 0.6, 0, 0.25, 0.3},
		{0.9, 1, 0.5, 1, 1.05},
		{0.3, 0.3, 0.5, 0.7, 0.3},
	} {
		if got := vary.Blend(c.a, c.b, c.alpha, c.u); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("Blend(%v, %v, %v, %v) = %v, want %v", c.a, c.b, c.alpha, c.u, got, c.want)
		}
	}
	for _, c := range []struct{ x, want float64 }{{-0.25, 0.25}, {1.05, 0.95}, {0.4, 0.4}, {1, 1}, {2.5, 0.5}} {
		if got := vary.Mirror(c.x); math.Abs(got-c.want) > 1e-15 {
			t.Errorf("Mirror(%v) = %v, want %v", c.x, got, c.want)
		}
	}
}

// every has a parameter of every trait.
func every() *space.Space {
	texts := func(list ...string) (out []space.Value) {
		for _, s := range list {
			out = append(out, value.String(s))
		}
		return out
	}
	return suggesttest.Space(
		space.Param{Name: "float", Kind: space.Float, Low: 1e-4, High: 1, Scale: space.Log},
		space.Param{Name: "int", Kind: space.Int, Low: 3, High: 9},
		space.Param{Name: "log", Kind: space.Int, Low: 1, High: 4096, Scale: space.Log},
		space.Param{Name: "step", Kind: space.Float, Low: 0, High: 0.7, Step: 0.1},
		space.Param{Name: "ordered", Kind: space.Choice, Choices: texts("s", "m", "l"), Ordered: true},
		space.Param{Name: "choice", Kind: space.Choice, Choices: texts("a", "b", "c"), Weights: []float64{9, 3, 1}},
		space.Param{Name: "bool", Kind: space.Bool},
		space.Param{Name: "fixed", Kind: space.Int, Low: 5, High: 5},
	)
}

func TestTraits(t *testing.T) {
	g := vary.Of(every())
	want := []vary.Trait{vary.Continuous, vary.Stepped, vary.Stepped, vary.Stepped, vary.Stepped, vary.Nominal, vary.Nominal, vary.Fixed}
	for i, w := range want {
		if g.Trait(i) != w {
			t.Errorf("gene %d has trait %d, want %d", i, g.Trait(i), w)
		}
	}
	if g.Len() != 8 || g.Free() != 7 {
		t.Errorf("%d genes, %d free; want 8 and 7", g.Len(), g.Free())
	}
}

func TestMutationReachesAnotherValue(t *testing.T) {
	s := every()
	g := vary.Of(s)
	rapid.Check(t, func(t *rapid.T) {
		r := study.Stream(rapid.Uint64().Draw(t, "seed"), 0, "mutate")
		eta := rapid.SampledFrom([]float64{0, 1, 20, 1000}).Draw(t, "eta")
		c := s.Random(r)
		u := s.Encode(c, nil)
		for i, x := range u {
			for name, y := range map[string]float64{"Mutate": g.Mutate(i, x, eta, r), "Reset": g.Reset(i, x, r)} {
				if !(y >= 0 && y <= 1) {
					t.Fatalf("%s of gene %d leaves the cube: %v", name, i, y)
				}
				same := s.DecodeParam(i, y) == c.At(i)
				if fixed := g.Trait(i) == vary.Fixed; same != fixed && g.Trait(i) != vary.Continuous {
					t.Fatalf("%s of gene %d, %v: the same value: %v", name, i, c.At(i), same)
				}
			}
		}
	})
}

func TestResetReachesEveryOtherChoiceAlike(t *testing.T) {
	s := every()
	g := vary.Of(s)
	r := study.Stream(1, 0, "reset")
	const n, i = 6000, 5
	p := s.Param(i)
	from := s.EncodeParam(i, p.Nth(1))
	seen := map[space.Value]int{}
	for range n {
		seen[s.DecodeParam(i, g.Reset(i, from, r))]++
	}
	for k, want := range []float64{n / 2, 0, n / 2} {
		// Five standard errors.
		if got := float64(seen[p.Nth(k)]); math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("%v came %v times, want about %v", p.Nth(k), got, want)
		}
	}
}

// Numbers are reset to what the prior says, whatever they are.
func TestResetDrawsNumbersFromThePrior(t *testing.T) {
	s := every()
	g := vary.Of(s)
	r := study.Stream(4, 0, "reset")
	const n = 4000
	for i := range 4 {
		sum := 0.0
		for range n {
			sum += g.Reset(i, 0.9, r)
		}
		// Uniform in the unit cube has the mean 1/2 and the deviation 0.29; the
		// value that is avoided goes to its neighbour.
		if mean := sum / n; math.Abs(mean-0.5) > 5*0.29/math.Sqrt(n)+0.03 {
			t.Errorf("%s is reset to %v on average", s.Param(i).Name, mean)
		}
	}
}

func TestChildrenAreMadeOfTheirParents(t *testing.T) {
	s := every()
	g := vary.Of(s)
	nan := math.NaN()
	rapid.Check(t, func(t *rapid.T) {
		r := study.Stream(rapid.Uint64().Draw(t, "seed"), 0, "cross")
		how := rapid.SampledFrom([]vary.Recombine{vary.Uniform, vary.Blended(0.5), vary.Simulated(15)}).Draw(t, "how")
		a, b := s.Encode(s.Random(r), nil), s.Encode(s.Random(r), nil)
		a[0], b[1], a[5], a[6], b[6] = nan, nan, nan, nan, nan
		child := append([]float64(nil), a...)
		g.Cross(child, b, how, r)
		if child[0] != b[0] || child[1] != a[1] || child[5] != b[5] {
			t.Fatalf("genes of one parent alone are not inherited: %v of %v and %v", child, a, b)
		}
		if !math.IsNaN(child[6]) {
			t.Fatalf("a gene of neither parent is %v", child[6])
		}
		for i, x := range child {
			if i != 6 && !(x >= 0 && x <= 1) {
				t.Fatalf("gene %d leaves the cube: %v", i, x)
			}
		}
		vary.Fill(child, r)
		if g.Active(child) != 7 {
			t.Fatalf("%d active genes after Fill, want 7", g.Active(child))
		}
	})
}

func TestChoicesAreExchangedOnly(t *testing.T) {
	s := every()
	g := vary.Of(s)
	r := study.Stream(2, 0, "exchange")
	a, b := s.Decode([]float64{0, 0, 0, 0, 0, 0, 0, 0}), s.Decode([]float64{1, 1, 1, 1, 1, 1, 1, 1})
	first, second := s.Encode(a, nil), s.Encode(b, nil)
	seen := map[space.Value]bool{}
	for range 100 {
		child := append([]float64(nil), first...)
		g.Cross(child, second, vary.Blended(0.5), r)
		v := s.DecodeParam(5, child[5])
		if v != a.At(5) && v != b.At(5) {
			t.Fatalf("a child of %v and %v has %v", a.At(5), b.At(5), v)
		}
		seen[v] = true
	}
	if len(seen) != 2 {
		t.Error("a choice is inherited from one parent alone")
	}
}

func TestPickAndRetreat(t *testing.T) {
	s := every()
	g := vary.Of(s)
	r := study.Stream(3, 0, "pick")
	nan := math.NaN()
	u := []float64{nan, 0.5, nan, nan, nan, nan, 0.25, 0.5}
	counts := map[int]int{}
	for range 2000 {
		counts[g.Pick(u, r)]++
	}
	if len(counts) != 2 || counts[1] < 850 || counts[6] < 850 {
		t.Errorf("picked %v, want 1 and 6 about 1000 times each", counts)
	}
	if got := g.Pick([]float64{nan, nan, nan, nan, nan, nan, nan, 0.5}, r); got != -1 {
		t.Errorf("picked %d where there is none", got)
	}
	got := []float64{1, nan, 0, 0.5, 0.1, 0.9, 0.75, 0.5}
	g.Retreat(got, []float64{0, 0.5, nan, 1, 0.1, 0.1, 0.25, 0.5})
	want := []float64{0.5, 0.5, 0, 0.75, 0.1, 0.1, 0.25, 0.5}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("gene %d is %v after a retreat, want %v", i, got[i], want[i])
		}
	}
}
