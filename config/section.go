package config

import (
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/study"
)

// MaxMetric is the longest name of a metric, in bytes.
const MaxMetric = 256

// objectives reads objective: or objectives:.
func (r *reader) objectives(f *fields, d *study.Definition) {
	one, many := f.vals["objective"], f.vals["objectives"]
	switch {
	case one != nil && many != nil:
		r.bad(pos(f.keys["objective"]), "objective", "keep objectives:", "objective and objectives exclude each other")
	case one != nil:
		r.objective(one, "objective", d)
	case many != nil:
		items, ok := r.listOf(many, "objectives", "write objectives: [ { metric: val_loss, goal: minimize } ]")
		for i, item := range items {
			r.objective(item, index("objectives", i), d)
		}
		if ok && len(items) == 0 {
			r.bad(pos(many), "objectives", "name at least one metric", "the list is empty")
		}
	case f.keys["objective"] == nil && f.keys["objectives"] == nil:
		r.bad(pos(f.node), "", "add objective: { minimize: val_loss }", "there is no objective")
	}
}

func (r *reader) objective(n *yaml.Node, path string, d *study.Definition) {
	if n.Kind == yaml.ScalarNode {
		r.bad(pos(n), path, "write { minimize: "+clip(n.Value)+" } or { maximize: "+clip(n.Value)+" }", "must say whether small or large is good")
		return
	}
	f, ok := r.fields(n, path, objectiveKeys, false)
	if !ok {
		return
	}
	o := study.Objective{Reduce: study.Reduction{Kind: "best"}}
	var said []string
	for _, name := range []string{"metric", "minimize", "maximize"} {
		if f.keys[name] != nil {
			said = append(said, name)
		}
	}
	if len(said) != 1 {
		hint := "write metric: NAME with goal: minimize, or short minimize: NAME"
		if len(said) == 0 {
			r.bad(pos(n), path, hint, "the objective has no metric")
		} else {
			r.bad(pos(f.keys[said[1]]), join(path, said[1]), hint, "%s exclude each other", strings.Join(said, " and "))
		}
		return
	}
	f.text(said[0], &o.Metric)
	if len(o.Metric) > MaxMetric {
		r.bad(f.at(said[0]), join(path, said[0]), "", "the name is longer than %d bytes", MaxMetric)
	}
	switch said[0] {
	case "metric":
		goal := ""
		f.text("goal", &goal)
		switch o.Goal = study.Goal(goal); {
		case o.Goal == study.Minimize || o.Goal == study.Maximize:
		case f.has("goal") && goal != "":
			r.bad(f.at("goal"), join(path, "goal"), diag.DidYouMean(goal, []string{"minimize", "maximize"}), "%q is no goal", clip(goal))
		case f.keys["goal"] == nil:
			r.bad(pos(n), path, "add goal: minimize or goal: maximize", "must say whether small or large is good")
		}
	default:
		o.Goal = study.Goal(said[0])
		if f.keys["goal"] != nil {
			r.bad(pos(f.keys["goal"]), join(path, "goal"), "remove it", "%s says the goal already", said[0])
		}
	}
	reduce := ""
	if f.text("reduce", &reduce); reduce != "" {
		got, err := study.ParseReduction(reduce)
		if err != nil {
			r.badErr(f.at("reduce"), join(path, "reduce"), err)
		}
		o.Reduce = got
		r.told.reduce[o.Metric] = f.at("reduce")
	}
	if f.has("threshold") {
		x := math.NaN()
		if f.finite("threshold", math.Inf(-1), &x); !math.IsNaN(x) {
			o.Threshold = &x
		}
	}
	for _, other := range d.Objectives {
		if other.Metric == o.Metric && o.Metric != "" {
			r.bad(pos(n), path, "keep one of the two", "the metric %q is already an objective", o.Metric)
		}
	}
	d.Objectives = append(d.Objectives, o)
}

