package study_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/space/spacetest"
	"github.com/afina-hpo/afina/study"
)

// copyOf is everything a history shows, copied deeply.
type copyOf struct {
	Trials []study.Trial
	Ended  []int
	Open   []int
}

func snapshot(h *study.History) copyOf {
	var c copyOf
	for t := range h.All() {
		d := *t
		d.Values = slices.Clone(t.Values)
		d.Violations = slices.Clone(t.Violations)
		d.Metrics = slices.Clone(t.Metrics)
		d.Attempts = slices.Clone(t.Attempts)
		d.Reports = slices.Clone(t.Reports)
		for i := range d.Reports {
			d.Reports[i].Values = slices.Clone(d.Reports[i].Values)
		}
		c.Trials = append(c.Trials, d)
	}
	for i := range h.EndedLen() {
		c.Ended = append(c.Ended, h.Ended(i).Number)
	}
	for t := range h.Open() {
		c.Open = append(c.Open, t.Number)
	}
	return c
}

// Random sequences of events, allowed and not, against a plain model.
func TestLogInvariants(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := newLog()
		type taken struct {
			h *study.History
			c copyOf
		}
		var (
			states []study.State // of each trial, by the model
			ends   []int         // trials in the order of their ends
			shots  []taken
		)
		for range rapid.IntRange(1, 120).Draw(t, "events") {
			n := rapid.IntRange(0, max(len(states)-1, 0)).Draw(t, "trial")
			attempt := 0
			if tr := l.Book.Trial(n); tr != nil {
				attempt = len(tr.Attempts)
			}
			if rapid.IntRange(0, 9).Draw(t, "late") == 9 {
				attempt--
			}
			var e *study.Event
			becomes := study.State("")
			switch rapid.IntRange(0, 8).Draw(t, "kind") {
			case 0, 1:
				n, becomes = len(states), study.Queued
				e = queued(n)
			case 2, 3:
				e, becomes = started(n, attempt+1), study.Running
			case 4:
				e, becomes = reported(n, attempt, float64(rapid.IntRange(0, 5).Draw(t, "step")), 0.1), study.Running
			case 5:
				e, becomes = requeued(n, attempt), study.Queued
			case 6:
				e, becomes = paused(n, attempt), study.Paused
			case 7:
				e, becomes = granted(n), study.Queued
			case 8:
				becomes = rapid.SampledFrom(study.States[3:]).Draw(t, "end")
				e = ended(n, attempt, becomes)
			}
			seq := l.Seq
			if err := l.Apply(e); err != nil {
				if code := study.CodeOf(err); code == study.Internal || l.Seq != seq {
					t.Fatalf("refused with %s: %v", code, err)
				}
			} else {
				if e.Kind == study.EventQueued {
					states = append(states, becomes)
				}
				if states[n].Ended() {
					t.Fatalf("trial %d changed after its end", n)
				}
				states[n] = becomes
				if becomes.Ended() {
					ends = append(ends, n)
				}
			}
			if rapid.IntRange(0, 4).Draw(t, "look") == 0 {
				h := l.Book.History()
				shots = append(shots, taken{h, snapshot(h)})
			}
		}
		h := l.Book.History()
		if h.Len() != len(states) || l.Book.Len() != len(states) {
			t.Fatalf("%d trials, want %d", h.Len(), len(states))
		}
		var open []int
		for n, s := range states {
			tr := h.Trial(n)
			if tr.Number != n || tr.State != s {
				t.Fatalf("trial %d is %d, %s; want %s", n, tr.Number, tr.State, s)
			}
			if !slices.IsSortedFunc(tr.Reports, func(a, b study.Report) int {
				if a.Step < b.Step {
					return -1
				}
				return 1 // equal steps count as unsorted
			}) {
				t.Fatalf("the reports of trial %d: %v", n, tr.Reports)
			}
			if !s.Ended() {
				open = append(open, n)
			}
			for i, a := range tr.Attempts {
				running := i == len(tr.Attempts)-1 && s == study.Running
				if a.Number != i+1 || (a.Outcome == "") != running {
					t.Fatalf("trial %d is %s, its attempts %+v", n, s, tr.Attempts)
				}
			}
		}
		if got := snapshot(h); !slices.Equal(got.Ended, ends) || !slices.Equal(got.Open, open) {
			t.Fatalf("ended %v, want %v; open %v, want %v", got.Ended, ends, got.Open, open)
		}
		if h.OpenLen() != len(open) || l.Book.EndedLen() != len(ends) || len(l.Book.Open()) != len(open) {
			t.Fatal("the counts differ from the lists")
		}
		for i, s := range shots {
			if d := cmp.Diff(s.c, snapshot(s.h), compareConfigs); d != "" {
				t.Fatalf("history %d has changed since: %s", i, d)
			}
			if !h.Continues(s.h) {
				t.Fatalf("history %d is not continued by the last", i)
			}
		}
	})
}

