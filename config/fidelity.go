package config

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// fidelity reads what a step is: a part of a training, a sample, or a value of
// a parameter.
func (r *reader) fidelity(f *fields, d *study.Definition) {
	n := f.vals["fidelity"]
	if n == nil {
		return
	}
	g, ok := r.fields(n, "fidelity", fidelityKeys, false)
	if !ok {
		return
	}
	fid := study.Fidelity{Min: 1}
	d.Fidelity = &fid
	if g.keys["step"] != nil && g.keys["metric_step"] != nil {
		r.bad(pos(g.keys["metric_step"]), "fidelity.metric_step", "keep step:", "step and metric_step are the same")
	}
	g.text("metric_step", &fid.Step)
	g.text("step", &fid.Step)
	r.above(g, "min", &fid.Min)
	var said []string
	for _, name := range []string{"folds", "instances", "levels", "max"} {
		if g.keys[name] != nil {
			said = append(said, name)
		}
	}
	if len(said) > 1 {
		r.bad(pos(g.keys[said[1]]), join("fidelity", said[1]), "keep one of the two", "%s and %s exclude each other", said[0], said[1])
		return
	}
	kind := "max"
	if len(said) == 1 {
		kind = said[0]
	}
	for _, key := range []struct {
		name string
		of   []string
	}{{"order", []string{"folds", "instances"}}, {"each", []string{"folds", "instances"}}, {"parameter", []string{"levels", "max"}}, {"costs", []string{"levels"}}} {
		if g.keys[key.name] != nil && !slices.Contains(key.of, kind) {
			r.bad(pos(g.keys[key.name]), join("fidelity", key.name), "remove it", "%s has no meaning without %s", key.name, strings.Join(key.of, " or "))
			return
		}
	}
	switch kind {
	case "folds", "instances":
		r.samples(g, kind, &fid, d)
		r.reducesBy(d, "mean", fmt.Sprintf("the quality of a trial is the mean over its %s", kind))
		return
	case "levels":
		r.levels(g, &fid)
	default:
		if g.keys["max"] == nil {
			r.bad(pos(n), "fidelity", "add max: the number of steps of a whole training; or folds: 10, instances: [...], levels: [...]", "does not say how long a whole training is")
		} else if r.above(g, "max", &fid.Max); fid.Max > 0 && fid.Min >= fid.Max {
			r.bad(g.at("max"), "fidelity.max", "min is the least that tells anything about a trial", "max %s must be above min, which is %g", g.vals["max"].Value, fid.Min)
		}
		if g.keys["parameter"] != nil {
			whole := fid.Min == math.Trunc(fid.Min) && fid.Max == math.Trunc(fid.Max)
			fid.Levels = &study.Levels{Whole: whole}
		}
	}
	if fid.Levels != nil {
		r.levelName(g, &fid, d)
		r.reducesBy(d, "last", "what counts is the result at the highest level")
	}
}

// foldNames reads a number of folds, which are counted from 0, or a range, as far
// as it is one of so many as a study may have.
func foldNames(text string) ([]string, bool) {
	low, high := 0, 0
	if m := foldRange.FindStringSubmatch(text); m != nil {
		low, _ = strconv.Atoi(m[1]) // six digits at most
		high, _ = strconv.Atoi(m[2])
	} else if n, err := strconv.Atoi(text); err == nil {
		high = n - 1
	} else {
		return nil, false
	}
	if high < 0 || high-low >= study.MaxSamples {
		return nil, false
	}
	var names []string
	for k := low; k <= high; k++ {
		names = append(names, strconv.Itoa(k))
	}
	return names, true
}

var foldRange = regexp.MustCompile(`^([0-9]{1,6})\.\.([0-9]{1,6})$`)

