package study

import (
	"encoding/json"
	"strconv"
)

// Methods of trials that run a configuration of an earlier trial again, which
// their [Repeat] names.
const (
	MethodRepeat = "repeat" // for the search's sake: one result may have been luck
	MethodFinal  = "final"  // of the comparison that a study ends with
)

// PurposeFinal is the random stream of the seeds of the final comparison.
const PurposeFinal = "final"

// Repeat says of which trial another is a repeat: it has the same configuration
// and another seed, so that their results differ by luck alone. It is kept in
// the trial's origin.
type Repeat struct {
	// Of is the first trial with the configuration.
	Of int `json:"of"`
	// Run is which of its runs this is: from 2 where the search repeats, whose
	// first run is the trial itself; from 1 in the final comparison, where
	// trials with the same Run have the same seed.
	Run int `json:"run"`
	// Gain is what the search expected of it, 0 where it said nothing.
	Gain float64 `json:"gain,omitempty"`
}

// Note returns r in the form in which an [Origin] keeps it.
func (r Repeat) Note() string {
	b := append([]byte(`{"of":`), strconv.Itoa(r.Of)...)
	b = append(append(b, `,"run":`...), strconv.Itoa(r.Run)...)
	if r.Gain > 0 {
		b = strconv.AppendFloat(append(b, `,"gain":`...), r.Gain, 'g', 6, 64)
	}
	return string(append(b, '}'))
}

// FinalNote is the note of a run of the final comparison of the configurations
// of some trials.
func (r Repeat) FinalNote(among []int) string {
	b := []byte(r.Note())
	b = append(b[:len(b)-1], `,"among":[`...)
	for i, n := range among {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(append(b, "]}"...))
}

// Among returns the trials whose configurations are compared in the final
// comparison that t is of, nil where it is of none.
func (t *Trial) Among() []int {
	if _, ok := t.Repeats(); !ok || !t.Final() {
		return nil
	}
	var note struct {
		Among []int `json:"among"`
	}
	if json.Unmarshal([]byte(t.Origin.Note), &note) != nil {
		return nil
	}
	for _, n := range note.Among {
		if n < 0 || n >= t.Number {
			return nil
		}
	}
	return note.Among
}

// Repeats returns what t is a repeat of, false where it is none.
func (t *Trial) Repeats() (Repeat, bool) {
	var r Repeat
	if t.Origin == nil || t.Origin.Method != MethodRepeat && t.Origin.Method != MethodFinal {
		return r, false
	}
	if json.Unmarshal([]byte(t.Origin.Note), &r) != nil || r.Of < 0 || r.Of >= t.Number || r.Run < 1 {
		return Repeat{}, false
	}
	return r, true
}

// Final reports whether t is of the final comparison.
func (t *Trial) Final() bool { return t.Origin != nil && t.Origin.Method == MethodFinal }

// Seed returns the seed that the training program of t gets: its own, or in
// the final comparison that of its run, so that results differ by what their
// configurations do and not by their seeds.
func (t *Trial) Seed(seed uint64) int64 {
	if t.Final() {
		if r, ok := t.Repeats(); ok {
			return int64(Stream(seed, r.Run, PurposeFinal).Uint64() >> 33)
		}
	}
	return TrialSeed(seed, t.Number)
}