// Histories taken around the borders of the chunks that they share.
func TestHistoryAtChunkBorders(t *testing.T) {
	b := newLog().Book
	var hs []*study.History
	var copies []copyOf
	look := func() {
		h := b.History()
		hs, copies = append(hs, h), append(copies, snapshot(h))
	}
	for n := range 514 {
		b.Put(&study.Trial{Number: n, State: study.Queued})
		switch n + 1 {
		case 1, 255, 256, 257, 511, 512, 513:
			look()
			b.Put(&study.Trial{Number: n, State: study.Running}) // in the newest chunk
			b.Put(&study.Trial{Number: 0, State: study.Running, Bracket: n})
			look()
		}
	}
	for _, n := range []int{255, 256, 0, 511, 512, 257} {
		b.Put(&study.Trial{Number: n, State: study.Complete, Values: []float64{float64(n)}})
		look()
	}
	for i := range hs {
		if d := cmp.Diff(copies[i], snapshot(hs[i]), compareConfigs); d != "" {
			t.Fatalf("history %d has changed: %s", i, d)
		}
	}
	last := copies[len(copies)-1]
	if d := cmp.Diff([]int{255, 256, 0, 511, 512, 257}, last.Ended); d != "" {
		t.Error(d)
	}
	if len(last.Open) != 514-6 || !slices.IsSorted(last.Open) {
		t.Errorf("open: %v", last.Open)
	}
	if h := b.History(); h != b.History() {
		t.Error("a history of nothing new is made again")
	}
}

func TestPut(t *testing.T) {
	b := study.NewBook(spacetest.Floats(1), nil, nil)
	b.Put(&study.Trial{Number: 0, State: study.Complete}) // made and ended at once
	b.Put(&study.Trial{Number: 1, State: study.Running})
	b.Put(&study.Trial{Number: 2, State: study.Failed})
	b.Put(&study.Trial{Number: 0, State: study.Complete, Bracket: 5}) // corrected
	got := snapshot(b.History())
	if !slices.Equal(got.Ended, []int{0, 2}) || !slices.Equal(got.Open, []int{1}) || got.Trials[0].Bracket != 5 {
		t.Errorf("got %+v", got)
	}
	for _, n := range []int{-1, 4} {
		mustPanic(t, fmt.Sprint("number ", n), func() { b.Put(&study.Trial{Number: n, State: study.Queued}) })
	}
	mustPanic(t, "reopened", func() { b.Put(&study.Trial{Number: 0, State: study.Queued}) })
	for _, n := range []int{-1, 3} {
		if b.Trial(n) != nil {
			t.Errorf("there is a trial %d", n)
		}
	}
}

func mustPanic(t *testing.T, what string, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Errorf("%s: no panic", what)
		}
	}()
	f()
}

