package storetest

import (
	"fmt"
	"math"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// model is what the store should hold: the accepted events.
type model struct {
	def      *study.Definition
	accepted []*study.Event
	requests map[string]store.Receipt
}

// try returns how the store should answer to events.
func (m *model) try(t fataler, request string, events []*study.Event) store.Receipt {
	if r, ok := m.requests[request]; ok && request != "" {
		r.Duplicate = true
		return r
	}
	log := fold(t, m.def, m.accepted)
	r := store.Receipt{First: log.Seq + 1}
	for _, e := range events {
		mine := *e
		if err := log.Apply(&mine); err != nil {
			return store.Receipt{Err: err}
		}
	}
	r.Last = log.Seq
	m.accepted = append(m.accepted, events...)
	if request != "" {
		m.requests[request] = r
	}
	return r
}

var (
	genText   = rapid.OneOf(rapid.SampledFrom([]string{"", "loss", "acc", "ошибка", "a\x00\"b\\"}), rapid.StringN(0, 8, 24))
	genNumber = rapid.OneOf(rapid.SampledFrom([]float64{0, 1, 2, 3, -1, 0.5, math.Inf(1), math.Inf(-1), math.NaN()}), rapid.Float64())
	genStep   = rapid.OneOf(rapid.SampledFrom([]float64{0, 1, 2, 3, 0.5, -1, math.Inf(1), math.Inf(-1)}), rapid.Float64())
	genPaid   = rapid.OneOf(rapid.SampledFrom([]float64{0, 0, 1, 2.5, 1e9, -1, math.Inf(1), math.NaN()}), rapid.Float64Range(0, 1e12))
	genFloats = rapid.OneOf(rapid.Just[[]float64](nil), rapid.SliceOfN(genNumber, 0, 3))
	genValues = rapid.OneOf(rapid.Just[study.Metrics](nil), rapid.Map(rapid.MapOfN(genText, genNumber, 0, 4), study.MakeMetrics))
	genTime   = rapid.OneOf(rapid.Just(time.Time{}), rapid.Map(rapid.Int64Range(-4e18, 4e18), func(n int64) time.Time { return time.Unix(0, n) }))
	genState  = rapid.SampledFrom(append([]study.State{"", "done"}, study.States...))
	genKind   = rapid.SampledFrom([]study.Kind{
		study.EventStatus, study.EventExtended, study.EventRedefined, study.EventQueued, study.EventQueued, study.EventStarted, study.EventStarted,
		study.EventStarted, study.EventReported, study.EventReported, study.EventReported, study.EventRequeued,
		study.EventPaused, study.EventGranted, study.EventGranted, study.EventEnded, study.EventEnded, "unheard of",
	})
	genFailure = rapid.OneOf(rapid.Just[*study.Failure](nil), rapid.Custom(func(t *rapid.T) *study.Failure {
		return &study.Failure{
			Class:   rapid.SampledFrom(append([]study.Class{""}, study.Classes...)).Draw(t, "class"),
			Message: genText.Draw(t, "message"), Exit: rapid.IntRange(-3, 300).Draw(t, "exit"), Signal: genText.Draw(t, "signal"),
		}
	}))
	genOrigin = rapid.OneOf(rapid.Just[*study.Origin](nil), rapid.Custom(func(t *rapid.T) *study.Origin {
		return &study.Origin{
			Method: genText.Draw(t, "method"), Version: genText.Draw(t, "version"), Note: genText.Draw(t, "note"), Fixed: genText.Draw(t, "fixed"),
			Seen: rapid.IntRange(0, 3).Draw(t, "seen"), SeenEnded: rapid.IntRange(0, 3).Draw(t, "seen ended"), Stream: rapid.IntRange(-1, 3).Draw(t, "stream"),
		}
	}))
)

// drawEvent draws an event that mostly fits a study of so many trials, whose
// newest attempts are known, and sometimes does not.
func drawEvent(t *rapid.T, def *study.Definition, trials int, attempts map[int]int) *study.Event {
	e := &study.Event{Kind: genKind.Draw(t, "kind"), At: genTime.Draw(t, "at")}
	switch e.Kind {
	case study.EventStatus:
		e.Status = study.Status(rapid.SampledFrom([]string{"", "running", "stopped", "odd"}).Draw(t, "status"))
		e.Reason, e.Spent = genText.Draw(t, "reason"), time.Duration(rapid.Int64Range(-5, 1e12).Draw(t, "spent"))
		return e
	case study.EventExtended:
		e.Space = def.Space
		return e
	case study.EventRedefined:
		def := *def
		def.Parallel = rapid.IntRange(1, 3).Draw(t, "parallel")
		def.Name += rapid.SampledFrom([]string{"", "", "x"}).Draw(t, "rename")
		e.Def = &def
		return e
	case study.EventQueued:
		e.Trial = trials + rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1, -1}).Draw(t, "shift")
		if rapid.IntRange(0, 9).Draw(t, "bare") > 0 {
			u := make([]float64, def.Space.Len())
			for i := range u {
				u[i] = rapid.Float64Range(0, 1).Draw(t, "u")
			}
			e.Config = def.Space.Decode(u)
		}
		if rapid.IntRange(0, 3).Draw(t, "copied") == 0 {
			e.Copy = &study.Copy{Trial: rapid.IntRange(-1, e.Trial).Draw(t, "copy of"), Step: genNumber.Draw(t, "copy step")}
		}
		e.Origin, e.Until, e.Bracket = genOrigin.Draw(t, "origin"), genNumber.Draw(t, "until"), rapid.IntRange(-1, 3).Draw(t, "bracket")
		return e
	}
	e.Trial = rapid.IntRange(-1, trials).Draw(t, "trial")
	if trials > 0 && rapid.IntRange(0, 9).Draw(t, "known") > 0 {
		e.Trial = rapid.IntRange(max(0, trials-3), trials-1).Draw(t, "trial")
	}
	shift := rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, -1}).Draw(t, "shift")
	if e.Kind == study.EventStarted {
		shift++
	}
	e.Attempt = attempts[e.Trial] + shift
	switch e.Kind {
	case study.EventStarted:
		e.Worker, e.Ref = genText.Draw(t, "worker"), genText.Draw(t, "ref")
	case study.EventReported:
		e.Step, e.Values = genStep.Draw(t, "step"), genValues.Draw(t, "values")
	case study.EventRequeued, study.EventPaused:
		e.Failure, e.NotBefore, e.Paid = genFailure.Draw(t, "failure"), genTime.Draw(t, "not before"), genPaid.Draw(t, "paid")
	case study.EventGranted:
		e.Resume, e.Until, e.Bracket = genNumber.Draw(t, "resume"), genNumber.Draw(t, "until"), rapid.IntRange(-1, 3).Draw(t, "bracket")
	case study.EventEnded:
		e.State, e.Objectives, e.Violations = genState.Draw(t, "state"), genFloats.Draw(t, "objectives"), genFloats.Draw(t, "violations")
		e.Values, e.Failure, e.Paid = genValues.Draw(t, "values"), genFailure.Draw(t, "failure"), genPaid.Draw(t, "paid")
	}
	return e
}

