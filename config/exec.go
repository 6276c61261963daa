package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/harvest"
	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/study"
)

// command reads the program to tune, and what belongs to running it.
func (r *reader) command(f *fields, d *study.Definition, p *params) {
	n, c := f.vals["command"], d.Command
	if c == nil {
		for _, name := range []string{"shell", "workdir", "env", "setup"} {
			if f.keys[name] != nil {
				r.bad(pos(f.keys[name]), name, "add command: [program, …], or remove it", "belongs to a command, and there is none")
			}
		}
		return
	}
	f.boolean("shell", &c.Shell)
	f.text("workdir", &c.Dir)
	r.environment(f, c)
	r.setup(f, c)
	if n == nil {
		return
	}
	nodes, ok := r.words(n, "command", c)
	if !ok {
		return
	}
	t, err := command.Parse(c.Argv, c.Shell)
	where := func(arg, offset int) (place, string) {
		switch {
		case arg < 0 || arg >= len(nodes):
			return pos(n), "command"
		case c.Shell:
			return r.inside(nodes[arg], offset), "command"
		default:
			return r.inside(nodes[arg], offset), index("command", arg)
		}
	}
	if err != nil {
		r.badTemplate(err, where)
		return
	}
	if d.Space == nil || len(p.broken) > 0 {
		r.checkCommand(t.CheckNames(append(p.known(), levelOf(d)...)), true, where)
		return
	}
	r.checkCommand(t.Check(d.Space, levelOf(d)...), false, where)
	r.sampling(pos(n), t, d)
}

// words reads command: into c.Argv and returns the node of each word.
func (r *reader) words(n *yaml.Node, path string, c *study.Command) ([]*yaml.Node, bool) {
	if n.Kind == yaml.SequenceNode && c.Shell {
		r.bad(pos(n), path, "write the text as you would type it, or remove shell: true", "with shell: true, the command is one text")
		return nil, false
	}
	if n.Kind == yaml.ScalarNode {
		text, ok := r.literal(n, path)
		if ok && !c.Shell {
			r.bad(pos(n), path, commandHint(text), "must be a list: the program and its arguments")
			return nil, false
		}
		c.Argv = []string{text}
		return []*yaml.Node{n}, ok
	}
	items, ok := r.listOf(n, path, `write command: [python, train.py, "{args}"]`)
	if !ok {
		return nil, false
	}
	for i, item := range items {
		word, ok := r.literal(item, index(path, i))
		if !ok {
			word = "x" // so that the others are looked at
		}
		c.Argv = append(c.Argv, word)
	}
	return items, true
}

// commandHint rewrites a command that was given as one text.
func commandHint(text string) string {
	if strings.ContainsAny(text, "|&;<>()$`\\\"'*?[]#~=%\n") {
		return "write command: [program, argument, …], or add shell: true"
	}
	words := strings.Fields(text)
	for i, w := range words {
		if strings.ContainsAny(w, "{},:") {
			words[i] = fmt.Sprintf("%q", w)
		}
	}
	return "write command: [" + strings.Join(words, ", ") + "], or add shell: true"
}

// badTemplate notes what is wrong with a template.
func (r *reader) badTemplate(err error, where func(arg, offset int) (place, string)) {
	var found command.Errors
	if !errors.As(err, &found) {
		at, path := where(-1, 0)
		r.bad(at, path, "", "%v", err)
		return
	}
	for _, e := range found {
		at, path := where(e.Arg, e.Offset)
		r.bad(at, path, e.Hint, "%s", e.Message)
	}
}

func (r *reader) environment(f *fields, c *study.Command) {
	n := f.vals["env"]
	if n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		r.bad(pos(n), "env", `write env: { NAME: "value" }`, "must be a mapping, not %s", kindName(n))
		return
	}
	c.Env = make(map[string]string)
	for _, e := range r.entries(n, "env") {
		path := join("env", e.name)
		switch {
		case !command.ValidVariable(e.name):
			r.bad(pos(e.key), path, "use letters, digits and _, not starting with a digit", "%q cannot name a variable", clip(e.name))
		case strings.HasPrefix(e.name, "AFINA_"):
			r.bad(pos(e.key), path, "give it another name", "names that start with AFINA_ belong to afina")
		}
		text, ok := r.literal(e.val, path)
		if !ok {
			continue
		}
		lookup := r.env
		if lookup == nil {
			lookup = func(string) (string, bool) { return "", true }
		}
		if _, err := command.ExpandVariable(text, lookup); err != nil {
			var e2 *command.VariableError
			if errors.As(err, &e2) {
				r.bad(r.inside(e.val, e2.Offset), path, e2.Hint, "%s", e2.Message)
			} else {
				r.bad(pos(e.val), path, "", "%v", err)
			}
		}
		if strings.Contains(text, "${secret:") {
			r.bad(pos(e.val), path, "use ${env:NAME}", "secrets are not part of this version of afina")
		}
		c.Env[e.name] = text
	}
}

