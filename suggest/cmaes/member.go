package cmaes

// member is the result of one trial as the distribution sees it.
type member struct {
	number int
	gen    stamp // of the distribution that it was drawn from
	absent bool  // it was not drawn here: what is off has no coordinate

	x    []float64 // Gaussian coordinates
	off  []bool    // those whose parameter was inactive
	cats []int     // choices, -1 inactive

	class int // of results, better first; see classify
	loss  float64
}

// stamp names one state of the distribution.
type stamp struct{ run, gen int }

// The classes of results. A worse class ranks behind a better whatever the
// loss.
const (
	classComplete  = iota // by the objective
	classPruned           // by the value that it had when it was ended
	classViolating        // by the sum of the violations
	classUnvalued         // pruned before it had a value
	classFailed
)

// before orders results, best first; equal ones by number, so that the order
// in which they came in makes no difference.
func (m *member) before(o *member) int {
	switch {
	case m.class != o.class:
		return m.class - o.class
	case m.loss < o.loss:
		return -1
	case m.loss > o.loss:
		return 1
	default:
		return m.number - o.number
	}
}
