package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// place is where something stands in the input: line and column from 1.
type place struct{ line, col int }

// reader collects mistakes while it turns nodes into Go values.
type reader struct {
	list     diag.List
	lines    []string
	warnings []diag.Diagnostic
	tables   Tables
	told     told
	env      func(string) (string, bool) // nil: not to be looked at
}

// lineEnds makes every line end that YAML knows a newline, so that its lines
// and ours are the same.
var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n")

func newReader(file string, src []byte, t Tables, env func(string) (string, bool)) *reader {
	src = []byte(lineEnds.Replace(string(src)))
	return &reader{
		list: diag.List{File: file, Source: src}, lines: strings.Split(string(src), "\n"),
		tables: t, env: env, told: told{reduce: map[string]place{}},
	}
}

func (r *reader) bad(at place, path, hint, format string, args ...any) {
	r.list.Add(at.line, at.col, path, hint, format, args...)
}

func (r *reader) warn(at place, path, hint, format string, args ...any) {
	r.warnings = append(r.warnings, diag.Diagnostic{
		File: r.list.File, Line: at.line, Col: at.col, Path: path, Message: fmt.Sprintf(format, args...), Hint: hint,
	})
}

func pos(n *yaml.Node) place { return place{n.Line, n.Column} }

// inside returns the place of byte offset of a scalar's text, as far as the
// text stands in the file as it is; else the scalar's own.
func (r *reader) inside(n *yaml.Node, offset int) place {
	at := pos(n)
	if offset <= 0 || offset > len(n.Value) || n.Line < 1 || n.Line > len(r.lines) {
		return at
	}
	line := []rune(r.lines[n.Line-1])
	col := n.Column - 1
	if n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) != 0 {
		col++
	}
	if col <= len(line) && strings.HasPrefix(string(line[col:]), n.Value[:offset]) {
		return place{n.Line, col + utf8.RuneCountInString(n.Value[:offset]) + 1}
	}
	return at
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// resolve follows an alias. [reader.limits] has made sure that it ends.
func resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// kindName says what a node is, for messages.
func kindName(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Style&quotedStyles != 0 || n.Tag == "!!str":
		return "the text " + strconv.Quote(clip(n.Value))
	case n.Tag == "!!null":
		return "nothing"
	}
	return clip(n.Value)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

const quotedStyles = yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle

// entry is one key of a mapping with its value, aliases resolved.
type entry struct {
	name     string
	key, val *yaml.Node
}

// entries returns the keys and values of a mapping in order, each key once.
func (r *reader) entries(n *yaml.Node, path string) []entry {
	var out []entry
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := resolve(n.Content[i]), resolve(n.Content[i+1])
		at := pos(n.Content[i])
		if line, twice := lines[k.Value]; twice {
			r.bad(at, join(path, k.Value), "keep one of the two", "the key is already there in line %d", line)
			continue
		}
		lines[k.Value] = at.line
		out = append(out, entry{k.Value, n.Content[i], v})
	}
	return out
}

// fields is a mapping with known keys.
type fields struct {
	r    *reader
	path string
	node *yaml.Node
	keys map[string]*yaml.Node
	vals map[string]*yaml.Node
	more []entry // not in the table, where allowed
	// foreign says that a key of another tool was refused.
	foreign bool
}

// fields reads a mapping whose keys are in the table; with open, others are
// kept aside.
func (r *reader) fields(n *yaml.Node, path string, table []key, open bool) (*fields, bool) {
	f := &fields{r: r, path: path, node: n, keys: map[string]*yaml.Node{}, vals: map[string]*yaml.Node{}}
	var known []string
	for _, k := range table {
		if k.absent == "" {
			known = append(known, k.name)
		}
	}
	if n.Kind != yaml.MappingNode {
		r.bad(pos(n), path, "keys: "+strings.Join(known, ", "), "must be a mapping, not %s", kindName(n))
		return f, false
	}
	for _, e := range r.entries(n, path) {
		k := lookupKey(table, e.name)
		switch {
		case k == nil && open:
			f.more = append(f.more, e)
			continue
		case k == nil:
			r.bad(pos(e.key), join(path, e.name), unknownKeyHint(path, e.name, known), "there is no such key")
			if near := diag.Nearest(e.name, known); near != "" && f.keys[near] == nil {
				f.keys[near] = e.key // what is missed for its sake need not be told
			}
			f.foreign = f.foreign || foreign(path, e.name) != ""
			continue
		case k.absent != "":
			r.bad(pos(e.key), join(path, e.name), "remove the key", "%s", k.absent)
			continue
		}
		f.keys[e.name] = e.key
		if e.val.Kind == yaml.ScalarNode && e.val.Tag == "!!null" && e.val.Style&quotedStyles == 0 && e.name != "default" {
			r.bad(pos(e.key), join(path, e.name), "give it one, or remove the key", "the key has no value")
			continue
		}
		f.vals[e.name] = e.val
	}
	return f, true
}

