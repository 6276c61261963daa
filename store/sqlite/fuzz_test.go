package sqlite

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/store/internal/record"
	"github.com/afina-hpo/afina/store/storetest"
	"github.com/afina-hpo/afina/study"
)

// trialRow returns a row of the table trials with the columns that hold text
// of afina's making.
func trialRow(state, params, objectives, violations, metrics string, ended any, revision int64) row {
	r := make(row, 24)
	r[0], r[1], r[2], r[3], r[4], r[5], r[22], r[23] = int64(0), state, params, objectives, violations, metrics, ended, revision
	return r
}

// FuzzRow reads rows that may be damaged: nothing may panic, and what is
// accepted must be what would be written again.
func FuzzRow(f *testing.F) {
	def := storetest.Definition("a")
	f.Add("complete", `{"lr":0.1}`, "[1]", "[]", `{"loss":"NaN"}`, `{"class":"exit"}`, `{"status":"running"}`, int64(0))
	f.Add("running", string(def.Space.Decode(make([]float64, 10)).AppendJSON(nil)), "[]", "[]", "{}", "{}", `{"origin":{"method":"x","stream":-1},"until":"Infinity"}`, int64(1))
	f.Fuzz(func(t *testing.T, state, params, objectives, violations, metrics, failure, data string, seq int64) {
		l := &loader{id: "a", spaces: []*space.Space{def.Space}}
		var ended any
		if seq != 0 {
			ended = seq
		}
		if err := l.trial(trialRow(state, params, objectives, violations, metrics, ended, seq%2)); err == nil {
			trial := l.trials[0]
			again := &loader{id: "a", spaces: l.spaces}
			err := again.trial(trialRow(string(trial.State), string(trial.Config.AppendJSON(nil)), string(record.AppendFloats(nil, trial.Values)),
				string(record.AppendFloats(nil, trial.Violations)), string(trial.Metrics.AppendJSON(nil)), ended, seq%2))
			if err != nil {
				t.Fatalf("accepted once, but not again: %v", err)
			}
			same := cmp.Options{
				cmp.Comparer(func(a, b space.Config) bool { return a.Equal(b) }),
				cmp.Comparer(func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) || a != a && b != b }),
			}
			if d := cmp.Diff(trial, again.trials[0], same); d != "" {
				t.Fatalf("came back otherwise (-first +second):\n%s", d)
			}
			// The check of the whole and the rows of other tables.
			if err := l.report(row{int64(0), 1.0, metrics, nil}); err != nil {
				t.Fatalf("metrics good for a trial are not for a report: %v", err)
			}
			if err := l.attempt(row{int64(0), int64(1), "w", "", nil, nil, state, failure}); err == nil && len(trial.Attempts) != 1 {
				t.Fatal("an attempt was accepted and is not there")
			}
			if l.check() == nil {
				l.fill(study.NewBook(def.Space, def.Objectives, nil))
			}
		} else if len(l.trials) != 0 {
			t.Fatalf("a refused row left a trial: %v", err)
		}
		var read record.Reader
		read.Use(def.Space)
		var e study.Event
		if err := read.Event(data, &e); err == nil {
			text, err := record.AppendEvent(nil, &e)
			if err != nil {
				t.Fatalf("an event that was read cannot be written: %v", err)
			}
			if err := read.Event(string(text), &study.Event{}); err != nil {
				t.Fatalf("an event cannot be read again: %v\n%s", err, text)
			}
		}
	})
}
