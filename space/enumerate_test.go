package space_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
)

func TestEnumerateOrder(t *testing.T) {
	s := spacetest.Must(space.Spec{
		Params: []space.Param{
			{Name: "n", Kind: space.Int, Low: 1, High: 3, Branches: []space.Branch{{Parent: "a", Values: []space.Value{value.Bool(true)}}}},
			{Name: "a", Kind: space.Bool},
			{Name: "c", Kind: space.Choice, Choices: []space.Value{value.String("x"), value.String("y")}},
		},
		Constraints: []*expr.Program{spacetest.Program("n == null or n != 2")},
	})
	all := func(i int) []space.Value {
		var vs []space.Value
		n, _ := s.Param(i).Count()
		for k := range n {
			vs = append(vs, s.Param(i).Nth(k))
		}
		return vs
	}
	var got []string
	for c := range s.Enumerate(all) {
		got = append(got, c.String())
	}
	want := []string{"a=false c=x", "a=false c=y", "n=1 a=true c=x", "n=1 a=true c=y", "n=3 a=true c=x", "n=3 a=true c=y"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for c := range s.Enumerate(all) {
		if c.String() != want[0] {
			t.Errorf("got %s first", c)
		}
		break // must not go on
	}
}

func TestFinite(t *testing.T) {
	flags := make([]space.Param, 60)
	for i := range flags {
		flags[i] = space.Param{Name: fmt.Sprint("p", i), Kind: space.Bool}
	}
	never := []*expr.Program{spacetest.Program("p0 and not p0")}
	wide := space.Param{Name: "wide", Kind: space.Int, High: 1 << 50}
	hidden := with(wide, func(p *space.Param) { p.If = spacetest.Program("p0 and not p0") })
	for _, c := range []struct {
		name  string
		spec  space.Spec
		limit int
		want  int
		ok    bool
	}{
		{"empty", space.Spec{}, 10, 1, true},
		{"eight", space.Spec{Params: flags[:3]}, 8, 8, true},
		{"one too many", space.Spec{Params: flags[:3]}, 7, 0, false},
		{"2^60", space.Spec{Params: flags}, 1000, 0, false},
		{"2^60, none allowed", space.Spec{Params: flags, Constraints: never}, 1000, 0, false},
		{"none allowed", space.Spec{Params: flags[:3], Constraints: never}, 8, 0, true},
		{"a continuum", space.Spec{Params: []space.Param{float(0, 1)}}, 1000, 0, false},
		{"wide", space.Spec{Params: []space.Param{wide}}, 1000, 0, false},
		{"wide but never there", space.Spec{Params: append(flags[:1:1], hidden)}, 1000, 2, true},
	} {
		if n, ok := spacetest.Must(c.spec).Finite(c.limit); n != c.want || ok != c.ok {
			t.Errorf("%s: got %d, %v; want %d, %v", c.name, n, ok, c.want, c.ok)
		}
	}
}
