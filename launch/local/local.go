package local

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
)

// The names under which a process of a run can be found again. The launcher
// sets them in the environment of every command it starts.
const (
	// EnvRun holds the run's [launch.Run.Ref].
	EnvRun = "AFINA_RUN_ID"
	// EnvMarker holds [Options.Marker].
	EnvMarker = "AFINA_RUN_MARKER"
	// EnvOwner names the process and launcher that started the run.
	EnvOwner = "AFINA_RUN_OWNER"
)

// errClosed is what Start returns after Close.
var errClosed = errors.New("the launcher is closed")

// Options are the settings of a launcher. The zero value is valid.
type Options struct {
	// Marker names, across restarts, the place this launcher works for, such
	// as the path of the study home. At [New], processes of this user that
	// carry the same marker and whose launcher is no longer alive are killed.
	// Empty means: sweep nothing. It must not contain a NUL byte.
	Marker string
}

// Enforcement says by what means a launcher keeps its promises, in words for
// messages and logs.
type Enforcement struct {
	// Tree is how a process tree is ended.
	Tree string
	// Memory is how [launch.Job.Memory] is enforced, or "" where it is not.
	Memory string
}

// String returns one line for a log.
func (e Enforcement) String() string {
	m := e.Memory
	if m == "" {
		m = "not enforced"
	}
	return "process trees: " + e.Tree + "; memory limits: " + m
}

func checkMarker(o Options) error {
	if strings.ContainsRune(o.Marker, 0) {
		return fmt.Errorf("marker %q of the launcher contains a NUL byte", o.Marker)
	}
	return nil
}

// newID returns 2n random hexadecimal digits.
func newID(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: the runtime ends the program instead
	return hex.EncodeToString(b)
}

// withEnv returns env with the given variables set, each once, without
// changing env.
func withEnv(env []string, vars ...string) []string {
	out := make([]string, 0, len(env)+len(vars))
next:
	for _, e := range env {
		for _, v := range vars {
			name := v[:strings.IndexByte(v, '=')+1]
			if strings.HasPrefix(e, name) {
				continue next
			}
		}
		out = append(out, e)
	}
	return append(out, vars...)
}
