package storetest

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

func wantCode(t *testing.T, err error, code study.Code) {
	t.Helper()
	if got := study.CodeOf(err); got != code {
		t.Fatalf("error %v has code %q, want %q", err, got, code)
	}
}

func testCreate(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	o.verify(nil)
	if got, want := mustJSON(o.load().Def), mustJSON(def); got != want {
		t.Errorf("definition\n%s\nwant\n%s", got, want)
	}
}

func testCreateConflict(t *testing.T, s store.Store) {
	own(t, s, Definition("a"))
	same := Definition("a")
	same.Name = "another"
	wantCode(t, s.Create(background, same), study.Conflict)
	same = Definition("b")
	same.Name = "study a"
	wantCode(t, s.Create(background, same), study.Conflict)
	list, err := s.Studies(background)
	if err != nil || len(list) != 1 {
		t.Fatalf("studies after two conflicts: %v, %v", list, err)
	}
}

func testStudies(t *testing.T, s store.Store) {
	list, err := s.Studies(background)
	if err != nil || len(list) != 0 {
		t.Fatalf("studies of an empty store: %v, %v", list, err)
	}
	young, old := Definition("young"), Definition("old")
	young.Created = start.Add(1)
	own(t, s, young)
	o := own(t, s, old)
	o.must(
		&study.Event{Kind: study.EventStatus, At: start, Status: study.StatusRunning},
		queued(old, 0), started(0, 1), ended(0, 1, 0.5), queued(old, 1), started(1, 1), queued(old, 2),
	)
	list, err = s.Studies(background)
	if err != nil {
		t.Fatal(err)
	}
	want := []store.Summary{
		{ID: "old", Name: "study old", Created: start, Status: study.StatusRunning, Trials: map[study.State]int{study.Complete: 1, study.Running: 1, study.Queued: 1}},
		{ID: "young", Name: "study young", Created: start.Add(1), Trials: map[study.State]int{}},
	}
	if d := cmp.Diff(want, list); d != "" {
		t.Errorf("studies (-want +got):\n%s", d)
	}
}

func testUnknown(t *testing.T, s store.Store) {
	_, err := s.Load(background, "nobody")
	wantCode(t, err, study.NotFound)
	_, err = s.Claim(background, "nobody", "host:1")
	wantCode(t, err, study.NotFound)
	n := 0
	for _, err := range s.Events(background, "nobody", 0) {
		wantCode(t, err, study.NotFound)
		n++
	}
	if n != 1 {
		t.Errorf("events of an unknown study yielded %d times, want one error", n)
	}
	rs, err := s.Append(background, []store.Tx{{Study: "nobody", Epoch: 1}})
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, rs[0].Err, study.NotFound)
}

func testClaim(t *testing.T, s store.Store) {
	def := Definition("a")
	if err := s.Create(background, def); err != nil {
		t.Fatal(err)
	}
	unclaimed := &owner{t: t, s: s, def: def}
	unclaimed.refused(study.Fenced, queued(def, 0))
	first := &owner{t: t, s: s, def: def}
	first.claim()
	first.must(queued(def, 0))
	second := &owner{t: t, s: s, def: def, epoch: first.epoch}
	second.claim()
	first.refused(study.Fenced, queued(def, 1))
	future := &owner{t: t, s: s, def: def, epoch: second.epoch + 1}
	future.refused(study.Fenced, queued(def, 1))
	second.must(queued(def, 1))
	second.verify([]*study.Event{queued(def, 0), queued(def, 1)})
}

