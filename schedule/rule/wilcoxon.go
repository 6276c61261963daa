package rule

import (
	"math"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var wilcoxonSettings = []setting.Setting{
	{Name: "p", Kind: setting.Float, Default: value.Float(0.1), Min: 0, Max: 1,
		Doc: "a trial is pruned when chance alone would make it look so much worse with less than this probability"},
	{Name: "min_steps", Kind: setting.Int, Default: value.Int(2), Min: 2, Max: 1_000_000,
		Doc: "how many folds or instances must be common to both before it is judged"},
}

// Wilcoxon returns the description of the paired test over folds.
func Wilcoxon() schedule.Method {
	return schedule.Method{
		Name: "wilcoxon", Version: "1", Settings: wilcoxonSettings,
		Doc: "Prunes a trial that is worse than the best one on the same folds or instances, which are its steps, by a signed-rank test (Wilcoxon 1945).",
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			if err := one("wilcoxon", p); err != nil {
				return nil, err
			}
			n, _ := v.Get(wilcoxonSettings, "min_steps").AsInt()
			return scheduler{&wilcoxon{p: v.Get(wilcoxonSettings, "p").AsFloat(), min: int(n)}}, nil
		},
	}
}

type wilcoxon struct {
	p    float64
	min  int
	best leader
}

func (r *wilcoxon) prune(h *study.History, t *study.Trial) bool {
	o := h.Objectives[0]
	best := r.best.find(h)
	if best == nil {
		return false
	}
	differences, own, theirs, ok := pairs(o, t.Reports, best.Reports)
	if !ok || len(differences) < r.min || own <= theirs {
		return false // with the better mean it is not the worse one
	}
	return SignedRank(differences) < r.p
}

// pairs returns by how much a is worse than b at each step that both have, and
// the mean loss of each over all that it has; false where something is not
// finite or one has nothing.
func pairs(o study.Objective, a, b []study.Report) (differences []float64, meanA, meanB float64, ok bool) {
	xs, ys := losses(o, a), losses(o, b)
	meanA, meanB = mean(xs), mean(ys)
	if math.IsNaN(meanA) || math.IsInf(meanA, 0) || math.IsNaN(meanB) || math.IsInf(meanB, 0) {
		return nil, 0, 0, false
	}
	for i, j := 0, 0; i < len(a) && j < len(b); {
		switch {
		case a[i].Step < b[j].Step:
			i++
		case a[i].Step > b[j].Step:
			j++
		default:
			x, okX := a[i].Values.Get(o.Metric)
			y, okY := b[j].Values.Get(o.Metric)
			if okX && okY {
				differences = append(differences, o.Loss(x)-o.Loss(y))
			}
			i, j = i+1, j+1
		}
	}
	return differences, meanA, meanB, true
}

func mean(xs []float64) float64 {
	sum := 0.0
	for _, x := range xs {
		sum += x
	}
	return sum / float64(len(xs))
}

// leader is the best complete trial, followed as trials end.
type leader struct {
	last *study.History
	done int
	best *study.Trial
}

// find returns the best of the complete trials that violate no constraint and
// have reports, nil where there is none. Of equals it is the one that ended
// first.
func (l *leader) find(h *study.History) *study.Trial {
	if !h.Continues(l.last) {
		*l = leader{}
	}
	o := h.Objectives[0]
	for ; l.done < h.EndedLen(); l.done++ {
		t := h.Ended(l.done)
		if t.State == study.Complete && t.Feasible() && len(t.Reports) > 0 && (l.best == nil || o.Better(t.Values[0], l.best.Values[0])) {
			l.best = t
		}
	}
	l.last = h
	return l.best
}
