package command

import (
	"fmt"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
)

// Limits of a template. They keep a hostile study file cheap; the kernel's
// own limit for one argument is 128 KiB.
const (
	MaxArgs   = 4096
	MaxLength = 128 << 10 // bytes of one argument
)

// Template is a parsed command. It is immutable and safe for concurrent use.
type Template struct {
	args  []argument
	shell string // the text for the shell, where args is nil
	used  []use  // parameters and derived values, in order of use
}

// argument is one argument of the template.
type argument struct {
	src    string
	pieces []piece
}

// kind is what a piece of an argument stands for.
type kind uint8

const (
	text kind = iota
	one
	flag
	noFlag
	args
	hydraArgs
	jsonText
	paramsFile
	ofTrial
)

type piece struct {
	kind   kind
	text   string // of text: as it is; of paramsFile: the extension; of ofTrial: the field
	name   string // of one, flag and noFlag
	format *format
	offset int // of the opening brace, in bytes
}

type use struct {
	name   string
	arg    int
	offset int
	kind   kind
	format *format
}

// Error is one mistake in a template.
type Error struct {
	Arg     int    // index of the argument; -1: the whole command
	Offset  int    // in bytes from the argument's start
	Name    string // that is no parameter; "" for any other mistake
	Message string
	Hint    string
	// Warning says that the command works, but probably not as meant.
	Warning bool
}

// Error returns the mistake in one line.
func (e *Error) Error() string {
	s := e.Message
	if e.Arg >= 0 {
		s = fmt.Sprintf("argument %d, byte %d: %s", e.Arg+1, e.Offset, s)
	}
	if e.Hint != "" {
		s += " (" + e.Hint + ")"
	}
	return s
}

// Errors is every mistake found by [Parse].
type Errors []*Error

// Error returns the mistakes, a line each.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// Names returns the parameters and derived values that t names, each once, in
// order of their first use.
func (t *Template) Names() []string {
	var names []string
	for _, u := range t.used {
		if !slices.Contains(names, u.name) {
			names = append(names, u.name)
		}
	}
	return names
}

// whole reports whether t hands over every parameter at once.
func (t *Template) whole() bool {
	for _, a := range t.args {
		for _, p := range a.pieces {
			switch p.kind {
			case args, hydraArgs, jsonText, paramsFile:
				return true
			}
		}
	}
	return false
}

// Check returns what is wrong with t for the parameters of s: names that s
// does not have, formats and flags that do not fit the parameter, choices that
// would be taken for options; and as warnings, parameters that reach the
// program only through its environment and names that collide there. More is
// the names of what it gets beside.
func (t *Template) Check(s *space.Space, more ...string) []Error {
	known := make([]string, 0, s.Len())
	for i := range s.Params() {
		known = append(known, s.Param(i).Name)
	}
	for _, d := range s.Deriveds() {
		known = append(known, d.Name)
	}
	known = append(known, more...)
	found := t.CheckNames(known)
	for _, u := range t.used {
		if i := s.Lookup(u.name); i >= 0 {
			found = append(found, t.checkUse(u, s.Param(i))...)
		}
	}
	found = append(found, t.checkReach(s, more)...)
	return append(found, checkVariables(known)...)
}

// CheckNames returns the part of [Template.Check] that needs only the names of
// the parameters and derived values.
func (t *Template) CheckNames(known []string) []Error {
	var found []Error
	for _, u := range t.used {
		if !slices.Contains(known, u.name) {
			found = append(found, Error{Arg: u.arg, Offset: u.offset, Name: u.name,
				Message: fmt.Sprintf("{%s}: there is no parameter %q", u.name, u.name), Hint: unknownHint(u.name, known)})
		}
	}
	return append(found, t.checkShell(known)...)
}

func unknownHint(name string, known []string) string {
	if hint := diag.DidYouMean(name, known); hint != "" {
		return hint
	}
	return "a brace itself is written {{ or }}"
}

func (t *Template) checkUse(u use, p *space.Param) []Error {
	bad := func(hint, format string, a ...any) []Error {
		return []Error{{Arg: u.arg, Offset: u.offset, Message: fmt.Sprintf(format, a...), Hint: hint}}
	}
	switch {
	case u.kind != one && p.Kind != space.Bool:
		return bad(fmt.Sprintf(`write --%s={%s}`, u.name, u.name), "{%s:%s}: %s is no bool but %s", flagWord(u.kind), u.name, u.name, kindWord(p.Kind))
	case u.format != nil && !p.IsNumeric():
		for _, v := range p.Choices {
			if !v.IsNumber() {
				return bad(fmt.Sprintf("write {%s}", u.name), "{%s:%s}: the value %v is not a number", u.name, u.format.src, v)
			}
		}
	case u.format != nil && u.format.verb == 'd' && p.Kind == space.Float:
		return bad("use f, e or g, or make the parameter an int", "{%s:%s}: %s is a float, and d is for whole numbers", u.name, u.format.src, u.name)
	}
	if first := t.args[u.arg].pieces[0]; u.kind == one && first.kind == one && first.name == u.name && u.arg > 0 {
		for _, v := range p.Choices {
			if s, ok := v.AsString(); ok && strings.HasPrefix(s, "-") {
				return bad(fmt.Sprintf(`write --%s={%s}`, u.name, u.name), "{%s}: the program would take the value %v for an option", u.name, v)
			}
		}
	}
	return nil
}

