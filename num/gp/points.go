package gp

import "slices"

// points are scaled points, columns of numbers before those of names. They lie
// in groups of four: the four values of the first column, those of the second
// and so on, so that one instruction can compare a value with those of four
// points. Zeros fill the last group.
type points struct {
	d, numeric int
	n          int
	z          []float64
}

// reset makes room for n points of zeros.
func (p *points) reset(d, numeric, n int) {
	p.d, p.numeric, p.z = d, numeric, p.z[:0]
	p.n = 0
	p.resize(n)
}

// resize cuts points off, or adds points of zeros.
func (p *points) resize(n int) {
	from := min(n, p.n)
	p.n = n
	size := (n + 3) / 4 * 4 * p.d
	p.z = slices.Grow(p.z, max(size-len(p.z), 0))[:size]
	for i := from; i < (n+3)&^3; i++ {
		for c := range p.d {
			*p.at(i, c) = 0
		}
	}
}

// at is column c of point i.
func (p *points) at(i, c int) *float64 { return &p.z[i/4*4*p.d+4*c+i%4] }

func (p *points) get(i int, x []float64) {
	for c := range x {
		x[c] = *p.at(i, c)
	}
}

func (p *points) set(i int, x []float64) {
	for c, v := range x {
		*p.at(i, c) = v
	}
}

// distances writes the squared distances of x from the first points to dst, as
// many as that has elements, a multiple of 4.
func (p *points) distances(dst, x, over []float64) {
	distances(dst, p.z, x, over, p.numeric)
}

// moments is [momentsGo] for the first len(h) points.
func (p *points) moments(first, second, h, x []float64) {
	moments(first, second, h, p.z, x, p.numeric)
}
