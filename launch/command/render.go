package command

import (
	"fmt"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
)

// Trial is what a command may know of the trial it runs.
type Trial struct {
	Study    string // the study's name
	StudyDir string // the folder that its paths are relative to
	ID       string // names the trial everywhere
	Number   int
	Attempt  int // from 1
	// Dir is the folder of this attempt: logs, files handed over, results.
	// CheckpointDir outlives attempts and pauses. Both are absolute.
	Dir           string
	CheckpointDir string
	Seed          int64
	// Resume is the step to go on from (0: the start), Until the step to stop
	// at (0: none).
	Resume, Until float64
	// CopyOf is the trial whose checkpoint it begins with, nil: none.
	CopyOf *int
	Config space.Config
	// Derived is as [space.Space.Derive] orders it.
	Derived []space.Value
	// Level is what the scheduler chose of the fidelity's parameter, which the
	// program gets like a parameter; without a name there is none.
	Level Level
	// Samples is the folds or instances that the program is to run, or with
	// Each the one.
	Samples []string
	Each    bool
}

// Level is a value beside the configuration.
type Level struct {
	Name  string
	Value space.Value
}

// Names of files in [Trial.Dir] that the program and the worker share.
const (
	ParamsFile  = "params.json"   // AFINA_PARAMS
	MetricsFile = "metrics.jsonl" // AFINA_METRICS
	ResultFile  = "result.json"   // AFINA_RESULT
	StopFile    = "stop"          // AFINA_STOP_FILE
)

// File is a file to write into [Trial.Dir] before the command starts.
type File struct {
	Name    string
	Content []byte
}

// Command is a filled-in template.
type Command struct {
	Argv []string
	// Files always has [ParamsFile], and the other formats that the template
	// asks for.
	Files []File
}

// pair is one thing handed to the program, in order.
type pair struct {
	name string
	v    value.Value
}

// pairs returns the active parameters in the space's order and the derived
// values behind them.
func (tr *Trial) pairs() []pair {
	var out []pair
	for p, v := range tr.Config.All() {
		out = append(out, pair{p.Name, v})
	}
	if s := tr.Config.Space(); s != nil {
		for k, d := range s.Deriveds() {
			if k < len(tr.Derived) && !tr.Derived[k].IsAbsent() {
				out = append(out, pair{d.Name, tr.Derived[k]})
			}
		}
	}
	if tr.Level.Name != "" {
		out = append(out, pair{tr.Level.Name, tr.Level.Value})
	}
	return out
}

// Render fills t in for a trial. The error names the argument and the value
// that cannot be handed over; it is the study's mistake, not the trial's bad
// luck, and no retry helps.
func (t *Template) Render(tr Trial) (Command, error) {
	cmd := Command{Files: []File{{ParamsFile, tr.file("json")}}}
	if t.shell != "" {
		cmd.Argv = shellArgv(t.shell, runtime.GOOS)
		return cmd, nil
	}
	for i := range t.args {
		words, err := t.args[i].render(&tr)
		if err != nil {
			return Command{}, fmt.Errorf("argument %d, %q: %w", i+1, t.args[i].src, err)
		}
		if i == 0 && (len(words) == 0 || words[0] == "") {
			return Command{}, fmt.Errorf("argument 1, %q: the program has no name in this configuration", t.args[i].src)
		}
		if words == nil && i > 1 && t.args[i].takesFlag() && t.args[i-1].loneFlag() {
			cmd.Argv = cmd.Argv[:len(cmd.Argv)-1]
		}
		cmd.Argv = append(cmd.Argv, words...)
		for _, p := range t.args[i].pieces {
			if name := "params." + p.text; p.kind == paramsFile && !cmd.hasFile(name) {
				cmd.Files = append(cmd.Files, File{name, tr.file(p.text)})
			}
		}
	}
	return cmd, nil
}

// RenderStudy fills in a template made by [ParseSetup].
func (t *Template) RenderStudy(name, dir string) ([]string, error) {
	cmd, err := t.Render(Trial{Study: name, StudyDir: dir})
	return cmd.Argv, err
}

func (c *Command) hasFile(name string) bool {
	for _, f := range c.Files {
		if f.Name == name {
			return true
		}
	}
	return false
}

func shellArgv(script, goos string) []string {
	if goos == "windows" {
		return []string{"cmd", "/C", script}
	}
	return []string{"/bin/sh", "-c", script}
}

// placeholders reports whether a is more than text.
func (a *argument) placeholders() bool {
	for _, p := range a.pieces {
		if p.kind != text {
			return true
		}
	}
	return false
}

// loneFlag reports whether a is a flag whose value may be the next argument.
func (a *argument) loneFlag() bool {
	return !a.placeholders() && len(a.src) > 1 && a.src[0] == '-' && a.src != "--" && !strings.Contains(a.src, "=")
}

// takesFlag reports whether a, where it is left out, may have been the value
// of the flag before it.
func (a *argument) takesFlag() bool {
	switch p := a.pieces[0]; p.kind {
	case text:
		return p.text[0] != '-'
	case flag, noFlag, args, hydraArgs:
		return false
	}
	return true
}

