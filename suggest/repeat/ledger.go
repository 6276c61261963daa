package repeat

import (
	"math"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// ledger is what a history says of its repeats, brought up to date by what is
// new.
type ledger struct {
	last         *study.History
	noted, ended int

	made     int         // trials that repeat, whatever became of them
	runs     map[int]int // of them by the trial that they repeat
	complete int         // feasible trials that came to their end
	differ   int         // repeats whose value is another
	means    map[int]mean
}

// mean is the average of the losses of n runs.
type mean struct {
	n    int
	loss float64
}

func (l *ledger) follow(h *study.History) {
	if !h.Continues(l.last) {
		*l = ledger{runs: map[int]int{}, means: map[int]mean{}}
	}
	l.last = h
	for ; l.noted < h.Len(); l.noted++ {
		if r, ok := repeatOf(h.Trial(l.noted)); ok {
			l.made++
			l.runs[r]++
		}
	}
	for ; l.ended < h.EndedLen(); l.ended++ {
		l.end(h, h.Ended(l.ended))
	}
}

// repeatOf returns which trial t repeats for the search.
func repeatOf(t *study.Trial) (int, bool) {
	if t.Origin == nil || t.Origin.Method != study.MethodRepeat {
		return 0, false
	}
	r, ok := t.Repeats()
	return r.Of, ok
}

func (l *ledger) end(h *study.History, t *study.Trial) {
	if t.State != study.Complete || !t.Feasible() || len(t.Values) != 1 {
		return
	}
	loss := h.Objectives[0].Loss(t.Values[0])
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return
	}
	l.complete++
	n := t.Number
	if of, ok := repeatOf(t); ok {
		if first := h.Trial(of); len(first.Values) == 1 && first.Values[0] != t.Values[0] {
			l.differ++
		}
		n = of
	}
	m := l.means[n]
	m.n++
	m.loss += (loss - m.loss) / float64(m.n)
	l.means[n] = m
}

// best returns the trial whose configuration has the best mean, of equals the
// earlier, among those with the values that r holds; -1: there is none.
func (l *ledger) best(r suggest.Request) int {
	best := -1
	for n, m := range l.means {
		if !r.History.Trial(n).Config.Agrees(r.Fixed) {
			continue
		}
		if b := l.means[best]; best < 0 || m.loss < b.loss || m.loss == b.loss && n < best {
			best = n
		}
	}
	return best
}
