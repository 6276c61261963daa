package study_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/study"
)

func TestChangedIsTheDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := study.NewBook(nil, nil, nil)
		put := func() {
			for range rapid.IntRange(0, 300).Draw(t, "puts") {
				n := b.Len()
				if n > 0 && rapid.Bool().Draw(t, "again") {
					n = rapid.IntRange(0, n-1).Draw(t, "trial")
				}
				b.Put(&study.Trial{Number: n})
			}
		}
		put()
		old := b.History()
		put()
		h := b.History()
		var want, got []int
		for tr := range h.All() {
			if tr.Number >= old.Len() || tr != old.Trial(tr.Number) {
				want = append(want, tr.Number)
			}
		}
		for tr := range h.Changed(old) {
			if tr != h.Trial(tr.Number) {
				t.Fatalf("trial %d is not that of the history", tr.Number)
			}
			got = append(got, tr.Number)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestChangedWithoutPast(t *testing.T) {
	b := study.NewBook(nil, nil, nil)
	b.Put(&study.Trial{Number: 0})
	other := study.NewBook(nil, nil, nil)
	other.Put(&study.Trial{Number: 0})
	for name, old := range map[string]*study.History{"nothing": nil, "another study": other.History()} {
		n := 0
		for range b.History().Changed(old) {
			n++
		}
		if n != 1 {
			t.Errorf("after %s: %d trials, want 1", name, n)
		}
	}
}
