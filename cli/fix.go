package cli

import (
	"fmt"
	"maps"
	"strings"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// fixed adds words NAME=VALUE to what def fixes, and gives the contexts that
// are left their defaults.
func fixed(def *study.Definition, words []string) error {
	values := map[string]space.Value{}
	maps.Copy(values, def.Fix)
	if len(words) > 0 {
		more, err := parseAssignment(words)
		if err != nil {
			return usageError{err}
		}
		maps.Copy(values, more)
	}
	_, missing := study.GiveContexts(def.Space, values)
	part, err := def.Space.Hold(values)
	switch {
	case err != nil: // first, as a name mistyped may be the context that is missing
		return usageError{&study.Error{Code: study.Invalid, Message: "the fixed values cannot be", Err: err}}
	case missing != nil:
		return usageError{study.Errorf(study.Invalid, "say it with --fix NAME=VALUE, or under fix: in the study file", "%v", missing)}
	}
	for name := range values { // as the space has them: 1 becomes 1.0
		if i := part.Lookup(name); i >= 0 {
			values[name] = part.Param(i).Default
		}
	}
	if len(values) > 0 {
		def.Fix = values
	}
	return nil
}

// printContexts prints the best trial of every context, with what believe
// expects of it and of the one that it prefers: values of different contexts
// are not to be compared.
func (x *app) printContexts(def *study.Definition, h *study.History, believe analyze.Belief) {
	var head []string
	for i := range h.Space.Params() {
		if p := h.Space.Param(i); p.Context {
			head = append(head, p.Name)
		}
	}
	metric := h.Objectives[0].Metric
	var rows [][]string
	var others []string
	for _, c := range analyze.ByContext(h) {
		var row, given, rest []string
		for p, v := range c.Best.Config.All() {
			if p.Context {
				row = append(row, clean(v.Text()))
				given = append(given, p.Name+"="+clean(v.Text()))
			} else {
				rest = append(rest, p.Name+"="+v.Text())
			}
		}
		expected := "-"
		if i, ok := c.Evidence(h, believe); ok {
			if mean, se, ok := believe(c.Best.Config); ok {
				expected = within(mean[0], se[0])
			}
			if !i.Trial.Config.Equal(c.Best.Config) {
				others = append(others, fmt.Sprintf("with %s %s expects the best of trial %d: %s %s, measured %s", strings.Join(given, " "),
					def.Search.Name, i.Trial.Number, metric, within(i.Believed, i.BelievedSE), short(i.Mean)))
			}
		}
		rows = append(rows, append(row, short(c.Best.Values[0]), expected, fmt.Sprint(c.Best.Number), fmt.Sprint(c.Trials), clean(strings.Join(rest, " "))))
	}
	fmt.Fprintf(x.Out, "best of each context:\n")
	table(x.Out, append(head, ">"+metric, ">expected", ">trial", ">of", "configuration"), rows)
	for _, line := range others {
		fmt.Fprintln(x.Out, line)
	}
}
