package dehb

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/study"
)

// note is what a proposal says of itself.
type note struct {
	// Step is that of the population it was made for; 0: the end of a study
	// without a fidelity.
	Step float64 `json:"step"`
	// Family is the number of the trial that founded the family whose member
	// it challenges; -1 of one that founds its own.
	Family int `json:"family"`
	// Parent is the trial that was the member then.
	Parent int `json:"parent"`
}

// prefix begins every note, so that trials of other methods are told apart
// without being parsed.
const prefix = `{"dehb":`

// String returns the note as it is stored; reading it gives the same.
func (n note) String() string {
	b := append(make([]byte, 0, 64), prefix+`{"step":`...)
	b = strconv.AppendFloat(b, n.Step, 'g', -1, 64)
	if n.Family >= 0 {
		b = append(b, `,"family":`...)
		b = strconv.AppendInt(b, int64(n.Family), 10)
		b = append(b, `,"parent":`...)
		b = strconv.AppendInt(b, int64(n.Parent), 10)
	}
	return string(append(b, "}}"...))
}

// parse reads a note; false where it is none of this method, or damaged.
func parse(text string) (note, bool) {
	if !strings.HasPrefix(text, prefix) {
		return note{}, false
	}
	n := note{Family: -1}
	if json.Unmarshal([]byte(text), &struct {
		DEHB *note `json:"dehb"`
	}{&n}) != nil || !(n.Step >= 0) || n.Family < -1 || n.Parent < 0 {
		return note{}, false
	}
	return n, true
}

// stranger is the note of a trial that was not proposed here: it founds a family
// wherever it comes.
var stranger = note{Family: -2}

// noteOf returns the note of a trial, or stranger.
func noteOf(t *study.Trial) note {
	if t.Origin != nil {
		if n, ok := parse(t.Origin.Note); ok && n.Family < t.Number && n.Parent < max(t.Number, 1) {
			return n
		}
	}
	return stranger
}

// finite is the step as notes have it.
func finite(step float64) float64 {
	if math.IsInf(step, 0) {
		return 0
	}
	return step
}
