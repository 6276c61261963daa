// Package rung is a table of who has reached which step of training and with
// what value, kept in order: the common ground of the schedulers that compare
// trials at equal resource.
//
// It decides nothing. The one idea: a rung is a step, and what stands on it
// follows from the reports of the history alone, so the table may follow the
// history by what has changed, and a new one answers the same.
//
//	t := rung.NewTable(func(k int) float64 { return steps[k] })
//	t.Update(h, nil, nil, nil)
//	if t.Position(k, trial) < t.Len(k)/3 { … }
//
// With one objective trials are in order of its loss, with several in that of
// an [Order]. A table is not safe for concurrent use.
package rung
