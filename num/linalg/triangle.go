package linalg

import (
	"math"
	"slices"
)

// Triangle is the Cholesky factor L of a symmetric matrix, to which rows can be
// added and from which the last ones can be taken again. The zero Triangle has
// no rows; it is not safe for concurrent use.
//
// Rows lie in groups of four, as long as the group needs, one group behind the
// other. The last group is filled up with rows of the identity, and whatever is
// multiplied with the rows is filled up with zeros, to [Triangle.Room]
// elements; so four rows are worked on at a time, without exceptions at the
// end. Every element is computed in the same order whether its row came with
// others or alone: a Triangle that was extended has the same bits as one that
// was factored at once.
type Triangle struct {
	n       int
	a       []float64
	inverse []float64 // 1 over the diagonal
}

// Len returns the number of rows.
func (t *Triangle) Len() int { return t.n }

// Room returns the number of rows with those that fill the last group.
func (t *Triangle) Room() int { return (t.n + 3) &^ 3 }

// start is where the first row of group g, which has 4(g+1) columns, begins.
func start(g int) int { return 8 * g * (g + 1) }

// Row returns the memory of row i: i+1 elements, and up to three more that do
// not matter.
func (t *Triangle) Row(i int) []float64 {
	g := i / 4
	width := 4 * (g + 1)
	at := start(g) + i%4*width
	return t.a[at : at+width]
}

// At returns element (i, j), with j <= i.
func (t *Triangle) At(i, j int) float64 { return t.Row(i)[j] }

// Resize makes the number of rows n. Rows that are new hold those of the
// identity; they are to be written by way of [Triangle.Row], as rows of the
// matrix, and then factored.
func (t *Triangle) Resize(n int) {
	from := min(t.n, n)
	t.n = n
	room := t.Room()
	size := start(room / 4)
	t.a = slices.Grow(t.a, max(size-len(t.a), 0))[:size]
	t.inverse = slices.Grow(t.inverse, max(room-len(t.inverse), 0))[:room]
	for i := from; i < room; i++ {
		row := t.Row(i)
		clear(row)
		row[i], t.inverse[i] = 1, 1
	}
}

// Factor factors the rows that begin with number from; those before it are
// factored already. What is left of a diagonal element must be above least
// times that element; where it is not it is raised to that, if least is above
// 0, and otherwise Factor returns false, as it does where anything is not
// finite. The Triangle is undefined then. The time is that of n³/6
// multiplications for all rows and of n²/2 for one.
func (t *Triangle) Factor(from int, least float64) bool {
	for from < t.n {
		g := from / 4
		if from%4 == 0 && from+4 <= t.n {
			block := t.a[start(g):start(g+1)]
			t.substitute4(block, 4*(g+1), 0, g)
			var p [16]float64
			dots16(&p, block, 4*(g+1), block, 4*(g+1), 4*g)
			for r := range 4 {
				if !t.pivot(from+r, (*[4]float64)(p[4*r:]), least) {
					return false
				}
			}
			from += 4
			continue
		}
		row := t.Row(from)
		t.substitute(row, g)
		var p [4]float64
		dots4(&p, t.a[start(g):], 4*(g+1), row[:4*g])
		if !t.pivot(from, &p, least) {
			return false
		}
		from++
	}
	return true
}

// pivot finishes row i within its group; p has the products with the rows of
// the group up to there.
func (t *Triangle) pivot(i int, p *[4]float64, least float64) bool {
	first := i &^ 3
	row := t.Row(i)[first:]
	for c := range i - first {
		v := row[c] - p[c]
		other := t.Row(first + c)[first:]
		for k := range c {
			v -= float64(row[k] * other[k])
		}
		row[c] = float64(v * t.inverse[first+c])
	}
	r := i - first
	left := row[r] - p[r]
	for k := range r {
		left -= float64(row[k] * row[k])
	}
	if math.IsNaN(left) || math.IsInf(left, 0) {
		return false
	}
	if floor := float64(least * row[r]); !(left > floor) {
		if !(floor > 0) {
			return false
		}
		left = floor
	}
	row[r] = math.Sqrt(left)
	t.inverse[i] = 1 / row[r]
	return true
}

// Solve replaces x, which has [Triangle.Room] elements, those beyond the rows
// 0, by the solution of L y = x. The time is that of n²/2 multiplications.
func (t *Triangle) Solve(x []float64) { t.substitute(x, t.Room()/4) }

// Solve4 is [Triangle.Solve] for four rows, which lie one behind the other in
// x and whose elements before number from, a multiple of 4, are 0.
func (t *Triangle) Solve4(x []float64, from int) {
	t.substitute4(x, t.Room(), from/4, t.Room()/4)
}