func TestContinues(t *testing.T) {
	a, b := newLog().Book, newLog().Book
	first := a.History()
	a.Put(&study.Trial{Number: 0, State: study.Running})
	second := a.History()
	a.Put(&study.Trial{Number: 0, State: study.Complete})
	third := a.History()
	for _, c := range []struct {
		name     string
		now, old *study.History
		want     bool
	}{
		{"itself", first, first, true},
		{"a trial more", second, first, true},
		{"an end more", third, second, true},
		{"backwards by a trial", first, second, false},
		{"backwards by an end", second, third, false},
		{"nothing", third, nil, false},
		{"another study", b.History(), first, false},
	} {
		if got := c.now.Continues(c.old); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}

// Iteration stops where the caller does.
func TestIteratorsStop(t *testing.T) {
	b := newLog().Book
	for n := range 3 {
		b.Put(&study.Trial{Number: n, State: study.Queued})
	}
	h := b.History()
	seen := 0
	for range h.All() {
		seen++
		break
	}
	for range h.Open() {
		seen++
		break
	}
	if seen != 2 {
		t.Errorf("%d steps", seen)
	}
}

func TestReportsMerge(t *testing.T) {
	type step struct {
		step   float64
		values map[string]float64
	}
	for _, c := range []struct {
		name    string
		reports []step
		want    string
	}{
		{"in order", []step{{1, map[string]float64{"a": 1}}, {2, map[string]float64{"a": 2}}}, "1{a:1} 2{a:2} "},
		{"backwards", []step{{3, map[string]float64{"a": 3}}, {1, map[string]float64{"a": 1}}, {2, map[string]float64{"a": 2}}}, "1{a:1} 2{a:2} 3{a:3} "},
		{"one step in two parts", []step{{1, map[string]float64{"a": 1}}, {1, map[string]float64{"b": 2}}}, "1{a:1 b:2} "},
		{"the later wins", []step{{1, map[string]float64{"a": 1, "b": 1}}, {2, nil}, {1, map[string]float64{"b": 9}}}, "1{a:1 b:9} 2{} "},
		{"at the front", []step{{2, nil}, {0, nil}, {-1, nil}}, "-1{} 0{} 2{} "},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newLog()
			apply(t, l, queued(0), started(0, 1))
			for _, r := range c.reports {
				e := reported(0, 1, r.step, 0)
				e.Values = study.MakeMetrics(r.values)
				apply(t, l, e)
			}
			got := ""
			for _, r := range l.Book.Trial(0).Reports {
				got += fmt.Sprint(r.Step, "{")
				for i, m := range r.Values {
					if i > 0 {
						got += " "
					}
					got += fmt.Sprint(m.Name, ":", m.Value)
				}
				got += "} "
			}
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if last, want := l.Book.Trial(0).LastStep(), slices.MaxFunc(c.reports, func(a, b step) int {
				return int(a.step - b.step)
			}).step; last != want {
				t.Errorf("last step %v, want %v", last, want)
			}
		})
	}
}

func TestTrialSmallQuestions(t *testing.T) {
	var tr study.Trial
	if tr.Attempt() != nil || tr.LastStep() != 0 || !tr.Feasible() {
		t.Errorf("the zero trial: %+v", tr)
	}
	for _, c := range []struct {
		violations []float64
		want       bool
	}{
		{[]float64{-1, 0}, true},
		{[]float64{-1, 1e-300}, false},
		{[]float64{nan}, false},
	} {
		tr.Violations = c.violations
		if got := tr.Feasible(); got != c.want {
			t.Errorf("%v: got %v", c.violations, got)
		}
	}
	if got := (&study.Failure{Class: study.ClassOOM}).String(); got != "oom" {
		t.Errorf("got %s", got)
	}
	if got := (&study.Failure{Class: study.ClassExit, Message: "exit status 3"}).String(); got != "exit: exit status 3" {
		t.Errorf("got %s", got)
	}
}

// Only failures that the configuration can be held responsible for speak
// against it; every class is on one side.
func TestBlames(t *testing.T) {
	innocent := map[study.Class]bool{
		study.ClassKilled: true, study.ClassStart: true, study.ClassTemporary: true, study.ClassLost: true, study.ClassPreempted: true,
	}
	for _, c := range study.Classes {
		if got := (&study.Failure{Class: c}).Blames(); got == innocent[c] {
			t.Errorf("%s: %v", c, got)
		}
	}
	if !(*study.Failure)(nil).Blames() {
		t.Error("a failure without a record does not speak against the configuration")
	}
}
