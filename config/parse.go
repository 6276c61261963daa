package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
)

// Limits of a study file. They keep a hostile one from costing more than a
// moment.
const (
	MaxFile    = 1 << 20 // bytes
	MaxNodes   = 10_000  // values and keys, aliases followed
	MaxAliases = 100
	MaxNesting = 32  // levels of when
	MaxDepth   = 128 // levels of YAML: three to a level of when, and the rest
)

// Tables say which methods there are, and which are used where a file names
// none.
type Tables struct {
	Search          suggest.Table
	Schedule        schedule.Table
	DefaultSearch   string
	DefaultSchedule string
	// FidelitySchedule is used instead of DefaultSchedule where a fidelity is
	// declared; "" is the same.
	FidelitySchedule string
}

// ScheduleOf returns the scheduler of a study that names none: with a fidelity
// that which its search algorithm is made for.
func (t *Tables) ScheduleOf(search string, f *study.Fidelity) string {
	switch {
	case f == nil:
		return t.DefaultSchedule
	case t.FidelitySchedule != "":
		return t.Search.ScheduleOf(search, t.FidelitySchedule)
	}
	return t.Search.ScheduleOf(search, t.DefaultSchedule)
}

// Result is a study as its user described it.
type Result struct {
	// Definition is complete but for ID and Created.
	Definition *study.Definition
	// Warnings are what works, but probably not as meant.
	Warnings []diag.Diagnostic
	// SeedGiven tells a seed of 0 from none: without it, a new study wants a
	// random seed, and a resumed one its own.
	SeedGiven bool
	// ScheduleGiven says that the scheduler was named, and is not the one that
	// suits the search algorithm.
	ScheduleGiven bool
}

// Defaults of what a file leaves out.
const (
	defaultLogLimit = 16 << 20
	defaultBackoff  = study.Duration(5 * time.Second)
	defaultFailed   = 10
	defaultRetries  = 2
)

// newDefinition returns a definition with the defaults filled in. The scheduler
// is that of a study without a fidelity.
func newDefinition(source string, t Tables) *study.Definition {
	return &study.Definition{
		Source: source, Parallel: 1,
		Search:   study.Method{Name: t.DefaultSearch},
		Schedule: study.Method{Name: t.ScheduleOf("", nil)},
		Retry: study.Retry{
			Max: defaultRetries, Backoff: defaultBackoff, MaxConsecutiveFailed: defaultFailed,
			On: []string{string(study.ClassLost), string(study.ClassTemporary), string(study.ClassPreempted)},
		},
		Report: study.Reporting{Format: "auto"},
	}
}

// Load reads the study file at path. Paths in the study are relative to the
// file's folder, which becomes the definition's Dir. The error is a
// [*diag.List] where the file could be read.
func Load(path string, t Tables, env func(string) (string, bool)) (*Result, error) {
	f, err := os.Open(path)
	if err != nil {
		var at *os.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, study.Errorf(study.Invalid, "give the path of a study file, or a command after --", "cannot read the study file %s: %v", path, err)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, study.Errorf(study.Invalid, "", "cannot read the study file %s: %v", path, err)
	}
	got, err := Parse(path, src, t, env)
	if err != nil {
		return nil, err
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find the folder of %q: %w", path, err)
	}
	got.Definition.Dir = filepath.Dir(full)
	if got.Definition.Name == "" {
		got.Definition.Name = nameOf(full)
	}
	return got, nil
}

// nameOf derives a study's name from its file: digits/study.yaml is digits,
// mnist.yaml is mnist.
func nameOf(path string) string {
	base := filepath.Base(path)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	if base == "study" || base == "afina" {
		if dir := filepath.Base(filepath.Dir(path)); dir != "." && dir != string(filepath.Separator) {
			base = dir
		}
	}
	return cleanName(base)
}

var studyName = regexp.MustCompile(`^[A-Za-z0-9_][\w.-]{0,99}$`)

// cleanName makes any text a valid name of a study.
func cleanName(s string) string {
	s = regexp.MustCompile(`[^\w.-]+`).ReplaceAllString(s, "-")
	s = strings.Trim(s, "-.")
	if len(s) > 100 {
		s = s[:100]
	}
	if !studyName.MatchString(s) {
		return "study"
	}
	return s
}

// Parse reads the text of a study file. File is its name in messages. The
// name and Dir of the definition stay empty where only [Load], which knows the
// file's place, can say them. Env looks up variables that the file refers to;
// with nil they are not looked at. The error is a [*diag.List] of every
// mistake.
func Parse(file string, src []byte, t Tables, env func(string) (string, bool)) (got *Result, err error) {
	r := newReader(file, src, t, env)
	defer func() {
		// The YAML library has a history of panics on hostile input.
		if p := recover(); p != nil {
			r.bad(place{}, "", "this is a defect of afina: please report it with the file", "the file cannot be read: %v", p)
			got, err = nil, r.list.Err()
		}
	}()
	root := r.document(src)
	if root == nil {
		return nil, r.list.Err()
	}
	got = &Result{Definition: newDefinition(string(src), t)}
	r.study(root, got)
	if err := r.list.Err(); err != nil {
		return nil, err
	}
	got.Warnings = r.warnings
	return got, nil
}

