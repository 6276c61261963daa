package pareto

import (
	"cmp"
	"slices"
)

// Ranks returns the front each point is on: 0 for those that no other
// dominates, 1 for those that only points of rank 0 dominate, and so on. Equal
// points have equal ranks. A point's rank is the length of the longest chain of
// points that dominate each other and it. The time is O(n log n) for up to two
// objectives and O(n (log n)^(m-1)) for m.
func Ranks(points [][]float64) []int {
	if len(points) == 0 {
		return nil
	}
	m := dimension(points)
	ranks := make([]int, len(points))
	if m == 0 {
		return ranks
	}
	order := lexical(points)
	s := sorter{points: make([][]float64, 0, len(points)), m: m}
	place := make([]int, len(points))
	for k, i := range order {
		if k == 0 || !slices.Equal(points[i], points[order[k-1]]) {
			s.points = append(s.points, points[i])
		}
		place[i] = len(s.points) - 1
	}
	all := make([]int, len(s.points))
	for i := range all {
		all[i] = i
	}
	s.ranks = make([]int, len(all))
	s.within(all, m)
	for i := range ranks {
		ranks[i] = s.ranks[place[i]]
	}
	return ranks
}

// sorter ranks different points in lexical order, so that whatever dominates a
// point has a smaller index. Sets of points are ascending indices.
type sorter struct {
	points [][]float64
	ranks  []int // so far: never more than in truth
	m      int
	levels []level
}

// level is a step of the sweep in the plane: the highest rank among points
// whose second value is at most y.
type level struct {
	y    float64
	rank int
}

// few is the number of pairs up to which comparing each is faster than
// dividing.
const few = 150

// within raises the ranks in set by what its own points say of each other,
// looking at the first k objectives: in the others all are equal. Ranks must
// already hold what all other points say.
func (s *sorter) within(set []int, k int) {
	if k > 2 {
		k = s.varying(set, k)
	}
	switch {
	case len(set) < 2:
	case k > 2 && len(set)*len(set) <= few:
		for n, j := range set {
			for _, i := range set[:n] {
				s.compare(i, j, k)
			}
		}
	case k <= 2:
		s.sweep(set)
	default:
		low, mid, high := s.split(set, k, s.median(set, nil, k))
		s.within(low, k)
		s.between(low, mid, k-1)
		s.within(mid, k-1)
		s.between(merge(low, mid), high, k-1)
		s.within(high, k)
	}
}

// varying returns the largest number of leading objectives, at least 2 and at
// most k, in the last of which the points of set are not all equal.
func (s *sorter) varying(set []int, k int) int {
	for ; k > 2; k-- {
		for _, i := range set {
			if s.points[i][k-1] != s.points[set[0]][k-1] {
				return k
			}
		}
	}
	return k
}

// between raises the ranks in b by what the points of a, whose ranks are
// final, say of them, looking at the first k objectives: in the others no point
// of a is larger than one of b, and the two differ in one.
func (s *sorter) between(a, b []int, k int) {
	for {
		switch {
		case len(a) == 0 || len(b) == 0:
			return
		case k <= 2:
			s.sweepBetween(a, b)
			return
		case len(a)*len(b) <= few:
			for _, j := range b {
				for _, i := range a {
					s.compare(i, j, k)
				}
			}
			return
		}
		minA, maxA := s.bounds(a, k)
		minB, maxB := s.bounds(b, k)
		if minA > maxB {
			return
		}
		if maxA > minB {
			break
		}
		k--
	}
	pivot := s.median(a, b, k)
	lowA, midA, highA := s.split(a, k, pivot)
	lowB, midB, highB := s.split(b, k, pivot)
	s.between(lowA, lowB, k)
	s.between(lowA, midB, k-1)
	s.between(midA, midB, k-1)
	s.between(merge(lowA, midA), highB, k-1)
	s.between(highA, highB, k)
}

// compare raises the rank of j if i is nowhere larger in the first k.
func (s *sorter) compare(i, j, k int) {
	if s.ranks[j] <= s.ranks[i] && within(s.points[i][:k], s.points[j][:k]) {
		s.ranks[j] = s.ranks[i] + 1
	}
}