func testReceipts(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	want := func(r store.Receipt, first, last int64) {
		t.Helper()
		if d := cmp.Diff(store.Receipt{First: first, Last: last}, r); d != "" {
			t.Fatalf("receipt (-want +got):\n%s", d)
		}
	}
	want(o.must(queued(def, 0)), 1, 1)
	sent := []*study.Event{started(0, 1), reported(0, 1, 1, 0.5), ended(0, 1, 0.5)}
	want(o.must(sent...), 2, 4)
	if sent[2].Seq != 4 {
		t.Errorf("the store set Seq %d, want 4", sent[2].Seq)
	}
	// One call, several transactions: a refused one does not concern others.
	tx := func(es ...*study.Event) store.Tx { return store.Tx{Study: "a", Epoch: o.epoch, Events: es} }
	rs, err := s.Append(background, []store.Tx{tx(queued(def, 1)), tx(queued(def, 1)), tx(queued(def, 2), started(2, 1))})
	if err != nil {
		t.Fatal(err)
	}
	want(rs[0], 5, 5)
	wantCode(t, rs[1].Err, study.Conflict)
	want(rs[2], 6, 7)
	if rs, err := s.Append(background, nil); err != nil || len(rs) != 0 {
		t.Errorf("appending nothing: %v, %v", rs, err)
	}
}

func testAtomic(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	keep := []*study.Event{queued(def, 0), started(0, 1)}
	o.must(keep...)
	bad := []struct {
		name   string
		code   study.Code
		events []*study.Event
	}{
		{"last of three", study.Conflict, []*study.Event{queued(def, 1), started(1, 1), queued(def, 1)}},
		{"in the middle", study.Fenced, []*study.Event{queued(def, 1), ended(0, 7, 1), started(1, 1)}},
		{"after an end", study.Conflict, []*study.Event{ended(0, 1, 1), reported(0, 1, 1, 1)}},
		{"after a status", study.NotFound, []*study.Event{{Kind: study.EventStatus, Status: study.StatusFailed, Spent: 99}, ended(5, 1, 1)}},
		{"after many attempts", study.Conflict, []*study.Event{
			{Kind: study.EventRequeued, Trial: 0, Attempt: 1}, started(0, 2), {Kind: study.EventPaused, Trial: 0, Attempt: 2},
			{Kind: study.EventGranted, Trial: 0, Until: 9}, started(0, 3), started(0, 3), ended(0, 4, 1)}},
	}
	for _, b := range bad {
		t.Log(b.name) // says where it was if it fails
		o.refused(b.code, b.events...)
		o.verify(keep)
	}
	o.must(reported(0, 1, 1, 1))
}

func testEmpty(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	o.must(queued(def, 0))
	if r := o.must(); r.First != 2 || r.Last != 1 {
		t.Errorf("receipt of no events: %+v, want First 2 and Last 1", r)
	}
	o.verify([]*study.Event{queued(def, 0)})
}

func testRequests(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	first := o.send("r1", queued(def, 0), started(0, 1))
	if first.Err != nil || first.Duplicate {
		t.Fatalf("first request: %+v", first)
	}
	again := store.Receipt{First: first.First, Last: first.Last, Duplicate: true}
	for name, events := range map[string][]*study.Event{
		"the same":    {queued(def, 0), started(0, 1)},
		"other":       {queued(def, 1)},
		"not allowed": {ended(9, 9, 1)},
		"none":        nil,
	} {
		if d := cmp.Diff(again, o.send("r1", events...)); d != "" {
			t.Errorf("%s events under a known request (-want +got):\n%s", name, d)
		}
	}
	if r := o.send("r2", queued(def, 1)); r.Duplicate || r.Err != nil {
		t.Errorf("a new request: %+v", r)
	}
	if r := o.send("", queued(def, 2)); r.Duplicate || r.Err != nil {
		t.Errorf("no request: %+v", r)
	}
	// In one call, and in another study.
	rs, err := s.Append(background, []store.Tx{
		{Study: "a", Epoch: o.epoch, Request: "r3", Events: []*study.Event{queued(def, 3)}},
		{Study: "a", Epoch: o.epoch, Request: "r3", Events: []*study.Event{queued(def, 3)}},
	})
	if err != nil || rs[0].Duplicate || rs[0].Err != nil || !rs[1].Duplicate || rs[1].First != rs[0].First {
		t.Errorf("one request twice in a call: %+v, %v", rs, err)
	}
	other := own(t, s, Definition("b"))
	if r := other.send("r1", queued(def, 0)); r.Duplicate || r.Err != nil {
		t.Errorf("a request of another study: %+v", r)
	}
	// A fenced owner learns nothing, whatever it asked for.
	old := *o
	o.claim()
	if r := old.send("r1", queued(def, 0)); study.CodeOf(r.Err) != study.Fenced {
		t.Errorf("a request of an old owner: %+v", r)
	}
	if r := o.send("r1", queued(def, 0)); !r.Duplicate {
		t.Errorf("a request repeated to the new owner: %+v", r)
	}
	o.verify([]*study.Event{queued(def, 0), started(0, 1), queued(def, 1), queued(def, 2), queued(def, 3)})
}

