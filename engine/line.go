package engine

import (
	"slices"

	"github.com/afina-hpo/afina/study"
)

// line is the trials that wait for a worker, by number. Those with an attempt
// behind them stand apart: they go first, because a scheduler may wait for
// their results, and they alone may have to wait for a time to come. They are
// few, while the others may be thousands that were added by hand.
type line struct {
	again []int
	fresh []int
}

func (l *line) len() int { return len(l.again) + len(l.fresh) }

// add puts a trial into the line, where it is not in it already.
func (l *line) add(t *study.Trial) {
	at := &l.fresh
	if len(t.Attempts) > 0 {
		at = &l.again
	}
	if i, ok := slices.BinarySearch(*at, t.Number); !ok {
		*at = slices.Insert(*at, i, t.Number)
	}
}

// remove takes a trial out of the line, if it is there. The first, which is
// the usual one, costs the same however long the line is.
func (l *line) remove(n int) {
	for _, at := range []*[]int{&l.again, &l.fresh} {
		switch i, ok := slices.BinarySearch(*at, n); {
		case !ok:
		case i == 0:
			*at = (*at)[1:]
		default:
			*at = slices.Delete(*at, i, i+1)
		}
	}
}