// document reads src as one YAML document and checks its form; nil means that
// nothing more can be said.
func (r *reader) document(src []byte) *yaml.Node {
	switch {
	case len(src) > MaxFile:
		r.bad(place{}, "", "a study file holds no data, only what is to be tuned", "the file is larger than %d KiB", MaxFile>>10)
		r.list.Source = nil
		return nil
	case bytes.IndexByte(src, 0) >= 0:
		r.bad(place{}, "", "give a text file in UTF-8", "the file holds NUL bytes, so it is no text in UTF-8")
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		r.bad(place{1, 1}, "", "start with command:, objective: and parameters:", "the file is empty")
		return nil
	}
	if err != nil {
		r.badYAML(err)
		return nil
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			r.badYAML(err)
		} else {
			r.bad(pos(&second), "", "put each study into a file of its own", "a second document starts here")
		}
		return nil
	}
	root := resolve(doc.Content[0])
	l := limits{r: r}
	if !l.walk(root, 1) {
		return nil
	}
	return root
}

// badYAML notes an error of the YAML library.
func (r *reader) badYAML(err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		r.bad(place{}, "", "", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
		return
	}
	at := place{e.Mark.Line, e.Mark.Column}
	if at.line > len(r.lines) {
		at = place{e.ContextMark.Line, e.ContextMark.Column}
	}
	if at.line > len(r.lines) { // the end of the file
		at = place{len(r.lines), utf8.RuneCountInString(r.lines[len(r.lines)-1]) + 1}
	}
	message := e.Message
	if e.ContextMsg != "" {
		message += ", " + e.ContextMsg
	}
	hint := ""
	switch {
	case at.line >= 1 && strings.HasPrefix(strings.TrimLeft(r.lines[at.line-1], " "), "\t"):
		hint = "indent with spaces; YAML allows no tabs"
	case strings.Contains(message, "mapping values are not allowed"):
		hint = "put a text that holds a colon in quotes"
	case strings.Contains(message, "unknown anchor"):
		hint = "put a text that starts with * in quotes"
	case strings.Contains(message, "UTF-8"):
		hint = "save the file as UTF-8"
	case strings.Contains(message, "cannot start any token"):
		hint = "put a text that starts with %, @ or ` in quotes"
	}
	r.bad(at, "", hint, "this is not YAML: %s", message)
}

// limits walks a document as it will be read, aliases followed, and stops at
// the first limit that it passes.
type limits struct {
	r              *reader
	nodes, aliases int
	bad            bool
}

func (l *limits) walk(n *yaml.Node, depth int) bool {
	if l.nodes++; l.nodes > MaxNodes {
		l.r.bad(pos(n), "", "use an int instead of a long list of choices", "the file holds more than %d values", MaxNodes)
		return false
	}
	if depth > MaxDepth {
		l.r.bad(pos(n), "", "use if: expressions instead of nesting", "the file is nested more than %d levels deep", MaxDepth)
		return false
	}
	if n.Kind == yaml.AliasNode {
		if l.aliases++; l.aliases > MaxAliases {
			l.r.bad(pos(n), "", "write the values out", "the file has more than %d aliases", MaxAliases)
			return false
		}
		return l.walk(n.Alias, depth+1)
	}
	if !plainTags[n.Tag] {
		l.r.bad(pos(n), "", "remove the tag, or put the text in quotes", "the tag %s is not allowed", clip(n.Tag))
		l.bad = true
	}
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			switch k := c; {
			case k.Tag == "!!merge":
				l.r.bad(pos(k), "", "write the keys out", "merge keys (<<) are not allowed")
				l.bad = true
				continue
			case resolve(k).Kind != yaml.ScalarNode:
				l.r.bad(pos(k), "", `put a text in quotes: "{x}"`, "a key must be a plain text, not %s", kindName(resolve(k)))
				l.bad = true
				continue
			}
		}
		if !l.walk(c, depth+1) {
			return false
		}
	}
	return depth > 1 || !l.bad
}

var plainTags = map[string]bool{
	"!!map": true, "!!seq": true, "!!str": true, "!!int": true, "!!float": true, "!!bool": true, "!!null": true, "!!timestamp": true,
	"!!merge": true, // refused with its own message where it is a key
}

// study reads the whole file.
func (r *reader) study(root *yaml.Node, got *Result) {
	d := got.Definition
	f, ok := r.fields(root, "", topKeys, false)
	if !ok {
		return
	}
	version := 1
	f.whole("version", 1, &version)
	if version != 1 {
		r.bad(f.at("version"), "version", "this afina reads version 1; a newer afina may read it", "the study file has version %d", version)
	}
	f.text("name", &d.Name)
	if d.Name != "" && !studyName.MatchString(d.Name) {
		r.bad(f.at("name"), "name", "a name starts with a letter or digit and holds at most 100 letters, digits or . _ -", "%q cannot name a study", clip(d.Name))
	}
	if f.keys["command"] != nil {
		d.Command = &study.Command{LogLimit: defaultLogLimit}
	}
	p := r.parameters(f)
	r.objectives(f, d)
	r.constraints(f, p, d)
	d.Space = r.space(f, p)
	r.enqueue(f, p, d)
	r.warmStart(f, d)
	r.fix(f, p, d)
	r.fidelity(f, d)
	r.cost(f, d)
	r.stop(f, d)
	r.final(f, d)
	r.retry(f, d)
	r.resources(f, d)
	r.report(f, d)
	got.SeedGiven = r.searchAndSchedule(f, d)
	got.ScheduleGiven = f.vals["schedule"] != nil
	r.possible(p, d)
	r.command(f, d, p)
}

// checkCommand turns the mistakes of a template into diagnostics; where
// returns the place and path of a byte of an argument.
func (r *reader) checkCommand(found []command.Error, incomplete bool, where func(arg, offset int) (place, string)) {
	for _, e := range found {
		if e.Arg < 0 && incomplete {
			continue // about all parameters, which are not all known
		}
		at, path := where(e.Arg, e.Offset)
		if e.Warning {
			r.warn(at, path, e.Hint, "%s", e.Message)
		} else {
			r.bad(at, path, e.Hint, "%s", e.Message)
		}
	}
}