func testRequestRefused(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	if r := o.send("r1", queued(def, 1)); r.Err == nil {
		t.Fatal("accepted")
	}
	if r := o.send("r1", queued(def, 0)); r.Err != nil || r.Duplicate {
		t.Errorf("a refused request was remembered: %+v", r)
	}
}

func testFencedAttempt(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	o.must(queued(def, 0), started(0, 1), reported(0, 1, 1, 0.9))
	o.must(&study.Event{Kind: study.EventRequeued, At: at(9), Trial: 0, Attempt: 1, NotBefore: at(20), Failure: &study.Failure{Class: study.ClassLost}})
	o.refused(study.Fenced, reported(0, 1, 2, 0.8))
	o.must(started(0, 2))
	o.refused(study.Fenced, reported(0, 1, 2, 0.8))
	o.refused(study.Fenced, ended(0, 1, 0.8))
	o.refused(study.Fenced, &study.Event{Kind: study.EventPaused, Trial: 0, Attempt: 1})
	o.refused(study.Conflict, started(0, 3))
	o.must(reported(0, 2, 1, 0.7), ended(0, 2, 0.7))
}

func testTerminal(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	var want []*study.Event
	send := func(es ...*study.Event) {
		o.must(es...)
		want = append(want, es...)
	}
	n := 0
	for _, state := range study.States {
		if !state.Ended() {
			continue
		}
		end := ended(n, 1, 0.1)
		end.State = state
		send(queued(def, n), started(n, 1), end)
		for _, e := range []*study.Event{
			started(n, 2), reported(n, 1, 1, 1), ended(n, 1, 0.2), {Kind: study.EventRequeued, Trial: n, Attempt: 1},
			{Kind: study.EventPaused, Trial: n, Attempt: 1}, {Kind: study.EventGranted, Trial: n}, queued(def, n),
		} {
			o.refused(study.Conflict, e)
		}
		n++
	}
	o.verify(want)
}

// testEveryEvent sends every kind of event with every field it may have.
func testEveryEvent(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	failure := &study.Failure{Class: study.ClassExit, Message: "line 1\nline 2", Exit: 75, Signal: "SIGSEGV"}
	q := queued(def, 0)
	q.Until, q.Bracket = 3, 2
	q.Origin = &study.Origin{Method: "tpe", Version: "2", Seen: 17, SeenEnded: 12, Stream: -1, Note: `{"ei":0.25}`, Fixed: `{"lr":0.1}`}
	end := ended(0, 3, 0.25)
	end.Violations, end.Failure = []float64{-1, 2}, failure
	cancelled := &study.Event{Kind: study.EventEnded, At: at(30), Trial: 1, State: study.Cancelled, Failure: &study.Failure{}}
	bare := &study.Event{Kind: study.EventQueued, Trial: 2}
	list := []*study.Event{
		{Kind: study.EventStatus, At: at(1), Status: study.StatusRunning, Reason: "because", Spent: 5},
		q, started(0, 1), reported(0, 1, 0.5, 0.9), reported(0, 1, 1, 0.8),
		{Kind: study.EventRequeued, At: at(5), Trial: 0, Attempt: 1, Failure: failure, NotBefore: at(7)},
		started(0, 2), reported(0, 2, 0.5, 0.7),
		{Kind: study.EventReported, Trial: 0, Attempt: 2, Step: 1, Values: study.Metrics{{Name: "f1", Value: 1}}},
		{Kind: study.EventReported, Trial: 0, Attempt: 2, Step: 0.75},
		{Kind: study.EventReported, Trial: 0, Attempt: 2, Step: 0.8, Values: study.Metrics{}},
		{Kind: study.EventPaused, At: at(9), Trial: 0, Attempt: 2},
		{Kind: study.EventGranted, At: at(10), Trial: 0, Resume: 1, Until: 9, Bracket: 1},
		started(0, 3), end,
		queued(def, 1), cancelled, bare,
		{Kind: study.EventStatus, At: at(99), Status: study.StatusStopped, Spent: 3},
	}
	for _, e := range list {
		o.must(e)
	}
	o.verify(list)
	if got := o.load().Spent; got != 5 {
		t.Errorf("spent %v, want the largest, 5", got)
	}
}