func lookupKey(table []key, name string) *key {
	for i := range table {
		if table[i].name == name {
			return &table[i]
		}
	}
	return nil
}

// unknownKeyHint names the nearest key, or where other tools' keys went.
func unknownKeyHint(path, name string, known []string) string {
	if hint := foreign(path, name); hint != "" {
		return hint
	}
	if near := diag.Nearest(name, known); near != "" {
		return `did you mean "` + near + `"?`
	}
	return "known: " + strings.Join(known, ", ")
}

// foreign says what a key of another tool is called here.
func foreign(path, name string) string {
	inParam := strings.HasPrefix(path, "parameters.")
	switch {
	case path == "" && (name == "metric" || name == "metrics"):
		return "write objective: { minimize: the_metric }"
	case path == "" && (name == "method" || name == "algorithm" || name == "sampler"):
		return "write search: " + "{ algorithm: … }"
	case path == "" && (name == "pruner" || name == "early_terminate"):
		return "write schedule: { algorithm: … }"
	case path == "" && (name == "program" || name == "script"):
		return "write command: [python, train.py, \"{args}\"]"
	case path == "" && (name == "trials" || name == "n_trials" || name == "time" || name == "timeout" || name == "max_trials"):
		return "write stop: { trials: …, time: … }"
	case path == "" && name == "seed":
		return "write search: { seed: … }"
	case path == "" && name == "parallel":
		return "write search: { parallel: … }"
	case inParam && (name == "min" || name == "max" || name == "low" || name == "high"):
		return "write float: [low, high] or int: [low, high]"
	case inParam && (name == "values" || name == "value" || name == "categorical"):
		return "write choice: [a, b, c]"
	case inParam && (name == "type" || name == "distribution"):
		return "the type is the key: float: [low, high], int: [low, high], choice: [a, b] or bool: true"
	}
	return ""
}

// at returns the place of a key's value, of the key, or of the mapping.
func (f *fields) at(name string) place {
	if v := f.vals[name]; v != nil && v.Line > 0 {
		return pos(v)
	}
	if k := f.keys[name]; k != nil {
		return pos(k)
	}
	return pos(f.node)
}

func (f *fields) has(name string) bool { return f.vals[name] != nil }

// listOf returns the nodes of a list.
func (r *reader) listOf(n *yaml.Node, path, hint string) ([]*yaml.Node, bool) {
	if n.Kind != yaml.SequenceNode {
		r.bad(pos(n), path, hint, "must be a list, not %s", kindName(n))
		return nil, false
	}
	out := make([]*yaml.Node, len(n.Content))
	for i, c := range n.Content {
		out[i] = resolve(c)
	}
	return out, true
}

// yaml11 is the words that YAML 1.1 reads as truth values and 1.2 as texts.
func yaml11(s string) (truth string, ok bool) {
	switch strings.ToLower(s) {
	case "yes", "on":
		return "true", true
	case "no", "off":
		return "false", true
	}
	return "", false
}

