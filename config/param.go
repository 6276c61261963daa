package config

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// params is the parameters of a file while they are read.
type params struct {
	spec  space.Spec
	where map[string]*origin
	// broken parameters have a mistake of their own; what follows from it is
	// not reported.
	broken map[string]bool
	// constraints and derived are the nodes of those in spec, by place.
	constraints []*yaml.Node
	derived     map[string]*yaml.Node
}

// origin is where a parameter stands first.
type origin struct {
	index  int // in spec.Params
	path   string
	key    *yaml.Node
	fields *fields
	always bool // stands at the top, under no branch
}

// under is the branch that parameters stand in.
type under struct {
	parent string
	value  space.Value
	broken bool
}

// known returns the names that expressions may use: parameters, derived
// values, and those whose expression is broken.
func (p *params) known() []string {
	var names []string
	for i := range p.spec.Params {
		names = append(names, p.spec.Params[i].Name)
	}
	for _, d := range p.spec.Derived {
		names = append(names, d.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(p.derived)) {
		if !slices.ContainsFunc(p.spec.Derived, func(d space.Derived) bool { return d.Name == name }) {
			names = append(names, name)
		}
	}
	return names
}

// parameters reads the parameters and derived values of a file.
func (r *reader) parameters(f *fields) *params {
	p := &params{where: map[string]*origin{}, broken: map[string]bool{}, derived: map[string]*yaml.Node{}}
	n := f.vals["parameters"]
	if n == nil {
		if f.keys["parameters"] == nil {
			r.bad(pos(f.node), "", "add parameters: { lr: { float: [1e-5, 1e-1], log: true } }", "there are no parameters")
		}
	} else {
		r.branch(p, n, "parameters", nil, 1)
		if len(p.where) == 0 && n.Kind == yaml.MappingNode {
			r.bad(pos(n), "parameters", "name at least one, such as lr: { float: [1e-5, 1e-1], log: true }", "there are no parameters")
		}
	}
	n = f.vals["derived"]
	if n == nil {
		return p
	}
	if n.Kind != yaml.MappingNode {
		r.bad(pos(n), "derived", `write derived: { gamma: "1 - x" }`, "must be a mapping, not %s", kindName(n))
		return p
	}
	for _, e := range r.entries(n, "derived") {
		p.derived[e.name] = e.val
		if prog := r.expression(e.val, join("derived", e.name)); prog != nil {
			p.spec.Derived = append(p.spec.Derived, space.Derived{Name: e.name, Expr: prog})
		}
	}
	return p
}

// expression compiles a scalar.
func (r *reader) expression(n *yaml.Node, path string) *expr.Program {
	src, ok := r.literal(n, path)
	if !ok {
		return nil
	}
	prog, err := expr.Compile(src)
	if err != nil {
		e, ok := err.(*expr.Error)
		if !ok {
			r.bad(pos(n), path, "", "%v", err)
			return nil
		}
		r.bad(r.inside(n, e.Offset), path, e.Hint, "%s", e.Message)
		return nil
	}
	return prog
}

// branch reads the parameters that stand under one value of a parent.
func (r *reader) branch(p *params, n *yaml.Node, path string, u *under, depth int) {
	if n.Kind != yaml.MappingNode {
		r.bad(pos(n), path, "write name: { float: [low, high] }", "must be a mapping of parameters, not %s", kindName(n))
		return
	}
	if depth > MaxNesting {
		r.bad(pos(n), path, "use if: expressions instead of nesting", "parameters are nested more than %d levels deep", MaxNesting)
		return
	}
	for _, e := range r.entries(n, path) {
		r.parameter(p, e, join(path, e.name), u, depth)
	}
}

func (r *reader) parameter(p *params, e entry, path string, u *under, depth int) {
	before := len(r.list.Found)
	param, f := r.body(e, path)
	ok := len(r.list.Found) == before
	first := p.where[e.name]
	if first != nil {
		ok = r.again(p, first, &param, f, e, path, u, ok)
	} else {
		p.where[e.name] = &origin{index: len(p.spec.Params), path: path, key: e.key, fields: f, always: u == nil}
		if u != nil {
			param.Branches = []space.Branch{{Parent: u.parent, Values: []space.Value{u.value}}}
		}
		p.spec.Params = append(p.spec.Params, param)
	}
	if !ok || u != nil && u.broken {
		p.broken[e.name] = true
	}
	r.when(p, f, &param, path, p.broken[e.name], depth)
}

// again joins a further appearance of a parameter, under another branch, to
// the first.
func (r *reader) again(p *params, first *origin, param *space.Param, f *fields, e entry, path string, u *under, ok bool) bool {
	line := first.key.Line
	if first.always || u == nil {
		r.bad(pos(e.key), path, "remove one of the two, or give it another name", "the parameter is already there in line %d", line)
		return false
	}
	old := &p.spec.Params[first.index]
	if ok && !p.broken[e.name] && !sameParam(old, param) {
		r.bad(pos(e.key), path, "make the two definitions the same, or give one another name", "the parameter is defined otherwise in line %d", line)
		return false
	}
	for i := range old.Branches {
		if b := &old.Branches[i]; b.Parent == u.parent {
			if !slices.Contains(b.Values, u.value) {
				b.Values = append(b.Values, u.value)
			}
			return ok
		}
	}
	old.Branches = append(old.Branches, space.Branch{Parent: u.parent, Values: []space.Value{u.value}})
	return ok
}

// sameParam compares two definitions, their branches apart.
func sameParam(a, b *space.Param) bool {
	source := func(e *expr.Program) string {
		if e == nil {
			return ""
		}
		return e.Source()
	}
	return a.Kind == b.Kind && a.Low == b.Low && a.High == b.High && a.Scale == b.Scale && a.Step == b.Step &&
		a.Prior == b.Prior && a.Mean == b.Mean && a.SD == b.SD && a.Ordered == b.Ordered && a.Context == b.Context && a.Default == b.Default &&
		slices.Equal(a.Choices, b.Choices) && slices.Equal(a.Weights, b.Weights) && source(a.If) == source(b.If)
}

// boolean returns a bool with its choices, which [space.New] would fill in
// only after values have been compared with them here.
func boolean(name string) space.Param {
	return space.Param{Name: name, Kind: space.Bool, Choices: []space.Value{value.Bool(false), value.Bool(true)}}
}

// kinds are the keys that say a parameter's type.
var kinds = []string{"float", "int", "choice", "bool"}

// body reads what stands behind a parameter's name.
func (r *reader) body(e entry, path string) (space.Param, *fields) {
	param := boolean(e.name)
	if !space.ValidName(e.name) {
		r.bad(pos(e.key), path, "a name starts with a letter or _ and holds at most 128 letters, digits or _ . / -", "%q cannot name a parameter", clip(e.name))
	}
	if e.val.Kind != yaml.MappingNode {
		hint := fmt.Sprintf("write %s: { float: [low, high] }, or int, choice or bool", e.name)
		if e.val.Kind == yaml.SequenceNode {
			hint = fmt.Sprintf("write %s: { choice: [...] } for these values, or { float: [low, high] } for a range", e.name)
		}
		r.bad(pos(e.val), path, hint, "must say its type, but is %s", kindName(e.val))
		return param, &fields{r: r, path: path, node: e.val}
	}
	f, _ := r.fields(e.val, path, paramKeys, false)
	var said []string
	for _, k := range kinds {
		if f.keys[k] != nil {
			said = append(said, k)
		}
	}
	if len(said) != 1 {
		switch {
		case f.foreign: // its hint says how
		case len(said) == 0:
			r.bad(pos(e.key), path, "add one of float: [low, high], int: [low, high], choice: [a, b], bool: true", "the parameter has no type")
		default:
			r.bad(pos(f.keys[said[1]]), path, "keep one", "the parameter has the types %s", strings.Join(said, " and "))
		}
		return param, f
	}
	switch said[0] {
	case "float":
		param.Kind, param.Choices = space.Float, nil
	case "int":
		param.Kind, param.Choices = space.Int, nil
	case "choice":
		param.Kind, param.Choices = space.Choice, nil
	}
	if f.has(said[0]) {
		r.domain(&param, f, said[0])
	}
	r.options(&param, f, said[0])
	settle(&param)
	return param, f
}

// settle makes the default the value that the parameter will take, so that 1
// and 1.0 are the same default; what is out of range stays as it is, for the
// message.
func settle(param *space.Param) {
	if !param.Default.IsAbsent() {
		if v, err := param.Coerce(param.Default); err == nil {
			param.Default = v
		}
	}
}

// domain reads the value of the key that says the type.
func (r *reader) domain(param *space.Param, f *fields, kind string) {
	n, path := f.vals[kind], join(f.path, kind)
	switch param.Kind {
	case space.Bool:
		if on, ok := r.boolean(n, path); ok && !on {
			r.bad(pos(n), path, "write bool: true; its default stands in default:", "bool: false says nothing")
		}
	case space.Choice:
		items, _ := r.listOf(n, path, "write choice: [a, b, c]")
		for i, item := range items {
			if v, ok := r.value(item, index(path, i)); ok {
				param.Choices = append(param.Choices, v)
			}
		}
	default:
		items, ok := r.listOf(n, path, fmt.Sprintf("write %s: [low, high]", kind))
		if !ok {
			return
		}
		if len(items) != 2 {
			hint := fmt.Sprintf("write %s: [low, high]", kind)
			if len(items) > 2 {
				hint += ", or choice: for a list of values"
			}
			r.bad(pos(n), path, hint, "an interval has two bounds, not %d", len(items))
			return
		}
		var ok1, ok2 bool
		param.Low, ok1 = r.number(items[0], index(path, 0))
		param.High, ok2 = r.number(items[1], index(path, 1))
		if ok1 && ok2 && param.Low > param.High {
			r.bad(pos(n), path, fmt.Sprintf("write %s: [%s, %s]", kind, items[1].Value, items[0].Value), "low %s is above high %s", items[0].Value, items[1].Value)
		}
	}
}

// suits says which types an option belongs to.
var suits = map[string][]string{
	"log": {"float", "int"}, "reverse_log": {"float"}, "step": {"float", "int"}, "prior": {"float", "int"},
	"ordered": {"choice"}, "weights": {"choice"},
}

func (r *reader) options(param *space.Param, f *fields, kind string) {
	for _, k := range paramKeys {
		if to := suits[k.name]; to != nil && f.keys[k.name] != nil && !slices.Contains(to, kind) {
			r.bad(pos(f.keys[k.name]), join(f.path, k.name), "remove the key", "%s is for %s, not for %s", k.name, strings.Join(to, " and "), kind)
			delete(f.vals, k.name)
		}
	}
	var log, reverse bool
	f.boolean("log", &log)
	f.boolean("reverse_log", &reverse)
	switch {
	case log && reverse:
		r.bad(f.at("reverse_log"), join(f.path, "reverse_log"), "keep one", "log and reverse_log exclude each other")
	case log:
		param.Scale = space.Log
	case reverse:
		param.Scale = space.ReverseLog
	}
	r.above(f, "step", &param.Step)
	r.prior(param, f)
	f.boolean("ordered", &param.Ordered)
	f.boolean("context", &param.Context)
	if n := f.vals["weights"]; n != nil {
		items, _ := r.listOf(n, join(f.path, "weights"), "write one number a choice")
		for i, item := range items {
			if w, ok := r.finite(item, index(join(f.path, "weights"), i), math.Inf(-1)); ok {
				param.Weights = append(param.Weights, w)
			}
		}
	}
	if n := f.vals["default"]; n != nil {
		if v, ok := r.value(n, join(f.path, "default")); ok {
			param.Default = v
		}
	}
	if n := f.vals["if"]; n != nil {
		path := join(f.path, "if")
		if param.If = r.expression(n, path); param.If != nil && !param.If.IsCondition() {
			r.bad(pos(n), path, "compare it with something, as in x > 0", "the condition is never true or false")
		}
	}
}

func (r *reader) prior(param *space.Param, f *fields) {
	n := f.vals["prior"]
	if n == nil {
		return
	}
	g, ok := r.fields(n, join(f.path, "prior"), priorKeys, false)
	if !ok {
		return
	}
	if len(g.keys) != 1 {
		if len(n.Content) != 2 || len(g.keys) > 1 {
			r.bad(pos(n), g.path, "write prior: { normal: [mean, sd] } or { log_normal: [mean, sd] }", "must name one distribution")
		}
		return
	}
	name := "normal"
	param.Prior = space.Normal
	if g.keys["log_normal"] != nil {
		name, param.Prior = "log_normal", space.LogNormal
	}
	if !g.has(name) {
		return
	}
	path := join(g.path, name)
	items, ok := r.listOf(g.vals[name], path, fmt.Sprintf("write %s: [mean, sd]", name))
	if !ok {
		return
	}
	if len(items) != 2 {
		r.bad(pos(g.vals[name]), path, fmt.Sprintf("write %s: [mean, sd]", name), "takes a mean and a standard deviation, not %d numbers", len(items))
		return
	}
	param.Mean, _ = r.finite(items[0], index(path, 0), math.Inf(-1))
	param.SD, _ = r.finite(items[1], index(path, 1), 0)
}

// when reads the parameters that stand under the values of one.
func (r *reader) when(p *params, f *fields, parent *space.Param, path string, broken bool, depth int) {
	n := f.vals["when"]
	if n == nil {
		return
	}
	path = join(path, "when")
	if n.Kind != yaml.MappingNode {
		r.bad(pos(n), path, "write when: { value: { name: { float: [low, high] } } }", "must be a mapping of values, not %s", kindName(n))
		return
	}
	if parent.Kind == space.Float && !broken {
		r.bad(f.at("when"), path, "give the others an if: expression", "a float has no values to stand under")
		return
	}
	for _, e := range r.entries(n, path) {
		here := join(path, e.name)
		u := &under{parent: parent.Name, broken: broken}
		v, ok := r.value(resolve(e.key), here)
		if !ok {
			u.broken = true
		} else if !broken {
			w, err := parent.Coerce(v)
			if err != nil {
				hint := ""
				var texts []string
				for _, c := range parent.Choices {
					texts = append(texts, c.Text())
				}
				if parent.Kind == space.Choice {
					hint = diag.DidYouMean(e.name, texts)
				}
				r.bad(pos(e.key), here, hint, "%s is never %s: %v", parent.Name, v, err)
				u.broken = true
			}
			u.value = w
		}
		r.branch(p, e.val, here, u, depth+1)
	}
}

// space builds the space. Problems of parameters that were complained of
// already, and what follows from them, are left out.
func (r *reader) space(f *fields, p *params) *space.Space {
	spec := p.spec
	spec.Params = slices.Clone(spec.Params)
	for i := range spec.Params {
		if q := &spec.Params[i]; p.broken[q.Name] {
			*q = space.Param{Name: q.Name, Kind: space.Bool} // a stand-in, so that its name is known
		}
	}
	for _, name := range p.known()[len(p.spec.Params)+len(p.spec.Derived):] {
		stand, err := expr.Compile("0") // likewise, for a derived value
		if err != nil {
			panic(err)
		}
		spec.Derived = append(slices.Clip(spec.Derived), space.Derived{Name: name, Expr: stand})
	}
	s, err := space.New(spec)
	if err == nil {
		return s
	}
	problems, ok := err.(space.Problems)
	if !ok {
		r.bad(f.at("parameters"), "parameters", "", "%v", err)
		return nil
	}
	for _, problem := range problems {
		r.problem(f, p, problem)
	}
	return nil
}

// problem notes a problem of the space where its cause stands in the file.
func (r *reader) problem(f *fields, p *params, e space.Problem) {
	at, path := f.at("parameters"), "parameters"
	switch o := p.where[e.Param]; {
	case p.broken[e.Param]:
		return
	case e.Index >= 0 && e.Index < len(p.constraints):
		n := p.constraints[e.Index]
		at, path = r.inside(n, e.Offset), "constraints"
	case e.Field == "derived" && p.derived[e.Param] != nil:
		at, path = r.inside(p.derived[e.Param], e.Offset), join("derived", e.Param)
	case o != nil:
		at, path = pos(o.key), o.path
		if n := o.fields.vals[e.Field]; n != nil {
			at, path = r.inside(n, e.Offset), join(o.path, e.Field)
		}
	case p.derived[e.Param] != nil:
		at, path = pos(p.derived[e.Param]), join("derived", e.Param)
	}
	r.bad(at, path, e.Hint, "%s", e.Message)
}

// enqueue reads the configurations to try first.
func (r *reader) enqueue(f *fields, p *params, d *study.Definition) {
	n := f.vals["enqueue"]
	if n == nil {
		return
	}
	items, ok := r.listOf(n, "enqueue", "write enqueue: [ { lr: 1e-3 } ]")
	if !ok {
		return
	}
	for i, item := range items {
		if values, ok := r.assignment(item, index("enqueue", i), p); ok {
			d.Enqueue = append(d.Enqueue, values)
		}
	}
}

// fix reads the values that are not searched for now.
func (r *reader) fix(f *fields, p *params, d *study.Definition) {
	n := f.vals["fix"]
	if n == nil {
		return
	}
	before := len(r.list.Found)
	values, ok := r.assignment(n, "fix", p)
	if !ok || len(values) == 0 {
		return
	}
	d.Fix = values
	if d.Space == nil || len(r.list.Found) > before {
		return
	}
	if _, err := d.Space.Hold(values); err != nil {
		var wrong space.AssignError
		if !errors.As(err, &wrong) {
			r.bad(pos(n), "fix", "", "%v", err)
			return
		}
		for _, e := range wrong {
			r.bad(pos(n), join("fix", e.Param), e.Hint, "%s %s", e.Param, e.Message)
		}
	}
}

// assignment reads values of parameters by name. It is false where n is none.
func (r *reader) assignment(n *yaml.Node, path string, p *params) (map[string]value.Value, bool) {
	if n.Kind != yaml.MappingNode {
		r.bad(pos(n), path, "write { name: value }", "must be a mapping, not %s", kindName(n))
		return nil, false
	}
	var names []string
	for i := range p.spec.Params {
		names = append(names, p.spec.Params[i].Name)
	}
	values := make(map[string]value.Value)
	entries := r.entries(n, path)
	for _, e := range entries {
		v, ok := r.value(e.val, join(path, e.name))
		o := p.where[e.name]
		switch {
		case !ok:
			continue
		case o == nil && p.derived[e.name] != nil:
			r.bad(pos(e.key), join(path, e.name), "give the parameters that it is computed from", "%s is a derived value", e.name)
			continue
		case o == nil:
			r.bad(pos(e.key), join(path, e.name), diag.DidYouMean(e.name, names), "there is no parameter %q", e.name)
			continue
		case p.broken[e.name]:
			continue
		}
		w, err := p.spec.Params[o.index].Coerce(v)
		if err != nil {
			r.bad(pos(e.val), join(path, e.name), "", "%v", err)
			continue
		}
		values[e.name] = w
	}
	r.inactive(p, values, entries, path)
	return values, true
}

// inactive complains of values whose parents, given beside them, rule them
// out.
func (r *reader) inactive(p *params, values map[string]value.Value, entries []entry, path string) {
	for _, e := range entries {
		o := p.where[e.name]
		if _, given := values[e.name]; !given || o == nil {
			continue
		}
		branches := p.spec.Params[o.index].Branches
		possible := len(branches) == 0
		var where []string
		for _, b := range branches {
			v, given := values[b.Parent]
			possible = possible || !given || slices.Contains(b.Values, v)
			for _, w := range b.Values {
				where = append(where, fmt.Sprintf("%s: %v", b.Parent, w))
			}
		}
		if !possible {
			r.bad(pos(e.key), join(path, e.name), "it exists under "+strings.Join(where, " or "), "%s does not exist in this configuration", e.name)
		}
	}
}
