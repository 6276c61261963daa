package config

import (
	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/repeat"
)

// never is the word for no repeats.
const never = "never"

// repeats reads search.repeat: never, auto, or a number of runs.
func (r *reader) repeats(g *fields, d *study.Definition) {
	n := g.vals["repeat"]
	switch {
	case n == nil || n.Kind == yaml.ScalarNode && n.Value == never:
		return
	case n.Kind == yaml.ScalarNode && n.Value == "auto":
		d.Repeat = &study.Limit{Auto: true}
		return
	}
	const remedy = "write auto, never, or how many runs what looks best gets, such as 3"
	path := join(g.path, "repeat")
	v, ok := r.value(n, path)
	if !ok {
		return
	}
	if runs, whole := v.AsInt(); whole && runs >= 2 {
		d.Repeat = &study.Limit{Value: float64(runs)}
		return
	}
	r.bad(pos(n), path, remedy, "must be auto, never or a whole number of at least 2, not %s", clip(n.Value))
}

// repeatable notes why the search algorithm s cannot repeat as d says.
func (r *reader) repeatable(at place, d *study.Definition, s suggest.Suggester) {
	if _, err := repeat.New(s, d.Repeat, suggest.Problem{Objectives: len(d.Objectives)}, d.Search.Name); err != nil {
		r.badLookup(at, "search.repeat", err)
	}
}

// What a final comparison is where only one of its keys is given.
const (
	finalTop  = 3
	finalRuns = 5
)

// final reads the final comparison.
func (r *reader) final(f *fields, d *study.Definition) {
	n := f.vals["final"]
	if n == nil {
		return
	}
	g, ok := r.fields(n, "final", finalKeys, false)
	if !ok {
		return
	}
	d.Final = &study.Final{Top: finalTop, Runs: finalRuns}
	g.whole("top", 1, &d.Final.Top)
	g.whole("runs", 2, &d.Final.Runs)
}
