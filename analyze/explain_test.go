package analyze_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

// told is a trial at x that ran from one second to another; until 0 it runs
// still.
type told struct {
	x           float64
	from, until int
	value       float64
}

func clock(s int) time.Time { return time.Unix(int64(1000+s), 0) }

// lived returns a study of trials that were made when they started, and the
// last of them with the origin given.
func lived(t *testing.T, origin study.Origin, trials ...told) *study.History {
	t.Helper()
	s := line(t)
	book := study.NewBook(s, []study.Objective{{Metric: "m", Goal: study.Minimize}}, nil)
	made := make([]*study.Trial, len(trials))
	for n, one := range trials {
		made[n] = &study.Trial{
			Number: n, State: study.Running, Config: at(t, s, one.x), Created: clock(one.from), Origin: &study.Origin{Method: "test", Stream: n},
			Attempts: []study.Attempt{{Number: 1, Started: clock(one.from)}},
			Reports:  []study.Report{{Step: 1, At: clock(one.from + 1)}, {Step: 2, At: clock(one.from + 100)}},
		}
		book.Put(made[n])
	}
	made[len(made)-1].Origin = &origin
	for second := range 1000 {
		for n, one := range trials {
			if one.until != second || second == 0 {
				continue
			}
			e := *made[n]
			e.State, e.Ended, e.Values = study.Complete, clock(second), []float64{one.value}
			e.Attempts = []study.Attempt{{Number: 1, Started: clock(one.from), Ended: clock(second), Outcome: string(study.Complete)}}
			book.Put(&e)
		}
	}
	return book.History()
}

func TestExplain(t *testing.T) {
	h := lived(t, study.Origin{
		Method: "gp", Version: "1", Seen: 5, SeenEnded: 3, Stream: 5,
		Note: `{"by":"gp","arm":"global","predicted":1.5,"se":0.25,"gain":0.1,"log_ei":-3}`,
	},
		told{x: 0, from: 0, until: 10, value: 7},
		told{x: 4, from: 0, until: 20, value: 3},
		told{x: 9, from: 0, until: 30, value: 5},
		told{x: 5, from: 5, until: 90, value: 1}, // ended only later
		told{x: 6, from: 30},                     // runs still
		told{x: 5.5, from: 40, until: 60, value: 2},
	)
	e := analyze.Explain(h, h.Trial(5), func(*study.History, space.Config) ([]float64, []float64, bool) {
		t.Error("the belief is asked for what the note says")
		return nil, nil, false
	})
	if e.Seen.Len() != 5 || e.Seen.EndedLen() != 3 || e.Best.Number != 1 {
		t.Errorf("seen %d trials, %d ended, the best %v", e.Seen.Len(), e.Seen.EndedLen(), e.Best)
	}
	if diff := cmp.Diff([]int{3, 4}, numbers(e.Running)); diff != "" {
		t.Error("running", diff)
	}
	if was := e.Seen.Trial(3); was.Values != nil || was.State != study.Running || len(was.Reports) != 1 {
		t.Errorf("trial 3 was seen as %+v", was)
	}
	var near []string
	for _, n := range e.Nearest {
		near = append(near, fmt.Sprintf("%d at %.2f", n.Trial.Number, n.Distance))
	}
	if got := strings.Join(near, ", "); got != "1 at 0.15, 2 at 0.35, 0 at 0.55" {
		t.Errorf("nearest: %s", got)
	}
	if !e.Noted || e.Mean[0] != 1.5 || e.SE[0] != 0.25 || *e.Gain != 0.1 {
		t.Errorf("predicted %v ± %v, gain %v", e.Mean, e.SE, e.Gain)
	}
	want := []analyze.Note{{Key: "by", Value: json.RawMessage(`"gp"`)}, {Key: "arm", Value: json.RawMessage(`"global"`)}, {Key: "log_ei", Value: json.RawMessage(`-3`)}}
	if diff := cmp.Diff(want, e.Notes); diff != "" {
		t.Error(diff)
	}
}

// Where the note predicts nothing the belief is worked out, on what was known.
func TestExplainByBelief(t *testing.T) {
	h := lived(t, study.Origin{Method: "gp", Version: "1", Seen: 2, SeenEnded: 1, Stream: 2, Note: `{"by":"sobol"}`},
		told{x: 1, from: 0, until: 10, value: 7}, told{x: 2, from: 0, until: 50, value: 3}, told{x: 3, from: 20})
	e := analyze.Explain(h, h.Trial(2), func(seen *study.History, c space.Config) ([]float64, []float64, bool) {
		return []float64{float64(seen.EndedLen())}, []float64{c.At(0).AsFloat()}, true
	})
	if e.Noted || e.Mean[0] != 1 || e.SE[0] != 3 {
		t.Errorf("predicted %v ± %v, noted %v", e.Mean, e.SE, e.Noted)
	}
	if e = analyze.Explain(h, h.Trial(2), nil); e.Mean != nil {
		t.Errorf("nobody believes anything, and predicted is %v", e.Mean)
	}
}