func (s *sorter) bounds(set []int, k int) (low, high float64) {
	low = s.points[set[0]][k-1]
	high = low
	for _, i := range set {
		low, high = min(low, s.points[i][k-1]), max(high, s.points[i][k-1])
	}
	return low, high
}

// median returns a value of objective k that is about in the middle of those of
// a and b: the median of up to 31 of them, evenly picked.
func (s *sorter) median(a, b []int, k int) float64 {
	var some [31]float64
	n := len(a) + len(b)
	picks := min(n, len(some))
	for t := range picks {
		at := t * n / picks
		if at < len(a) {
			some[t] = s.points[a[at]][k-1]
		} else {
			some[t] = s.points[b[at-len(a)]][k-1]
		}
	}
	slices.Sort(some[:picks])
	return some[picks/2]
}

// split returns the points of set whose value of objective k is below, at and
// above the pivot.
func (s *sorter) split(set []int, k int, pivot float64) (low, mid, high []int) {
	nLow, nMid := 0, 0
	for _, i := range set {
		switch x := s.points[i][k-1]; {
		case x < pivot:
			nLow++
		case x == pivot:
			nMid++
		}
	}
	parts := make([]int, len(set))
	low, mid, high = parts[:0:nLow], parts[nLow:nLow:nLow+nMid], parts[nLow+nMid:nLow+nMid]
	for _, i := range set {
		switch x := s.points[i][k-1]; {
		case x < pivot:
			low = append(low, i)
		case x == pivot:
			mid = append(mid, i)
		default:
			high = append(high, i)
		}
	}
	return low, mid, high
}

// merge returns the union of two ascending sets that share nothing.
func merge(a, b []int) []int {
	out := make([]int, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// sweep is within for two objectives: in order of the first, a point's rank is
// one above the highest of those before it that are not above it in the second.
func (s *sorter) sweep(set []int) {
	s.levels = s.levels[:0]
	for _, j := range set {
		y := s.second(j)
		s.ranks[j] = max(s.ranks[j], s.below(y)+1)
		s.raise(y, s.ranks[j])
	}
}

// sweepBetween is between for two objectives.
func (s *sorter) sweepBetween(a, b []int) {
	s.levels = s.levels[:0]
	for _, j := range b {
		for len(a) > 0 && s.before(a[0], j) {
			s.raise(s.second(a[0]), s.ranks[a[0]])
			a = a[1:]
		}
		s.ranks[j] = max(s.ranks[j], s.below(s.second(j))+1)
	}
}

// before reports whether i does not come behind j in the lexical order of the
// first two objectives.
func (s *sorter) before(i, j int) bool {
	c := cmp.Compare(s.points[i][0], s.points[j][0])
	return c < 0 || c == 0 && s.second(i) <= s.second(j)
}

// second returns the second objective; of one alone it is a constant.
func (s *sorter) second(i int) float64 {
	if s.m == 1 {
		return 0
	}
	return s.points[i][1]
}

// below returns the highest rank among levels whose y is at most the given
// one, -1 where there is none.
func (s *sorter) below(y float64) int {
	if k := s.above(y); k > 0 {
		return s.levels[k-1].rank
	}
	return -1
}

// above returns the place of the first level whose y is above the given one.
func (s *sorter) above(y float64) int {
	lo, hi := 0, len(s.levels)
	for lo < hi {
		if mid := int(uint(lo+hi) >> 1); s.levels[mid].y <= y {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// raise adds a level, unless a lower one has that rank already, and drops those
// that it makes useless: both y and rank ascend strictly.
func (s *sorter) raise(y float64, rank int) {
	from := s.above(y)
	if from > 0 && s.levels[from-1].rank >= rank {
		return
	}
	if from > 0 && s.levels[from-1].y == y {
		from--
	}
	to := from
	for to < len(s.levels) && s.levels[to].rank <= rank {
		to++
	}
	s.levels = slices.Replace(s.levels, from, to, level{y, rank})
}
