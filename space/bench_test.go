package space_test

import (
	"fmt"
	"testing"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/space/value"
)

// mixed returns a space of n parameters: floats, log floats, ints and choices
// in equal parts, the last of every four under a choice.
func mixed(n int, constraints ...string) *space.Space {
	var spec space.Spec
	for i := range n {
		p := space.Param{Name: fmt.Sprint("p", i), Kind: space.Float, High: 1}
		switch i % 4 {
		case 1:
			p.Low, p.Scale = 1e-6, space.Log
		case 2:
			p.Kind, p.High = space.Choice, 0
			p.Choices = []space.Value{value.String("a"), value.String("b"), value.String("c")}
		case 3:
			p.Kind, p.High = space.Int, 100
			p.Branches = []space.Branch{{Parent: fmt.Sprint("p", i-1), Values: []space.Value{value.String("a"), value.String("b")}}}
		}
		spec.Params = append(spec.Params, p)
	}
	for _, c := range constraints {
		spec.Constraints = append(spec.Constraints, spacetest.Program(c))
	}
	return spacetest.Must(spec)
}

func BenchmarkSpace(b *testing.B) {
	for _, n := range []int{10, 40} {
		s := mixed(n)
		u := slicesOf(0.3, n)
		c := s.Decode(u)
		d := s.Decode(slicesOf(0.6, n))
		b.Run(fmt.Sprintf("Decode/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Decode(u)
			}
		})
		b.Run(fmt.Sprintf("Encode/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			dst := make([]float64, n)
			for b.Loop() {
				dst = s.Encode(c, dst)
			}
		})
		b.Run(fmt.Sprintf("Distance/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				s.Distance(c, d)
			}
		})
		b.Run(fmt.Sprintf("Key/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = c.Key()
			}
		})
		constrained := mixed(n, "p0 + p1 < 0.8")
		b.Run(fmt.Sprintf("Sample/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			r := random(1)
			for b.Loop() {
				if _, err := constrained.Sample(r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
