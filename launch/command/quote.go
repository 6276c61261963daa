package command

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// safeWord needs no quotes in a POSIX shell, wherever it stands.
var safeWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// Quote returns argv as a line for a POSIX shell, to be read and copied by
// people: words are quoted only where they must be.
func Quote(argv []string) string {
	words := make([]string, len(argv))
	for i, w := range argv {
		if safeWord.MatchString(w) && !(i == 0 && strings.Contains(w, "=")) {
			words[i] = w
		} else {
			words[i] = quoted(w)
		}
	}
	return strings.Join(words, " ")
}

func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// Line returns a line for a POSIX shell that runs the trial's command by hand.
// A template for the shell gets the parameters' variables in front.
func (t *Template) Line(tr Trial) (string, error) {
	cmd, err := t.Render(tr)
	if err != nil {
		return "", err
	}
	if t.shell == "" {
		return Quote(cmd.Argv), nil
	}
	env := tr.variables()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(env)) {
		v := env[name]
		if !safeWord.MatchString(v) {
			v = quoted(v)
		}
		b.WriteString(name + "=" + v + " ")
	}
	return b.String() + Quote([]string{"/bin/sh", "-c", t.shell}), nil
}
