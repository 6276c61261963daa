package multi

import (
	"fmt"
	"math"
)

// WFG returns problem k (1 to 9) of m objectives (2 to 4), with 4 (of 4: 6)
// variables of position and 4 of distance. The names of the paper's
// transformations stand at the functions below.
func WFG(k, m int) (*Function, error) {
	switch {
	case k < 1 || k > 9:
		return nil, fmt.Errorf("there are WFG 1 to 9, not %d", k)
	case m < 2 || m > 4:
		return nil, fmt.Errorf("WFG has 2 to 4 objectives here, not %d", m)
	}
	const distance = 4
	position := max(4, 2*(m-1))
	n := position + distance
	f := &Function{Name: fmt.Sprintf("wfg/%d/m%d", k, m), Low: box(n, 0), High: box(n, 0), Objectives: m}
	for i := range f.High {
		f.High[i] = 2 * float64(i+1)
	}
	w := wfg{number: k, m: m, k: position}
	f.eval = func(x []float64) []float64 {
		y := make([]float64, n)
		for i, v := range x {
			y[i] = math.Min(math.Max(v/f.High[i], 0), 1)
		}
		return w.shape(w.transform(y))
	}
	f.front = func(t []float64) []float64 { return w.shape(append(append([]float64(nil), t...), 0)) }
	return f, nil
}

type wfg struct{ number, m, k int }

// transform maps the unit cube to m numbers: the position on the front, then
// the distance from it.
func (w wfg) transform(y []float64) []float64 {
	switch w.number {
	case 1:
		each(y[w.k:], func(v float64) float64 { return flat(linear(v, 0.35), 0.8, 0.75, 0.85) })
		each(y, func(v float64) float64 { return within(math.Pow(v, 0.02)) })
		return w.reduce(y, func(part []float64, first int) float64 {
			sum, all := 0.0, 0.0
			for i, v := range part {
				sum += 2 * float64(first+i+1) * v
				all += 2 * float64(first+i+1)
			}
			return sum / all
		})
	case 2, 3:
		each(y[w.k:], func(v float64) float64 { return linear(v, 0.35) })
		short := append([]float64(nil), y[:w.k]...)
		for i := w.k; i < len(y); i += 2 {
			short = append(short, entangled(y[i:i+2], 2))
		}
		return w.reduce(short, mean)
	case 4:
		each(y, func(v float64) float64 { return multimodal(v, 30, 10, 0.35) })
		return w.reduce(y, mean)
	case 5:
		each(y, deceptive)
		return w.reduce(y, mean)
	case 6:
		each(y[w.k:], func(v float64) float64 { return linear(v, 0.35) })
		return w.reduce(y, func(part []float64, _ int) float64 { return entangled(part, len(part)) })
	case 7:
		for i := range y[:w.k] { // those behind are still as they were
			y[i] = dependent(y[i], mean(y[i+1:], 0))
		}
		each(y[w.k:], func(v float64) float64 { return linear(v, 0.35) })
		return w.reduce(y, mean)
	case 8:
		before := append([]float64(nil), y...)
		for i := w.k; i < len(y); i++ {
			y[i] = dependent(y[i], mean(before[:i], 0))
		}
		each(y[w.k:], func(v float64) float64 { return linear(v, 0.35) })
		return w.reduce(y, mean)
	default:
		for i := range y[:len(y)-1] {
			y[i] = dependent(y[i], mean(y[i+1:], 0))
		}
		each(y[:w.k], deceptive)
		each(y[w.k:], func(v float64) float64 { return multimodal(v, 30, 95, 0.35) })
		return w.reduce(y, func(part []float64, _ int) float64 { return entangled(part, len(part)) })
	}
}

// reduce makes one number of each group of position variables and one of all
// others. By is told where its part begins.
func (w wfg) reduce(y []float64, by func(part []float64, first int) float64) []float64 {
	size := w.k / (w.m - 1)
	out := make([]float64, 0, w.m)
	for i := 0; i < w.k; i += size {
		out = append(out, within(by(y[i:i+size], i)))
	}
	return append(out, within(by(y[w.k:], w.k)))
}

