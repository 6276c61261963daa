package de

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/study"
)

// note is what a child's trial has to remember.
type note struct {
	Slot   int     `json:"slot"`   // of the target; see member
	Parent int     `json:"parent"` // the target's trial
	F      float64 `json:"f"`
	CR     float64 `json:"cr"`
}

// prefix begins every note, so that those of other methods are told apart
// without being parsed.
const prefix = `{"de":`

// String returns the note as it is stored; reading it gives the same numbers.
func (n note) String() string {
	b := append(make([]byte, 0, 96), prefix+`{"slot":`...)
	b = strconv.AppendInt(b, int64(n.Slot), 10)
	b = append(b, `,"parent":`...)
	b = strconv.AppendInt(b, int64(n.Parent), 10)
	b = append(b, `,"f":`...)
	b = strconv.AppendFloat(b, n.F, 'g', -1, 64)
	b = append(b, `,"cr":`...)
	b = strconv.AppendFloat(b, n.CR, 'g', -1, 64)
	return string(append(b, "}}"...))
}

// parse reads a note; false where it is none of this method, or damaged.
func parse(text string) (note, bool) {
	if !strings.HasPrefix(text, prefix) {
		return note{}, false
	}
	var outer struct {
		DE *note `json:"de"`
	}
	if json.Unmarshal([]byte(text), &outer) != nil || outer.DE == nil {
		return note{}, false
	}
	n := *outer.DE
	if n.Slot < 0 || n.Parent < 0 || !(n.F > 0 && n.F <= 1) || !(n.CR >= 0 && n.CR <= 1) {
		return note{}, false
	}
	return n, true
}

// noteOf returns the note of a trial, false where it was not bred here.
func noteOf(t *study.Trial) (note, bool) {
	if t.Origin == nil {
		return note{}, false
	}
	return parse(t.Origin.Note)
}
