package special_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/afina-hpo/afina/num/special"
)

func TestLogEIMatchesMpmath(t *testing.T) {
	b, err := os.ReadFile("testdata/logei.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Rows [][2]float64 }
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Rows) < 30 {
		t.Fatalf("%d rows, want at least 30", len(golden.Rows))
	}
	for _, r := range golden.Rows {
		got := special.LogEI(r[0])
		// The logarithm passes 0 near z = 0.9; elsewhere the error is relative.
		if math.Abs(got-r[1]) > 1e-12*math.Max(math.Abs(r[1]), 1) {
			t.Errorf("LogEI(%v) = %.17g, mpmath has %.17g", r[0], got, r[1])
		}
	}
}

func TestLogEIAtTheEnds(t *testing.T) {
	for z, want := range map[float64]float64{math.Inf(-1): math.Inf(-1), math.Inf(1): math.Inf(1)} {
		if got := special.LogEI(z); got != want {
			t.Errorf("LogEI(%v) = %v, want %v", z, got, want)
		}
	}
	if got := special.LogEI(math.NaN()); !math.IsNaN(got) {
		t.Errorf("LogEI(NaN) = %v", got)
	}
}

func TestLogEIRises(t *testing.T) {
	last := math.Inf(-1)
	for z := -60.0; z < 10; z += 1.0 / 128 {
		got := special.LogEI(z)
		if !(got > last) {
			t.Fatalf("LogEI(%v) = %v, before %v", z, got, last)
		}
		last = got
	}
}
