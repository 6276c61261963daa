package analyze

import (
	"slices"

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

	configs []Measured // of the context
	runs    int        // of the study
}

// ByContext returns the best trial of every context in which one is complete
// and feasible, in the order in which they were first tried. The time is linear
// in the number of trials.
func ByContext(h *study.History) []ContextBest {
	var out []ContextBest
	place, runs := map[string]int{}, 0
	for t := range h.All() {
		if !counts(t) {
			continue
		}
		key := contextKey(t.Config)
		k, known := place[key]
		if !known {
			k = len(out)
			place[key] = k
			out = append(out, ContextBest{Context: contextOf(t.Config), Best: t})
		}
		out[k].Trials++
		if h.Objectives[0].Better(t.Values[0], out[k].Best.Values[0]) {
			out[k].Best = t
		}
		runs++
	}
	for _, m := range Replicates(h) {
		c := &out[place[contextKey(m.Trial.Config)]]
		c.configs, c.runs = append(c.configs, m), runs
	}
	return out
}

// Evidence is [ByEvidence] among the configurations of the context alone. The
// ten trials are those of the whole study, because a model learns across
// contexts.
func (c ContextBest) Evidence(h *study.History, believe Belief) (Incumbent, bool) {
	if len(h.Objectives) != 1 {
		return Incumbent{}, false
	}
	return incumbent(h.Objectives[0], slices.Clone(c.configs), c.runs, believe)
}

// contextOf returns the values of c that are given and not searched.
func contextOf(c space.Config) map[string]space.Value {
	context := map[string]space.Value{}
	for p, v := range c.All() {
		if p.Context {
			context[p.Name] = v
		}
	}
	return context
}

// contextKey is a text that two configurations have in common only in the same
// context.
func contextKey(c space.Config) string {
	var key []byte
	for p, v := range c.All() {
		if p.Context {
			key = append(v.AppendJSON(append(append(key, p.Name...), '=')), ' ')
		}
	}
	return string(key)
}
