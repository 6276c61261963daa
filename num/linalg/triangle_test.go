package linalg_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/num/linalg"
)

// positive returns a positive definite n × n matrix.
func positive(r *rand.Rand, n int) []float64 {
	b := randomMatrix(r, n*n)
	a := make([]float64, n*n)
	for i := range n {
		for j := range n {
			a[i*n+j] = linalg.Dot(b[i*n:(i+1)*n], b[j*n:(j+1)*n])
		}
		a[i*n+i]++
	}
	return a
}

// fill makes rows from to n of t those of a. The places that do not matter hold
// what must not matter.
func fill(t *linalg.Triangle, a []float64, n, from, to int) {
	for i := from; i < to; i++ {
		row := t.Row(i)
		for j := range row {
			row[j] = math.NaN()
		}
		copy(row, a[i*n:i*n+i+1])
	}
}

// padded is x with the zeros that a Triangle wants.
func padded(x []float64) []float64 {
	return append(slices.Clone(x), make([]float64, (4-len(x)%4)%4)...)
}

func TestTriangleIsTheCholeskyFactor(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for n := range 26 {
		a := positive(r, n)
		var l linalg.Triangle
		l.Resize(n)
		fill(&l, a, n, 0, n)
		if !l.Factor(0, 0) {
			t.Fatalf("n = %d: not positive definite", n)
		}
		want := slices.Clone(a)
		linalg.Cholesky(want, n)
		for i := range n {
			for j := range i + 1 {
				if d := l.At(i, j) - want[i*n+j]; math.Abs(d) > 1e-12*float64(n) {
					t.Errorf("n = %d: element %d, %d is %v, want %v", n, i, j, l.At(i, j), want[i*n+j])
				}
			}
		}
		// L y = x, and the same for four at once.
		room := l.Room()
		x := randomMatrix(r, n)
		y := padded(x)
		l.Solve(y)
		for i := range n {
			got := 0.0
			for j := range i + 1 {
				got += l.At(i, j) * y[j]
			}
			if math.Abs(got-x[i]) > 1e-10 {
				t.Errorf("n = %d: element %d of L y is %v, want %v", n, i, got, x[i])
			}
		}
		four := slices.Repeat(padded(x), 4)
		l.Solve4(four, 0)
		if !slices.Equal(four, slices.Repeat(y, 4)) {
			t.Errorf("n = %d: four solutions differ from one", n)
		}
		// Lᵀ y = x.
		y = padded(x)
		l.SolveT(y)
		for i := range n {
			got := 0.0
			for j := i; j < n; j++ {
				got += l.At(j, i) * y[j]
			}
			if math.Abs(got-x[i]) > 1e-10 {
				t.Errorf("n = %d: element %d of Lᵀ y is %v, want %v", n, i, got, x[i])
			}
		}
		// The inverse of a, times a.
		inverse := make([]float64, room*room)
		l.InverseT(inverse)
		whole := make([]float64, room*room)
		for i := 0; i < n; i += 4 {
			dst := make([]float64, 4*(i+4))
			linalg.Gram4(dst, inverse, room, i)
			for k := range 4 {
				for j := range i + k + 1 {
					whole[(i+k)*room+j], whole[j*room+i+k] = dst[k*(i+4)+j], dst[k*(i+4)+j]
				}
			}
		}
		for i := range n {
			for j := range n {
				got := linalg.Dot(whole[i*room:i*room+n], a[j*n:(j+1)*n])
				want := 0.0
				if i == j {
					want = 1
				}
				if math.Abs(got-want) > 1e-8 {
					t.Errorf("n = %d: element %d, %d of the inverse times a is %v", n, i, j, got)
				}
			}
		}
	}
}

func TestTriangleGrowsAndShrinksToTheBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 22).Draw(t, "n")
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		a := positive(r, n)
		x := randomMatrix(r, n)
		answer := func(l *linalg.Triangle) []float64 {
			y := padded(x[:l.Len()])
			l.Solve(y)
			l.SolveT(y)
			return y
		}
		var l linalg.Triangle
		for _, k := range rapid.SliceOfN(rapid.IntRange(0, n), 1, 6).Draw(t, "sizes") {
			from := l.Len()
			l.Resize(k)
			fill(&l, a, n, from, k)
			if !l.Factor(min(from, k), 0) {
				t.Fatal("not positive definite")
			}
			var once linalg.Triangle
			once.Resize(k)
			fill(&once, a, n, 0, k)
			once.Factor(0, 0)
			if !slices.Equal(answer(&l), answer(&once)) {
				t.Fatalf("from %d to %d rows: the bits differ from those of factoring at once", from, k)
			}
		}
	})
}

func TestTriangleOfWhatIsNotPositive(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name  string
		a     []float64
		least float64
		want  bool
		last  float64 // element of the diagonal, where the least was taken
	}{
		{"indefinite", []float64{1, 0, 2, 1}, 0, false, 0},
		{"singular", []float64{1, 0, 1, 1}, 0, false, 0},
		{"singular, raised", []float64{1, 0, 1, 1}, 1e-4, true, 1e-2},
		{"indefinite, raised", []float64{1, 0, 2, 1}, 1e-4, true, 1e-2},
		{"negative", []float64{1, 0, 0, -1}, 1e-4, false, 0},
		{"no number", []float64{1, 0, nan, 1}, 1e-4, false, 0},
		{"infinite", []float64{1, 0, 0, math.Inf(1)}, 1e-4, false, 0},
	} {
		for _, before := range []int{0, 2, 3} { // rows of the identity above
			t.Run(fmt.Sprint(c.name, " below ", before), func(t *testing.T) {
				n := before + 2
				a := make([]float64, n*n)
				for i := range n {
					a[i*n+i] = 1
				}
				a[before*n+before], a[n*n-2], a[n*n-1] = c.a[0], c.a[2], c.a[3]
				var l linalg.Triangle
				l.Resize(n)
				fill(&l, a, n, 0, n)
				if got := l.Factor(0, c.least); got != c.want {
					t.Fatalf("got %v", got)
				}
				if c.want && math.Abs(l.At(n-1, n-1)-c.last) > 1e-15 {
					t.Errorf("ends with %v, want %v", l.At(n-1, n-1), c.last)
				}
			})
		}
	}
}

func TestDots4AreDot4(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for _, n := range []int{0, 4, 8, 44} {
		a, x := randomMatrix(r, 4*n), randomMatrix(r, n)
		var got [4]float64
		linalg.Dots4(&got, a, x)
		for i, v := range got {
			if want := linalg.Dot4(a[i*n:(i+1)*n], x); v != want {
				t.Errorf("n = %d: product %d is %v, want %v", n, i, v, want)
			}
		}
	}
}

func BenchmarkTriangle(b *testing.B) {
	for _, n := range []int{50, 200, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			a := positive(rand.New(rand.NewPCG(1, 2)), n)
			var l linalg.Triangle
			l.Resize(n)
			b.ReportAllocs()
			for b.Loop() {
				fill(&l, a, n, 0, n)
				if !l.Factor(0, 0) {
					b.Fatal("not positive definite")
				}
			}
		})
	}
}
