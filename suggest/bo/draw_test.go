package bo

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Mean and covariance of many draws are those that were asked for, to five
// standard errors.
func TestDraw(t *testing.T) {
	mean := []float64{1, -2, 0.5}
	cov := []float64{
		4, 1.2, 0.3,
		1.2, 1, -0.4,
		0.3, -0.4, 0.5,
	}
	const n = 20_000
	r := rand.New(rand.NewPCG(1, 2))
	var sum [3]float64
	var squares [9]float64
	for range n {
		x := append([]float64(nil), mean...)
		if !draw(x, append([]float64(nil), cov...), r) {
			t.Fatal("no draw")
		}
		for i, v := range x {
			sum[i] += v
			for j, w := range x {
				squares[3*i+j] += (v - mean[i]) * (w - mean[j])
			}
		}
	}
	for i := range mean {
		if got, se := sum[i]/n, math.Sqrt(cov[4*i]/n); math.Abs(got-mean[i]) > 5*se {
			t.Errorf("mean %d is %v, want %v", i, got, mean[i])
		}
		for j := range mean {
			se := math.Sqrt((cov[4*i]*cov[4*j] + cov[3*i+j]*cov[3*i+j]) / n)
			if got := squares[3*i+j] / n; math.Abs(got-cov[3*i+j]) > 5*se {
				t.Errorf("covariance %d, %d is %v, want %v", i, j, got, cov[3*i+j])
			}
		}
	}
}

// Two points that are one have one value; what is no covariance has none.
func TestDrawOfWhatIsSingular(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := []float64{0, 0}
	if !draw(x, []float64{1, 1, 1, 1}, r) || math.Abs(x[0]-x[1]) > 0.05 || x[0] == 0 {
		t.Errorf("drew %v", x)
	}
	x = []float64{3, 4}
	if draw(x, []float64{1, 2, 2, 1}, r) || x[0] != 3 || x[1] != 4 {
		t.Errorf("drew %v from what is no covariance", x)
	}
}
