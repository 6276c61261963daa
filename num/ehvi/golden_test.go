package ehvi_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/afina-hpo/afina/num/ehvi"
)

// golden is testdata/golden.json, written by testdata/generate.py with mpmath
// and numpy, whose versions it names.
type golden struct {
	Name      string
	Points    [][]float64
	Reference []float64
	Mean, SD  []float64

	Grid             float64 // the logarithm, by 50 digits
	GradMean, GradSD []float64
	Quadrature       *float64 // the logarithm, by the definition
}

func readGolden(t *testing.T) []golden {
	t.Helper()
	raw, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []golden }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) < 20 {
		t.Fatalf("%d golden cases, want at least 20", len(file.Cases))
	}
	return file.Cases
}

// apart returns the error of got relative to want, or absolute below 1.
func apart(got, want float64) float64 {
	if got == want {
		return 0
	}
	return math.Abs(got-want) / max(1, math.Abs(want))
}

func TestLogEHVIMatchesMpmath(t *testing.T) {
	direct := 0
	for _, c := range readGolden(t) {
		t.Run(c.Name, func(t *testing.T) {
			m := len(c.Reference)
			gm, gs := make([]float64, m), make([]float64, m)
			got := ehvi.Decompose(c.Points, c.Reference).LogEHVI(c.Mean, c.SD, gm, gs)
			if e := apart(got, c.Grid); !(e < 1e-14) {
				t.Errorf("log %.17g, mpmath has %.17g: error %.2g", got, c.Grid, e)
			}
			for j := range m {
				if e := math.Abs(gm[j]/c.GradMean[j] - 1); !(e < 1e-12) {
					t.Errorf("derivative in mean %d is %.17g, mpmath has %.17g: error %.2g", j, gm[j], c.GradMean[j], e)
				}
				// Far ahead of the reference the spread makes no difference,
				// and what is left is rounding of terms of order 1.
				if e := math.Abs(gs[j] - c.GradSD[j]); !(e < 1e-12*math.Abs(c.GradSD[j])+1e-15) {
					t.Errorf("derivative in sd %d is %.17g, mpmath has %.17g: error %.2g", j, gs[j], c.GradSD[j], e)
				}
			}
			if c.Quadrature == nil {
				return
			}
			direct++
			if e := apart(got, *c.Quadrature); !(e < 1e-10) {
				t.Errorf("log %.17g, quadrature has %.17g: error %.2g", got, *c.Quadrature, e)
			}
		})
	}
	if direct < 5 {
		t.Errorf("%d cases by quadrature, want at least 5", direct)
	}
}
