package warm

import (
	"math"
	"strings"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// Take copies of the study old, with what h says of it, what a study described
// by def can learn from. It is the same for the same h, whatever becomes of the
// study later. The error says why nothing can be learned, and what to do.
func Take(old *study.Definition, h *study.History, def *study.Definition) (study.Earlier, error) {
	e := study.Earlier{Study: old.ID, Name: old.Name, Total: h.EndedLen()}
	var places []int // of the common metrics in log's objectives
	var goals []study.Goal
	var names []string
	for _, o := range h.Objectives {
		names = append(names, o.Metric)
	}
	for _, o := range def.Objectives {
		for k, old := range h.Objectives {
			if old.Metric != o.Metric {
				continue
			}
			if old.Goal != o.Goal {
				return e, study.Errorf(study.Invalid, "leave it out, or give the objective another name if it means something else",
					"the earlier study %q has to %s %s, and this one has to %s it", e.Name, old.Goal, o.Metric, o.Goal)
			}
			e.Metrics, places, goals = append(e.Metrics, o.Metric), append(places, k), append(goals, o.Goal)
		}
	}
	if len(e.Metrics) == 0 {
		return e, study.Errorf(study.Invalid, hint(def.Objectives[0].Metric, names, "leave it out, or call the objective as it does"),
			"the earlier study %q did not measure %s; its objectives are %s", e.Name, metrics(def.Objectives), strings.Join(names, ", "))
	}
	for _, p := range h.Space.Params() {
		i := def.Space.Lookup(p.Name)
		if def.Space.Open() || i >= 0 && compatible(&p, def.Space.Param(i)) {
			e.Params = append(e.Params, p.Name)
		}
	}
	if len(e.Params) == 0 {
		return e, study.Errorf(study.Invalid, "leave it out, or give parameters that mean the same the same name and type",
			"the earlier study %q has no parameter in common with this one", e.Name)
	}
	for i := range h.EndedLen() {
		if t, ok := copied(h.Ended(i), e.Params, places); ok {
			e.Trials = append(e.Trials, t)
		}
	}
	return finish(e, def, goals)
}

// finish leaves out of e what lies outside def's space, and bounds the rest.
func finish(e study.Earlier, def *study.Definition, goals []study.Goal) (study.Earlier, error) {
	usable := e.Trials
	if !def.Space.Open() {
		usable = nil
		for _, t := range e.Trials {
			if _, ok := translate(t.Params, e.Params, def.Space); ok {
				usable = append(usable, t)
			}
		}
	}
	if len(usable) == 0 {
		why := "none of them lies within the ranges of this study"
		if len(e.Trials) == 0 {
			why = "none of them has a value"
		}
		return e, study.Errorf(study.Invalid, "leave it out", "of the earlier study %q nothing can be learned: it has %d ended trials, and %s", e.Name, e.Total, why)
	}
	e.Trials = keep(usable, goals)
	return e, nil
}

// copied returns what is kept of t, false where that is nothing: a trial
// without a finite value of every metric, or that violates an outcome
// constraint, is no example.
func copied(t *study.Trial, params []string, places []int) (study.EarlierTrial, bool) {
	if t.State != study.Complete && t.State != study.Pruned || !t.Feasible() {
		return study.EarlierTrial{}, false
	}
	out := study.EarlierTrial{Number: t.Number, Pruned: t.Cut(), Params: map[string]space.Value{}}
	for _, k := range places {
		if k >= len(t.Values) || math.IsNaN(t.Values[k]) || math.IsInf(t.Values[k], 0) {
			return study.EarlierTrial{}, false
		}
		out.Values = append(out.Values, t.Values[k])
	}
	for _, name := range params {
		if v, ok := t.Config.Get(name); ok {
			out.Params[name] = v
		}
	}
	return out, true
}

// compatible reports whether values of a can mean the same as values of b.
func compatible(a, b *space.Param) bool {
	if a.IsNumeric() && b.IsNumeric() {
		return true
	}
	if a.IsNumeric() {
		a, b = b, a
	}
	values := a.Choices
	if a.Kind == space.Bool {
		values = []space.Value{value.Bool(false), value.Bool(true)}
	}
	for _, v := range values {
		if _, ok := fit(b, v); ok {
			return true
		}
	}
	return false
}

// hint returns what near finds for a name, or else.
func hint(name string, names []string, otherwise string) string {
	if h := diag.DidYouMean(name, names); h != "" && strings.HasPrefix(h, "did you mean") {
		return h
	}
	return otherwise
}

func metrics(objectives []study.Objective) string {
	var names []string
	for _, o := range objectives {
		names = append(names, o.Metric)
	}
	return strings.Join(names, ", ")
}