func flagWord(k kind) string {
	if k == noFlag {
		return "noflag"
	}
	return "flag"
}

func kindWord(k space.Kind) string {
	if k == space.Int {
		return "an int"
	}
	return "a " + k.String()
}

// checkShell finds what looks like a placeholder in a text for the shell.
func (t *Template) checkShell(known []string) []Error {
	var found []Error
	for _, name := range known {
		for _, end := range []string{"}", ":"} {
			at := strings.Index(t.shell, "{"+name+end)
			if at < 0 || at > 0 && t.shell[at-1] == '$' {
				continue
			}
			found = append(found, Error{Offset: at,
				Message: fmt.Sprintf("with a shell, {%s} is no placeholder", name),
				Hint:    fmt.Sprintf(`write "$%s", or make the command a list of arguments without shell: true`, VariableName(name))})
			break
		}
	}
	return found
}

// checkReach warns of parameters that the command does not mention.
func (t *Template) checkReach(s *space.Space, more []string) []Error {
	if t.whole() || t.shell != "" && strings.Contains(t.shell, "AFINA_PARAM") {
		return nil
	}
	named := t.Names()
	var missing []string
	for i := range s.Params() {
		if name := s.Param(i).Name; !slices.Contains(named, name) && !usedByDerived(s, name, named) {
			missing = append(missing, name)
		}
	}
	for _, name := range more {
		if !slices.Contains(named, name) {
			missing = append(missing, name)
		}
	}
	switch {
	case len(missing) == 0:
		return nil
	case len(named) == 0:
		return []Error{{Arg: -1, Warning: true,
			Message: "the command takes no parameter",
			Hint:    "it gets them only as AFINA_PARAM_… variables and the file AFINA_PARAMS; add {args}, or {name} where a value belongs"}}
	}
	return []Error{{Arg: -1, Warning: true,
		Message: "the command does not take " + strings.Join(missing, ", "),
		Hint:    "it gets that only as AFINA_PARAM_… variables; add {args}, or {" + missing[0] + "} where the value belongs"}}
}

// usedByDerived reports whether a derived value that the command names speaks
// of the parameter: gamma = 1 - one_minus_gamma hands over the latter.
func usedByDerived(s *space.Space, param string, named []string) bool {
	for _, d := range s.Deriveds() {
		if slices.Contains(named, d.Name) && slices.Contains(d.Expr.Names(), param) {
			return true
		}
	}
	return false
}

// checkVariables warns of names that share an environment variable.
func checkVariables(names []string) []Error {
	var found []Error
	taken := make(map[string]string, len(names))
	for _, name := range names {
		v := VariableName(name)
		if other, twice := taken[v]; twice {
			found = append(found, Error{Arg: -1, Warning: true,
				Message: fmt.Sprintf("%s and %s share the variable %s, which is therefore not set", other, name, v),
				Hint:    "rename one of them, or read AFINA_PARAMS"})
			continue
		}
		taken[v] = name
	}
	return found
}

// Uses reports whether t names one of {trial.…} and {study.…}.
func (t *Template) Uses(field string) bool {
	for _, a := range t.args {
		for _, p := range a.pieces {
			if p.kind == ofTrial && p.text == field {
				return true
			}
		}
	}
	return false
}

// given returns the value of a parameter or derived value in a trial, absent
// where there is none or it is null: both leave their argument out.
func (tr *Trial) given(name string) value.Value {
	v, ok := tr.Config.Get(name)
	if !ok && tr.Config.Space() != nil {
		for k, d := range tr.Config.Space().Deriveds() {
			if d.Name == name && k < len(tr.Derived) {
				v = tr.Derived[k]
			}
		}
	}
	if name == tr.Level.Name && v.IsAbsent() {
		v = tr.Level.Value
	}
	if v.Kind() == value.KindNull {
		return value.Value{}
	}
	return v
}

// Flags returns the names that t uses in {flag:…} or {noflag:…}, each once.
func (t *Template) Flags() []string {
	var names []string
	for _, u := range t.used {
		if u.kind != one && !slices.Contains(names, u.name) {
			names = append(names, u.name)
		}
	}
	return names
}
