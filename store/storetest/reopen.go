package storetest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// testReopen closes a store and expects everything back: studies, epochs,
// requests, and the rules.
func testReopen(t *testing.T, open func(t *testing.T, dir string) store.Store) {
	dir := t.TempDir()
	def := Definition("a")
	s := open(t, dir)
	o := own(t, s, def)
	list := []*study.Event{
		{Kind: study.EventStatus, At: start, Status: study.StatusRunning, Spent: 7},
		queued(def, 0), started(0, 1), reported(0, 1, 1, 0.5), ended(0, 1, 0.5),
		queued(def, 1), started(1, 1), reported(1, 1, 2, 0.5),
		queued(def, 2),
	}
	first := o.send("r1", list...)
	if first.Err != nil {
		t.Fatal(first.Err)
	}
	for i := range 2 {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, dir)
		o.s = s
		o.verify(list)
		// The epoch goes on, the old one holds until then.
		e := reported(1, 1, 2, 0.7) // at a step from before, with another metric
		e.Values = study.Metrics{{Name: fmt.Sprint("m", i), Value: 1}}
		o.must(e)
		list = append(list, e)
		old := *o
		o.claim()
		old.refused(study.Fenced, queued(def, 3))
		if r := o.send("r1", queued(def, 3)); !r.Duplicate || r.First != first.First || r.Last != first.Last {
			t.Fatalf("a request from before the store was closed: %+v", r)
		}
		o.refused(study.Conflict, started(0, 2))
		o.refused(study.Conflict, queued(def, 2))
		o.refused(study.Fenced, ended(1, 2, 1))
		o.verify(list)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// testReopenRandom plays a random game with the store closed in between.
func testReopenRandom(t *testing.T, open func(t *testing.T, dir string) store.Store) {
	dir := t.TempDir()
	studies := 0
	rapid.Check(t, func(r *rapid.T) {
		studies++
		s := open(t, dir)
		o := own(r, s, Definition(fmt.Sprint("r", studies)))
		m := &model{def: o.def, requests: make(map[string]store.Receipt)}
		for range rapid.IntRange(1, 3).Draw(r, "reopens") {
			play(r, o, m)
			if err := s.Close(); err != nil {
				r.Fatalf("close: %v", err)
			}
			s = open(t, dir)
			o.s = s
			o.verify(m.accepted)
		}
		if err := s.Close(); err != nil {
			r.Fatalf("close: %v", err)
		}
	})
}
