package linalg_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/linalg"
)

// The golden values were computed with numpy.linalg.eigvalsh by
// testdata/generate.py; the file says by which version.
func TestEigenvaluesAreThoseOfNumpy(t *testing.T) {
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Cases []struct {
			Kind   string
			N      int
			A      []float64
			Values []float64
		}
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	for _, c := range golden.Cases {
		t.Run(fmt.Sprintf("%s %d", c.Kind, c.N), func(t *testing.T) {
			e := linalg.NewEigen(c.N)
			if !e.Decompose(c.A) {
				t.Fatal("no convergence")
			}
			size := math.Max(math.Abs(c.Values[0]), math.Abs(c.Values[c.N-1]))
			for i, want := range c.Values {
				if math.Abs(e.Values[i]-want) > 1e-13*size {
					t.Errorf("value %d is %v, want %v", i, e.Values[i], want)
				}
			}
			checkPairs(t, e, c.A, c.N)
		})
	}
}

type failer interface{ Fatalf(string, ...any) }

// checkPairs checks A·v = λ·v, the orthonormality and the order.
func checkPairs(t failer, e *linalg.Eigen, a []float64, n int) {
	size := 0.0
	for _, x := range e.Values {
		size = math.Max(size, math.Abs(x))
	}
	av := make([]float64, n)
	for k := range n {
		v := e.Vectors[k*n : k*n+n]
		linalg.MulVec(av, a, v)
		for i := range n {
			if math.Abs(av[i]-e.Values[k]*v[i]) > 1e-13*float64(n)*size {
				t.Fatalf("pair %d: component %d of A·v is %v, of λ·v %v", k, i, av[i], e.Values[k]*v[i])
			}
		}
		for l := range k + 1 {
			want := 0.0
			if l == k {
				want = 1
			}
			if got := linalg.Dot(v, e.Vectors[l*n:l*n+n]); math.Abs(got-want) > 1e-13*float64(n) {
				t.Fatalf("vectors %d and %d have product %v, want %v", k, l, got, want)
			}
		}
		if k > 0 && e.Values[k] < e.Values[k-1] {
			t.Fatalf("value %d, %v, is below its predecessor %v", k, e.Values[k], e.Values[k-1])
		}
	}
}

func TestEigenOfAnySymmetricMatrix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		a := make([]float64, n*n)
		entry := rapid.OneOf(rapid.Just(0.0), rapid.Just(1.0), rapid.Float64Range(-1e3, 1e3))
		for i := range n {
			for j := range i + 1 {
				x := entry.Draw(t, "entry")
				a[i*n+j], a[j*n+i] = x, x
			}
		}
		e := linalg.NewEigen(n)
		for range 2 { // memory is used again
			if !e.Decompose(a) {
				t.Fatalf("no convergence")
			}
			checkPairs(t, e, a, n)
		}
	})
}

func TestEigenRefusesWhatIsNotFinite(t *testing.T) {
	for _, x := range []float64{math.NaN(), math.Inf(1)} {
		if linalg.NewEigen(2).Decompose([]float64{1, 0, x, 1}) {
			t.Errorf("%v: want false", x)
		}
	}
}

func TestProducts(t *testing.T) {
	a := []float64{1, 2, 3, 4, 5, 6} // 2 × 3
	two, three := make([]float64, 2), make([]float64, 3)
	linalg.MulVec(two, a, []float64{1, 0, -1})
	if two[0] != -2 || two[1] != -2 {
		t.Errorf("product %v, want [-2 -2]", two)
	}
	linalg.MulVecT(three, a, []float64{1, -1})
	if three[0] != -3 || three[1] != -3 || three[2] != -3 {
		t.Errorf("transposed product %v, want [-3 -3 -3]", three)
	}
	if got := linalg.Norm([]float64{3, 4}); got != 5 {
		t.Errorf("norm %v, want 5", got)
	}
}

func BenchmarkDecompose(b *testing.B) {
	for _, n := range []int{10, 40, 100} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 2))
			a := make([]float64, n*n)
			for i := range n {
				for j := range i + 1 {
					x := r.NormFloat64()
					a[i*n+j], a[j*n+i] = x, x
				}
			}
			e := linalg.NewEigen(n)
			b.ReportAllocs()
			for b.Loop() {
				if !e.Decompose(a) {
					b.Fatal("no convergence")
				}
			}
		})
	}
}
