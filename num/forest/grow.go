package forest

import (
	"math"
	"math/rand/v2"
	"slices"
)

// grower holds the memory that growing needs.
type grower struct {
	forest *Forest
	data   *Data
	o      Options
	y      []float64 // centred
	pcg    rand.PCG
	rng    *rand.Rand

	weight []float64 // of every row in the present tree
	lists  [][]int32 // rows of the tree by column, split alongside the nodes
	first  int       // a column with a list of every row of the tree
	pull   []float64 // weight times y
	side   []uint8   // 1: the row goes left at the present split
	spare  []int32
	open   []span
	try    []int32 // columns, those to be looked at in front
	cells  []cell  // of a categorical column
}

// span is a node to be grown: its rows are lists[·][from:to].
type span struct{ from, to, node, depth int }

// cell is the rows of one category in a node.
type cell struct {
	weight, sum, mean float64
	level             int
}

// split is the best split of a node found so far.
type split struct {
	gain    float64
	feature int
	at      float64
	missing bool
	// Of a categorical split: the cells of the left side, in g.left.
	set bool
}

func (g *grower) begin(f *Forest, d *Data, y []float64, o Options) {
	g.forest, g.data, g.o = f, d, o
	g.y = g.y[:0]
	for _, v := range y {
		g.y = append(g.y, v-f.centre)
	}
	n, columns := d.n, len(d.features)
	g.weight = slices.Grow(g.weight[:0], n)[:n]
	g.pull = slices.Grow(g.pull[:0], n)[:n]
	g.side = slices.Grow(g.side[:0], n)[:n]
	g.spare = slices.Grow(g.spare[:0], n+1)[:n+1]
	// One more list than columns: that of all rows, for categorical columns.
	if len(g.lists) != columns+1 {
		g.lists = make([][]int32, columns+1)
	}
	g.first = columns
	g.try = g.try[:0]
	levels := 0
	for j, ft := range d.features {
		g.try = append(g.try, int32(j))
		levels = max(levels, ft.Levels)
		if ft.Levels > 0 {
			g.lists[j] = g.lists[j][:0] // it may be from other data
		}
	}
	g.cells = slices.Grow(g.cells[:0], levels+1)[:levels+1]
	if g.rng == nil {
		g.rng = rand.New(&g.pcg)
	}
}

// tree grows the t-th tree.
func (g *grower) tree(t int) {
	f, d := g.forest, g.data
	g.pcg.Seed(g.o.Seed, uint64(t)*0x9e3779b97f4a7c15+1)
	g.draw()
	for j, ft := range d.features {
		if ft.Levels > 0 {
			continue
		}
		list := g.lists[j][:0]
		for _, row := range d.order[j] {
			if g.weight[row] > 0 {
				list = append(list, row)
			}
		}
		g.lists[j] = list
	}
	all := g.lists[g.first][:0]
	for row, w := range g.weight {
		g.pull[row] = float64(w * g.y[row])
		if w > 0 {
			all = append(all, int32(row))
		}
	}
	g.lists[g.first] = all
	f.nodes = append(f.nodes, node{})
	g.open = append(g.open[:0], span{0, len(all), len(f.nodes) - 1, 0})
	for len(g.open) > 0 {
		s := g.open[len(g.open)-1]
		g.open = g.open[:len(g.open)-1]
		g.grow(s)
	}
}

// draw makes the weights of the tree.
func (g *grower) draw() {
	n := g.data.n
	if !g.o.Bootstrap {
		for i := range g.weight {
			g.weight[i] = 1
		}
		return
	}
	clear(g.weight)
	draws := g.o.Rows
	if draws <= 0 {
		draws = n
	}
	for range draws {
		g.weight[g.rng.Uint64N(uint64(n))]++
	}
}

// grow makes the node of s a leaf, or splits it and notes its children.
func (g *grower) grow(s span) {
	f := g.forest
	weight, sum, squares := 0.0, 0.0, 0.0
	low, high := math.Inf(1), math.Inf(-1)
	for _, row := range g.lists[g.first][s.from:s.to] {
		y, p := g.y[row], g.pull[row]
		weight += g.weight[row]
		sum += p
		squares += float64(p * y)
		low, high = math.Min(low, y), math.Max(high, y)
	}
	best := split{gain: math.Inf(-1)}
	if int(weight) >= g.o.MinSplit && s.depth < g.o.MaxDepth && low < high {
		best = g.best(s, weight, sum)
	}
	if math.IsInf(best.gain, -1) {
		mean := sum / weight
		if low == high {
			mean, squares = low, float64(weight*float64(low*low))
		}
		variance := math.Max(squares/weight-float64(mean*mean), 0)
		if low == high {
			variance = 0
		}
		f.nodes[s.node] = node{at: mean, feature: -1, left: int32(len(f.leaves)), set: -1}
		f.leaves = append(f.leaves, leaf{variance, weight})
		return
	}
	left := len(f.nodes)
	f.nodes = append(f.nodes, node{}, node{})
	n := node{at: best.at, feature: int32(best.feature), left: int32(left), set: -1, missing: best.missing}
	if best.set {
		n.set = g.set(s, best)
	}
	f.nodes[s.node] = n
	middle := g.part(s, n)
	g.open = append(g.open, span{middle, s.to, left + 1, s.depth + 1}, span{s.from, middle, left, s.depth + 1})
}

