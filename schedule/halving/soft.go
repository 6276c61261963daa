package halving

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/study"
)

// maxCompared bounds how many trials of a rung PASHA compares, the best ones:
// the time grows with their square.
const maxCompared = 48

// cap returns the highest rung that PASHA lets trials reach now. It begins at
// the second; wherever somebody was sent further it is at least there; and it
// is one above a rung whose ranking is not that of the rung below.
func (s *async) cap(h *study.History) int {
	last := len(s.table.steps) - 1
	top := min(1, last)
	for k := top; k <= last; k++ {
		if s.table.Len(k) > 0 || s.table.cell(0, k).sent > 0 {
			top = k
		}
	}
	if top < last && s.doubtful(h, top) {
		top++
	}
	return top
}

// doubtful reports whether the order of the trials on rung k is another than
// the one they had on rung k-1, differences that are noise apart: whether for
// some place the trial that holds it on rung k differed from the one that held
// it below by more than the noise there.
func (s *async) doubtful(h *study.History, k int) bool {
	now := s.table.Ranking(k, maxCompared)
	if len(now) < 2 {
		return false
	}
	before := slices.Clone(now)
	slices.SortStableFunc(before, func(a, b int) int {
		return s.table.Position(k-1, a) - s.table.Position(k-1, b)
	})
	if !s.table.single {
		return !slices.Equal(now, before)
	}
	noise := noiseOf(h, now, s.table.steps[k])
	for i := range now {
		a, b := s.table.Losses(k-1, now[i])[0], s.table.Losses(k-1, before[i])[0]
		if a != b && !(math.Abs(a-b) <= noise) {
			return true
		}
	}
	return false
}

// noiseQuantile is what part of the differences between curves that cross back
// and forth counts as noise.
const noiseQuantile = 0.9

// noiseOf estimates below which difference the order of two trials means
// nothing: curves that change sides and back again, up to a step, differ by no
// more than noise, so it is a high quantile of how much they differ in the end.
func noiseOf(h *study.History, trials []int, step float64) float64 {
	o := h.Objectives[0]
	var differences []float64
	for i, a := range trials {
		for _, b := range trials[:i] {
			if d, ok := crossing(o, h.Trial(a).Reports, h.Trial(b).Reports, step); ok {
				differences = append(differences, d)
			}
		}
	}
	if len(differences) == 0 {
		return 0
	}
	slices.Sort(differences)
	return differences[int(noiseQuantile*float64(len(differences)-1)+0.5)]
}

// crossing returns how much two curves differ at their last common step up to
// step, and whether their order has changed at least twice on the way.
func crossing(o study.Objective, a, b []study.Report, step float64) (float64, bool) {
	changes, side, difference := 0, 0.0, 0.0
	for i, j := 0, 0; i < len(a) && j < len(b) && a[i].Step <= step && b[j].Step <= step; {
		switch {
		case a[i].Step < b[j].Step:
			i++
			continue
		case a[i].Step > b[j].Step:
			j++
			continue
		}
		x, okX := a[i].Values.Get(o.Metric)
		y, okY := b[j].Values.Get(o.Metric)
		i, j = i+1, j+1
		if d := x - y; okX && okY && d != 0 && !math.IsNaN(d) && !math.IsInf(d, 0) {
			if side*d < 0 {
				changes++
			}
			side, difference = d, math.Abs(d)
		}
	}
	return difference, changes >= 2
}