// drawTx draws the events of a transaction. The attempts that it would make
// are counted as if it were accepted.
func drawTx(t *rapid.T, m *model) []*study.Event {
	attempts := make(map[int]int)
	trials := 0
	note := func(e *study.Event) {
		switch e.Kind {
		case study.EventQueued:
			trials = max(trials, e.Trial+1)
		case study.EventStarted:
			attempts[e.Trial] = max(attempts[e.Trial], e.Attempt)
		}
	}
	for _, e := range m.accepted {
		note(e)
	}
	var list []*study.Event
	for range rapid.IntRange(0, 4).Draw(t, "events") {
		e := drawEvent(t, m.def, trials, attempts)
		note(e)
		list = append(list, e)
	}
	return list
}

// play sends random transactions to a study and compares every answer.
func play(t *rapid.T, o *owner, m *model) {
	for range rapid.IntRange(1, 20).Draw(t, "transactions") {
		request := rapid.SampledFrom([]string{"", "", "", "r1", "r2", "r3", "ü\x00"}).Draw(t, "request")
		events := drawTx(t, m)
		want := m.try(t, request, events)
		got := o.send(request, events...)
		if got.First != want.First || got.Last != want.Last || got.Duplicate != want.Duplicate || fmt.Sprint(got.Err) != fmt.Sprint(want.Err) || study.CodeOf(got.Err) != study.CodeOf(want.Err) {
			t.Fatalf("receipt\n%+v\nwant\n%+v", got, want)
		}
	}
}

// testRandom sends random events to a store and to a log.
func testRandom(t *testing.T, s store.Store) {
	var studies atomic.Int64
	rapid.Check(t, func(t *rapid.T) {
		o := own(t, s, Definition(fmt.Sprint("r", studies.Add(1))))
		m := &model{def: o.def, requests: make(map[string]store.Receipt)}
		play(t, o, m)
		o.verify(m.accepted)
	})
}
