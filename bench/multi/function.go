package multi

import (
	"fmt"
	"math"
)

// Function is one test problem in one size. It is immutable and safe for
// concurrent use.
type Function struct {
	// Name is zdt/4, dtlz/2/m3 or wfg/9/m2: family, number, objectives.
	Name       string
	Low, High  []float64
	Objectives int

	eval  func(x []float64) []float64
	front func(t []float64) []float64
}

// Eval returns the objectives at x, which has as many coordinates as Low.
func (f *Function) Eval(x []float64) []float64 { return f.eval(x) }

// Front returns the true front as a grid of about so many points; a few of
// them may be beaten by others where the front has gaps.
func (f *Function) Front(points int) [][]float64 {
	d := f.Objectives - 1
	side := max(2, int(math.Ceil(math.Pow(float64(points), 1/float64(d)))))
	t := make([]float64, d)
	var out [][]float64
	for k := 0; ; k++ {
		rest := k
		for i := range t {
			t[i] = float64(rest%side) / float64(side-1)
			rest /= side
		}
		if rest > 0 {
			return out
		}
		out = append(out, f.front(t))
	}
}

// box returns n copies of a bound.
func box(n int, v float64) []float64 {
	b := make([]float64, n)
	for i := range b {
		b[i] = v
	}
	return b
}

// ZDT returns problem k, one of 1 to 4 and 6: two objectives of 30 variables,
// or 10 in the last two.
func ZDT(k int) (*Function, error) {
	n := 30
	if k == 4 || k == 6 {
		n = 10
	}
	f := &Function{Name: fmt.Sprintf("zdt/%d", k), Low: box(n, 0), High: box(n, 1), Objectives: 2}
	first := func(x float64) float64 { return x }
	far := func(x []float64) float64 { // g, which is 1 on the front
		sum := 0.0
		for _, v := range x[1:] {
			sum += v
		}
		return 1 + 9*sum/float64(n-1)
	}
	shape := func(r, _ float64) float64 { return 1 - math.Sqrt(r) } // h(f1/g, f1)
	switch k {
	case 1:
	case 2:
		shape = func(r, _ float64) float64 { return 1 - r*r }
	case 3:
		shape = func(r, f1 float64) float64 { return 1 - math.Sqrt(r) - r*math.Sin(10*math.Pi*f1) }
	case 4:
		for i := 1; i < n; i++ {
			f.Low[i], f.High[i] = -5, 5
		}
		far = func(x []float64) float64 {
			sum := 1 + 10*float64(n-1)
			for _, v := range x[1:] {
				sum += v*v - 10*math.Cos(4*math.Pi*v)
			}
			return sum
		}
	case 6:
		first = func(x float64) float64 {
			return 1 - math.Exp(-4*x)*math.Pow(math.Sin(6*math.Pi*x), 6)
		}
		shape = func(r, _ float64) float64 { return 1 - r*r }
		far = func(x []float64) float64 {
			sum := 0.0
			for _, v := range x[1:] {
				sum += v
			}
			return 1 + 9*math.Pow(sum/float64(n-1), 0.25)
		}
	default:
		return nil, fmt.Errorf("there are ZDT 1, 2, 3, 4 and 6 here, not %d", k)
	}
	f.eval = func(x []float64) []float64 {
		f1, g := first(x[0]), far(x)
		return []float64{f1, g * shape(f1/g, f1)}
	}
	f.front = func(t []float64) []float64 {
		f1 := first(t[0])
		return []float64{f1, shape(f1, f1)}
	}
	return f, nil
}

// DTLZ returns problem k, one of 1, 2, 5 and 7, of m objectives (2 to 4). It
// has m-1 variables of position and 5, 10, 10 or 20 of distance.
func DTLZ(k, m int) (*Function, error) {
	distance := map[int]int{1: 5, 2: 10, 5: 10, 7: 20}[k]
	switch {
	case distance == 0:
		return nil, fmt.Errorf("there are DTLZ 1, 2, 5 and 7 here, not %d", k)
	case m < 2 || m > 4:
		return nil, fmt.Errorf("DTLZ has 2 to 4 objectives here, not %d", m)
	}
	n := m - 1 + distance
	f := &Function{Name: fmt.Sprintf("dtlz/%d/m%d", k, m), Low: box(n, 0), High: box(n, 1), Objectives: m}
	// far is g, 0 on the front (of 7: 1); place puts a position on the front
	// and moves it away by g.
	var far func(x []float64) float64
	var place func(t []float64, g float64) []float64
	switch k {
	case 1:
		far = func(x []float64) float64 {
			sum := float64(len(x))
			for _, v := range x {
				sum += (v-0.5)*(v-0.5) - math.Cos(20*math.Pi*(v-0.5))
			}
			return 100 * sum
		}
		place = func(t []float64, g float64) []float64 {
			out := make([]float64, m)
			for i := range out {
				out[i] = 0.5 * (1 + g)
				for _, v := range t[:m-1-i] {
					out[i] *= v
				}
				if i > 0 {
					out[i] *= 1 - t[m-1-i]
				}
			}
			return out
		}
	case 2, 5:
		far = func(x []float64) float64 {
			sum := 0.0
			for _, v := range x {
				sum += (v - 0.5) * (v - 0.5)
			}
			return sum
		}
		place = func(t []float64, g float64) []float64 {
			angle := make([]float64, m-1)
			for i, v := range t {
				if k == 5 && i > 0 {
					v = (1 + 2*g*v) / (2 * (1 + g))
				}
				angle[i] = v * math.Pi / 2
			}
			out := make([]float64, m)
			for i := range out {
				out[i] = 1 + g
				for _, a := range angle[:m-1-i] {
					out[i] *= math.Cos(a)
				}
				if i > 0 {
					out[i] *= math.Sin(angle[m-1-i])
				}
			}
			return out
		}
	case 7:
		far = func(x []float64) float64 {
			sum := 0.0
			for _, v := range x {
				sum += v
			}
			return 1 + 9*sum/float64(len(x))
		}
		place = func(t []float64, g float64) []float64 {
			out := append([]float64(nil), t...)
			h := float64(m)
			for _, v := range t {
				h -= v / (1 + g) * (1 + math.Sin(3*math.Pi*v))
			}
			return append(out, (1+g)*h)
		}
	}
	f.eval = func(x []float64) []float64 { return place(x[:m-1], far(x[m-1:])) }
	near := 0.0
	if k == 7 {
		near = 1
	}
	f.front = func(t []float64) []float64 { return place(t, near) }
	return f, nil
}
