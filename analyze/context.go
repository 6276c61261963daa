package analyze

import (
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// Contextual reports whether s has parameters that are given and not searched,
// so that values of one trial say little beside those of another.
func Contextual(s *space.Space) bool {
	for i := range s.Params() {
		if s.Param(i).Context {
			return true
		}
	}
	return false
}

// ContextBest is the best trial of one context.
type ContextBest struct {
	Context map[string]space.Value
	Trials  int // complete and feasible
	Best    *study.Trial
}

// ByContext returns the best trial of every context in which one is complete
// and feasible, in the order in which they were first tried.
func ByContext(h *study.History) []ContextBest {
	var out []ContextBest
	place := map[string]int{}
	for t := range h.All() {
		if !counts(t) {
			continue
		}
		context, key := map[string]space.Value{}, []byte(nil)
		for p, v := range t.Config.All() {
			if p.Context {
				context[p.Name] = v
				key = append(v.AppendJSON(key), ' ')
			}
		}
		k, known := place[string(key)]
		if !known {
			k = len(out)
			place[string(key)] = k
			out = append(out, ContextBest{Context: context, Best: t})
		}
		out[k].Trials++
		if h.Objectives[0].Better(t.Values[0], out[k].Best.Values[0]) {
			out[k].Best = t
		}
	}
	return out
}
