package bbob

import "math"

// The suite's definition includes its random numbers: without the very same
// generator there is no instance of it. It is the minimal standard generator
// of Park and Miller (1988) with a shuffle table of 32 (Bays and Durham).

// park is one step of the minimal standard generator.
func park(s int64) int64 {
	s = 16807*(s%127773) - 2836*(s/127773)
	if s < 0 {
		s += 2147483647
	}
	return s
}

// uniform returns n numbers in (0, 1).
func uniform(n int, seed int64) []float64 {
	if seed < 0 {
		seed = -seed
	}
	s := max(seed, 1)
	var table [32]int64
	for i := 39; i >= 0; i-- {
		s = park(s)
		if i < 32 {
			table[i] = s
		}
	}
	last := table[0]
	out := make([]float64, n)
	for i := range out {
		s = park(s)
		k := last / 67108865
		last, table[k] = table[k], s
		out[i] = float64(last) / 2.147483647e9
		if out[i] == 0 {
			out[i] = 1e-99
		}
	}
	return out
}

// gauss returns n standard normal numbers, by the method of Box and Muller.
func gauss(n int, seed int64) []float64 {
	u := uniform(2*n, seed)
	out := make([]float64, n)
	for i := range out {
		out[i] = math.Sqrt(-2*math.Log(u[i])) * math.Cos(2*math.Pi*u[n+i])
		if out[i] == 0 {
			out[i] = 1e-99
		}
	}
	return out
}

// rotation returns a random orthogonal matrix: Gram and Schmidt's process on
// the columns of a Gaussian one.
func rotation(n int, seed int64) matrix {
	g := gauss(n*n, seed)
	m := newMatrix(n)
	for i := range n {
		for j := range n {
			m[i][j] = g[j*n+i]
		}
	}
	for i := range n {
		for j := range i {
			dot := 0.0
			for k := range n {
				dot += m[k][i] * m[k][j]
			}
			for k := range n {
				m[k][i] -= dot * m[k][j]
			}
		}
		square := 0.0
		for k := range n {
			square += m[k][i] * m[k][i]
		}
		for k := range n {
			m[k][i] /= math.Sqrt(square)
		}
	}
	return m
}

// shift returns the place of the optimum, in [-4, 4].
func shift(n int, seed int64) []float64 {
	x := uniform(n, seed)
	for i := range x {
		x[i] = 8*math.Floor(1e4*x[i])/1e4 - 4
		if x[i] == 0 {
			x[i] = -1e-5
		}
	}
	return x
}

// offset returns the value at the optimum: a ratio of two normal numbers,
// rounded to cents and bounded by 1000.
func offset(seed int64) float64 {
	y := math.Floor(1e4*gauss(1, seed)[0]/gauss(1, seed+1)[0]+0.5) / 100
	return math.Min(1000, math.Max(-1000, y))
}

type matrix [][]float64

func newMatrix(n int) matrix {
	m := make(matrix, n)
	cells := make([]float64, n*n)
	for i := range m {
		m[i] = cells[i*n : (i+1)*n : (i+1)*n]
	}
	return m
}

// apply returns m·x.
func (m matrix) apply(x []float64) []float64 {
	y := make([]float64, len(m))
	for i, row := range m {
		sum := 0.0
		for j, v := range row {
			sum += v * x[j]
		}
		y[i] = sum
	}
	return y
}

// transposed returns mᵀ·x.
func (m matrix) transposed(x []float64) []float64 {
	y := make([]float64, len(m))
	for i, row := range m {
		for j, v := range row {
			y[j] += v * x[i]
		}
	}
	return y
}

// between returns a·diag(d)·b.
func between(a matrix, d []float64, b matrix) matrix {
	n := len(a)
	m := newMatrix(n)
	for i := range n {
		for j := range n {
			for k := range n {
				m[i][j] += a[i][k] * d[k] * b[k][j]
			}
		}
	}
	return m
}
