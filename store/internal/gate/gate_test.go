package gate

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

func definition() *study.Definition {
	s, err := space.New(space.Spec{Open: true, Params: []space.Param{{Name: "x", Kind: space.Float, High: 1}}})
	if err != nil {
		panic(err) // a mistake of this test
	}
	return &study.Definition{ID: "a", Name: "b", Space: s}
}

// TestLikeLog lets a gate and a log judge the same short lives of two trials,
// in which most events are wrong; a log takes one event at a time, so a
// transaction is tried on a fresh one.
func TestLikeLog(t *testing.T) {
	kinds := []study.Kind{
		study.EventStatus, study.EventRedefined, study.EventExtended, study.EventQueued, study.EventStarted,
		study.EventReported, study.EventRequeued, study.EventPaused, study.EventGranted, study.EventEnded, "odd",
	}
	rapid.Check(t, func(t *rapid.T) {
		def := definition()
		g := New(Head{ID: def.ID, Name: def.Name, Space: def.Space})
		var accepted []study.Event
		replay := func() *study.Log {
			log := study.NewLog(def)
			for _, e := range accepted {
				if err := log.Apply(&e); err != nil {
					t.Fatalf("the gate let pass what a log refuses: %v", err)
				}
			}
			return log
		}
		for range rapid.IntRange(1, 25).Draw(t, "transactions") {
			var tx []*study.Event
			for range rapid.IntRange(1, 3).Draw(t, "events") {
				e := &study.Event{
					Kind:  rapid.SampledFrom(kinds).Draw(t, "kind"),
					Trial: rapid.IntRange(-1, 2).Draw(t, "trial"), Attempt: rapid.IntRange(0, 3).Draw(t, "attempt"),
					Status: rapid.SampledFrom([]study.Status{"", study.StatusFailed}).Draw(t, "status"),
					State:  rapid.SampledFrom([]study.State{"", study.Running, study.Pruned}).Draw(t, "state"),
				}
				if rapid.Bool().Draw(t, "full") {
					e.Def, e.Space = def, def.Space
				}
				tx = append(tx, e)
			}
			log := replay()
			var want error
			for _, e := range tx {
				mine := *e
				if want = log.Apply(&mine); want != nil {
					break
				}
			}
			got := g.Apply(tx)
			if fmt.Sprint(got) != fmt.Sprint(want) || study.CodeOf(got) != study.CodeOf(want) {
				t.Fatalf("gate: %v\nlog:  %v", got, want)
			}
			if got == nil {
				for _, e := range tx {
					accepted = append(accepted, *e)
				}
			}
			log = replay()
			counts := map[study.State]int{}
			for tr := range log.Book.History().All() {
				counts[tr.State]++
			}
			if d := cmp.Diff(counts, g.Counts()); d != "" {
				t.Fatalf("counts (-log +gate):\n%s", d)
			}
			if g.Seq != log.Seq || g.Len() != log.Book.Len() || g.Status != log.Status {
				t.Fatalf("gate has %d events, %d trials, status %q; log %d, %d, %q", g.Seq, g.Len(), g.Status, log.Seq, log.Book.Len(), log.Status)
			}
		}
	})
}

func TestAdd(t *testing.T) {
	g := New(Head{})
	if g.Add("asleep", 0) {
		t.Error("an unknown state was taken")
	}
	if !g.Add(study.Paused, 2) || g.Len() != 1 || g.Counts()[study.Paused] != 1 {
		t.Error("a known state was not")
	}
}