// samples reads folds or instances.
func (r *reader) samples(g *fields, kind string, fid *study.Fidelity, d *study.Definition) {
	s := &study.Samples{Random: d.Command == nil}
	n := g.vals[kind]
	path := join("fidelity", kind)
	fid.Samples = s
	if fid.Step == "" {
		fid.Step = strings.TrimSuffix(kind, "s")
	}
	switch {
	case n == nil:
		return // said already
	case kind == "folds":
		text := ""
		if n.Kind == yaml.ScalarNode {
			text = n.Value
		}
		names, ok := foldNames(text)
		if !ok {
			r.bad(pos(n), path, "write folds: 10 for the folds 0 to 9, or folds: 1..10", "must be a number of folds, not %s", kindName(n))
			return
		}
		s.Names = names
	default:
		items, ok := r.listOf(n, path, "write instances: [ berlin52, eil101, … ]")
		if !ok {
			return
		}
		for i, item := range items {
			word, ok := r.literal(item, index(path, i))
			if !ok {
				return
			}
			s.Names = append(s.Names, word)
		}
	}
	if message, hint := s.Check(); message != "" {
		r.bad(pos(n), path, hint, "%s", message)
		return
	}
	fid.Max = float64(len(s.Names))
	if fid.Min >= fid.Max || fid.Min != math.Trunc(fid.Min) {
		r.bad(g.at("min"), "fidelity.min", "remove it, or give the number of samples that tell something", "min %g is no number of %s below %g", fid.Min, kind, fid.Max)
	}
	g.boolean("each", &s.Each)
	order := ""
	switch g.text("order", &order); order {
	case "random":
		s.Random = true
	case "given":
		s.Random = false
	case "":
	default:
		r.bad(g.at("order"), "fidelity.order", "write random or given", "%q is no order", clip(order))
	}
	if d.Command == nil && s.Each {
		r.bad(g.at("each"), "fidelity.each", "remove it", "says how the command is run, and there is none")
	}
	r.told.each, r.told.order = g.keys["each"] != nil, order != ""
}

// sampling completes what samples are from the command: one that names the
// sample runs one at a time, and one that is told the samples can run them in
// any order.
func (r *reader) sampling(at place, t *command.Template, d *study.Definition) {
	if !d.Fidelity.Sampled() {
		if d.Fidelity != nil && len(r.list.Found) > 0 {
			return // it may have been meant to be
		}
		for _, name := range []string{"trial.fold", "trial.instance", "trial.folds", "trial.instances"} {
			if t.Uses(name) {
				r.bad(at, "command", "add fidelity: { folds: 10 }, or without a file --folds 10", "names {%s}, and the study has no folds or instances", name)
				return
			}
		}
		return
	}
	s := d.Fidelity.Samples
	one := t.Uses("trial.fold") || t.Uses("trial.instance")
	many := t.Uses("trial.folds") || t.Uses("trial.instances")
	switch {
	case one && r.told.each && !s.Each:
		r.bad(at, "command", "remove each: false, or write {trial.folds}, the list of all that are to be run", "names one sample, and fidelity.each says that it runs all")
		return
	case many && (one || s.Each):
		r.bad(at, "command", "keep one of the two", "it runs either one sample at a time or all of a list")
		return
	}
	s.Each = s.Each || one
	if !r.told.order {
		s.Random = s.Each || many
	}
}

