package run

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/study"
)

// A run that starts warm is as reproducible as any, and begins with what the
// earlier study found: the best there is where that is of the task itself, the
// worst where it was told the opposite.
func TestEarlier(t *testing.T) {
	first := map[Bend]float64{}
	for _, bend := range []Bend{Straight, Aside, Mirrored, Negated} {
		p := open(t, "bbob/f1/d5/i1")
		j := Job{
			Method: method(t, "random"), Problem: p, Seed: 3, Budget: 12,
			Earlier: &Earlier{Label: "e", Problem: p, Bend: bend, Trials: 60},
		}
		got, err := One(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		if got.Peer != "afina-random<e" {
			t.Errorf("the peer is called %s", got.Peer)
		}
		again, err := One(context.Background(), j)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, again, timeless); d != "" {
			t.Errorf("%q, another time:\n%s", bend, d)
		}
		first[bend] = got.Incumbent[0]
	}
	if !(first[Straight] < first[Mirrored] && first[Straight] < first[Negated] && first[Aside] < first[Negated]) {
		t.Errorf("the first values are %v", first)
	}
}

// Bends leave a configuration in its space, and choices as they are.
func TestBends(t *testing.T) {
	for _, task := range []string{"bbob-mixint/f1/d5/i1", "conditional/jenatton", "bbob/f1/d5/i1"} {
		s := open(t, task).Space()
		for i := range 50 {
			c := s.Random(study.Stream(1, i, "test"))
			for _, b := range []Bend{Straight, Aside, Mirrored, Negated} {
				m := b.moved(s, c)
				for k := range s.Params() {
					if !s.Param(k).IsNumeric() && !s.Param(k).Ordered && m.At(k) != c.At(k) {
						t.Fatalf("%s: %q makes %s of %s", task, b, m, c)
					}
				}
				if (b == Straight || b == Negated) && !m.Equal(c) {
					t.Fatalf("%s: %q makes %s of %s", task, b, m, c)
				}
			}
		}
	}
}
