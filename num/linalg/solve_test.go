package linalg_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/afina-hpo/afina/num/linalg"
)

func randomMatrix(r *rand.Rand, n int) []float64 {
	a := make([]float64, n)
	for i := range a {
		a[i] = r.NormFloat64()
	}
	return a
}

func TestCholeskySolves(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 5, 17, 40} {
		b := randomMatrix(r, n*n)
		a := make([]float64, n*n)
		for i := range n {
			for j := range n {
				a[i*n+j] = linalg.Dot(b[i*n:(i+1)*n], b[j*n:(j+1)*n])
			}
			a[i*n+i]++
		}
		want, x := randomMatrix(r, n), make([]float64, n)
		linalg.MulVec(x, a, want)
		l := append([]float64(nil), a...)
		if !linalg.Cholesky(l, n) {
			t.Fatalf("n = %d: not positive definite", n)
		}
		linalg.SolveLower(l, x)
		linalg.SolveLowerT(l, x)
		for i := range x {
			if math.Abs(x[i]-want[i]) > 1e-9 {
				t.Errorf("n = %d: x[%d] = %v, want %v", n, i, x[i], want[i])
			}
		}
	}
	if linalg.Cholesky([]float64{1, 0, 2, 1}, 2) {
		t.Error("an indefinite matrix was factored")
	}
}

func TestQR(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	const m, n = 12, 5
	a := randomMatrix(r, m*n)
	for i := range m { // the third column depends on the first two
		a[i*n+2] = 2*a[i*n] - a[i*n+1]
	}
	var q linalg.QR
	q.Decompose(a, m, n, 1, 1e-10)
	if q.Rank != 4 || q.Columns[0] != 0 {
		t.Fatalf("rank %d and first column %d, want 4 and 0", q.Rank, q.Columns[0])
	}
	// Qᵀ takes the independent columns to R, and Q back again.
	for k := range q.Rank {
		c := make([]float64, m)
		for i := range c {
			c[i] = a[i*n+q.Columns[k]]
		}
		x := append([]float64(nil), c...)
		q.TransMul(x)
		if math.Abs(linalg.Norm(x)-linalg.Norm(c)) > 1e-12 {
			t.Error("Q is not orthogonal")
		}
		for i := k + 1; i < m; i++ {
			if math.Abs(x[i]) > 1e-12 {
				t.Errorf("column %d has %v below the diagonal", k, x[i])
			}
		}
		q.Solve(x[:q.Rank])
		for i, v := range x[:q.Rank] {
			want := 0.0
			if i == k {
				want = 1
			}
			if math.Abs(v-want) > 1e-10 {
				t.Errorf("R⁻¹ of column %d has %v at %d", k, v, i)
			}
		}
	}
	x := randomMatrix(r, m)
	y := append([]float64(nil), x...)
	q.TransMul(y)
	q.Mul(y)
	for i := range x {
		if math.Abs(x[i]-y[i]) > 1e-12 {
			t.Errorf("Q Qᵀ x differs by %v", x[i]-y[i])
		}
	}
	// (R⁻ᵀ u)ᵀ v = uᵀ R⁻¹ v.
	u, v := randomMatrix(r, q.Rank), randomMatrix(r, q.Rank)
	left := append([]float64(nil), u...)
	q.TransSolve(left)
	right := append([]float64(nil), v...)
	q.Solve(right)
	if d := linalg.Dot(left, v) - linalg.Dot(u, right); math.Abs(d) > 1e-9 {
		t.Errorf("the transposed solution is off by %v", d)
	}
	q.Decompose(make([]float64, 6), 3, 2, 1, 1e-10)
	if q.Rank != 0 {
		t.Errorf("rank of nothing is %d", q.Rank)
	}
}
