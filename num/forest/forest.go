package forest

import (
	"math"
)

// Options says how a forest is grown.
type Options struct {
	// Trees is how many trees there are, at least 1.
	Trees int
	// MinSplit is the least number of rows of a node that is split, MinLeaf
	// that on either side of a split; a row drawn twice counts twice. 0 means
	// 2 and 1.
	MinSplit, MinLeaf int
	// MaxDepth bounds the number of splits above a leaf; 0 means 64.
	MaxDepth int
	// Share is the part of the columns that each node looks at, drawn anew for
	// each; 0 means all. At least one is looked at.
	Share float64
	// Bootstrap draws the rows of every tree with replacement; otherwise each
	// tree gets every row once.
	Bootstrap bool
	// Rows is how many draws the bootstrap makes; 0 means as many as there are
	// rows.
	Rows int
	// RandomSplit tries a single threshold drawn from the range of a column
	// (extremely randomized trees) instead of finding the best one.
	RandomSplit bool
	// Seed selects the random numbers.
	Seed uint64
}

// Forest is a fitted forest. The zero Forest is ready to be fitted, any number
// of times. Predictions may be made by several goroutines at once, a fit by
// one alone.
type Forest struct {
	features []Feature
	nodes    []node
	leaves   []leaf
	bits     []uint64 // left sides of categorical splits
	roots    []int32
	centre   float64 // added to every leaf's mean
	grower   grower
}

// node is a split, or with feature -1 a leaf.
type node struct {
	at      float64 // number at most which a row goes left; of a leaf its mean
	feature int32
	left    int32 // place of the left child, the right follows; of a leaf its place in leaves
	set     int32 // of a categorical split: its place in bits; else -1
	missing bool  // of a split of numbers: NaN goes left
}

// leaf is what is known of the rows of a leaf beyond their mean.
type leaf struct{ variance, weight float64 }

// Fit grows the forest on the rows of d with the targets y, one finite number
// a row. There must be a row. Memory of earlier fits is used again.
//
// The time is about Trees × rows × columns × depth steps of 3 ns.
func (f *Forest) Fit(d *Data, y []float64, o Options) {
	if d.n == 0 || len(y) != d.n || o.Trees < 1 {
		panic("forest: a fit needs rows, as many targets, and a tree")
	}
	o.MinSplit = max(o.MinSplit, 2)
	o.MinLeaf = max(o.MinLeaf, 1)
	if o.MaxDepth <= 0 {
		o.MaxDepth = 64
	}
	d.sort()
	f.features = d.features
	f.nodes, f.leaves, f.bits, f.roots = f.nodes[:0], f.leaves[:0], f.bits[:0], f.roots[:0]
	sum := 0.0
	for i, v := range y {
		sum += (v - sum) / float64(i+1) // the mean, without overflow
	}
	f.centre = sum
	g := &f.grower
	g.begin(f, d, y, o)
	for t := range o.Trees {
		f.roots = append(f.roots, int32(len(f.nodes)))
		g.tree(t)
	}
	g.data = nil
}

// Trees returns the number of trees, 0 before the first fit.
func (f *Forest) Trees() int { return len(f.roots) }

// find returns the leaf of tree t that x falls into.
func (f *Forest) find(t int, x []float64) *node {
	nodes := f.nodes
	n := &nodes[f.roots[t]]
	for n.feature >= 0 {
		v := x[n.feature]
		child := n.left
		if n.set >= 0 {
			k := f.features[n.feature].Levels // NaN
			if v == v {
				k = int(v)
			}
			if f.bits[int(n.set)+k>>6]>>(k&63)&1 == 0 {
				child++
			}
		} else if !(v <= n.at || n.missing && v != v) {
			child++
		}
		n = &nodes[child]
	}
	return n
}

// PredictTree returns the mean and the variance of the rows in the leaf of
// tree t that x falls into.
func (f *Forest) PredictTree(t int, x []float64) (mean, variance float64) {
	n := f.find(t, x)
	return n.at + f.centre, f.leaves[n.left].variance
}

// Predict returns the mean of the trees' predictions at x and their variance:
// that within the leaves plus that between the trees (the law of total
// variance).
func (f *Forest) Predict(x []float64) (mean, variance float64) {
	var m, v [1]float64
	f.PredictAll(x, m[:], v[:])
	return m[0], v[0]
}

// PredictAll makes the predictions of [Forest.Predict] for len(mean) points
// that lie in x one behind the other, and writes them to mean and variance.
// It takes the trees one by one, so that each is in the cache when it is
// needed.
func (f *Forest) PredictAll(x []float64, mean, variance []float64) {
	d := len(f.features)
	clear(mean)
	clear(variance)
	// The sum of the squares stands in variance until the end. The means are
	// centred, so that little is lost in the difference.
	for t := range f.roots {
		for i := range mean {
			n := f.find(t, x[i*d:(i+1)*d])
			mean[i] += n.at
			variance[i] += f.leaves[n.left].variance + float64(n.at*n.at)
		}
	}
	trees := float64(len(f.roots))
	for i := range mean {
		m := mean[i] / trees
		variance[i] = math.Max(variance[i]/trees-float64(m*m), 0)
		mean[i] = m + f.centre
	}
}
