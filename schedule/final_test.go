package schedule

import (
	"strings"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

func TestCheckFinal(t *testing.T) {
	for _, c := range []struct {
		name string
		edit func(*study.Definition, *Method)
		want string
	}{
		{"fits", func(*study.Definition, *Method) {}, ""},
		{"none", func(d *study.Definition, m *Method) { d.Final, m.Copies = nil, true }, ""},
		{"one run", func(d *study.Definition, _ *Method) { d.Final.Runs = 1 }, "says nothing"},
		{"two objectives", func(d *study.Definition, _ *Method) { d.Objectives = append(d.Objectives, d.Objectives[0]) }, "one objective, and there are 2"},
		{"copies", func(_ *study.Definition, m *Method) { m.Copies = true }, "changes configurations while they train"},
		{"a context", func(d *study.Definition, _ *Method) {
			ps := append(d.Space.Params(), space.Param{Name: "rows", Kind: space.Int, Low: 1, High: 9, Context: true})
			d.Space, _ = space.New(space.Spec{Params: ps})
		}, "different contexts"},
	} {
		s, err := space.New(space.Spec{Params: []space.Param{{Name: "x", Kind: space.Float, High: 1}}})
		if err != nil {
			t.Fatal(err)
		}
		def := &study.Definition{
			Space: s, Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize}},
			Final: &study.Final{Top: 3, Runs: 5},
		}
		m := Method{Name: "m"}
		c.edit(def, &m)
		switch err := CheckFinal(def, m); {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