// levels reads the levels of a parameter and what each costs.
func (r *reader) levels(g *fields, fid *study.Fidelity) {
	l := &study.Levels{}
	fid.Levels = l
	items, ok := r.listOf(g.vals["levels"], "fidelity.levels", "write levels: [64, 128, 224], from the cheapest to the whole one")
	if !ok {
		return
	}
	if g.keys["min"] != nil {
		r.bad(pos(g.keys["min"]), "fidelity.min", "remove it", "the first of levels is the least")
	}
	if len(items) < 2 {
		r.bad(pos(g.vals["levels"]), "fidelity.levels", "give at least two, from the cheapest to the whole one", "there is nothing to choose from")
		return
	}
	ascending := true
	for i, item := range items {
		v, ok := r.value(item, index("fidelity.levels", i))
		if !ok {
			return
		}
		if v.IsAbsent() || v == value.Null {
			r.bad(pos(item), index("fidelity.levels", i), "give a number or a text", "a level has a value")
			return
		}
		if slices.Contains(l.Values, v) {
			r.bad(pos(item), index("fidelity.levels", i), "drop one", "%v is there twice", v)
			return
		}
		ascending = ascending && v.IsNumber() && v.AsFloat() > 0 && !math.IsInf(v.AsFloat(), 0) && (i == 0 || v.AsFloat() > l.Values[i-1].AsFloat())
		l.Values = append(l.Values, v)
	}
	for i, v := range l.Values {
		if ascending { // a number that grows is its own price
			l.Steps = append(l.Steps, v.AsFloat())
		} else {
			l.Steps = append(l.Steps, float64(i+1))
		}
	}
	if n := g.vals["costs"]; n != nil {
		costs, ok := r.listOf(n, "fidelity.costs", "write costs: [1, 4, 12], what each of levels costs")
		if !ok {
			return
		}
		if len(costs) != len(items) {
			r.bad(pos(n), "fidelity.costs", "give one for each of levels", "there are %d costs for %d levels", len(costs), len(items))
			return
		}
		for i, item := range costs {
			x, ok := r.finite(item, index("fidelity.costs", i), math.Inf(-1))
			if !ok {
				return
			}
			if x <= 0 || i > 0 && x <= l.Steps[i-1] {
				r.bad(pos(item), index("fidelity.costs", i), "costs are above 0 and grow", "%g is not more than what comes before", x)
				return
			}
			l.Steps[i] = x
		}
	}
	fid.Min, fid.Max = l.Steps[0], l.Steps[len(l.Steps)-1]
}

// levelName reads the name of the parameter whose values are levels.
func (r *reader) levelName(g *fields, fid *study.Fidelity, d *study.Definition) {
	l := fid.Levels
	g.text("parameter", &l.Parameter)
	at := g.at("parameter")
	switch {
	case g.keys["parameter"] == nil:
		r.bad(pos(g.node), "fidelity", "add parameter: image_size, the name under which the command gets the level", "levels are values of a parameter, which has no name")
		return
	case l.Parameter == "":
		return
	case !parameterName.MatchString(l.Parameter):
		r.bad(at, "fidelity.parameter", "a name starts with a letter or _ and holds at most 128 letters, digits or _ . / -", "%q cannot name a parameter", clip(l.Parameter))
	}
	if d.Space == nil {
		return
	}
	taken := d.Space.Lookup(l.Parameter) >= 0
	for _, v := range d.Space.Deriveds() {
		taken = taken || v.Name == l.Parameter
	}
	if taken {
		r.bad(at, "fidelity.parameter", "take it out of parameters: the scheduler chooses it", "%s is a parameter of the search already", l.Parameter)
	}
	if fid.Step == "" {
		fid.Step = l.Parameter
	}
}

var parameterName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_./-]{0,127}$`)

// reducesBy gives every objective the reduction that its fidelity asks for, and
// refuses another.
func (r *reader) reducesBy(d *study.Definition, kind, why string) {
	for i := range d.Objectives {
		o := &d.Objectives[i]
		at, said := r.told.reduce[o.Metric]
		if said && o.Reduce.Kind != kind || o.Reduce.Window > 0 && o.Reduce.Window < int(d.Fidelity.Max) {
			r.bad(at, index("objectives", i)+".reduce", "remove it, or write reduce: "+kind, "reduce: %s cannot be: %s", o.Reduce, why)
			continue
		}
		o.Reduce = study.Reduction{Kind: kind}
	}
}

// told is what the file says itself, where a default depends on other parts of
// it.
type told struct {
	reduce      map[string]place // by metric
	each, order bool
}