// render returns the words that a becomes: none (nil) where it is left out.
func (a *argument) render(tr *Trial) ([]string, error) {
	if len(a.pieces) == 0 {
		return []string{""}, nil // an empty argument is one, too
	}
	switch p := a.pieces[0]; p.kind {
	case flag, noFlag:
		return p.flagWord(tr)
	case args, hydraArgs:
		return p.allWords(tr)
	}
	var b strings.Builder
	risky := value.Value{}
	for _, p := range a.pieces {
		s, v, ok, err := p.part(tr)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, nil
		}
		if _, isText := v.AsString(); isText && b.Len() == 0 && strings.HasPrefix(s, "-") {
			risky = v
		}
		b.WriteString(s)
	}
	word := b.String()
	if !risky.IsAbsent() {
		return nil, fmt.Errorf("the program would take the value %v for an option; write --name={name} in one argument", risky)
	}
	if strings.IndexByte(word, 0) >= 0 {
		return nil, fmt.Errorf("a value holds a NUL byte, which no argument can")
	}
	return []string{word}, nil
}

// part returns the text of one piece, with the value it comes from, and
// false where there is none.
func (p *piece) part(tr *Trial) (string, value.Value, bool, error) {
	none := value.Value{}
	switch p.kind {
	case text:
		return p.text, none, true, nil
	case one:
		v := tr.given(p.name)
		if v.IsAbsent() {
			return "", none, false, nil
		}
		if p.format == nil {
			return v.Text(), v, true, nil
		}
		s, err := p.format.apply(v)
		return s, v, err == nil, err
	case jsonText:
		return string(tr.compactJSON()), none, true, nil
	case paramsFile:
		return filepath.Join(tr.Dir, "params."+p.text), none, true, nil
	}
	switch p.text {
	case "trial.id":
		return tr.ID, none, true, nil
	case "trial.number":
		return strconv.Itoa(tr.Number), none, true, nil
	case "trial.dir":
		return tr.Dir, none, true, nil
	case "trial.checkpoint":
		return tr.CheckpointDir, none, tr.CheckpointDir != "", nil
	case "trial.seed":
		return strconv.FormatInt(tr.Seed, 10), none, true, nil
	case "trial.fidelity":
		return value.FormatFloat(tr.Until), none, tr.Until > 0, nil
	case "trial.fold", "trial.instance":
		return strings.Join(tr.Samples, ","), none, tr.Each && len(tr.Samples) > 0, nil
	case "trial.folds", "trial.instances":
		return strings.Join(tr.Samples, ","), none, !tr.Each && len(tr.Samples) > 0, nil
	case "study.dir":
		return tr.StudyDir, none, true, nil
	default:
		return tr.Study, none, true, nil
	}
}

func (p *piece) flagWord(tr *Trial) ([]string, error) {
	v := tr.given(p.name)
	if v.IsAbsent() {
		return nil, nil
	}
	on, ok := v.AsBool()
	switch {
	case !ok:
		return nil, fmt.Errorf("%s is %v, not true or false", p.name, v)
	case on && p.kind == flag:
		return []string{"--" + p.name}, nil
	case !on && p.kind == noFlag:
		return []string{"--no-" + p.name}, nil
	}
	return nil, nil
}

func (p *piece) allWords(tr *Trial) ([]string, error) {
	var words []string
	for _, q := range tr.pairs() {
		if q.v.Kind() == value.KindNull {
			continue
		}
		word := "--" + q.name + "=" + q.v.Text()
		if p.kind == hydraArgs {
			word = q.name + "=" + hydra(q.v)
		}
		if strings.IndexByte(word, 0) >= 0 {
			return nil, fmt.Errorf("the value of %s holds a NUL byte, which no argument can", q.name)
		}
		words = append(words, word)
	}
	return words, nil
}

// plainHydra is a text that Hydra's override grammar takes as a string
// without quotes, and that names an option of a config group as well.
var plainHydra = regexp.MustCompile(`^[A-Za-z_][\w./-]*$`)

// hydra writes a value for Hydra's override grammar: texts in single quotes,
// unless they are plain words that cannot be taken for something else.
func hydra(v value.Value) string {
	s, ok := v.AsString()
	if !ok {
		switch f := v.Text(); f {
		case "NaN":
			return "nan"
		case "Infinity":
			return "inf"
		case "-Infinity":
			return "-inf"
		default:
			return f
		}
	}
	if plainHydra.MatchString(s) {
		switch strings.ToLower(s) {
		case "true", "false", "null", "nan", "inf":
		default:
			return s
		}
	}
	// In Hydra a row of backslashes counts only before a quote or the end,
	// and before the ${ of an interpolation.
	var b strings.Builder
	b.WriteByte('\'')
	slashes := 0
	for i := 0; i < len(s); i++ {
		quote := s[i] == '\''
		if quote || s[i] == '$' && i+1 < len(s) && s[i+1] == '{' {
			b.WriteString(strings.Repeat(`\`, slashes+1))
		}
		if s[i] == '\\' {
			slashes++
		} else {
			slashes = 0
		}
		b.WriteByte(s[i])
	}
	b.WriteString(strings.Repeat(`\`, slashes))
	b.WriteByte('\'')
	return b.String()
}