// best returns the split of s with the largest gain: the sum over both sides
// of the squared sum over the weight, which is, up to a constant, by how much
// the sum of squared errors falls. The gain is -Inf where no split leaves
// enough rows on both sides.
func (g *grower) best(s span, weight, sum float64) split {
	best := split{gain: math.Inf(-1)}
	want := len(g.try)
	if g.o.Share > 0 {
		want = max(1, min(want, int(math.Ceil(float64(float64(want)*g.o.Share)-1e-9))))
	}
	// Columns that cannot be split at all do not count.
	for k, seen := 0, 0; k < len(g.try) && seen < want; k++ {
		// With all columns in play the order decides only between equals, so
		// it is drawn in any case.
		j := k + int(g.rng.Uint64N(uint64(len(g.try)-k)))
		g.try[k], g.try[j] = g.try[j], g.try[k]
		feature := int(g.try[k])
		var splittable bool
		switch levels := g.data.features[feature].Levels; {
		case levels > 0:
			splittable = g.categories(s, feature, levels, weight, sum, &best)
		default:
			splittable = g.numbers(s, feature, weight, sum, &best)
		}
		if splittable {
			seen++
		}
	}
	return best
}

// numbers looks for a better split in a column of numbers, and reports whether
// the column has two different values in s.
func (g *grower) numbers(s span, feature int, weight, sum float64, best *split) bool {
	list, column := g.lists[feature][s.from:s.to], g.data.columns[feature]
	n := len(list)
	lostWeight, lostSum := 0.0, 0.0 // of the rows without a value
	for n > 0 {
		row := list[n-1]
		if v := column[row]; v == v {
			break
		}
		n--
		lostWeight += g.weight[row]
		lostSum += g.pull[row]
	}
	list = list[:n]
	lost := lostWeight > 0
	if n == 0 || !lost && column[list[0]] == column[list[n-1]] {
		return false
	}
	least := float64(g.o.MinLeaf)
	if lost { // split off just those without a value
		g.offer(best, weight-lostWeight, sum-lostSum, lostWeight, lostSum, least,
			split{feature: feature, at: math.Inf(1)})
	}
	lo, hi := column[list[0]], column[list[n-1]]
	if lo == hi {
		return true
	}
	if g.o.RandomSplit {
		at := between(lo, hi, g.rng.Float64())
		w, t := 0.0, 0.0
		for _, row := range list {
			if column[row] > at {
				break
			}
			w += g.weight[row]
			t += g.pull[row]
		}
		g.numberSplit(best, feature, at, w, t, weight, sum, lostWeight, lostSum)
		return true
	}
	// The gap with the best gain, then a place in it: drawn, so that trees
	// differ where the data say nothing.
	gain, gap, missing := best.gain, -1, false
	w, t := 0.0, 0.0
	last := column[list[0]]
	for k, row := range list {
		if v := column[row]; v != last {
			last = v
			// Rows without a value on the right, then on the left.
			if r := weight - w; w >= least && r >= least {
				rest := sum - t
				if q := float64(t*t)/w + float64(rest*rest)/r; q > gain {
					gain, gap, missing = q, k, false
				}
			}
			if lost {
				wl, tl := w+lostWeight, t+lostSum
				if r := weight - wl; wl >= least && r >= least {
					rest := sum - tl
					if q := float64(tl*tl)/wl + float64(rest*rest)/r; q > gain {
						gain, gap, missing = q, k, true
					}
				}
			}
		}
		w += g.weight[row]
		t += g.pull[row]
	}
	if gap >= 0 {
		if !lost {
			missing = g.rng.Uint64()&1 == 0
		}
		*best = split{gain: gain, feature: feature, missing: missing,
			at: between(column[list[gap-1]], column[list[gap]], g.rng.Float64())}
	}
	return true
}

