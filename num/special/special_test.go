package special_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/special"
)

func TestEdges(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"Exp(+Inf)", special.Exp(inf), inf},
		{"Exp(-Inf)", special.Exp(-inf), 0},
		{"Exp(NaN)", special.Exp(nan), nan},
		{"Exp(-709)", special.Exp(-709), 0},
		{"Erfcx(+Inf)", special.Erfcx(inf), 0},
		{"Erfcx(-27)", special.Erfcx(-27), inf},
		{"Erfcx(NaN)", special.Erfcx(nan), nan},
		{"LogPhi(-Inf)", special.LogPhi(-inf), -inf},
		{"LogPhi(+Inf)", special.LogPhi(inf), 0},
		{"LogPhi(NaN)", special.LogPhi(nan), nan},
		{"LogPhiDiff of nothing", special.LogPhiDiff(1, 1), -inf},
		{"LogPhiDiff of everything", special.LogPhiDiff(-inf, inf), 0},
		{"LogPhiDiff the wrong way round", special.LogPhiDiff(1, 0), nan},
		{"LogPhiDiff(NaN, 1)", special.LogPhiDiff(nan, 1), nan},
		{"Log1mExp(0)", special.Log1mExp(0), -inf},
		{"Log1mExp(1)", special.Log1mExp(1), nan},
		{"LogAddExp of two zeros", special.LogAddExp(-inf, -inf), -inf},
		{"LogAddExp(+Inf, 1)", special.LogAddExp(inf, 1), inf},
		{"LogSubExp of equals", special.LogSubExp(3, 3), -inf},
		{"LogSubExp less nothing", special.LogSubExp(3, -inf), 3},
		{"LogSubExp below 0", special.LogSubExp(1, 2), nan},
		{"LogSumExp of nothing", special.LogSumExp(nil), -inf},
		{"LogSumExp of zeros", special.LogSumExp([]float64{-inf, -inf}), -inf},
		{"LogSumExp with NaN", special.LogSumExp([]float64{1, nan, 2}), nan},
		{"Quantile(0)", special.Quantile(0), -inf},
		{"Quantile(1)", special.Quantile(1), inf},
		{"Quantile(0.5)", special.Quantile(0.5), 0},
		{"Quantile(2)", special.Quantile(2), nan},
		{"LogQuantile(0)", special.LogQuantile(0), inf},
		{"LogQuantile(-Inf)", special.LogQuantile(-inf), -inf},
		{"LogQuantile(1)", special.LogQuantile(1), nan},
		{"density outside", special.TruncNorm{Sigma: 1, High: 1}.LogPDF(2), -inf},
		{"cell outside", special.TruncNorm{Sigma: 1, High: 1}.LogCell(2, 3), -inf},
		{"cell of everything", special.TruncNorm{Sigma: 1, High: 1}.LogCell(-5, 5), 0},
		{"lowest quantile", special.TruncNorm{Sigma: 1, Low: -2, High: 1}.Quantile(0), -2},
		{"highest quantile", special.TruncNorm{Sigma: 1, Low: -2, High: 1}.Quantile(1), 1},
		{"no quantile", special.TruncNorm{Sigma: 1, High: 1}.Quantile(-1), nan},
	} {
		if c.got != c.want && !(math.IsNaN(c.got) && math.IsNaN(c.want)) {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
}

func TestExpIsNearMathExp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(-708, 709.78).Draw(t, "x")
		if got, want := special.Exp(x), math.Exp(x); math.Abs(got-want) > 5e-16*want {
			t.Errorf("Exp(%v) = %v, math.Exp gives %v", x, got, want)
		}
	})
}

func TestLogSumExpIsTheSum(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		xs := rapid.SliceOfN(rapid.Float64Range(-20, 20), 1, 8).Draw(t, "xs")
		shift := rapid.Float64Range(-1e4, 1e4).Draw(t, "shift")
		sum, two := 0.0, math.Inf(-1)
		for i, x := range xs {
			sum += math.Exp(x)
			xs[i] += shift
			two = special.LogAddExp(two, xs[i])
		}
		want := math.Log(sum) + shift
		for _, got := range []float64{special.LogSumExp(xs), two} {
			if math.Abs(got-want) > 1e-11*(1+math.Abs(shift)) {
				t.Errorf("%v, want %v", got, want)
			}
		}
	})
}

func TestQuantilesInvertDistributions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		z := rapid.Float64Range(-1000, 5).Draw(t, "z")
		if got := special.LogQuantile(special.LogPhi(z)); math.Abs(got-z) > 1e-9*(1+math.Abs(z)) {
			t.Errorf("LogQuantile(LogPhi(%v)) = %v", z, got)
		}
		p := rapid.Float64Range(1e-12, 1-1e-12).Draw(t, "p")
		if got := special.Phi(special.Quantile(p)); math.Abs(got-p) > 1e-12 {
			t.Errorf("Phi(Quantile(%v)) = %v", p, got)
		}
		d := special.TruncNorm{
			Mu:    rapid.Float64Range(-2, 3).Draw(t, "mu"),
			Sigma: rapid.Float64Range(0.05, 3).Draw(t, "sigma"), High: 1,
		}
		x := d.Quantile(p)
		if got := math.Exp(d.LogCell(0, x)); x > 0 && x < 1 && math.Abs(got-p) > 1e-9 {
			t.Errorf("%+v: the share below the quantile of %v is %v", d, p, got)
		}
	})
}

// A truncated normal's cells have to add up to everything.
func TestCellsAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := special.TruncNorm{
			Mu:    rapid.Float64Range(-5, 6).Draw(t, "mu"),
			Sigma: rapid.Float64Range(0.01, 10).Draw(t, "sigma"), High: 1,
		}
		n := rapid.IntRange(1, 20).Draw(t, "n")
		cells := make([]float64, n)
		for k := range cells {
			cells[k] = d.LogCell(float64(k)/float64(n), float64(k+1)/float64(n))
		}
		if got := special.LogSumExp(cells); math.Abs(got) > 1e-9 {
			t.Errorf("%+v: the log of the sum of %d cells is %v", d, n, got)
		}
	})
}

func BenchmarkExp(b *testing.B) {
	xs := [64]float64{}
	for i := range xs {
		xs[i] = -float64(i) * 0.73
	}
	for _, f := range []struct {
		name string
		f    func(float64) float64
	}{{"special", special.Exp}, {"math", math.Exp}} {
		b.Run(f.name, func(b *testing.B) {
			sum := 0.0
			for b.Loop() {
				for _, x := range xs {
					sum += f.f(x)
				}
			}
			if sum == 0 {
				b.Fatal("nothing added")
			}
		})
	}
}
