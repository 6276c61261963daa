// Package gate decides which transactions a store may apply. It is the rules
// of [study.Log.Check] on five bytes a trial: a store that keeps trials on
// disk needs no second copy of them in memory to know that an event is
// allowed.
//
// It is not the fold of a study, which is [study.Log] alone. The conformance
// suite of package storetest proves on random sequences of events that both
// refuse the same events in the same words.
//
// A store has one [Study] a study. [Study.Apply] takes the events of one
// transaction, and takes all or none.
package gate

import (
	"math"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// MaxTrials and MaxEvents bound one study. They let a store pack the number of
// a study and that of a trial or event into one key.
const (
	MaxTrials       = 1<<31 - 1
	MaxEvents int64 = 1<<40 - 1
)

// Head is what a gate knows of a study as a whole.
type Head struct {
	ID     string
	Name   string
	Seq    int64        // of the last event
	Space  *space.Space // with its extensions
	Status study.Status
	Reason string
	Spent  time.Duration

	counts [8]int // trials by place of the state in study.States
}

// Counts returns how many trials are in each state; states without trials are
// left out.
func (h *Head) Counts() map[study.State]int {
	m := make(map[study.State]int)
	for i, n := range h.counts {
		if n > 0 {
			m[study.States[i]] = n
		}
	}
	return m
}

// Study is the gate of one study. It is not safe for concurrent use.
type Study struct {
	Head
	states   []uint8 // place in study.States
	attempts []int32 // number of the newest
	undo     []trial // scratch of Apply
}

// trial is a trial as it was before a transaction.
type trial struct {
	number   int
	state    uint8
	attempts int32
}

// New returns the gate of a study that has no trials yet.
func New(h Head) *Study {
	h.counts = [8]int{}
	return &Study{Head: h}
}

// Add tells the gate of the next trial of a study that is read from disk. It
// reports whether state is one.
func (g *Study) Add(state study.State, attempts int) bool {
	s, ok := place(state)
	if !ok {
		return false
	}
	g.states = append(g.states, s)
	g.attempts = append(g.attempts, int32(attempts))
	g.counts[s]++
	return true
}

// Len returns the number of trials.
func (g *Study) Len() int { return len(g.states) }

// Apply takes events in order, or none of them: then the error says which rule
// the first refused one breaks, as [study.Log.Check] does. The cost does not
// depend on the size of the study.
func (g *Study) Apply(events []*study.Event) error {
	head, n := g.Head, len(g.states)
	g.undo = g.undo[:0]
	for _, e := range events {
		err := g.check(e)
		if err == nil {
			g.fold(e)
			continue
		}
		for i := len(g.undo) - 1; i >= 0; i-- {
			t := g.undo[i]
			g.states[t.number], g.attempts[t.number] = t.state, t.attempts
		}
		g.Head, g.states, g.attempts = head, g.states[:n], g.attempts[:n]
		return err
	}
	return nil
}

func (g *Study) check(e *study.Event) error {
	if g.Seq >= MaxEvents {
		return study.Errorf(study.Invalid, "", "a study cannot have more than %d events", MaxEvents)
	}
	switch e.Kind {
	case study.EventStatus:
		switch e.Status {
		case study.StatusRunning, study.StatusStopped, study.StatusFinished, study.StatusFailed:
			return nil
		}
		return study.Errorf(study.Invalid, "", "%q is no status of a study", e.Status)
	case study.EventRedefined:
		if e.Def == nil || e.Def.ID != g.ID || e.Def.Name != g.Name {
			return study.Errorf(study.Invalid, "", "a redefinition must keep the study's id and name")
		}
		return nil
	case study.EventExtended:
		return g.checkExtended(e)
	case study.EventQueued:
		if e.Trial != len(g.states) {
			return study.Errorf(study.Conflict, "", "trial %d cannot be made: the next is %d", e.Trial, len(g.states))
		}
		if e.Trial >= MaxTrials {
			return study.Errorf(study.Invalid, "", "a study cannot have more than %d trials", MaxTrials)
		}
		return e.CheckNumbers()
	case study.EventStarted, study.EventReported, study.EventRequeued, study.EventPaused, study.EventGranted, study.EventEnded:
		return g.checkTrial(e)
	}
	return study.Errorf(study.Invalid, "", "unknown kind of event %q", e.Kind)
}

// checkExtended is check for a space that has grown.
func (g *Study) checkExtended(e *study.Event) error {
	old := g.Space
	if e.Space == nil || !old.Open() || !e.Space.Open() || e.Space.Len() < old.Len() {
		return study.Errorf(study.Invalid, "", "only an open space can be extended")
	}
	for i := range old.Params() {
		if was, is := old.Param(i).Name, e.Space.Param(i).Name; was != is {
			return study.Errorf(study.Invalid, "new parameters come behind the present ones", "parameter %d is %s and cannot become %s", i, was, is)
		}
	}
	return nil
}

// checkTrial is check for what happens to a trial that there is.
func (g *Study) checkTrial(e *study.Event) error {
	if e.Trial < 0 || e.Trial >= len(g.states) {
		return study.Errorf(study.NotFound, "", "there is no trial %d; the study has %d", e.Trial, len(g.states))
	}
	state, latest := study.States[g.states[e.Trial]], int(g.attempts[e.Trial])
	if state.Ended() {
		return study.Errorf(study.Conflict, "", "trial %d is already %s", e.Trial, state)
	}
	switch e.Kind {
	case study.EventStarted:
		if state != study.Queued {
			return study.Errorf(study.Conflict, "", "trial %d is %s and cannot be started", e.Trial, state)
		}
		if e.Attempt != latest+1 {
			return study.Errorf(study.Fenced, "", "attempt %d of trial %d cannot be started: the next is %d", e.Attempt, e.Trial, latest+1)
		}
	case study.EventReported, study.EventRequeued, study.EventPaused:
		if e.Kind == study.EventReported && (math.IsNaN(e.Step) || math.IsInf(e.Step, 0)) {
			return study.Errorf(study.Invalid, "count steps from 0 or 1", "the step %v of trial %d is not finite", e.Step, e.Trial)
		}
		if e.Attempt != latest {
			return newer(e, latest)
		}
		if state != study.Running {
			return study.Errorf(study.Fenced, "", "attempt %d of trial %d is over: the trial is %s", e.Attempt, e.Trial, state)
		}
	case study.EventGranted:
		if state != study.Paused && state != study.Queued {
			return study.Errorf(study.Conflict, "", "trial %d is %s, neither paused nor queued", e.Trial, state)
		}
	case study.EventEnded:
		if e.Attempt != latest {
			return newer(e, latest)
		}
		if !e.State.Ended() {
			return study.Errorf(study.Invalid, "", "%q is no end of a trial", e.State)
		}
	}
	return e.CheckNumbers()
}

func newer(e *study.Event, latest int) error {
	return study.Errorf(study.Fenced, "a newer attempt has taken over", "attempt %d of trial %d is not the newest, which is %d", e.Attempt, e.Trial, latest)
}

// fold notes what e changes; check has allowed it.
func (g *Study) fold(e *study.Event) {
	g.Seq++
	switch e.Kind {
	case study.EventStatus:
		g.Status, g.Reason, g.Spent = e.Status, e.Reason, max(g.Spent, e.Spent)
	case study.EventExtended:
		g.Space = e.Space
	case study.EventQueued:
		g.Add(study.Queued, 0)
	case study.EventStarted:
		g.set(e.Trial, study.Running)
		g.attempts[e.Trial]++
	case study.EventRequeued, study.EventGranted:
		g.set(e.Trial, study.Queued)
	case study.EventPaused:
		g.set(e.Trial, study.Paused)
	case study.EventEnded:
		g.set(e.Trial, e.State)
	}
}

func (g *Study) set(n int, state study.State) {
	g.undo = append(g.undo, trial{n, g.states[n], g.attempts[n]})
	s, _ := place(state) // check knows the state
	g.counts[g.states[n]]--
	g.counts[s]++
	g.states[n] = s
}

// place returns where state is in study.States.
func place(state study.State) (uint8, bool) {
	for i, s := range study.States {
		if s == state {
			return uint8(i), true
		}
	}
	return 0, false
}

// Stale is the refusal of a transaction whose epoch is not the present one.
func Stale(id string, epoch, present int64) error {
	if present == 0 {
		return study.Errorf(study.Fenced, "claim it first", "study %q has no owner", id)
	}
	return study.Errorf(study.Fenced, "another process has taken the study over; stop", "epoch %d of study %q is over: it is %d", epoch, id, present)
}
