package bo

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// byRule is E[min mean] - E[min (mean + slope·Z)] by the trapezoidal rule.
func byRule(mean, slope []float64) float64 {
	least := math.Inf(1)
	for _, m := range mean {
		least = math.Min(least, m)
	}
	const step = 1e-3
	sum := 0.0
	for z := -9.0; z <= 9; z += step {
		v := math.Inf(1)
		for i := range mean {
			v = math.Min(v, mean[i]+slope[i]*z)
		}
		sum += (least - v) * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * step
	}
	return sum
}

func TestGain(t *testing.T) {
	for _, c := range []struct {
		name        string
		mean, slope []float64
		want        float64
	}{
		{"one alternative", []float64{1}, []float64{2}, 0},
		{"nothing is learned", []float64{1, 2}, []float64{0, 0}, 0},
		{"all move alike", []float64{1, 2, 3}, []float64{0.7, 0.7, 0.7}, 0},
		// Two lines with slopes 1 apart that cross at 0: φ(0).
		{"two equal ones", []float64{0, 0}, []float64{1, 0}, 1 / math.Sqrt(2*math.Pi)},
		// Expected improvement with z = -1: φ(1) - Φ(-1).
		{"one behind", []float64{0, 1}, []float64{0, 1}, 0.0833154705876862},
		{"one behind that moves down with it", []float64{0, 1}, []float64{1, 2}, 0.0833154705876862},
		{"equal slopes, the higher never matters", []float64{0, 5, 1}, []float64{0, 1, 1}, 0.0833154705876862},
	} {
		if got := gain(c.mean, c.slope); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestGainIsTheIntegral(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "n")
		mean, slope := make([]float64, n), make([]float64, n)
		for i := range n {
			mean[i] = rapid.Float64Range(-2, 2).Draw(t, "mean")
			slope[i] = rapid.Float64Range(-2, 2).Draw(t, "slope")
		}
		if got, want := gain(mean, slope), byRule(mean, slope); math.Abs(got-want) > 1e-5 {
			t.Fatalf("gain %v, by integration %v", got, want)
		}
	})
}