func (r *reader) setup(f *fields, c *study.Command) {
	n := f.vals["setup"]
	if n == nil {
		return
	}
	const hint = "write setup: [ [make, all] ], a list of commands"
	items, ok := r.listOf(n, "setup", hint)
	if !ok {
		return
	}
	for i, item := range items {
		path := index("setup", i)
		nodes, ok := r.listOf(item, path, hint)
		if !ok {
			continue
		}
		var argv []string
		for k, node := range nodes {
			word, one := r.literal(node, index(path, k))
			ok = ok && one
			argv = append(argv, word)
		}
		if !ok {
			continue
		}
		if _, err := command.ParseSetup(argv); err != nil {
			r.badTemplate(err, func(arg, offset int) (place, string) {
				if arg < 0 || arg >= len(nodes) {
					return pos(item), path
				}
				return r.inside(nodes[arg], offset), index(path, arg)
			})
		}
		c.Setup = append(c.Setup, argv)
	}
}

// report reads how results are found in the output.
func (r *reader) report(f *fields, d *study.Definition) {
	if d.Fidelity != nil {
		d.Report.Step = d.Fidelity.Step
	}
	n := f.vals["report"]
	if n == nil {
		return
	}
	g, ok := r.fields(n, "report", reportKeys, false)
	if !ok {
		return
	}
	if d.Command == nil {
		r.bad(pos(f.keys["report"]), "report", "remove it", "reads the output of a command, and there is none")
		return
	}
	g.text("format", &d.Report.Format)
	if !slices.Contains(formats, d.Report.Format) {
		r.bad(g.at("format"), "report.format", diag.DidYouMean(d.Report.Format, formats), "%q is no format", clip(d.Report.Format))
	}
	g.text("file", &d.Report.File)
	if g.has("step") {
		step := ""
		if g.text("step", &step); d.Report.Step != "" && step != "" && step != d.Report.Step {
			r.bad(g.at("step"), "report.step", "remove one of the two", "fidelity says that a step is called %q", d.Report.Step)
		}
		d.Report.Step = step
	}
	g.span("silence", &d.Command.Silence)
	g.bytes("log_limit", &d.Command.LogLimit)
	if n := g.vals["patterns"]; n != nil {
		items, _ := r.listOf(n, "report.patterns", `write patterns: [ { metric: loss, regex: 'loss=(\S+)' } ]`)
		for i, item := range items {
			r.pattern(item, index("report.patterns", i), d)
		}
	}
	switch format := d.Report.Format; {
	case format == "regex" && g.keys["patterns"] == nil:
		r.bad(g.at("format"), "report.format", "add patterns:, or use auto", "format regex needs patterns")
	case format == "file" && g.keys["file"] == nil:
		r.bad(g.at("format"), "report.format", "add file:, or use auto", "format file needs the name of the file")
	case g.keys["patterns"] != nil && format != "regex" && format != "auto":
		r.bad(pos(g.keys["patterns"]), "report.patterns", "use format: auto or regex", "format %s does not look at patterns", clip(format))
	}
}

func (r *reader) pattern(n *yaml.Node, path string, d *study.Definition) {
	g, ok := r.fields(n, path, patternKeys, false)
	if !ok {
		return
	}
	var p study.Pattern
	before := len(r.list.Found)
	g.text("metric", &p.Metric)
	g.text("regex", &p.Regex)
	g.text("step_regex", &p.Step)
	if g.keys["regex"] == nil {
		r.bad(pos(n), path, `add regex: 'loss=(\S+)'`, "the pattern has no regex")
	}
	d.Report.Patterns = append(d.Report.Patterns, p)
	if len(r.list.Found) > before {
		return
	}
	_, err := harvest.New(harvest.Options{
		Patterns: []harvest.Pattern{{Metric: p.Metric, Regexp: p.Regex, Step: p.Step}},
		Each:     func(harvest.Sample) {},
	})
	if err != nil {
		_, message, _ := strings.Cut(err.Error(), ": ") // the pattern's number is in the path
		message, hint := lastColon(message)
		r.bad(g.at("regex"), path, hint, "%s", message)
	}
}

// lastColon splits "what is wrong: what to do".
func lastColon(s string) (message, hint string) {
	if i := strings.LastIndex(s, ": "); i > 0 {
		return s[:i], s[i+2:]
	}
	return s, ""
}

// levelOf returns the name of the fidelity's parameter, if it has one.
func levelOf(d *study.Definition) []string {
	if d.Fidelity == nil || d.Fidelity.Levels == nil {
		return nil
	}
	return []string{d.Fidelity.Levels.Parameter}
}
