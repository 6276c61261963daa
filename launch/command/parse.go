package command

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space"
)

// trialFields and studyFields are what {trial.…} and {study.…} can name.
var (
	trialFields = []string{"trial.id", "trial.number", "trial.dir", "trial.checkpoint", "trial.seed", "trial.fidelity", "trial.fold", "trial.folds", "trial.instance", "trial.instances"}
	studyFields = []string{"study.name", "study.dir"}
	fileFormats = []string{"yaml", "json", "toml"}
)

// Parse reads a command: its arguments, or with shell one text. The error is
// of type [Errors] and holds every mistake. Parsing takes time proportional to
// the length of the command.
func Parse(argv []string, shell bool) (*Template, error) {
	p := parser{t: &Template{}}
	if shell {
		p.shell(argv)
	} else {
		p.list(argv)
	}
	if len(p.found) > 0 {
		return nil, p.found
	}
	return p.t, nil
}

// ParseSetup reads a command that runs before there is any trial: it may name
// {study.name} and {study.dir} and nothing else.
func ParseSetup(argv []string) (*Template, error) {
	p := parser{t: &Template{}}
	p.list(argv)
	for i, a := range p.t.args {
		for _, piece := range a.pieces {
			if piece.kind == text || piece.kind == ofTrial && strings.HasPrefix(piece.text, "study.") {
				continue
			}
			p.bad(i, piece.offset, "it runs once, before the first trial, and has no parameters", "a setup command knows only {study.dir} and {study.name}")
		}
	}
	if len(p.found) > 0 {
		return nil, p.found
	}
	return p.t, nil
}

type parser struct {
	t     *Template
	found Errors
}

func (p *parser) bad(arg, offset int, hint, format string, a ...any) {
	p.found = append(p.found, &Error{Arg: arg, Offset: offset, Message: fmt.Sprintf(format, a...), Hint: hint})
}

func (p *parser) shell(argv []string) {
	if len(argv) != 1 || strings.TrimSpace(argv[0]) == "" {
		p.bad(-1, 0, "or leave shell out", "with a shell, the command is one text")
		return
	}
	src := argv[0]
	p.plain(0, src)
	words := slices.Concat(trialFields, studyFields, []string{"args", "args:hydra", "json", "params_file:yaml", "params_file:json", "params_file:toml"})
	for _, word := range words {
		at := strings.Index(src, "{"+word+"}")
		if at >= 0 && (at == 0 || src[at-1] != '$') {
			p.bad(0, at, "use the AFINA_… variables, or make the command a list of arguments without shell: true", "with a shell, {%s} is no placeholder", word)
		}
	}
	p.t.shell = src
}

// plain checks what holds for every argument.
func (p *parser) plain(arg int, src string) {
	if at := strings.IndexByte(src, 0); at >= 0 {
		p.bad(arg, at, "", "an argument cannot hold a NUL byte")
	}
	if !utf8.ValidString(src) {
		p.bad(arg, 0, "", "an argument must be a text in UTF-8")
	}
	if len(src) > MaxLength {
		p.bad(arg, 0, "", "an argument of %d bytes is longer than the limit of %d", len(src), MaxLength)
	}
}

func (p *parser) list(argv []string) {
	switch {
	case len(argv) == 0:
		p.bad(-1, 0, "name a program: [python, train.py]", "the command is empty")
		return
	case len(argv) > MaxArgs:
		p.bad(-1, 0, "", "%d arguments are more than the limit of %d", len(argv), MaxArgs)
		return
	case argv[0] == "":
		p.bad(0, 0, "name a program: [python, train.py]", "the program's name is empty")
	}
	p.t.args = make([]argument, len(argv))
	for i, src := range argv {
		p.plain(i, src)
		p.t.args[i] = argument{src: src, pieces: p.argument(i, src)}
	}
	if len(p.found) == 0 {
		for _, piece := range p.t.args[0].pieces {
			switch piece.kind {
			case flag, noFlag, args, hydraArgs:
				p.bad(0, piece.offset, "name a program first", "the program cannot be %s", argv[0])
			}
		}
	}
}