// constraints reads conditions on parameters into the space, and those on
// metrics into the definition.
func (r *reader) constraints(f *fields, p *params, d *study.Definition) {
	n := f.vals["constraints"]
	if n == nil {
		return
	}
	items, ok := r.listOf(n, "constraints", `write constraints: [ "batch * seq <= 65536" ]`)
	if !ok {
		return
	}
	known := p.known()
	for i, item := range items {
		path := index("constraints", i)
		prog := r.expression(item, path)
		if prog == nil {
			continue
		}
		switch {
		case len(prog.Names()) == 0:
			r.bad(pos(item), path, "name a parameter or a metric", "the constraint is always the same")
			continue
		case !prog.IsCondition():
			r.bad(pos(item), path, "compare it with something, as in x <= 16", "the constraint is never true or false")
			continue
		}
		switch strange := r.strangers(prog, known); {
		case len(strange) == 0:
			p.constraints = append(p.constraints, item)
			p.spec.Constraints = append(p.spec.Constraints, prog)
		case len(strange) < len(prog.Names()):
			hint := "keep parameters and metrics in constraints of their own"
			if near := diag.Nearest(strange[0], known); near != "" {
				hint = `did you mean "` + near + `"? if it is a metric, keep it and the parameters in constraints of their own`
			}
			r.bad(r.inside(item, strings.Index(prog.Source(), strange[0])), path, hint,
				"the constraint speaks of parameters and of %q, which is none", strange[0])
		default:
			if near := diag.Nearest(strange[0], known); near != "" {
				r.warn(r.inside(item, strings.Index(prog.Source(), strange[0])), path, `did you mean "`+near+`"?`,
					"%q is no parameter, so this constrains a reported metric", strange[0])
			}
			d.Outcomes = append(d.Outcomes, prog)
		}
	}
}

// strangers returns the names of prog that are not known.
func (r *reader) strangers(prog *expr.Program, known []string) []string {
	var out []string
	for _, name := range prog.Names() {
		if !slices.Contains(known, name) {
			out = append(out, name)
		}
	}
	return out
}

// above reads a finite number above 0.
func (r *reader) above(f *fields, name string, to *float64) {
	n := f.vals[name]
	if n == nil {
		return
	}
	path := join(f.path, name)
	x, ok := r.finite(n, path, math.Inf(-1))
	switch {
	case ok && x <= 0:
		r.bad(pos(n), path, "", "must be above 0, not %s", n.Value)
	case ok:
		*to = x
	}
}

// limit reads a finite number above 0, or the word auto.
func (r *reader) limit(f *fields, name string, to **study.Limit) {
	n := f.vals[name]
	if n == nil {
		return
	}
	if n.Kind == yaml.ScalarNode && n.Value == "auto" {
		*to = &study.Limit{Auto: true}
		return
	}
	if v, ok := r.value(n, join(f.path, name)); ok && !v.IsNumber() {
		r.bad(pos(n), join(f.path, name), "write auto, or a number such as 0.01", "must be a number or auto, not %s", kindName(n))
		return
	}
	l := study.Limit{}
	if r.above(f, name, &l.Value); l.Value > 0 {
		*to = &l
	}
}

// cost reads what a trial costs.
func (r *reader) cost(f *fields, d *study.Definition) {
	n := f.vals["cost"]
	if n == nil {
		return
	}
	c := study.Cost{}
	if n.Kind == yaml.ScalarNode {
		f.text("cost", &c.Metric)
	} else {
		g, ok := r.fields(n, "cost", costKeys, false)
		if !ok {
			return
		}
		g.text("metric", &c.Metric)
		r.above(g, "per_hour", &c.PerHour)
		if len(g.keys) != 1 {
			r.bad(pos(n), "cost", "write cost: { metric: dollars } or cost: { per_hour: 2.5 }", "must say either a metric or a price")
			return
		}
	}
	if len(c.Metric) > MaxMetric {
		r.bad(f.at("cost"), "cost", "", "the name is longer than %d bytes", MaxMetric)
	}
	if c.Metric != "" || c.PerHour > 0 {
		d.Cost = &c
	}
}

