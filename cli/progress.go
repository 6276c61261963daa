package cli

import (
	"fmt"
	"math"
	"time"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/study"
)

// progress is how far the study is along the budget that will end it first.
type progress struct {
	part float64
	text string
	eta  string
}

// progressOf finds the budget that binds: the one of which the largest part is
// used.
func progressOf(v engineView, slots int) progress {
	stop := v.Definition.Stop
	ended := v.History.EndedLen()
	if p, ok := finalProgress(v.History, slots); ok {
		return p
	}
	p := progress{text: plural(ended, "trial") + " ended", part: -1}
	if stop.Trials > 0 {
		p = progress{
			part: float64(ended) / float64(stop.Trials),
			text: fmt.Sprintf("trials %d/%d", ended, stop.Trials),
			eta:  eta(v.History, stop.Trials-ended, slots),
		}
	}
	if stop.Time > 0 {
		limit := time.Duration(stop.Time)
		if part := float64(v.Spent) / float64(limit); part > p.part {
			left := max(0, limit-v.Spent)
			p = progress{part: part, text: fmt.Sprintf("time %s of %s, %s", round(v.Spent), round(limit), plural(ended, "trial")), eta: "ETA " + round(left)}
		}
	}
	if c := v.Definition.Cost; stop.Cost > 0 && c != nil {
		sum := 0.0
		for t := range v.History.All() {
			x, _ := c.Of(t)
			sum += x
		}
		if part := sum / stop.Cost; part > p.part {
			p = progress{part: part, text: fmt.Sprintf("cost %s of %s, %s", short(sum), short(stop.Cost), plural(ended, "trial"))}
		}
	}
	if stop.Resource > 0 {
		spent, _ := analyze.Spent(v.History)
		if part := spent.Paid / stop.Resource; part > p.part {
			p = progress{part: part, text: fmt.Sprintf("%s of %s, %s", short(spent.Paid), units(v.Definition, stop.Resource), plural(ended, "trial"))}
		}
	}
	p.part = max(0, p.part)
	return p
}

// finalProgress is how far the final comparison is, false where none is under
// way.
func finalProgress(h *study.History, slots int) (progress, bool) {
	left := 0
	for t := range h.Open() {
		if t.Final() {
			left++
		}
	}
	if left == 0 {
		return progress{}, false
	}
	all := 0
	for t := range h.All() {
		if t.Final() {
			all++
		}
	}
	return progress{
		part: float64(all-left) / float64(all), text: fmt.Sprintf("final comparison, runs %d/%d", all-left, all),
		eta: eta(h, left, slots),
	}, true
}

// eta estimates when n more trials will have ended, with an interval of about
// 90 %: from the durations of the trials so far, pruned ones included, their
// spread, and the doubt about their mean. Below three it is unknown.
func eta(h *study.History, n, slots int) string {
	if n <= 0 {
		return ""
	}
	var ds []float64
	for i := max(0, h.EndedLen()-500); i < h.EndedLen(); i++ {
		if d := present.Duration(h.Ended(i)); d > 0 {
			ds = append(ds, d.Seconds())
		}
	}
	if len(ds) < 3 {
		return "ETA unknown"
	}
	mean, ss := 0.0, 0.0
	for _, d := range ds {
		mean += d / float64(len(ds))
	}
	for _, d := range ds {
		ss += (d - mean) * (d - mean)
	}
	sd := math.Sqrt(ss / float64(len(ds)-1))
	total := float64(n) * mean / float64(slots)
	err := 1.645 * math.Sqrt(float64(n)*sd*sd+float64(n*n)*sd*sd/float64(len(ds))) / float64(slots)
	seconds := func(s float64) string { return round(time.Duration(max(0, s) * float64(time.Second))) }
	return fmt.Sprintf("ETA %s (%s to %s)", seconds(total), seconds(total-err), seconds(total+err))
}