// What no algorithm made is explained by the clock: what had ended by then.
func TestExplainByHand(t *testing.T) {
	h := lived(t, study.Origin{Method: "added", Stream: 2},
		told{x: 1, from: 0, until: 10, value: 7}, told{x: 2, from: 0, until: 50, value: 3}, told{x: 3, from: 20})
	e := analyze.Explain(h, h.Trial(2), nil)
	if e.Seen.EndedLen() != 1 || len(e.Running) != 1 || e.Running[0].Number != 1 || e.Notes != nil {
		t.Errorf("seen %d ended, running %v, notes %v", e.Seen.EndedLen(), numbers(e.Running), e.Notes)
	}
	first := analyze.Explain(h, h.Trial(0), nil)
	if first.Seen.Len() != 0 || first.Best != nil || first.Nearest != nil {
		t.Errorf("the first trial: %+v", first)
	}
}

// A method may note what it likes.
func TestNotes(t *testing.T) {
	for _, c := range []struct {
		note  string
		mean  []float64
		notes string
	}{
		{``, nil, ``},
		{`{}`, nil, ``},
		{`{"mean":2}`, []float64{2}, ``},
		{`{"predicted":1,"mean":2}`, []float64{1}, `mean=2`},
		{`{"predicted":null}`, nil, `predicted=null`},
		{`{"predicted":[1,2]}`, nil, `predicted=[1,2]`},
		{`{"predicted":[4]}`, []float64{4}, ``},
		{`{"predicted":"low","gain":"much","se":{}}`, nil, `predicted="low" gain="much" se={}`},
		{`[1,2]`, nil, `=[1,2]`},
		{`"free"`, nil, `="free"`},
		{`not JSON`, nil, `="not JSON"`},
		{`{"a":1} more`, nil, `="{\"a\":1} more"`},
	} {
		h := lived(t, study.Origin{Method: "m", Version: "1", Note: c.note}, told{x: 1})
		e := analyze.Explain(h, h.Trial(0), nil)
		var notes []string
		for _, n := range e.Notes {
			notes = append(notes, n.Key+"="+string(n.Value))
		}
		if diff := cmp.Diff(c.mean, e.Mean); diff != "" || strings.Join(notes, " ") != c.notes || e.Gain != nil {
			t.Errorf("%s: mean %v, notes %v, gain %v", c.note, e.Mean, notes, e.Gain)
		}
	}
}

// FuzzNote holds the reading of notes to never failing.
func FuzzNote(f *testing.F) {
	for _, s := range []string{``, `{}`, `{"by":"gp","predicted":1,"se":2,"gain":3}`, `{"predicted":[1,2]}`, `[`, `{"a":{"b":[1]}}`, `null`} {
		f.Add(s)
	}
	s, err := space.New(space.Spec{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, note string) {
		book := study.NewBook(s, []study.Objective{{Metric: "m", Goal: study.Minimize}}, nil)
		book.Put(&study.Trial{State: study.Queued, Origin: &study.Origin{Method: "m", Version: "1", Note: note}})
		h := book.History()
		e := analyze.Explain(h, h.Trial(0), nil)
		if e.Mean != nil && len(e.Mean) != 1 || e.SE != nil && (len(e.SE) != 1 || e.Mean == nil) {
			t.Errorf("%q predicts %v ± %v", note, e.Mean, e.SE)
		}
		for _, n := range e.Notes {
			if !json.Valid(n.Value) {
				t.Errorf("%q has the note %s=%s", note, n.Key, n.Value)
			}
		}
	})
}

// The best that a trial is held against is that of its own context.
func TestExplainInContext(t *testing.T) {
	s, err := space.New(space.Spec{Params: []space.Param{
		{Name: "rows", Kind: space.Int, Low: 1, High: 9, Context: true},
		{Name: "x", Kind: space.Float, Low: 0, High: 10},
	}})
	if err != nil {
		t.Fatal(err)
	}
	book := study.NewBook(s, []study.Objective{{Metric: "m", Goal: study.Minimize}}, nil)
	for n, rows := range []int64{1, 2, 2, 1, 3} {
		c, err := s.Config(map[string]space.Value{"rows": value.Int(rows), "x": value.Float(float64(n))})
		if err != nil {
			t.Fatal(err)
		}
		book.Put(&study.Trial{
			Number: n, State: study.Complete, Config: c, Created: clock(n), Ended: clock(n), Values: []float64{float64(rows) - float64(n)/10},
			Origin: &study.Origin{Method: "added", Stream: n},
		})
	}
	h := book.History()
	for n, want := range []int{-1, -1, 1, 0, -1} {
		got := -1
		if best := analyze.Explain(h, h.Trial(n), nil).Best; best != nil {
			got = best.Number
		}
		if got != want {
			t.Errorf("trial %d: the best then was %d, want %d", n, got, want)
		}
	}
}
