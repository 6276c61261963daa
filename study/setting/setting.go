// Package setting describes the settings of algorithms and schedulers: each
// method lists what can be set, with range, default and meaning, and from that
// one list come the checks of study files, the errors, and the reference.
//
// It knows no method; it is safe for concurrent use because everything in it
// is read-only once made.
package setting

import (
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/afina-hpo/afina/internal/diag"
	"github.com/afina-hpo/afina/space/value"
)

// Kind is the type of a setting.
type Kind string

// The kinds of setting.
const (
	Int    Kind = "int"
	Float  Kind = "float"
	Bool   Kind = "bool"
	String Kind = "string" // one of Options, or any text where there are none
)

// Setting is one thing that can be set.
type Setting struct {
	Name    string
	Kind    Kind
	Default value.Value // absent: the method chooses; Doc says how
	Min     float64     // of Int and Float, inclusive
	Max     float64     // likewise; both 0: unbounded
	Options []string    // of String
	Doc     string      // one sentence
}

// Values holds the settings that a user made, by name. Only [Check]ed values
// belong into a definition.
type Values map[string]value.Value

// Problem is one mistake in a user's settings.
type Problem struct {
	Name    string
	Message string
	Hint    string
}

// Check returns what is wrong with values: unknown names, wrong types, numbers
// out of range. The result is sorted by name.
func Check(list []Setting, values Values) []Problem {
	var found []Problem
	known := make([]string, 0, len(list))
	for _, s := range list {
		known = append(known, s.Name)
	}
	for name, v := range values {
		s, ok := find(list, name)
		if !ok {
			found = append(found, Problem{name, fmt.Sprintf("%q is no setting here", name), diag.DidYouMean(name, known)})
			continue
		}
		if err := s.check(v); err != nil {
			found = append(found, Problem{name, err.Error(), s.Doc})
		}
	}
	sort.Slice(found, func(i, j int) bool { return found[i].Name < found[j].Name })
	return found
}

func find(list []Setting, name string) (Setting, bool) {
	for _, s := range list {
		if s.Name == name {
			return s, true
		}
	}
	return Setting{}, false
}

func (s Setting) check(v value.Value) error {
	switch s.Kind {
	case Bool:
		if _, ok := v.AsBool(); !ok {
			return fmt.Errorf("%v is not true or false", v)
		}
	case String:
		text, ok := v.AsString()
		if !ok {
			return fmt.Errorf("%v is not a text", v)
		}
		if len(s.Options) > 0 {
			for _, o := range s.Options {
				if o == text {
					return nil
				}
			}
			return fmt.Errorf("%q is not one of %s", text, strings.Join(s.Options, ", "))
		}
	default:
		x := v.AsFloat()
		if !v.IsNumber() || math.IsNaN(x) || math.IsInf(x, 0) {
			return fmt.Errorf("%v is not a number", v)
		}
		if _, whole := v.AsInt(); s.Kind == Int && !whole {
			return fmt.Errorf("%v is not a whole number", v)
		}
		if (s.Min != 0 || s.Max != 0) && (x < s.Min || x > s.Max) {
			return fmt.Errorf("%v is outside [%s, %s]", v, value.FormatFloat(s.Min), value.FormatFloat(s.Max))
		}
	}
	return nil
}

// Get returns the value of a setting: the user's, else the default of list.
// A name that is not in list is a programmer's error and panics.
func (vs Values) Get(list []Setting, name string) value.Value {
	if v, ok := vs[name]; ok {
		return v
	}
	s, ok := find(list, name)
	if !ok {
		panic("setting: no setting " + name)
	}
	return s.Default
}
