package rbf

import (
	"math"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// hypercubes is how many are drawn; the one whose closest points are farthest
// apart is taken.
const hypercubes = 20

// design is the points that a start begins with: the middle of the space, then
// a maximin Latin hypercube. It is a function of the space, the study's seed,
// the number of the start and the size; what it keeps saves work.
type design struct {
	cube   *cube.Cube
	seed   uint64
	epoch  int
	size   int
	points []float64
}

// point returns the k-th of size points.
func (g *design) point(m *model, seed uint64, size, k int) []float64 {
	d := m.cube.Len()
	if g.cube != m.cube || g.seed != seed || g.epoch != m.epochs || g.size != size {
		g.cube, g.seed, g.epoch, g.size = m.cube, seed, m.epochs, size
		g.points = hypercube(m.cube, &m.embed, seed, m.epochs, size)
	}
	return g.points[k*d : (k+1)*d]
}

func hypercube(c *cube.Cube, e *embedding, seed uint64, epoch, size int) []float64 {
	r := study.Stream(seed, epoch, "rbf design")
	d := c.Len()
	best, apart := make([]float64, size*d), math.Inf(-1)
	x, z := make([]float64, size*d), make([]float64, size*e.dim)
	for range hypercubes {
		for i := range d {
			for row, cell := range r.Perm(size - 1) {
				x[(row+1)*d+i] = c.Snap(i, (float64(cell)+r.Float64())/float64(size-1))
			}
			x[i] = c.Snap(i, 0.5)
			if c.Unordered(i) {
				x[i] = c.Draw(i, r)
			}
		}
		least := math.Inf(1)
		for row := range size {
			p := x[row*d : (row+1)*d]
			c.Settle(p, r)
			e.put(p, z[row*e.dim:(row+1)*e.dim])
			for other := range row {
				least = math.Min(least, distance2(z[row*e.dim:(row+1)*e.dim], z[other*e.dim:(other+1)*e.dim]))
			}
		}
		if least > apart {
			apart = least
			copy(best, x)
		}
	}
	return best
}
