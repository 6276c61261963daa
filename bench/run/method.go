package run

import (
	"fmt"
	"strings"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// Method is a search algorithm as it is to be measured.
type Method struct {
	// Label is what traces call it: the text it was parsed from, with the
	// name of the program in front.
	Label    string
	Method   suggest.Method
	Settings setting.Values
}

// ParseMethod reads NAME or NAME:KEY=VALUE,KEY=VALUE: an algorithm of table
// with settings of its own.
func ParseMethod(table suggest.Table, text string) (Method, error) {
	name, rest, _ := strings.Cut(text, ":")
	m, err := table.Lookup(name)
	if err != nil {
		return Method{}, err
	}
	vs, err := parseSettings(text, m.Settings, rest)
	return Method{Label: "afina-" + text, Method: m, Settings: vs}, err
}

// parseSettings reads KEY=VALUE,KEY=VALUE, or nothing, for a method that has
// the settings of list; text is what messages call it.
func parseSettings(text string, list []setting.Setting, rest string) (setting.Values, error) {
	out := setting.Values{}
	if rest == "" {
		return out, nil
	}
	for _, pair := range strings.Split(rest, ",") {
		key, word, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("method %q: %q is not of the form KEY=VALUE", text, pair)
		}
		v, err := value.ParseJSON([]byte(word))
		if err != nil {
			v = value.String(word)
		}
		out[key] = v
	}
	if found := setting.Check(list, out); len(found) > 0 {
		return nil, fmt.Errorf("method %q: setting %s: %s", text, found[0].Name, found[0].Message)
	}
	return out, nil
}
