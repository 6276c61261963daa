package warm

import "encoding/json"

// parseNote reads what [seed.note] writes.
func parseNote(text string) (name string, trial int, ok bool) {
	var n struct {
		Study string
		Trial *int
	}
	if json.Unmarshal([]byte(text), &n) != nil || n.Trial == nil {
		return "", 0, false
	}
	return n.Study, *n.Trial, true
}
