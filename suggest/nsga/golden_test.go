package nsga

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/afina-hpo/afina/suggest/internal/vary"
)

// golden is testdata/golden.json, written by testdata/generate.py from Optuna
// and pymoo, whose versions it names.
type golden struct {
	SBX        [][6]float64 // parents, eta, quantile, lower and upper child
	Polynomial [][4]float64 // gene, eta, quantile, mutant
	Moments    struct {
		Parents             [][]float64
		UNDX, SPX, PCX, BLX moments
	}
	Niches []struct {
		Points, Directions [][]float64
		Intercepts         []float64
		Niche              []int
		Distance           []float64
	}
}

type moments struct {
	Mean       []float64
	Covariance [][]float64
}

func readGolden(t *testing.T) golden {
	t.Helper()
	raw, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g golden
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.SBX) == 0 || len(g.Polynomial) == 0 || len(g.Moments.UNDX.Mean) == 0 || len(g.Niches) == 0 {
		t.Fatal("a part of the golden file is empty")
	}
	return g
}

func TestGoldenSimulatedBinaryCrossover(t *testing.T) {
	for _, c := range readGolden(t).SBX {
		for k, want := range c[4:] {
			if got := vary.SBX(c[0], c[1], c[2], c[3], k == 0); math.Abs(got-want) > 1e-12 {
				t.Errorf("child %d of %g and %g, eta %g, quantile %g is %v, Optuna has %v", k, c[0], c[1], c[2], c[3], got, want)
			}
		}
	}
}

func TestGoldenPolynomialMutation(t *testing.T) {
	for _, c := range readGolden(t).Polynomial {
		if got := vary.Polynomial(c[0], c[1], c[2]); math.Abs(got-c[3]) > 1e-12 {
			t.Errorf("mutant of %g, eta %g, quantile %g is %v, pymoo has %v", c[0], c[1], c[2], got, c[3])
		}
	}
}

// The crossovers without a quantile function are held to means and covariances.
func TestGoldenMoments(t *testing.T) {
	g := readGolden(t).Moments
	const draws = 200_000
	for _, c := range []struct {
		name  string
		want  moments
		cross func(child []float64, parents [][]float64, r *rand.Rand)
	}{
		{"undx", g.UNDX, undx}, {"spx", g.SPX, spx}, {"pcx", g.PCX, pcx},
		{"blx", g.BLX, func(child []float64, parents [][]float64, r *rand.Rand) {
			for i := range child {
				child[i] = vary.Blend(parents[0][i], parents[1][i], 0.5, r.Float64())
			}
		}},
	} {
		r := rand.New(rand.NewPCG(1, 2))
		n := len(c.want.Mean)
		child, mean := make([]float64, n), make([]float64, n)
		products := make([][]float64, n)
		for i := range products {
			products[i] = make([]float64, n)
		}
		for range draws {
			c.cross(child, g.Parents, r)
			for i, x := range child {
				mean[i] += x / draws
				for j, y := range child {
					products[i][j] += (x - c.want.Mean[i]) * (y - c.want.Mean[j]) / draws
				}
			}
		}
		// Five standard errors, those of 100,000 draws of the reference
		// included.
		const slack = 5 * 0.0039
		for i := range n {
			si := math.Sqrt(c.want.Covariance[i][i])
			if d := math.Abs(mean[i] - c.want.Mean[i]); d > slack*si {
				t.Errorf("%s: mean %d is %v, want %v", c.name, i, mean[i], c.want.Mean[i])
			}
			for j := range n {
				sj := math.Sqrt(c.want.Covariance[j][j])
				if d := math.Abs(products[i][j] - c.want.Covariance[i][j]); d > 1.5*slack*si*sj {
					t.Errorf("%s: covariance %d, %d is %v, want %v", c.name, i, j, products[i][j], c.want.Covariance[i][j])
				}
			}
		}
	}
}

func TestGoldenNiches(t *testing.T) {
	near := cmpopts.EquateApprox(1e-9, 1e-12)
	for i, c := range readGolden(t).Niches {
		got := intercepts(c.Points, len(c.Points))
		if diff := cmp.Diff(c.Intercepts, got, near); diff != "" {
			t.Errorf("intercepts, case %d (-pymoo +got):\n%s", i, diff)
			continue
		}
		for k, p := range normalize(c.Points, len(c.Points)) {
			at, d := nearest(unitsOf(c.Directions), p)
			if at != c.Niche[k] || math.Abs(math.Sqrt(d)-c.Distance[k]) > 1e-9 {
				t.Errorf("case %d: point %d is %v from direction %d, pymoo has %v from %d", i, k, math.Sqrt(d), at, c.Distance[k], c.Niche[k])
			}
		}
	}
}
