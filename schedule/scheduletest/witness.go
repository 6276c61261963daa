package scheduletest

import (
	"fmt"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/simulate"
	"github.com/afina-hpo/afina/study"
)

// witness passes every question on and asks others the same: the same
// instance again, a fresh one, and ones that see a history rebuilt from its
// events, as after a restart.
type witness struct {
	inner      schedule.Scheduler
	fresh      func() schedule.Scheduler
	definition *study.Definition
	setup      Setup
	o          Options
	rungs      bool
	result     *Result
	// traveller sees the simulation's own history and rebuilt ones in turn,
	// so that its caches never fit.
	traveller schedule.Scheduler
	// rebuilt is a log that follows the simulation's, event by event: the
	// history of a process that was never restarted but is another one.
	rebuilt *study.Log
	asked   int
	// every is of how many questions one is also asked of the others.
	every int
	bad   error
}

// simulateWitnessed is [Simulate] with a witness that can see the events.
func simulateWitnessed(w *witness, d Setup) (*Result, error) {
	m := simulate.New(w, d)
	w.result = m.Result()
	return w.result, m.Run()
}

// rebuild returns the history after the events so far, now and then in a new
// log.
func (w *witness) rebuild() *study.History {
	if w.rebuilt == nil || w.asked%16 == 0 {
		w.rebuilt = study.NewLog(w.definition)
	}
	for _, e := range w.result.Events[w.rebuilt.Seq:] {
		if err := w.rebuilt.Apply(&e); err != nil {
			w.fail("rebuild the history: %v", err)
			break
		}
	}
	return w.rebuilt.Book.History()
}

func (w *witness) fail(format string, args ...any) {
	if w.bad == nil {
		w.bad = fmt.Errorf("after %d events: %w", len(w.result.Events), fmt.Errorf(format, args...))
	}
}

// Next implements [schedule.Scheduler].
func (w *witness) Next(h *study.History) schedule.Order {
	w.asked++
	o := w.inner.Next(h)
	if !w.rungs && o.Until != 0 {
		w.fail("order %+v has an Until, but Method.Rungs is false", o)
	}
	if w.asked%w.every != 0 {
		return o
	}
	rebuilt := w.rebuild()
	for _, other := range []struct {
		who string
		s   schedule.Scheduler
		h   *study.History
	}{
		{"the same instance, asked again", w.inner, h},
		{"a fresh instance", w.fresh(), h},
		{"a fresh instance after a restart", w.fresh(), rebuilt},
		{"an instance that changes between histories", w.traveller, rebuilt},
		{"an instance that changes between histories", w.traveller, h},
	} {
		if p := other.s.Next(other.h); !sameOrder(o, p) {
			w.fail("%s orders %+v, before %+v", other.who, p, o)
		}
	}
	return o
}

func sameOrder(a, b schedule.Order) bool {
	same := a.Config.Equal(b.Config) && a.Config.IsZero() == b.Config.IsZero()
	if a.Config.IsZero() { // then CopyFrom means nothing
		a.CopyFrom, b.CopyFrom = -1, -1
	}
	return same && a.Action == b.Action && a.Trial == b.Trial && a.From == b.From &&
		a.Until == b.Until && a.Bracket == b.Bracket && a.CopyFrom == b.CopyFrom
}

// Judge implements [schedule.Scheduler].
func (w *witness) Judge(h *study.History, t *study.Trial) study.Verdict {
	w.asked++
	v := w.inner.Judge(h, t)
	switch {
	case w.o.Keeps && v != study.VerdictContinue:
		w.fail("verdict %q of a scheduler that keeps every trial", v)
	case v == study.VerdictPrune && t.LastStep() < w.o.Warmup:
		w.fail("trial %d is pruned at step %v, before the warm-up's end at %v", t.Number, t.LastStep(), w.o.Warmup)
	case v == study.VerdictPause && !w.rungs:
		w.fail("trial %d is paused, but Method.Rungs is false", t.Number)
	}
	if w.asked%w.every != 0 {
		return v
	}
	rebuilt := w.rebuild()
	for _, other := range []struct {
		who string
		s   schedule.Scheduler
		h   *study.History
	}{
		{"the same instance, asked again", w.inner, h},
		{"a fresh instance", w.fresh(), h},
		{"a fresh instance after a restart", w.fresh(), rebuilt},
		{"an instance that changes between histories", w.traveller, rebuilt},
		{"an instance that changes between histories", w.traveller, h},
	} {
		if u := other.s.Judge(other.h, other.h.Trial(t.Number)); u != v {
			w.fail("%s says %q of trial %d at step %v, before %q", other.who, u, t.Number, t.LastStep(), v)
		}
	}
	return v
}
