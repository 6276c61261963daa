package analyze

import (
	"encoding/json"

	"github.com/afina-hpo/afina/study"
)

// newest is how many of the newest trials are asked for what their notes say.
const newest = 20

// Finer returns what the search algorithm last noted about scales: the numbers
// that it searches more finely at one end of their range than the space says,
// "" where it noted nothing of the kind. A scale that should be logarithmic and
// is not shows so.
func Finer(h *study.History) string {
	for n := h.Len() - 1; n >= max(0, h.Len()-newest); n-- {
		o := h.Trial(n).Origin
		if o == nil {
			continue
		}
		for _, note := range parseNote(o.Note) {
			var text string
			if note.Key == "finer" && json.Unmarshal(note.Value, &text) == nil {
				return text
			}
		}
	}
	return ""
}