func testStep(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	o.must(queued(def, 0), started(0, 1))
	for _, step := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		o.refused(study.Invalid, reported(0, 1, step, 1))
	}
	steps := []*study.Event{reported(0, 1, 1e300, 1), reported(0, 1, -3.5, 1), reported(0, 1, 0, 2), reported(0, 1, math.Copysign(0, -1), 3), reported(0, 1, 1e300, 2)}
	o.must(steps...)
	o.verify(append([]*study.Event{queued(def, 0), started(0, 1)}, steps...))
}

func testTwoStudies(t *testing.T, s store.Store) {
	a, b := own(t, s, Definition("a")), own(t, s, Definition("b"))
	var wantA, wantB []*study.Event
	for n := range 5 {
		rs, err := s.Append(background, []store.Tx{
			{Study: "a", Epoch: a.epoch, Events: []*study.Event{queued(a.def, n), started(n, 1)}},
			{Study: "b", Epoch: b.epoch, Events: []*study.Event{queued(b.def, n)}},
		})
		if err != nil || rs[0].Err != nil || rs[1].Err != nil {
			t.Fatalf("append: %+v, %v", rs, err)
		}
		wantA = append(wantA, queued(a.def, n), started(n, 1))
		wantB = append(wantB, queued(b.def, n))
	}
	a.verify(wantA)
	b.verify(wantB)
}

// testOdd stores what people and programs come up with.
func testOdd(t *testing.T, s store.Store) {
	huge := strings.Repeat("0123456789abcdef", 1<<16) // 1 MiB
	names := []string{"", " ", "loss", `a"b\c`, "größe/µ", "損失", "🙂", "a\x00b", "line\nbreak", "</script>", "NaN", "'; DROP TABLE trials;--", strings.Repeat("x", 10_000)}
	numbers := []float64{0, math.Copysign(0, -1), 1, -1.5, 1e-300, 5e-324, math.MaxFloat64, 1e15, 1e16, 123456789012345678, 0.1, math.NaN(), math.Inf(1), math.Inf(-1)}
	def := Definition("id " + names[5] + names[3])
	def.Name = names[11] + names[7]
	o := own(t, s, def)
	metrics := make(map[string]float64)
	for i, name := range names {
		metrics[name] = numbers[i%len(numbers)]
	}
	var want []*study.Event
	for n, name := range names {
		q := queued(def, n)
		q.Origin = &study.Origin{Method: name, Version: name, Note: name}
		st := started(n, 1)
		st.Worker, st.Ref = name, name
		end := ended(n, 1, 0)
		end.Objectives, end.Violations, end.Values = numbers, []float64{}, study.MakeMetrics(metrics)
		end.Failure = &study.Failure{Class: study.Class(name), Message: name, Signal: name, Exit: -n}
		want = append(want, q, st, &study.Event{Kind: study.EventReported, Trial: n, Attempt: 1, Step: float64(n) - 5, Values: study.MakeMetrics(metrics)}, end)
	}
	want[0].Origin.Note, want[3].Failure.Message = huge, huge
	want = append(want, &study.Event{Kind: study.EventStatus, Status: study.StatusStopped, Reason: names[7] + names[5]})
	o.must(want...)
	o.verify(want)
	for i, x := range o.load().Book.Trial(1).Values {
		if math.Signbit(x) != math.Signbit(numbers[i]) && x == x {
			t.Errorf("value %v came back as %v", numbers[i], x)
		}
	}
	list, err := s.Studies(background)
	if err != nil || len(list) != 1 || list[0].ID != def.ID || list[0].Name != def.Name {
		t.Errorf("studies: %+v, %v", list, err)
	}
}