// value reads any scalar.
func (r *reader) value(n *yaml.Node, path string) (value.Value, bool) {
	switch {
	case n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode:
		r.bad(pos(n), path, "use a number, a text, true, false or null", "must be one value, not %s", kindName(n))
		return value.Value{}, false
	case n.Style&quotedStyles != 0:
		return value.String(n.Value), true
	}
	switch n.Tag {
	case "!!null":
		return value.Null, true
	case "!!bool":
		return value.Bool(strings.EqualFold(n.Value, "true")), true
	case "!!int", "!!float":
		return r.numberValue(n, path)
	case "!!str":
		if truth, trap := yaml11(n.Value); trap {
			r.bad(pos(n), path, fmt.Sprintf("write %q for the text, or %s for the truth value", n.Value, truth), "%s means a text to some readers of YAML and %s to others", n.Value, truth)
			return value.Value{}, false
		}
		if looksOctal(n.Value) || plainNumber.MatchString(n.Value) {
			return r.numberValue(n, path)
		}
		return value.String(n.Value), true
	}
	r.bad(pos(n), path, fmt.Sprintf("write %q if it is a text", n.Value), "%s is neither a number nor plainly a text", clip(n.Value))
	return value.Value{}, false
}

// looksOctal reports whether s is digits with a leading zero.
func looksOctal(s string) bool {
	s = strings.TrimLeft(s, "+-")
	return len(s) > 1 && s[0] == '0' && strings.Trim(s, "0123456789_") == ""
}

func (r *reader) numberValue(n *yaml.Node, path string) (value.Value, bool) {
	s := strings.ReplaceAll(n.Value, "_", "")
	bare := strings.TrimLeft(s, "+-")
	switch {
	case looksOctal(s):
		r.bad(pos(n), path, fmt.Sprintf("write %s for the number, or %q for the text", strings.TrimLeft(bare[:len(bare)-1], "0")+bare[len(bare)-1:], n.Value), "%s has a leading zero, which some readers of YAML take for octal", n.Value)
		return value.Value{}, false
	case len(bare) > 1 && bare[0] == '0' && strings.ContainsAny(bare[1:2], "xXoObB"):
		r.bad(pos(n), path, "write it in decimal", "%s is not a decimal number", n.Value)
		return value.Value{}, false
	}
	switch strings.ToLower(bare) {
	case ".inf":
		if strings.HasPrefix(s, "-") {
			return value.Float(math.Inf(-1)), true
		}
		return value.Float(math.Inf(1)), true
	case ".nan":
		return value.Float(math.NaN()), true
	}
	if n.Tag != "!!float" {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return value.Int(i), true
		}
	}
	f, err := strconv.ParseFloat(s, 64)
	if err == nil && !strings.ContainsAny(s, ".eE") {
		r.bad(pos(n), path, "write it with a point or an exponent, as a float", "%s is too large for a whole number", clip(n.Value))
		return value.Value{}, false
	}
	if err != nil {
		r.bad(pos(n), path, "", "%s is out of range", clip(n.Value))
		return value.Value{}, false
	}
	return value.Float(f), true
}

// number reads a number, infinities included.
func (r *reader) number(n *yaml.Node, path string) (float64, bool) {
	v, ok := r.value(n, path)
	if !ok {
		return 0, false
	}
	if !v.IsNumber() {
		hint := "write a number, such as 1e-3"
		if s, isText := v.AsString(); isText {
			if _, err := strconv.ParseFloat(s, 64); err == nil {
				hint = "drop the quotes"
			}
		}
		r.bad(pos(n), path, hint, "must be a number, not %s", kindName(n))
		return 0, false
	}
	if math.IsNaN(v.AsFloat()) {
		r.bad(pos(n), path, "", "must be a number, not .nan")
		return 0, false
	}
	return v.AsFloat(), true
}

// finite reads a number other than an infinity, at least low.
func (r *reader) finite(n *yaml.Node, path string, low float64) (float64, bool) {
	x, ok := r.number(n, path)
	if ok && (math.IsInf(x, 0) || x < low) {
		r.bad(pos(n), path, "", "must be %s, not %s", atLeast("a finite number", low), n.Value)
		return 0, false
	}
	return x, ok
}

func atLeast(what string, low float64) string {
	if math.IsInf(low, -1) {
		return what
	}
	return what + " of at least " + value.FormatFloat(low)
}

// whole reads a whole number of at least low.
func (r *reader) whole(n *yaml.Node, path string, low int) (int, bool) {
	x, ok := r.number(n, path)
	if ok && (x != math.Trunc(x) || x < float64(low) || x > math.MaxInt32) {
		r.bad(pos(n), path, "", "must be %s, not %s", atLeast("a whole number", float64(low)), n.Value)
		return 0, false
	}
	return int(x), ok
}