// substitute solves for the elements of x in the first groups.
func (t *Triangle) substitute(x []float64, groups int) {
	var p [4]float64
	for g := range groups {
		at, width := start(g), 4*(g+1)
		dots4(&p, t.a[at:], width, x[:4*g])
		t.finish((*[4]float64)(x[4*g:]), &p, g)
	}
}

// substitute4 does so for four rows, from group first on.
func (t *Triangle) substitute4(x []float64, stride, first, groups int) {
	var p [16]float64
	for g := first; g < groups; g++ {
		dots16(&p, t.a[start(g)+4*first:], 4*(g+1), x[4*first:], stride, 4*(g-first))
		for r := range 4 {
			t.finish((*[4]float64)(x[r*stride+4*g:]), (*[4]float64)(p[4*r:]), g)
		}
	}
}

// finish solves for the four elements x of group g; p has the products of the
// group's rows with the elements before.
func (t *Triangle) finish(x, p *[4]float64, g int) {
	width := 4 * (g + 1)
	l := t.a[start(g)+4*g : start(g+1)]
	d := (*[4]float64)(t.inverse[4*g:])
	l1, l2, l3 := l[width:width+1], l[2*width:2*width+2], l[3*width:3*width+3]
	x0 := float64((x[0] - p[0]) * d[0])
	x1 := float64((x[1] - p[1] - float64(x0*l1[0])) * d[1])
	x2 := float64((x[2] - p[2] - float64(x0*l2[0]) - float64(x1*l2[1])) * d[2])
	x3 := float64((x[3] - p[3] - float64(x0*l3[0]) - float64(x1*l3[1]) - float64(x2*l3[2])) * d[3])
	x[0], x[1], x[2], x[3] = x0, x1, x2, x3
}

// SolveT replaces x, as in [Triangle.Solve], by the solution of Lᵀ y = x.
func (t *Triangle) SolveT(x []float64) {
	for g := t.Room()/4 - 1; g >= 0; g-- {
		width := 4 * (g + 1)
		a := t.a[start(g):start(g+1)]
		l := a[4*g:]
		l1, l2, l3 := l[width:width+1], l[2*width:2*width+2], l[3*width:3*width+3]
		v, d := (*[4]float64)(x[4*g:]), (*[4]float64)(t.inverse[4*g:])
		v[3] = float64(v[3] * d[3])
		v[2] = float64((v[2] - float64(v[3]*l3[2])) * d[2])
		v[1] = float64((v[1] - float64(v[3]*l3[1]) - float64(v[2]*l2[1])) * d[1])
		v[0] = float64((v[0] - float64(v[3]*l3[0]) - float64(v[2]*l2[0]) - float64(v[1]*l1[0])) * d[0])
		subtract4(x[:4*g], a, width, v)
	}
}

// InverseT writes the transposed inverse of L, an upper triangle, to r: rows of
// [Triangle.Room] elements, and as many. The time is that of n³/6
// multiplications.
func (t *Triangle) InverseT(r []float64) {
	room := t.Room()
	for i := 0; i < room; i += 4 {
		rows := r[i*room : (i+4)*room]
		clear(rows)
		for k := range 4 {
			rows[k*room+i+k] = 1
		}
		t.Solve4(rows, i)
	}
}

// Gram4 writes the products of rows i to i+3 of r, an upper triangle as
// [Triangle.InverseT] leaves it, with all rows up to i+3 to dst: four rows of
// i+4 elements. i is a multiple of 4. With all of them r rᵀ has cost n³/6
// multiplications.
func Gram4(dst, r []float64, room, i int) {
	var p [16]float64
	for j := 0; j <= i; j += 4 {
		dots16(&p, r[j*room+i:], room, r[i*room+i:], room, room-i)
		for k := range 4 {
			copy(dst[k*(i+4)+j:], p[4*k:4*k+4])
		}
	}
}

// Dots4 writes the products of x with four rows, of the length of x, that lie
// one behind the other in a; the length is a multiple of 4. Each has the bits
// of [Dot4].
func Dots4(dst *[4]float64, a, x []float64) { dots4(dst, a, len(x), x) }

// dots16 writes the products of the first n elements of four rows of a with
// those of four rows of x to dst, those of a row of x together.
func dots16(dst *[16]float64, a []float64, stride int, x []float64, xStride, n int) {
	dots8((*[8]float64)(dst[:8]), a, stride, x, xStride, n)
	dots8((*[8]float64)(dst[8:]), a, stride, x[2*xStride:], xStride, n)
}
