package portfolio

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/num/special"
	"github.com/afina-hpo/afina/study"
)

// How credit becomes turns: what a trial is worth is forgotten at this rate
// with every later one of its arm; an arm is taken to have had so many average
// trials beforehand; and its share is multiplied by e to the power of the
// advantage times sharp, at most by bound. After so many trials without
// improvement, for each parameter and at all, doubt begins to grow.
const (
	memory     = 0.9
	beforehand = 3.0
	sharp      = 2.0
	bound      = 2.0
	patience   = 10
	patienceBy = 1
)

// credit is what the trials of each arm have been worth, and how far the
// processes are to be doubted: a function of the history.
type credit struct {
	last     *study.History
	consumed int
	losses   ranking   // of the complete, feasible trials
	sum      []float64 // of each arm, discounted
	weight   []float64
	idle     int // trials since the last improvement
	wrong    doubt
	names    []string
}

// follow brings c up to date with h.
func (c *credit) follow(h *study.History, arms []arm) {
	if !h.Continues(c.last) {
		*c = credit{sum: make([]float64, len(arms)), weight: make([]float64, len(arms)), wrong: believing()}
		for _, a := range arms {
			c.names = append(c.names, a.name)
		}
	}
	c.last = h
	for ; c.consumed < h.EndedLen(); c.consumed++ {
		c.learn(h.Ended(c.consumed), h.Objectives)
	}
}

func (c *credit) learn(t *study.Trial, objectives []study.Objective) {
	if len(objectives) > 1 {
		return // there is no order of the trials
	}
	if t.State == study.Cancelled || t.State == study.Failed && !t.Failure.Blames() {
		return
	}
	worth := 0.0
	c.idle++
	if t.State == study.Complete && t.Feasible() && len(t.Values) == 1 {
		loss := objectives[0].Loss(t.Values[0])
		if !math.IsNaN(loss) && !math.IsInf(loss, 0) {
			if p, ok := predicted(t, objectives[0]); ok {
				c.wrong.learn(c.losses.place(loss), c.losses.place(p))
			}
			below, equal := c.losses.add(loss)
			if below+equal == 0 {
				c.idle = 0
			}
			// The share of the earlier trials that it beats, equal ones half,
			// squared: the best trials are what counts.
			if n := c.losses.n - 1; n > 0 {
				share := (float64(n-below-equal) + float64(equal)/2) / float64(n)
				worth = float64(share * share)
			}
		}
	}
	name, ok := armOf(t)
	if !ok {
		return
	}
	if k := slices.Index(c.names, name); k >= 0 {
		c.sum[k] = float64(memory*c.sum[k]) + worth
		c.weight[k] = float64(memory*c.weight[k]) + 1
	}
}

// factor is what the share of arm k is multiplied by.
func (c *credit) factor(k int) float64 {
	var sum, weight float64
	for i, w := range c.weight {
		sum += c.sum[i]
		weight += w
	}
	if c.weight[k] == 0 {
		return 1
	}
	// One lucky trial is no evidence.
	mean := sum / weight
	ahead := (c.sum[k]+float64(beforehand*mean))/(c.weight[k]+beforehand) - mean
	return math.Min(math.Max(special.Exp(float64(sharp*ahead)), 1/bound), bound)
}

// doubt is which part of their share the others have while trials are few: as
// much as the processes are wrong, or, after a long time without improvement
// and from twice as long on wholly, as what leads has stopped leading. Several
// objectives put trials in no order, so that nothing speaks for the processes.
func (c *credit) doubt() float64 {
	if len(c.last.Objectives) > 1 {
		return 1
	}
	stuck := float64(c.idle)/float64(patience+patienceBy*c.last.Space.Len()) - 1
	return max(c.wrong.degree(), min(stuck, 1))
}

// ranking is numbers in order, in blocks: one more takes about a microsecond
// among a hundred thousand, where moving those behind it would take forty.
type ranking struct {
	n      int
	blocks [][]float64 // none is empty
}

// most is the length of a block that is cut in two.
const most = 512

// add puts x in and returns how many were smaller and how many equal.
func (r *ranking) add(x float64) (below, equal int) {
	below, equal = r.count(x)
	r.n++
	k := r.block(x)
	if k == len(r.blocks) {
		if k == 0 {
			r.blocks = [][]float64{{x}}
			return below, equal
		}
		k--
	}
	b := r.blocks[k]
	i, _ := slices.BinarySearch(b, x)
	b = slices.Insert(b, i, x)
	r.blocks[k] = b
	if len(b) == most {
		r.blocks = slices.Insert(r.blocks, k+1, slices.Clone(b[most/2:]))
		r.blocks[k] = b[:most/2]
	}
	return below, equal
}

// place is where x stands among the numbers, from 0 to 1; 1/2 among none.
func (r *ranking) place(x float64) float64 {
	below, equal := r.count(x)
	return (float64(below) + float64(equal)/2 + 0.5) / float64(r.n+1)
}

// block returns the first block that has a number of at least x.
func (r *ranking) block(x float64) int {
	k, _ := slices.BinarySearchFunc(r.blocks, x, func(b []float64, x float64) int {
		if b[len(b)-1] < x {
			return -1
		}
		return 1
	})
	return k
}

// count returns how many numbers are below x and how many equal.
func (r *ranking) count(x float64) (below, equal int) {
	below = r.rank(x)
	return below, r.rank(math.Nextafter(x, math.Inf(1))) - below
}

// rank returns how many numbers are below x.
func (r *ranking) rank(x float64) int {
	k := r.block(x)
	n := 0
	for _, b := range r.blocks[:k] {
		n += len(b)
	}
	if k < len(r.blocks) {
		i, _ := slices.BinarySearch(r.blocks[k], x)
		n += i
	}
	return n
}
