package de

import (
	"math"
	"math/rand/v2"
)

// success is a child that took its target's place.
type success struct {
	f, cr float64
	// weight is above 0; NaN: unknown, and counted like the mean of the others.
	weight float64
}

// memory is the F and CR about which new ones are drawn: algorithm 1 of Tanabe
// and Fukunaga 2014.
type memory struct {
	f, cr     []float64 // CR is NaN where the paper has its terminal value
	next      int
	successes []success // of the present generation
}

func newMemory(entries int, f, cr float64) memory {
	m := memory{f: make([]float64, entries), cr: make([]float64, entries)}
	for i := range m.f {
		m.f[i], m.cr[i] = f, cr
	}
	return m
}

// turn ends a generation: the means of what has succeeded replace the oldest
// entry.
func (m *memory) turn() {
	if len(m.successes) == 0 {
		return
	}
	fillWeights(m.successes)
	highest := 0.0
	for _, s := range m.successes {
		highest = math.Max(highest, s.cr)
	}
	m.f[m.next] = lehmer(m.successes, func(s success) float64 { return s.f })
	if math.IsNaN(m.cr[m.next]) || highest == 0 {
		m.cr[m.next] = math.NaN()
	} else {
		m.cr[m.next] = lehmer(m.successes, func(s success) float64 { return s.cr })
	}
	m.next = (m.next + 1) % len(m.f)
	m.successes = m.successes[:0]
}

// fillWeights scales the weights so that sums of them are finite, and gives
// those that are not known the mean of the others. Where none says anything
// all become 1.
func fillWeights(list []success) {
	most := 0.0
	for _, s := range list {
		if !math.IsNaN(s.weight) {
			most = math.Max(most, s.weight)
		}
	}
	if most == 0 {
		for i := range list {
			list[i].weight = 1
		}
		return
	}
	known, sum := 0, 0.0
	for i, s := range list {
		if !math.IsNaN(s.weight) {
			list[i].weight = s.weight / most
			known++
			sum += list[i].weight
		}
	}
	for i, s := range list {
		if math.IsNaN(s.weight) {
			list[i].weight = sum / float64(known)
		}
	}
}

// lehmer returns the weighted Lehmer mean Σwx²/Σwx.
func lehmer(list []success, of func(success) float64) float64 {
	top, bottom := 0.0, 0.0
	for _, s := range list {
		x := of(s)
		top += float64(s.weight * x * x)
		bottom += float64(s.weight * x)
	}
	if bottom == 0 {
		return 0
	}
	return top / bottom
}

// draw returns F and CR for a child: equations 1 and 2 of the paper.
func (m *memory) draw(r *rand.Rand) (f, cr float64) {
	k := r.IntN(len(m.f))
	if !math.IsNaN(m.cr[k]) {
		cr = math.Min(math.Max(m.cr[k]+float64(0.1*r.NormFloat64()), 0), 1)
	}
	for !(f > 0) {
		f = m.f[k] + float64(0.1*math.Tan(math.Pi*(r.Float64()-0.5)))
	}
	return math.Min(f, 1), cr
}
