package special_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"

	"github.com/afina-hpo/afina/num/special"
)

// golden is testdata/golden.json: arguments and values computed with mpmath
// at 400 digits.
type golden struct {
	Erfcx, LogPhi, Log1mExp, LogQuantile, Exp [][2]float64
	LogPhiDiff                                [][3]float64
	TruncNorm                                 [][8]float64
}

func readGolden(t *testing.T) golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// near fails unless got is want to the relative tolerance.
func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if got == want {
		return
	}
	if d := math.Abs(got-want) / math.Max(math.Abs(want), math.SmallestNonzeroFloat64); !(d <= tol) {
		t.Errorf("%s = %v, want %v: relative error %.2g", what, got, want, d)
	}
}

func TestAgainstMpmath(t *testing.T) {
	g := readGolden(t)
	for _, f := range []struct {
		name  string
		f     func(float64) float64
		table [][2]float64
		tol   float64
	}{
		{"Erfcx", special.Erfcx, g.Erfcx, 1e-13},
		{"LogPhi", special.LogPhi, g.LogPhi, 1e-13},
		{"Log1mExp", special.Log1mExp, g.Log1mExp, 1e-14},
		{"LogQuantile", special.LogQuantile, g.LogQuantile, 1e-12},
		{"Exp", special.Exp, g.Exp, 3e-16},
	} {
		if len(f.table) < 10 {
			t.Fatalf("%s: a table of %d", f.name, len(f.table))
		}
		for _, p := range f.table {
			near(t, fmt.Sprintf("%s(%v)", f.name, p[0]), f.f(p[0]), p[1], f.tol)
		}
	}
	for _, p := range g.LogPhiDiff {
		near(t, fmt.Sprintf("LogPhiDiff(%v, %v)", p[0], p[1]), special.LogPhiDiff(p[0], p[1]), p[2], 1e-12)
	}
	for _, p := range g.TruncNorm {
		d := special.TruncNorm{Mu: p[0], Sigma: p[1], Low: p[2], High: p[3]}
		near(t, fmt.Sprintf("%+v: mass", d), d.LogMass(), p[7], 1e-12)
		// A quantile next to a bound has the digits of the bound, not its own.
		if got := d.Quantile(p[4]); math.Abs(got-p[5]) > 1e-12*(d.Sigma+math.Abs(d.Mu)) {
			t.Errorf("%+v: quantile of %v is %v, want %v", d, p[4], got, p[5])
		}
		near(t, fmt.Sprintf("%+v: log density at %v", d, p[5]), d.LogPDF(p[5]), p[6], 1e-11)
	}
}