func testExtended(t *testing.T, s store.Store) {
	def := openDefinition("a")
	o := own(t, s, def)
	config := func(sp *space.Space, m map[string]value.Value) space.Config {
		t.Helper()
		c, err := sp.Config(m)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	wide, err := def.Space.Extend(space.Param{Name: "y", Kind: space.Int, Low: 1, High: 5})
	if err != nil {
		t.Fatal(err)
	}
	wider, err := wide.Extend(space.Param{Name: "z", Kind: space.Bool})
	if err != nil {
		t.Fatal(err)
	}
	list := []*study.Event{
		{Kind: study.EventQueued, Trial: 0, Config: config(def.Space, map[string]value.Value{"x": value.Float(0.5)})},
		{Kind: study.EventExtended, At: at(1), Space: wide},
		{Kind: study.EventQueued, Trial: 1, Config: config(wide, map[string]value.Value{"x": value.Float(0.25), "y": value.Int(2)})},
		{Kind: study.EventExtended, At: at(2), Space: wider},
		{Kind: study.EventQueued, Trial: 2, Config: config(wider, map[string]value.Value{"y": value.Int(3), "z": value.Bool(true)})},
	}
	o.must(list...)
	o.refused(study.Invalid, &study.Event{Kind: study.EventExtended, Space: def.Space})
	o.verify(list)
	// What a program asks for while a trial runs is known only at its end.
	turned := ended(2, 0, 1)
	turned.Config = config(wider, map[string]value.Value{"x": value.Float(1), "z": value.Bool(false)})
	o.must(turned)
	o.verify(append(list, turned))
	closed := own(t, s, Definition("b"))
	closed.refused(study.Invalid, &study.Event{Kind: study.EventExtended, Space: wider})
}

func testRedefined(t *testing.T, s store.Store) {
	def := openDefinition("a")
	def.WarmStart = []string{"../old"}
	def.Earlier = []study.Earlier{{
		Study: "7", Name: "old", Metrics: []string{"loss"}, Params: []string{"lr", "opt", "deep"}, Total: 3,
		Trials: []study.EarlierTrial{{
			Number: 2, Pruned: true, Values: []float64{0.1},
			Params: map[string]space.Value{"lr": value.Float(1e-300), "opt": value.String("a\"b"), "deep": value.Bool(true)},
		}},
	}}
	o := own(t, s, def)
	wide, err := def.Space.Extend(space.Param{Name: "y", Kind: space.Int, Low: 1, High: 5})
	if err != nil {
		t.Fatal(err)
	}
	longer := *def
	longer.WarmStart, longer.Earlier = nil, nil // stays, too
	longer.Stop.Trials, longer.Parallel = 1000, 9
	other := Definition("a") // another space and other objectives, which stay
	other.Objectives = append(other.Objectives, study.Objective{Metric: "size", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}})
	other.Source = "seen"
	list := []*study.Event{
		{Kind: study.EventRedefined, At: at(1), Def: &longer},
		{Kind: study.EventQueued, Trial: 0},
		{Kind: study.EventExtended, At: at(1), Space: wide},
		{Kind: study.EventRedefined, At: at(2), Def: other},
	}
	o.must(list...)
	o.verify(list)
	got := o.load().Def
	if got.Source != "seen" || len(got.Objectives) != 1 {
		t.Errorf("definition after it was redefined: source %q, %d objectives", got.Source, len(got.Objectives))
	}
	if d := cmp.Diff(def.Earlier, got.Earlier, cmp.Comparer(func(a, b space.Value) bool { return a == b })); d != "" || len(got.WarmStart) != 1 {
		t.Errorf("what is known of earlier studies after the study was redefined, -want +got:\n%s", d)
	}
	renamed := *def
	renamed.Name = "other"
	o.refused(study.Invalid, &study.Event{Kind: study.EventRedefined, Def: &renamed})
	o.refused(study.Invalid, &study.Event{Kind: study.EventRedefined})
}

