package cmaes

import "math/rand/v2"

const (
	// redraws is how often a point outside the cube is drawn again before its
	// coordinates are reflected into it.
	redraws = 10
	// attempts is how often a configuration that cannot be used is drawn
	// again, shrinks how often the last one is then halved towards the mean.
	attempts = 50
	shrinks  = 12
)

// draft is a point drawn from the model, with the memory to draw another.
type draft struct {
	x    []float64
	cats []int
	u    []float64 // in the unit cube of the space
	z    []float64
}

func newDraft(l *layout) *draft {
	return &draft{x: make([]float64, l.n), cats: make([]int, len(l.choices)), u: make([]float64, l.space.Len()), z: make([]float64, l.n)}
}

// draw draws points from the model until accept takes one, and reports whether
// it did. The sequence of points is a function of the model and the random
// numbers: so is the one that was taken for a trial, which makes it possible
// to find the coordinates of a trial again from its configuration, which has
// lost those of rounded integers and of inactive parameters.
//
// once says that the first point is good whatever it is: there are neither
// constraints nor duplicates.
func (d *draft) draw(l *layout, m *model, r *rand.Rand, once bool, accept func(d *draft) bool) bool {
	for range attempts {
		d.point(l, m, r)
		l.decode(d.u, d.x, d.cats)
		if accept(d) {
			return true
		}
		if once {
			return false
		}
	}
	for range shrinks {
		for i, mean := range m.gauss.mean {
			d.x[i] = (d.x[i] + mean) / 2
		}
		l.decode(d.u, d.x, d.cats)
		if accept(d) {
			return true
		}
	}
	return false
}

// point draws one point, inside the cube.
func (d *draft) point(l *layout, m *model, r *rand.Rand) {
	if l.n > 0 {
		for range redraws {
			for i := range d.z {
				d.z[i] = r.NormFloat64()
			}
			m.gauss.transform(d.x, d.z)
			inside := true
			for i, box := range l.box {
				if box && !(d.x[i] >= 0 && d.x[i] <= 1) {
					inside = false
					break
				}
			}
			if inside {
				break
			}
		}
		for i, box := range l.box {
			if box {
				d.x[i] = reflect(d.x[i])
			}
		}
	}
	m.cat.draw(d.cats, r)
}
