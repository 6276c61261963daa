package bo

import (
	"fmt"
	"math"
	"sort"

	"github.com/afina-hpo/afina/num/gp"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/suggest/internal/cube"
)

// fine is from how many values on a number is searched as if it were
// continuous, and then put on the nearest value.
const fine = 33

// encoding maps points of the cube to rows of the process: one column a
// parameter, and one for each condition that says whether its parameters
// exist. A number that does not exist stands in the middle, and a choice has a
// value of its own: two configurations without a parameter do not differ in
// it.
type encoding struct {
	cube   *cube.Cube
	kinds  []gp.Kind
	warped []int // columns of numbers
	single []int // of those the ones that may have effects: with many values
	flags  []int // a parameter under each condition
	smooth []bool
	step   int // the column of how far a trial got; -1: none
}

// newEncoding returns the encoding of the points of c; with steps it has a
// column for how far a trial got.
func newEncoding(c *cube.Cube, steps bool) encoding {
	n := c.Len()
	e := encoding{cube: c, smooth: make([]bool, n), step: -1}
	for i := range n {
		kind := gp.Numeric
		if c.Unordered(i) && c.Levels(i) > 2 {
			kind = gp.Nominal
		}
		e.kinds = append(e.kinds, kind)
		if !c.Unordered(i) {
			if k := c.Levels(i); k == 0 || k > 2 {
				e.warped = append(e.warped, i)
			}
			e.smooth[i] = c.Levels(i) == 0 || c.Levels(i) >= fine
			if e.smooth[i] {
				e.single = append(e.single, i)
			}
		}
	}
	seen := map[string]bool{}
	for i := range n {
		p := c.Space().Param(i)
		if !p.Conditional() {
			continue
		}
		if key := condition(p); !seen[key] {
			seen[key] = true
			e.flags = append(e.flags, i)
			e.kinds = append(e.kinds, gp.Numeric)
		}
	}
	if steps {
		e.step = len(e.kinds)
		e.kinds = append(e.kinds, gp.Numeric)
	}
	return e
}

// condition is a text that is the same for parameters with the same branches
// and expression.
func condition(p *space.Param) string {
	var parts []string
	for _, b := range p.Branches {
		for _, v := range b.Values {
			parts = append(parts, fmt.Sprintf("%q=%v", b.Parent, v))
		}
	}
	sort.Strings(parts)
	if p.If != nil {
		parts = append(parts, p.If.Source())
	}
	return fmt.Sprint(parts)
}

// flagOf returns the column that says whether parameter i exists, -1 where it
// always does.
func (e *encoding) flagOf(i int) int {
	p := e.cube.Space().Param(i)
	if !p.Conditional() {
		return -1
	}
	key := condition(p)
	for k, j := range e.flags {
		if condition(e.cube.Space().Param(j)) == key {
			return e.cube.Len() + k
		}
	}
	return -1
}

// len is the number of columns.
func (e *encoding) len() int { return len(e.kinds) }

// put writes the row of the point x to z: of a trial that runs to its end.
func (e *encoding) put(x, z []float64) {
	for i, v := range x {
		switch {
		case v == v:
			z[i] = v
		case e.kinds[i] == gp.Nominal:
			z[i] = -1
		default:
			z[i] = 0.5
		}
	}
	for k, i := range e.flags {
		z[len(x)+k] = 0
		if !math.IsNaN(x[i]) {
			z[len(x)+k] = 1
		}
	}
	if e.step >= 0 {
		z[e.step] = 1
	}
}

// active is how many coordinates of x exist.
func active(x []float64) int {
	n := 0
	for _, v := range x {
		if v == v {
			n++
		}
	}
	return n
}