func testEventsAfter(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	const n = 3000 // more than a store will read at once
	var all []*study.Event
	for i := range n {
		all = append(all, queued(def, i))
	}
	o.must(all...)
	for _, after := range []int64{-1, 0, 1, 1024, n - 1, n, n + 1, math.MaxInt64} {
		got := events(t, s, "a", after)
		want := all[min(max(after, 0), n):]
		if d := diffEvents(want, got); d != "" {
			t.Fatalf("events after %d (-want +got):\n%s", after, d)
		}
		for i, e := range got {
			if e.Seq != max(after, 0)+int64(i)+1 {
				t.Fatalf("event %d after %d has the number %d", i, after, e.Seq)
			}
		}
	}
}

func testEventsStop(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	o.must(queued(def, 0), queued(def, 1), queued(def, 2))
	n := 0
	for range s.Events(background, "a", 0) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d events before the break, want 2", n)
	}
	ctx, cancel := context.WithCancel(background)
	cancel()
	var last error
	for _, err := range s.Events(ctx, "a", 0) {
		last = err
	}
	if !errors.Is(last, context.Canceled) {
		t.Errorf("events with a cancelled context ended with %v", last)
	}
	o.must(queued(def, 3)) // whoever stopped reading left nothing behind
}

func testEndedOrder(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	const n = 300 // more than a chunk of a history
	var want []*study.Event
	for i := range n {
		want = append(want, queued(def, i), started(i, 1))
	}
	for i := range n {
		if k := i * 7 % n; k%5 != 0 { // some stay open
			want = append(want, ended(k, 1, float64(k)))
		}
	}
	o.must(want...)
	o.verify(want)
}

func testSharedOrigins(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	shared := &study.Origin{Method: "grid", Version: "1"}
	for n := range 3 {
		q := queued(def, n)
		q.Origin = shared
		o.must(q)
	}
	log := o.load()
	if a, b := log.Book.Trial(0).Origin, log.Book.Trial(2).Origin; a != b {
		t.Error("equal origins do not share memory")
	}
}

// testIndependent changes one loaded study and looks at another.
func testIndependent(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	o.must(queued(def, 0), started(0, 1))
	mine := o.load()
	for i := range 3 {
		if err := mine.Apply(reported(0, 1, float64(i), 1)); err != nil {
			t.Fatal(err)
		}
	}
	if err := mine.Apply(ended(0, 1, 1)); err != nil {
		t.Fatal(err)
	}
	o.verify([]*study.Event{queued(def, 0), started(0, 1)})
}

func testClose(t *testing.T, s store.Store) {
	def := Definition("a")
	o := own(t, s, def)
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("close: %v", err)
		}
	}
	if _, err := s.Append(background, []store.Tx{{Study: "a", Epoch: o.epoch, Events: []*study.Event{queued(def, 0)}}}); err == nil {
		t.Error("a closed store takes events")
	}
	if _, err := s.Load(background, "a"); err == nil {
		t.Error("a closed store loads studies")
	}
	if err := s.Create(background, Definition("b")); err == nil {
		t.Error("a closed store creates studies")
	}
	if _, err := s.Claim(background, "a", "host:2"); err == nil {
		t.Error("a closed store can be claimed")
	}
}
