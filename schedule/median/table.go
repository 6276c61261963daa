package median

import (
	"math"
	"slices"

	"github.com/afina-hpo/afina/study"
)

// maxKept bounds the losses that a table keeps, 128 MiB of them. Beyond it the
// table starts again from nothing, which costs time and changes no answer.
const maxKept = 1 << 24

// table holds, for every step that was asked for, the losses that the ended
// trials had there, in ascending order.
type table struct {
	mean bool // the mean up to a step, instead of the best

	last  *study.History
	done  int       // ended trials in every row
	steps []float64 // ascending
	rows  [][]float64
	kept  int // losses in all rows
	carry []float64
}

// at returns the losses at step, ascending. Do not modify them; they are valid
// until the next call.
func (b *table) at(h *study.History, step float64) []float64 {
	if !h.Continues(b.last) || b.kept > maxKept {
		b.done, b.steps, b.rows, b.kept = 0, nil, nil, 0
	}
	b.last = h
	for ; b.done < h.EndedLen(); b.done++ {
		b.add(h.Objectives[0], h.Ended(b.done))
	}
	k, found := slices.BinarySearch(b.steps, step)
	if !found {
		b.steps = slices.Insert(b.steps, k, step)
		b.rows = slices.Insert(b.rows, k, b.row(h, step))
		b.kept += len(b.rows[k])
	}
	return b.rows[k]
}

// counts reports whether others are compared with t.
func counts(t *study.Trial) bool { return t.State == study.Complete || t.State == study.Pruned }

// add puts an ended trial into every row.
func (b *table) add(o study.Objective, t *study.Trial) {
	if len(b.steps) == 0 || !counts(t) {
		return
	}
	b.carry = losses(b.carry[:0], o, t, b.steps, b.mean)
	first := len(b.steps) - len(b.carry)
	for i, x := range b.carry {
		row := b.rows[first+i]
		k, _ := slices.BinarySearch(row, x)
		b.rows[first+i] = slices.Insert(row, k, x)
		b.kept++
	}
}

// row returns the losses of all ended trials at step.
func (b *table) row(h *study.History, step float64) []float64 {
	o := h.Objectives[0]
	var row []float64
	var one [1]float64
	at := []float64{step}
	for i := range b.done {
		t := h.Ended(i)
		if counts(t) {
			row = append(row, losses(one[:0], o, t, at, b.mean)...)
		}
	}
	slices.Sort(row)
	return row
}

// losses appends the loss of t at each of the ascending steps, leaving out
// those before its first report: so they belong to the last of the steps. It
// goes through the reports once. A loss that is not a number is +Inf.
func losses(dst []float64, o study.Objective, t *study.Trial, steps []float64, mean bool) []float64 {
	best, sum, n, seen := math.Inf(1), 0.0, 0, false
	emit := func() {
		x := best
		if mean {
			x = sum / float64(n)
		}
		if n == 0 || math.IsNaN(x) {
			x = math.Inf(1)
		}
		dst = append(dst, x)
	}
	k := 0
	for _, r := range t.Reports {
		for ; k < len(steps) && steps[k] < r.Step; k++ {
			if seen {
				emit()
			}
		}
		if k == len(steps) {
			return dst
		}
		x, ok := r.Values.Get(o.Metric)
		if !ok {
			continue
		}
		seen = true
		if math.IsNaN(x) {
			continue
		}
		x = o.Loss(x)
		best = math.Min(best, x)
		sum += x
		n++
	}
	for ; seen && k < len(steps); k++ {
		emit()
	}
	return dst
}