func (r *reader) stop(f *fields, d *study.Definition) {
	n := f.vals["stop"]
	if n == nil {
		return
	}
	g, ok := r.fields(n, "stop", stopKeys, false)
	if !ok {
		return
	}
	g.whole("trials", 1, &d.Stop.Trials)
	g.span("time", &d.Stop.Time)
	if g.has("target") {
		x := math.NaN()
		if g.finite("target", math.Inf(-1), &x); !math.IsNaN(x) {
			d.Stop.Target = &x
		}
	}
	g.whole("no_improvement", 1, &d.Stop.NoImprovement)
	r.above(g, "improvement", &d.Stop.Improvement)
	r.limit(g, "regret", &d.Stop.Regret)
	r.above(g, "resource", &d.Stop.Resource)
	if g.has("resource") && f.keys["fidelity"] == nil {
		r.bad(pos(g.keys["resource"]), "stop.resource", "add fidelity: { max: … }, or use trials:", "counts steps of the fidelity, and there is none")
	}
	r.above(g, "cost", &d.Stop.Cost)
	if g.has("cost") && f.keys["cost"] == nil {
		r.bad(pos(g.keys["cost"]), "stop.cost", "add cost: { per_hour: 2.5 }, or cost: dollars where the program reports it as a metric", "bounds what trials cost, and nothing says what that is")
	}
	g.boolean("finish", &d.Stop.Finish)
	c := d.Command
	if c == nil {
		for _, name := range []string{"per_trial", "grace"} {
			if g.has(name) {
				r.bad(pos(g.keys[name]), join("stop", name), "remove it", "bounds the command, and there is none")
			}
		}
		return
	}
	g.span("per_trial", &c.PerTrial)
	g.span("grace", &c.Grace)
}

func (r *reader) retry(f *fields, d *study.Definition) {
	n := f.vals["retry"]
	if n == nil {
		return
	}
	g, ok := r.fields(n, "retry", retryKeys, false)
	if !ok {
		return
	}
	g.whole("max", 0, &d.Retry.Max)
	g.span("backoff", &d.Retry.Backoff)
	g.whole("max_consecutive_failed", 0, &d.Retry.MaxConsecutiveFailed)
	on := g.vals["on"]
	if on == nil {
		return
	}
	items, ok := r.listOf(on, "retry.on", "write on: [lost, oom]")
	if !ok {
		return
	}
	d.Retry.On = []string{}
	var known []string
	for _, c := range study.Classes {
		known = append(known, string(c))
	}
	for i, item := range items {
		path := index("retry.on", i)
		s, ok := r.text(item, path)
		if !ok {
			continue
		}
		switch {
		case slices.Contains(known, s):
		case validExit(s):
		case strings.HasPrefix(s, "exit:"):
			r.bad(pos(item), path, "write exit:75", "an exit status is a number from 1 to 255")
		default:
			r.bad(pos(item), path, classHint(s, known), "%q is no class of failures", clip(s))
		}
		if slices.Contains(d.Retry.On, s) {
			r.bad(pos(item), path, "drop one", "%q is there twice", s)
		}
		d.Retry.On = append(d.Retry.On, s)
	}
}

func classHint(s string, known []string) string {
	if near := diag.Nearest(s, known); near != "" {
		return `did you mean "` + near + `"?`
	}
	return "known: " + strings.Join(known, ", ") + ", and exit:N"
}

// validExit reports whether s is exit:N with a status that can fail.
func validExit(s string) bool {
	digits, ok := strings.CutPrefix(s, "exit:")
	if !ok || digits == "" || len(digits) > 3 || digits[0] == '0' || strings.Trim(digits, "0123456789") != "" {
		return false
	}
	return len(digits) < 3 || digits <= "255"
}

func (r *reader) resources(f *fields, d *study.Definition) {
	n := f.vals["resources"]
	if n == nil {
		return
	}
	if g, ok := r.fields(n, "resources", resourceKeys, false); ok {
		g.whole("cpu", 0, &d.Resources.CPU)
		g.bytes("memory", &d.Resources.Memory)
		g.whole("gpu", 0, &d.Resources.GPU)
	}
}
