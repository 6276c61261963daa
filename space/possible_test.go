package space_test

import (
	"strings"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/expr"
	"github.com/afina-hpo/afina/space/value"
)

func TestPossible(t *testing.T) {
	x := space.Param{Name: "x", Kind: space.Float, Low: 0, High: 1}
	low := space.Param{Name: "x", Kind: space.Float, Low: 0, High: 1, Default: value.Float(0)}
	n := space.Param{Name: "n", Kind: space.Int, Low: 1, High: 9000}
	for _, c := range []struct {
		name, constraint string
		params           []space.Param
		refused          bool
	}{
		{"no constraint", "", []space.Param{x}, false},
		{"half", "x > 0.5", []space.Param{x}, false},
		{"nothing", "x > 2", []space.Param{x}, true},
		{"only the default", "x <= 0", []space.Param{low}, false},
		{"one of 81 million", "n * m == 80990001", []space.Param{n, {Name: "m", Kind: space.Int, Low: 1, High: 9000}}, false},
		{"one of nine thousand", "n == 7", []space.Param{n}, false},
		{"none of nine thousand", "n > 9000", []space.Param{n}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			spec := space.Spec{Params: c.params}
			if c.constraint != "" {
				p, err := expr.Compile(c.constraint)
				if err != nil {
					t.Fatal(err)
				}
				spec.Constraints = []*expr.Program{p}
			}
			s, err := space.New(spec)
			if err != nil {
				t.Fatal(err)
			}
			_, err = s.Possible()
			if (err != nil) != c.refused {
				t.Errorf("got %v, want refused %v", err, c.refused)
			}
			if err != nil && !strings.Contains(err.Error(), c.constraint) {
				t.Errorf("%v does not name the constraint", err)
			}
		})
	}
}

func TestCheckDefault(t *testing.T) {
	for _, c := range []struct {
		name string
		x    value.Value
		want string
	}{
		{"none", value.Value{}, ""},
		{"allowed", value.Float(0.7), ""},
		{"refused", value.Float(0.25), `the default configuration violates constraint 1, "x > 0.5", with x = 0.25`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := expr.Compile("x > 0.5")
			if err != nil {
				t.Fatal(err)
			}
			s, err := space.New(space.Spec{
				Params:      []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1, Default: c.x}},
				Constraints: []*expr.Program{p},
			})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			if err := s.CheckDefault(); err != nil {
				got = err.Error()
			}
			if got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
