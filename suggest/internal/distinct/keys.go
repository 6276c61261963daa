package distinct

import (
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Keys knows which configurations a history holds, whatever became of their
// trials. The zero Keys is ready to use; it is not safe for concurrent use.
type Keys struct {
	last  *study.History
	noted int // trials whose configuration is in seen
	seen  map[string]struct{}
}

// Begin brings k up to date with h. A trial's configuration never changes, so
// only those that are new since the last call are looked at, unless h is of
// another study.
func (k *Keys) Begin(h *study.History) {
	if k.seen == nil || !h.Continues(k.last) {
		k.seen = make(map[string]struct{})
		k.noted = 0
	}
	k.last = h
	for ; k.noted < h.Len(); k.noted++ {
		k.seen[h.Trial(k.noted).Config.Key()] = struct{}{}
	}
}

// Held reports whether the history holds c.
func (k *Keys) Held(c space.Config) bool { return k.holds(c.Key()) }

func (k *Keys) holds(key string) bool {
	_, ok := k.seen[key]
	return ok
}