// boolean reads true or false.
func (r *reader) boolean(n *yaml.Node, path string) (bool, bool) {
	v, ok := r.value(n, path)
	if !ok {
		return false, false
	}
	b, ok := v.AsBool()
	if !ok {
		r.bad(pos(n), path, "write true or false", "must be true or false, not %s", kindName(n))
	}
	return b, ok
}

// text reads a text that is not empty.
func (r *reader) text(n *yaml.Node, path string) (string, bool) {
	if n.Kind != yaml.ScalarNode || n.Style&quotedStyles == 0 && n.Tag != "!!str" {
		hint := ""
		if n.Kind == yaml.ScalarNode {
			hint = fmt.Sprintf("write %q", n.Value)
		}
		r.bad(pos(n), path, hint, "must be a text, not %s", kindName(n))
		return "", false
	}
	if strings.TrimSpace(n.Value) == "" {
		r.bad(pos(n), path, "", "the text is empty")
		return "", false
	}
	return n.Value, true
}

// literal reads a scalar as it is written: a word of a command, a variable.
func (r *reader) literal(n *yaml.Node, path string) (string, bool) {
	switch {
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Style&yaml.FlowStyle != 0:
		name := n.Content[0].Value
		r.bad(pos(n), path, fmt.Sprintf(`put it in quotes: "{%s}"`, name), "{%s} without quotes is a mapping to YAML", name)
		return "", false
	case n.Kind != yaml.ScalarNode:
		r.bad(pos(n), path, "", "must be a text, not %s", kindName(n))
		return "", false
	case n.Tag == "!!null" && n.Style&quotedStyles == 0:
		r.bad(pos(n), path, `write "" for an empty text`, "there is no value")
		return "", false
	}
	return n.Value, true
}

// span reads a duration above 0.
func (r *reader) span(n *yaml.Node, path string) (study.Duration, bool) {
	s, ok := r.literal(n, path)
	if !ok {
		return 0, false
	}
	d, err := ParseDuration(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("must be longer than 0")
	}
	if err != nil {
		r.badErr(pos(n), path, err)
		return 0, false
	}
	return study.Duration(d), true
}

// badErr notes an error whose text ends in "; what to do".
func (r *reader) badErr(at place, path string, err error) {
	message, hint, _ := strings.Cut(err.Error(), "; ")
	r.bad(at, path, hint, "%s", message)
}

// bytes reads a size above 0.
func (r *reader) bytes(n *yaml.Node, path string) (int64, bool) {
	s, ok := r.literal(n, path)
	if !ok {
		return 0, false
	}
	size, err := parseSize(s)
	if err == nil && size <= 0 {
		err = fmt.Errorf("must be above 0; leave it out for no bound")
	}
	if err != nil {
		r.badErr(pos(n), path, err)
		return 0, false
	}
	return size, true
}

// Readers of optional fields: they leave *to as it is where the key is not
// there or its value is wrong.

func (f *fields) text(name string, to *string) {
	if n := f.vals[name]; n != nil {
		if v, ok := f.r.text(n, join(f.path, name)); ok {
			*to = v
		}
	}
}

func (f *fields) whole(name string, low int, to *int) {
	if n := f.vals[name]; n != nil {
		if v, ok := f.r.whole(n, join(f.path, name), low); ok {
			*to = v
		}
	}
}

func (f *fields) finite(name string, low float64, to *float64) {
	if n := f.vals[name]; n != nil {
		if v, ok := f.r.finite(n, join(f.path, name), low); ok {
			*to = v
		}
	}
}

func (f *fields) boolean(name string, to *bool) {
	if n := f.vals[name]; n != nil {
		if v, ok := f.r.boolean(n, join(f.path, name)); ok {
			*to = v
		}
	}
}

func (f *fields) span(name string, to *study.Duration) {
	if n := f.vals[name]; n != nil {
		if v, ok := f.r.span(n, join(f.path, name)); ok {
			*to = v
		}
	}
}

func (f *fields) bytes(name string, to *int64) {
	if n := f.vals[name]; n != nil {
		if v, ok := f.r.bytes(n, join(f.path, name)); ok {
			*to = v
		}
	}
}