// shape is the front's point at the position of t, moved away by its last
// number.
func (w wfg) shape(t []float64) []float64 {
	last := t[w.m-1]
	x := make([]float64, w.m-1)
	for i := range x {
		degenerate := 1.0 // A of the paper; WFG3's front is a curve
		if w.number == 3 && i > 0 {
			degenerate = 0
		}
		x[i] = math.Max(last, degenerate)*(t[i]-0.5) + 0.5
	}
	up := func(v float64) float64 { return math.Sin(v * math.Pi / 2) } // concave
	down := func(v float64) float64 { return math.Cos(v * math.Pi / 2) }
	switch w.number {
	case 1, 2: // convex
		up = func(v float64) float64 { return 1 - math.Cos(v*math.Pi/2) }
		down = func(v float64) float64 { return 1 - math.Sin(v*math.Pi/2) }
	case 3:
		up = func(v float64) float64 { return v }
		down = func(v float64) float64 { return 1 - v }
	}
	out := make([]float64, w.m)
	for i := range out {
		h := 1.0
		for _, v := range x[:w.m-1-i] {
			h *= up(v)
		}
		if i > 0 {
			h *= down(x[w.m-1-i])
		}
		switch {
		case i < w.m-1:
		case w.number == 1: // mixed
			h = 1 - x[0] - math.Cos(10*math.Pi*x[0]+math.Pi/2)/(10*math.Pi)
		case w.number == 2: // disconnected
			c := math.Cos(5 * x[0] * math.Pi)
			h = 1 - x[0]*c*c
		}
		out[i] = last + 2*float64(i+1)*h
	}
	return out
}

func each(y []float64, f func(float64) float64) {
	for i, v := range y {
		y[i] = f(v)
	}
}

// within takes back what rounding put outside [0, 1].
func within(v float64) float64 { return math.Min(math.Max(v, 0), 1) }

// mean is r_sum with equal weights.
func mean(part []float64, _ int) float64 {
	sum := 0.0
	for _, v := range part {
		sum += v
	}
	return sum / float64(len(part))
}

// linear is s_linear.
func linear(y, a float64) float64 {
	return within(math.Abs(y-a) / math.Abs(math.Floor(a-y)+a))
}

// flat is b_flat.
func flat(y, a, b, c float64) float64 {
	return within(a + math.Min(0, math.Floor(y-b))*a*(b-y)/b - math.Min(0, math.Floor(c-y))*(1-a)*(y-c)/(1-c))
}

// dependent is b_param with the paper's constants.
func dependent(y, u float64) float64 {
	const a, b, c = 0.98 / 49.98, 0.02, 50
	v := a - (1-2*u)*math.Abs(math.Floor(0.5-u)+a)
	return within(math.Pow(y, b+(c-b)*v))
}

// deceptive is s_decept with the paper's constants.
func deceptive(y float64) float64 {
	const a, b, c = 0.35, 0.001, 0.05
	left := math.Floor(y-a+b) * (1 - c + (a-b)/b) / (a - b)
	right := math.Floor(a+b-y) * (1 - c + (1-a-b)/b) / (1 - a - b)
	return within(1 + (math.Abs(y-a)-b)*(left+right+1/b))
}

// multimodal is s_multi.
func multimodal(y, a, b, c float64) float64 {
	d := math.Abs(y-c) / (2 * (math.Floor(c-y) + c))
	return within((1 + math.Cos((4*a+2)*math.Pi*(0.5-d)) + 4*b*d*d) / (b + 2))
}

// entangled is r_nonsep of degree a.
func entangled(part []float64, a int) float64 {
	n := len(part)
	sum := 0.0
	for j, v := range part {
		sum += v
		for k := range a - 1 {
			sum += math.Abs(v - part[(j+k+1)%n])
		}
	}
	half := math.Ceil(float64(a) / 2)
	return within(sum / (float64(n) / float64(a) * half * (1 + 2*float64(a) - 2*half)))
}
