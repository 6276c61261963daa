package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// start is when the studies of the suite begin: a moment with nanoseconds,
// which a store must keep.
var start = time.Date(2026, 3, 29, 1, 59, 59, 123456789, time.UTC)

func at(n int) time.Time { return start.Add(time.Duration(n) * 1_000_000_001) }

// fataler is *testing.T or *rapid.T.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Definition returns a study to test with: ten parameters of every type, one
// of them conditional, and one objective.
func Definition(id string) *study.Definition {
	choice := func(vs ...string) []value.Value {
		var list []value.Value
		for _, v := range vs {
			list = append(list, value.String(v))
		}
		return list
	}
	s, err := space.New(space.Spec{Params: []space.Param{
		{Name: "lr", Kind: space.Float, Low: 1e-6, High: 1, Scale: space.Log},
		{Name: "momentum", Kind: space.Float, Low: 0.5, High: 0.999, Scale: space.ReverseLog},
		{Name: "decay", Kind: space.Float, Low: 0, High: 0.1},
		{Name: "dropout", Kind: space.Float, Low: 0, High: 0.7, Step: 0.1},
		{Name: "layers", Kind: space.Int, Low: 1, High: 12},
		{Name: "width", Kind: space.Int, Low: 16, High: 4096, Scale: space.Log},
		{Name: "batch", Kind: space.Int, Low: 32, High: 512, Step: 32},
		{Name: "nesterov", Kind: space.Bool},
		{Name: "optimizer", Kind: space.Choice, Choices: append(choice("sgd", "adam", "", "naïve \"π\"\n\\"), value.Null, value.Int(1), value.Float(2.5), value.Bool(true))},
		{Name: "beta2", Kind: space.Float, Low: 0.9, High: 0.9999, Branches: []space.Branch{{Parent: "optimizer", Values: choice("adam")}}},
	}})
	if err != nil {
		panic(err) // the suite's own mistake
	}
	return &study.Definition{
		ID: id, Name: "study " + id, Created: start, Space: s,
		Objectives: []study.Objective{{Metric: "loss", Goal: study.Minimize, Reduce: study.Reduction{Kind: "last"}}},
		Search:     study.Method{Name: "random"}, Seed: 7, Parallel: 4,
	}
}

// open returns the definition of a study whose space can grow.
func openDefinition(id string) *study.Definition {
	def := Definition(id)
	s, err := space.New(space.Spec{Open: true, Params: []space.Param{{Name: "x", Kind: space.Float, Low: 0, High: 1}}})
	if err != nil {
		panic(err)
	}
	def.Space = s
	return def
}

// owner is a study in a store, and the right to write it.
type owner struct {
	t     fataler
	s     store.Store
	def   *study.Definition
	epoch int64
}

// own creates a study and claims it.
func own(t fataler, s store.Store, def *study.Definition) *owner {
	t.Helper()
	if err := s.Create(background, def); err != nil {
		t.Fatalf("create study %q: %v", def.ID, err)
	}
	o := &owner{t: t, s: s, def: def}
	o.claim()
	return o
}

func (o *owner) claim() {
	o.t.Helper()
	epoch, err := o.s.Claim(background, o.def.ID, "host:1")
	if err != nil {
		o.t.Fatalf("claim study %q: %v", o.def.ID, err)
	}
	if epoch <= o.epoch {
		o.t.Fatalf("epoch %d does not follow %d", epoch, o.epoch)
	}
	o.epoch = epoch
}

// send sends one transaction and returns its receipt.
func (o *owner) send(request string, events ...*study.Event) store.Receipt {
	o.t.Helper()
	rs, err := o.s.Append(background, []store.Tx{{Study: o.def.ID, Epoch: o.epoch, Request: request, Events: events}})
	if err != nil {
		o.t.Fatalf("append: %v", err)
	}
	if len(rs) != 1 {
		o.t.Fatalf("%d receipts for one transaction", len(rs))
	}
	return rs[0]
}

