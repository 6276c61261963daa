package command

import (
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/space/value"
)

// VariableName returns the environment variable in which the program finds a
// parameter: AFINA_PARAM_ and the name in capitals, with _ for everything that
// is neither letter nor digit.
func VariableName(param string) string {
	return "AFINA_PARAM_" + strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z':
			return r - 'a' + 'A'
		case r >= 'A' && r <= 'Z', r >= '0' && r <= '9':
			return r
		}
		return '_'
	}, param)
}

// own returns what the trial says of itself to the program.
func (tr *Trial) own() map[string]string {
	env := map[string]string{
		"AFINA_TRIAL_ID":       tr.ID,
		"AFINA_TRIAL_NUMBER":   strconv.Itoa(tr.Number),
		"AFINA_ATTEMPT":        strconv.Itoa(tr.Attempt),
		"AFINA_STUDY":          tr.Study,
		"AFINA_STUDY_DIR":      tr.StudyDir,
		"AFINA_TRIAL_DIR":      tr.Dir,
		"AFINA_CHECKPOINT_DIR": tr.CheckpointDir,
		"AFINA_PARAMS":         filepath.Join(tr.Dir, ParamsFile),
		"AFINA_SEED":           strconv.FormatInt(tr.Seed, 10),
		"AFINA_RESUME_STEP":    value.FormatFloat(tr.Resume),
		"AFINA_METRICS":        filepath.Join(tr.Dir, MetricsFile),
		"AFINA_RESULT":         filepath.Join(tr.Dir, ResultFile),
		"AFINA_STOP_FILE":      filepath.Join(tr.Dir, StopFile),
	}
	if tr.Until > 0 {
		env["AFINA_FIDELITY"] = value.FormatFloat(tr.Until)
		env["AFINA_UNTIL_STEP"] = value.FormatFloat(tr.Until)
	}
	if len(tr.Samples) > 0 {
		for _, name := range []string{"AFINA_FOLD", "AFINA_INSTANCE"} {
			if !tr.Each {
				name += "S"
			}
			env[name] = strings.Join(tr.Samples, ",")
		}
	}
	if tr.CopyOf != nil {
		env["AFINA_COPY_OF"] = strconv.Itoa(*tr.CopyOf)
	}
	maps.Copy(env, tr.variables())
	return env
}

// variables returns the AFINA_PARAM_… variables. One that two names would
// share is left out: half the truth is worse than none.
func (tr *Trial) variables() map[string]string {
	env := make(map[string]string)
	var shared []string
	if s := tr.Config.Space(); s != nil {
		count := make(map[string]int)
		for i := range s.Params() {
			count[VariableName(s.Param(i).Name)]++
		}
		for _, d := range s.Deriveds() {
			count[VariableName(d.Name)]++
		}
		for name, n := range count {
			if n > 1 {
				shared = append(shared, name)
			}
		}
	}
	for _, q := range tr.pairs() {
		name := VariableName(q.name)
		if q.v.Kind() != value.KindNull && !slices.Contains(shared, name) {
			env[name] = q.v.Text()
		}
	}
	return env
}

// Environ returns the environment of a trial as sorted "NAME=value" words:
// that of the worker (base, in the same form), changed by the study's own
// variables (whose ${env:NAME} take their values from base, see
// [ExpandVariable]), and the trial's AFINA_… variables. Variables of base that
// start with AFINA_ are dropped: they speak of another trial, or are secrets
// of the worker. Parameters that are inactive or null have no variable.
func Environ(base []string, own map[string]string, tr Trial) ([]string, error) {
	env := make(map[string]string, len(base)+len(own)+16)
	for _, word := range base {
		if name, v, ok := strings.Cut(word, "="); ok && name != "" {
			env[name] = v
		}
	}
	lookup := func(name string) (string, bool) {
		v, ok := env[name]
		return v, ok
	}
	expanded := make(map[string]string, len(own))
	for _, name := range slices.Sorted(maps.Keys(own)) {
		v, err := ExpandVariable(own[name], lookup)
		if err != nil {
			return nil, fmt.Errorf("variable %s of the study: %w", name, err)
		}
		expanded[name] = v
	}
	maps.Copy(env, expanded)
	maps.DeleteFunc(env, func(name, _ string) bool { return strings.HasPrefix(name, "AFINA_") })
	maps.Copy(env, tr.own())
	words := make([]string, 0, len(env))
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if strings.IndexByte(env[name], 0) >= 0 {
			return nil, fmt.Errorf("variable %s: its value holds a NUL byte, which no variable can", name)
		}
		words = append(words, name+"="+env[name])
	}
	return words, nil
}

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ValidVariable reports whether s can name an environment variable.
func ValidVariable(s string) bool { return envName.MatchString(s) }

// VariableError is a mistake in the text of a variable.
type VariableError struct {
	Offset  int // in bytes
	Message string
	Hint    string
}

// Error returns the message with the hint.
func (e *VariableError) Error() string {
	if e.Hint == "" {
		return e.Message
	}
	return e.Message + " (" + e.Hint + ")"
}

// ExpandVariable replaces ${env:NAME} and ${env:NAME:-default} in s by the
// value of NAME; the default counts where NAME is not set or empty, as in a
// shell. Nothing else is special, and values are not expanded again. The error
// is a [*VariableError].
func ExpandVariable(s string, lookup func(string) (string, bool)) (string, error) {
	const mark = "${env:"
	var b strings.Builder
	for at := 0; ; {
		i := strings.Index(s[at:], mark)
		if i < 0 {
			b.WriteString(s[at:])
			return b.String(), nil
		}
		b.WriteString(s[at : at+i])
		at += i
		n := strings.IndexByte(s[at:], '}')
		if n < 0 {
			return "", &VariableError{at, mark + " is never closed", "write ${env:NAME} or ${env:NAME:-default}"}
		}
		name, fallback, has := strings.Cut(s[at+len(mark):at+n], ":-")
		if !ValidVariable(name) {
			return "", &VariableError{at, fmt.Sprintf("%q cannot name a variable", name), "write ${env:NAME} or ${env:NAME:-default}"}
		}
		v, ok := lookup(name)
		switch {
		case ok && v != "":
			b.WriteString(v)
		case has:
			b.WriteString(fallback)
		case !ok:
			return "", &VariableError{at, fmt.Sprintf("the environment variable %s is not set", name), "set it, or give a default: ${env:" + name + ":-default}"}
		}
		at += n + 1
	}
}
