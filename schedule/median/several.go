package median

import (
	"sort"

	"github.com/afina-hpo/afina/schedule/internal/rung"
	"github.com/afina-hpo/afina/study"
)

// window is how many ended trials are compared with where there are several
// objectives: the latest. The time grows faster than their number.
const window = 512

// behind reports whether t, of several objectives, stands behind the
// percentile of the others at step, in order of fronts and of what each adds to
// its front; false where too few can be compared with.
func (s *scheduler) behind(h *study.History, t *study.Trial, step float64) bool {
	points := [][]float64{vector(h, t.Reports)}
	for i := h.EndedLen() - 1; i >= 0 && len(points) <= window; i-- {
		other := h.Ended(i)
		if !counts(other) {
			continue
		}
		n := sort.Search(len(other.Reports), func(i int) bool { return other.Reports[i].Step > step })
		if n > 0 {
			points = append(points, vector(h, other.Reports[:n]))
		}
	}
	n := len(points) - 1
	if n < s.minTrials {
		return false
	}
	return float64(rung.NewOrder(points).Position(0)) > s.percentile/100*float64(n-1)
}

// vector is what the objectives make of some reports.
func vector(h *study.History, reports []study.Report) []float64 {
	v := make([]float64, len(h.Objectives))
	for i, o := range h.Objectives {
		v[i] = rung.Loss(o, reports)
	}
	return v
}
