package multi

import "slices"

// Front is the set of points of which none is beaten by another in every
// objective, and of which each is better than a given bad one. It is not safe
// for concurrent use.
type Front struct {
	nadir  []float64
	points [][]float64
	volume float64
	known  bool
}

// NewFront returns a front without points. The hypervolume is measured from
// nadir, which has two objectives or more.
func NewFront(nadir []float64) *Front { return &Front{nadir: nadir, known: true} }

// Add adds y, unless a point of the front is as good, and drops the points
// that y beats. It reports whether y was added. Points that are not better
// than the nadir everywhere, or not numbers, are not.
func (f *Front) Add(y []float64) bool {
	for i, v := range y {
		if !(v < f.nadir[i]) {
			return false
		}
	}
	for _, p := range f.points {
		if covers(p, y) {
			return false
		}
	}
	f.points = slices.DeleteFunc(f.points, func(p []float64) bool { return covers(y, p) })
	f.points = append(f.points, slices.Clone(y))
	f.known = false
	return true
}

// covers reports whether a is nowhere worse than b.
func covers(a, b []float64) bool {
	for i, v := range a {
		if v > b[i] {
			return false
		}
	}
	return true
}

// Points returns the points, in no order. Do not modify them.
func (f *Front) Points() [][]float64 { return f.points }

// Hypervolume returns the volume between the points and the nadir. It takes
// O(n log n) for two objectives, and a factor n for each further one.
func (f *Front) Hypervolume() float64 {
	if !f.known {
		f.volume, f.known = volume(f.points, f.nadir), true
	}
	return f.volume
}

// volume cuts the space into slices along the last objective: within one, the
// volume is that of the points seen so far in the other objectives.
func volume(points [][]float64, nadir []float64) float64 {
	last := len(nadir) - 1
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b []float64) int {
		switch {
		case a[last] < b[last]:
			return -1
		case a[last] > b[last]:
			return 1
		}
		return 0
	})
	if last == 0 {
		if len(sorted) == 0 {
			return 0
		}
		return nadir[0] - sorted[0][0]
	}
	sum, best := 0.0, nadir[0]
	rest := NewFront(nadir[:last])
	for i, p := range sorted {
		to := nadir[last]
		if i+1 < len(sorted) {
			to = sorted[i+1][last]
		}
		if last == 1 {
			best = min(best, p[0])
			sum += (to - p[1]) * (nadir[0] - best)
			continue
		}
		rest.Add(p[:last])
		sum += (to - p[last]) * rest.Hypervolume()
	}
	return sum
}
