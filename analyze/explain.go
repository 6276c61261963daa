package analyze

import (
	"bytes"
	"cmp"
	"encoding/json"
	"slices"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Explanation is why a trial was made, as far as is known.
type Explanation struct {
	// Seen is the history as the method saw it. Of what had not ended then,
	// results are taken out.
	Seen *study.History
	// Best is the best trial then, in the context of the trial where there are
	// contexts; nil where there was none.
	Best *study.Trial
	// Running is the trials that were running then, in order.
	Running []*study.Trial
	// Nearest is the earlier trials with a value whose configurations are
	// most alike, the nearest first, at most five.
	Nearest []Neighbour

	// Mean and SE are what the method predicted, by objective; nil where it
	// predicted nothing. SE may be nil where it gave no error. Noted tells
	// whether it said so at the time, or the belief was worked out again.
	Mean, SE []float64
	Noted    bool
	// Gain is the expected improvement that it noted.
	Gain *float64
	// Notes is what else it said, in its own words.
	Notes []Note
}

// Neighbour is a trial at a distance; see [space.Space.Distance].
type Neighbour struct {
	Trial    *study.Trial
	Distance float64
}

// Note is a key of what a method says about its proposal.
type Note struct {
	Key   string
	Value json.RawMessage
}

// neighbours is how many of the nearest trials explain one.
const neighbours = 5

// Explain says why trial t of h was made. Believe is the method's belief about
// a configuration after a history, nil where it has none; it is asked only
// where the note kept with the trial says nothing. The time is linear in the
// number of trials, besides believe's.
func Explain(h *study.History, t *study.Trial, believe func(*study.History, space.Config) (mean, se []float64, ok bool)) Explanation {
	e := Explanation{Seen: seenBy(h, t)}
	e.Best = bestBeside(e.Seen, t)
	for o := range e.Seen.Open() {
		if o.State == study.Running {
			e.Running = append(e.Running, h.Trial(o.Number))
		}
	}
	e.Nearest = nearest(e.Seen, t)
	if t.Origin == nil {
		return e
	}
	e.read(t.Origin.Note, len(h.Objectives))
	if e.Mean == nil && believe != nil {
		if mean, se, ok := believe(e.Seen, t.Config); ok {
			e.Mean, e.SE = mean, se
		}
	}
	return e
}

// bestBeside returns the best trial of seen that has the contexts of t.
func bestBeside(seen *study.History, t *study.Trial) *study.Trial {
	if !Contextual(seen.Space) {
		return Best(seen)
	}
	key := contextKey(t.Config)
	for _, c := range ByContext(seen) {
		if contextKey(c.Best.Config) == key {
			return c.Best
		}
	}
	return nil
}

// seenBy returns the history as it was when t was suggested, or made where no
// algorithm suggested it: what had ended then is known from the origin, what
// was running from the times of attempts.
func seenBy(h *study.History, t *study.Trial) *study.History {
	seen, ended := t.Number, 0
	if o := t.Origin; o != nil && o.Stream >= 0 && o.Version != "" {
		seen, ended = min(o.Seen, t.Number), min(o.SeenEnded, h.EndedLen())
	} else {
		for ended < h.EndedLen() && !h.Ended(ended).Ended.After(t.Created) {
			ended++
		}
	}
	b := study.NewBook(h.Space, h.Objectives, h.Fidelity)
	for n := range seen {
		b.Put(openAt(h.Trial(n), t))
	}
	for i := range ended {
		if e := h.Ended(i); e.Number < seen {
			b.Put(e)
		}
	}
	return b.History()
}

// openAt returns trial o without what it did not have when t was made.
func openAt(o, t *study.Trial) *study.Trial {
	was := &study.Trial{Number: o.Number, State: study.Queued, Config: o.Config, Origin: o.Origin, Created: o.Created}
	for _, a := range o.Attempts {
		if a.Started.After(t.Created) {
			break
		}
		was.Attempts = append(was.Attempts, a)
		was.State = study.Running
		switch over := !a.Ended.IsZero() && !a.Ended.After(t.Created); {
		case over && a.Outcome == study.Requeued:
			was.State = study.Queued
		case over && a.Outcome == string(study.Paused):
			was.State = study.Paused
		}
	}
	for _, r := range o.Reports {
		if !r.At.After(t.Created) {
			was.Reports = append(was.Reports, r)
		}
	}
	return was
}

// nearest returns the trials of seen with values that are most like t.
func nearest(seen *study.History, t *study.Trial) []Neighbour {
	var ns []Neighbour
	for i := range seen.EndedLen() {
		if o := seen.Ended(i); len(o.Values) > 0 {
			ns = append(ns, Neighbour{o, seen.Space.Distance(o.Config, t.Config)})
		}
	}
	slices.SortFunc(ns, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Trial.Number, b.Trial.Number))
	})
	return ns[:min(len(ns), neighbours)]
}

// read takes a note apart: an object whose keys predicted (or mean), se and
// gain are understood, of m objectives. Anything else is kept as it is.
func (e *Explanation) read(note string, m int) {
	if note == "" {
		return
	}
	for _, n := range parseNote(note) {
		switch n.Key {
		case "predicted", "mean":
			if xs := numbers(n.Value, m); xs != nil && e.Mean == nil {
				e.Mean, e.Noted = xs, true
				continue
			}
		case "se":
			if xs := numbers(n.Value, m); xs != nil {
				e.SE = xs
				continue
			}
		case "gain":
			var x float64
			if json.Unmarshal(n.Value, &x) == nil {
				e.Gain = &x
				continue
			}
		}
		e.Notes = append(e.Notes, n)
	}
	if e.Mean == nil {
		e.SE = nil
	}
}

// parseNote returns the keys of an object in their order; of anything else one
// without a key.
func parseNote(note string) []Note {
	whole := []Note{{Value: json.RawMessage(note)}}
	if !json.Valid([]byte(note)) {
		text, err := json.Marshal(note)
		if err != nil { // a string always marshals
			return nil
		}
		return []Note{{Value: text}}
	}
	d := json.NewDecoder(bytes.NewReader([]byte(note)))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return whole
	}
	var ns []Note
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return whole
		}
		var v json.RawMessage
		if d.Decode(&v) != nil {
			return whole
		}
		ns = append(ns, Note{key.(string), v}) // the decoder lets keys be strings only
	}
	return ns
}

// numbers returns m numbers: a list of them, or one where m is 1; else nil.
func numbers(v json.RawMessage, m int) []float64 {
	var x float64
	if m == 1 && json.Unmarshal(v, &x) == nil && !bytes.Equal(v, []byte("null")) {
		return []float64{x}
	}
	var xs []float64
	if json.Unmarshal(v, &xs) == nil && len(xs) == m {
		return xs
	}
	return nil
}
