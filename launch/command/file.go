package command

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/afina-hpo/afina/space/value"
)

// file returns the configuration as a JSON, YAML or TOML document: one flat
// table by name, derived values included. Inactive parameters are left out,
// null ones in TOML too, which has no null.
func (tr *Trial) file(format string) []byte {
	pairs := tr.pairs()
	var b []byte
	switch format {
	case "yaml":
		for _, q := range pairs {
			b = append(appendKey(b, q.name, yamlKey, yamlWord), ": "...)
			b = append(appendYAML(b, q.v), '\n')
		}
		if len(pairs) == 0 {
			b = append(b, "{}\n"...)
		}
	case "toml":
		for _, q := range pairs {
			if q.v.Kind() != value.KindNull {
				b = append(appendKey(b, q.name, tomlKey, nil), " = "...)
				b = append(appendTOML(b, q.v), '\n')
			}
		}
	default:
		b = append(b, '{')
		for i, q := range pairs {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendQuoted(append(b, "\n  "...), q.name), ": "...)
			b = appendJSON(b, q.v)
		}
		if len(pairs) > 0 {
			b = append(b, '\n')
		}
		b = append(b, "}\n"...)
	}
	return b
}

// compactJSON returns the configuration as one JSON object in a line.
func (tr *Trial) compactJSON() []byte {
	b := []byte{'{'}
	for i, q := range tr.pairs() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendQuoted(b, q.name), ':')
		b = appendJSON(b, q.v)
	}
	return append(b, '}')
}

func appendJSON(b []byte, v value.Value) []byte {
	if s, ok := v.AsString(); ok {
		return appendQuoted(b, s)
	}
	return v.AppendJSON(b)
}

var (
	yamlKey = regexp.MustCompile(`^[A-Za-z_][\w./-]*$`)
	// yamlWord is what YAML 1.1 or 1.2 takes for something other than a text.
	yamlWord = regexp.MustCompile(`(?i)^(null|true|false|yes|no|on|off|y|n)$`)
	tomlKey  = regexp.MustCompile(`^[\w-]+$`)
)

func appendKey(b []byte, name string, plain, not *regexp.Regexp) []byte {
	if plain.MatchString(name) && (not == nil || !not.MatchString(name)) {
		return append(b, name...)
	}
	return appendQuoted(b, name)
}

// appendYAML writes a scalar that readers of YAML 1.1 and 1.2 understand
// alike: 1e-5 is a text to PyYAML, 1.0e-05 a number to all.
func appendYAML(b []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.KindFloat:
		switch s := v.Text(); s {
		case "NaN":
			return append(b, ".nan"...)
		case "Infinity":
			return append(b, ".inf"...)
		case "-Infinity":
			return append(b, "-.inf"...)
		default:
			mantissa, exponent, has := strings.Cut(s, "e")
			if !strings.Contains(mantissa, ".") {
				mantissa += ".0"
			}
			if !has {
				return append(b, mantissa...)
			}
			if exponent[0] != '-' {
				exponent = "+" + exponent
			}
			return append(b, mantissa+"e"+exponent...)
		}
	default:
		return appendJSON(b, v)
	}
}

func appendTOML(b []byte, v value.Value) []byte {
	if v.Kind() == value.KindFloat {
		switch v.Text() {
		case "NaN":
			return append(b, "nan"...)
		case "Infinity":
			return append(b, "inf"...)
		case "-Infinity":
			return append(b, "-inf"...)
		}
	}
	return appendJSON(b, v)
}

// appendQuoted writes s in double quotes so that JSON, YAML and TOML all read
// it back the same: their escapes have this much in common.
func appendQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r == '\n':
			b = append(b, `\n`...)
		case r == '\r':
			b = append(b, `\r`...)
		case r == '\t':
			b = append(b, `\t`...)
		case r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xfeff || r == 0xfffe || r == 0xffff:
			b = fmt.Appendf(b, `\u%04x`, r)
		default:
			b = utf8.AppendRune(b, r) // an invalid byte has become U+FFFD
		}
	}
	return append(b, '"')
}