// numberSplit offers the split of a column of numbers at a given threshold.
func (g *grower) numberSplit(best *split, feature int, at, w, t, weight, sum, lostWeight, lostSum float64) {
	least := float64(g.o.MinLeaf)
	if lostWeight == 0 {
		g.offer(best, w, t, weight-w, sum-t, least, split{feature: feature, at: at, missing: g.rng.Uint64()&1 == 0})
		return
	}
	g.offer(best, w, t, weight-w, sum-t, least, split{feature: feature, at: at})
	w, t = w+lostWeight, t+lostSum
	g.offer(best, w, t, weight-w, sum-t, least, split{feature: feature, at: at, missing: true})
}

// offer makes s the best split if it is better, given the weights and sums of
// its sides.
func (g *grower) offer(best *split, w1, t1, w2, t2, least float64, s split) {
	if w1 < least || w2 < least {
		return
	}
	if s.gain = float64(t1*t1)/w1 + float64(t2*t2)/w2; s.gain > best.gain {
		*best = s
	}
}

// between returns a number from lo up to but not including hi, at the share u
// of the way.
func between(lo, hi, u float64) float64 {
	at := lo + float64((hi-lo)*u)
	if !(at < hi) {
		return lo
	}
	return math.Max(at, lo)
}

// count fills the cells of a categorical column with the rows of s and returns
// those that have any, in order of their mean: the best of all subsets is then
// a beginning of the list (W. Fisher 1958; Breiman et al. 1984, theorem 4.5).
func (g *grower) count(s span, feature, levels int) []cell {
	cells := g.cells[:levels+1]
	for k := range cells {
		cells[k] = cell{level: k}
	}
	column := g.data.columns[feature]
	for _, row := range g.lists[g.first][s.from:s.to] {
		k := levels
		if v := column[row]; v == v {
			k = int(v)
		}
		cells[k].weight += g.weight[row]
		cells[k].sum += g.pull[row]
	}
	n := 0
	for _, c := range cells {
		if c.weight > 0 {
			c.mean = c.sum / c.weight
			cells[n] = c
			n++
		}
	}
	cells = cells[:n]
	slices.SortFunc(cells, func(a, b cell) int {
		switch {
		case a.mean < b.mean:
			return -1
		case a.mean > b.mean:
			return 1
		}
		return a.level - b.level
	})
	return cells
}

// categories looks for a better split in a column of categories, and reports
// whether it has two different ones in s. The left side is the first so many
// cells of [grower.count], as many as split.at says.
func (g *grower) categories(s span, feature, levels int, weight, sum float64, best *split) bool {
	cells := g.count(s, feature, levels)
	if len(cells) < 2 {
		return false
	}
	least := float64(g.o.MinLeaf)
	w, t := 0.0, 0.0
	only := -1
	if g.o.RandomSplit {
		only = int(g.rng.Uint64N(uint64(len(cells) - 1)))
	}
	for k, c := range cells[:len(cells)-1] {
		w += c.weight
		t += c.sum
		if only < 0 || k == only {
			g.offer(best, w, t, weight-w, sum-t, least, split{feature: feature, at: float64(k + 1), set: true})
		}
	}
	return true
}

// set stores the left side of a categorical split and returns its place. A
// coin decides about categories that s does not have.
func (g *grower) set(s span, b split) int32 {
	f := g.forest
	levels := g.data.features[b.feature].Levels
	at := len(f.bits)
	for range levels>>6 + 1 {
		f.bits = append(f.bits, g.rng.Uint64())
	}
	words := f.bits[at:]
	for k, c := range g.count(s, b.feature, levels) {
		if k < int(b.at) {
			words[c.level>>6] |= 1 << (c.level & 63)
		} else {
			words[c.level>>6] &^= 1 << (c.level & 63)
		}
	}
	return int32(at)
}

// part splits the lists of s stably in two, as n says, and returns where the
// right side begins.
func (g *grower) part(s span, n node) int {
	column := g.data.columns[n.feature]
	levels := g.data.features[n.feature].Levels
	for _, row := range g.lists[g.first][s.from:s.to] {
		v := column[row]
		left := false
		if n.set < 0 {
			left = v <= n.at || n.missing && v != v
		} else {
			k := levels
			if v == v {
				k = int(v)
			}
			left = g.forest.bits[int(n.set)+k>>6]>>(k&63)&1 == 1
		}
		g.side[row] = 0
		if left {
			g.side[row] = 1
		}
	}
	middle := s.from
	for _, list := range g.lists {
		if len(list) == 0 {
			continue // of a categorical column
		}
		// Every row is written to both sides and counted on one: a branch
		// would be guessed wrong every other time.
		part := list[s.from:s.to]
		l, r := 0, 0
		for _, row := range part {
			part[l], g.spare[r] = row, row
			left := int(g.side[row])
			l += left
			r += 1 - left
		}
		copy(part[l:], g.spare[:r])
		middle = s.from + l
	}
	return middle
}