// must sends events that have to be accepted.
func (o *owner) must(events ...*study.Event) store.Receipt {
	o.t.Helper()
	r := o.send("", events...)
	if r.Err != nil {
		o.t.Fatalf("refused: %v", r.Err)
	}
	return r
}

// refused sends events that have to be refused with code.
func (o *owner) refused(code study.Code, events ...*study.Event) {
	o.t.Helper()
	before := len(o.events())
	r := o.send("", events...)
	if got := study.CodeOf(r.Err); got != code {
		o.t.Fatalf("receipt has the error %v with code %q, want code %q", r.Err, got, code)
	}
	if after := len(o.events()); after != before {
		o.t.Fatalf("the refused transaction left %d events", after-before)
	}
}

func (o *owner) events() []*study.Event {
	o.t.Helper()
	return events(o.t, o.s, o.def.ID, 0)
}

func (o *owner) load() *study.Log {
	o.t.Helper()
	log, err := o.s.Load(background, o.def.ID)
	if err != nil {
		o.t.Fatalf("load: %v", err)
	}
	return log
}

// verify demands that the store holds what folding events gives, whether it
// is loaded or folded from the events of the store.
func (o *owner) verify(want []*study.Event) {
	o.t.Helper()
	stored := o.events()
	for i, e := range stored {
		if e.Seq != int64(i+1) {
			o.t.Fatalf("event %d has the number %d", i+1, e.Seq)
		}
	}
	if d := diffEvents(want, stored); d != "" {
		o.t.Fatalf("events differ (-want +got):\n%s", d)
	}
	loaded := o.load()
	if d := DiffLogs(fold(o.t, o.def, stored), loaded); d != "" {
		o.t.Fatalf("Load differs from the fold of Events (-fold +load):\n%s", d)
	}
	if d := DiffLogs(fold(o.t, o.def, want), loaded); d != "" {
		o.t.Fatalf("Load differs from what was sent (-want +load):\n%s", d)
	}
}

func events(t fataler, s store.Store, id string, after int64) []*study.Event {
	t.Helper()
	var list []*study.Event
	for e, err := range s.Events(background, id, after) {
		if err != nil {
			t.Fatalf("events: %v", err)
		}
		list = append(list, e)
	}
	return list
}

// fold applies copies of events to a new log.
func fold(t fataler, def *study.Definition, events []*study.Event) *study.Log {
	t.Helper()
	log := study.NewLog(def)
	for _, e := range events {
		mine := *e
		if err := log.Apply(&mine); err != nil {
			t.Fatalf("fold event %d: %v", e.Seq, err)
		}
	}
	return log
}

// The events of a trial's life.

func queued(def *study.Definition, n int) *study.Event {
	u := make([]float64, def.Space.Len())
	for i := range u {
		u[i] = float64((n*7+i*13)%101) / 100
	}
	return &study.Event{
		Kind: study.EventQueued, At: at(n), Trial: n, Config: def.Space.Decode(u),
		Origin: &study.Origin{Method: "random", Version: "1", Stream: n},
	}
}

func started(n, attempt int) *study.Event {
	return &study.Event{Kind: study.EventStarted, At: at(n + 1), Trial: n, Attempt: attempt, Worker: "host:1/0", Ref: fmt.Sprint("run-", n)}
}

func reported(n, attempt int, step, loss float64) *study.Event {
	return &study.Event{
		Kind: study.EventReported, At: at(n + 2), Trial: n, Attempt: attempt, Step: step,
		Values: study.MakeMetrics(map[string]float64{"loss": loss, "acc": 1 - loss}),
	}
}

func ended(n, attempt int, loss float64) *study.Event {
	return &study.Event{
		Kind: study.EventEnded, At: at(n + 3), Trial: n, Attempt: attempt, State: study.Complete,
		Objectives: []float64{loss}, Values: study.MakeMetrics(map[string]float64{"loss": loss}),
	}
}

var _ fataler = (*testing.T)(nil)