// argument splits one argument into text and placeholders.
func (p *parser) argument(arg int, src string) []piece {
	var pieces []piece
	var plain strings.Builder
	start := 0
	flush := func() {
		if plain.Len() > 0 {
			pieces = append(pieces, piece{kind: text, text: plain.String(), offset: start})
			plain.Reset()
		}
	}
	for i := 0; i < len(src); i++ {
		switch c := src[i]; {
		case (c == '{' || c == '}') && i+1 < len(src) && src[i+1] == c:
			plain.WriteByte(c)
			i++
		case c == '}':
			p.bad(arg, i, "write }} for the brace itself", "a closing brace without an opening one")
			return nil
		case c == '{':
			n := strings.IndexByte(src[i:], '}')
			if n < 0 {
				p.bad(arg, i, "close it with }, or write {{ for the brace itself", "the opening brace is never closed")
				return nil
			}
			flush()
			if one, ok := p.placeholder(arg, i, src[i+1:i+n]); ok {
				pieces = append(pieces, one)
			}
			i += n
			start = i + 1
		default:
			plain.WriteByte(c)
		}
	}
	flush()
	if len(pieces) > 1 {
		for _, piece := range pieces {
			switch piece.kind {
			case flag, noFlag, args, hydraArgs:
				p.bad(arg, piece.offset, "put it into an argument by itself", "{%s} must be a whole argument", inner(src, piece.offset))
			}
		}
	}
	return pieces
}

// inner returns what the braces that open at offset hold.
func inner(src string, offset int) string {
	rest := src[offset+1:]
	return rest[:strings.IndexByte(rest, '}')]
}

// placeholder reads what stands between braces.
func (p *parser) placeholder(arg, offset int, body string) (piece, bool) {
	out := piece{offset: offset}
	name, rest, colon := strings.Cut(body, ":")
	switch {
	case body == "":
		p.bad(arg, offset, "name a parameter, or write {{}} for the braces themselves", "the placeholder is empty")
		return out, false
	case body == "args":
		out.kind = args
	case body == "json":
		out.kind = jsonText
	case name == "args" && colon:
		if rest != "hydra" {
			p.bad(arg, offset, "known: {args}, {args:hydra}", "{%s}: %q is no style of arguments", body, rest)
			return out, false
		}
		out.kind = hydraArgs
	case name == "params_file":
		if !slices.Contains(fileFormats, rest) {
			p.bad(arg, offset, "write {params_file:yaml}, {params_file:json} or {params_file:toml}", "{%s} does not say which kind of file", body)
			return out, false
		}
		out.kind, out.text = paramsFile, rest
	case (name == "flag" || name == "noflag") && colon:
		out.kind, out.name = flag, rest
		if name == "noflag" {
			out.kind = noFlag
		}
		if !p.name(arg, offset, body, rest) {
			return out, false
		}
	case strings.HasPrefix(name, "trial.") || strings.HasPrefix(name, "study."):
		known := slices.Concat(trialFields, studyFields)
		if !slices.Contains(known, body) {
			p.bad(arg, offset, diag.DidYouMean(body, known), "there is no {%s}", body)
			return out, false
		}
		out.kind, out.text = ofTrial, body
	default:
		out.kind, out.name = one, name
		if !p.name(arg, offset, body, name) {
			return out, false
		}
		if colon {
			f, err := parseFormat(rest)
			if err != nil {
				p.bad(arg, offset+1+len(name)+1, "a format is like .3g, .2f, .0e, d or 03d", "{%s}: %v", body, err)
				return out, false
			}
			out.format = f
		}
	}
	if out.name != "" {
		p.t.used = append(p.t.used, use{out.name, arg, offset, out.kind, out.format})
	}
	return out, true
}

func (p *parser) name(arg, offset int, body, name string) bool {
	if space.ValidName(name) {
		return true
	}
	p.bad(arg, offset, "write {{ and }} for the braces themselves", "{%s} is no placeholder: %q is not a parameter's name", body, name)
	return false
}
