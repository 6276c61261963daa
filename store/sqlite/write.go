package sqlite

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"strconv"
	"time"

	"github.com/afina-hpo/afina/store/internal/record"
	"github.com/afina-hpo/afina/study"
)

const (
	insertEvent = `INSERT INTO events (id, kind, at, trial, attempt, data) VALUES (?, ?, ?, ?, ?, ?)`
	insertTrial = `INSERT INTO trials (id, state, params, revision, method, version, seen, seen_ended, stream, note, resume, until, bracket, created, copy_of, copy_step, fixed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	endTrial = `UPDATE trials SET state = ?, objectives = ?, violations = ?, metrics = ?,
		failure = ?, message = ?, exit = ?, signal = ?, ended = ?, ended_seq = ? WHERE id = ?`
	insertAttempt = `INSERT INTO attempts (study, trial, attempt, worker, ref, started) VALUES (?, ?, ?, ?, ?, ?)`
	endAttempt    = `UPDATE attempts SET ended = ?, outcome = ?, failure = ?, paid = ?
		WHERE study = ? AND trial = ? AND attempt = ? AND outcome IS NULL`
	insertReport = `INSERT OR REPLACE INTO reports (study, trial, step, metrics, attempt, at) VALUES (?, ?, ?, ?, ?, ?)`
	readReport   = `SELECT metrics FROM reports WHERE study = ? AND trial = ? AND step = ?`
)

// write appends event i of a transaction to the log and changes the tables
// that follow from it, as [study.Log.Apply] changes a trial. The gate has
// allowed it.
func (b *batch) write(l *live, events []*study.Event, i int, text *textRow) error {
	c, e := b.w.conn, events[i]
	if err := c.exec(insertEvent, l.key<<keyBits|e.Seq, string(e.Kind), nano(e.At), int64(e.Trial), int64(e.Attempt), text.data); err != nil {
		return err
	}
	id := l.key<<keyBits | int64(e.Trial)
	switch e.Kind {
	case study.EventRedefined:
		def := *e.Def
		def.WarmStart, def.Earlier = l.def.WarmStart, l.def.Earlier
		def.Space, def.Objectives, def.Fidelity = l.def.Space, l.def.Objectives, l.def.Fidelity
		l.def = &def
		text, err := def.MarshalJSON()
		if err != nil {
			return err
		}
		return c.exec("UPDATE studies SET definition = ? WHERE study = ?", string(text), l.key)

	case study.EventExtended:
		l.revision++
		text, err := json.Marshal(e.Space)
		if err != nil {
			return err
		}
		return c.exec("INSERT INTO spaces VALUES (?, ?, ?, ?)", l.key, int64(l.revision), e.Seq, string(text))

	case study.EventQueued:
		// Most trials are started as they are made: that saves an update.
		state := study.Queued
		if i+1 < len(events) && startsNew(events[i], events[i+1]) {
			state = study.Running
		}
		from := 0.0
		var copyOf, copyStep driver.Value
		if e.Copy != nil {
			from, copyOf, copyStep = e.Copy.Step, int64(e.Copy.Trial), e.Copy.Step
		}
		o := e.Origin
		if o == nil {
			return c.exec(insertTrial, id, string(state), text.params, int64(l.revision), nil, nil, nil, nil, nil, nil, from, e.Until, int64(e.Bracket), nano(e.At), copyOf, copyStep, nil)
		}
		return c.exec(insertTrial, id, string(state), text.params, int64(l.revision), record.Text(o.Method), record.Text(o.Version),
			int64(o.Seen), int64(o.SeenEnded), int64(o.Stream), record.Text(o.Note), from, e.Until, int64(e.Bracket), nano(e.At), copyOf, copyStep, orNull(o.Fixed))

	case study.EventStarted:
		if i == 0 || !startsNew(events[i-1], e) {
			if err := c.exec("UPDATE trials SET state = 'running', not_before = NULL WHERE id = ?", id); err != nil {
				return err
			}
		}
		return c.exec(insertAttempt, l.key, int64(e.Trial), int64(e.Attempt), record.Text(e.Worker), record.Text(e.Ref), nano(e.At))

	case study.EventReported:
		return b.report(l, e, text.metrics)

	case study.EventRequeued:
		if err := c.exec("UPDATE trials SET state = 'queued', not_before = ? WHERE id = ?", nano(e.NotBefore), id); err != nil {
			return err
		}
		return b.endAttempt(l, e, study.Requeued)

	case study.EventPaused:
		if err := c.exec("UPDATE trials SET state = 'paused' WHERE id = ?", id); err != nil {
			return err
		}
		return b.endAttempt(l, e, string(study.Paused))

	case study.EventGranted:
		return c.exec("UPDATE trials SET state = 'queued', resume = ?, until = ?, bracket = ? WHERE id = ?", e.Resume, e.Until, int64(e.Bracket), id)

	case study.EventEnded:
		delete(l.steps, e.Trial)
		var class, message, exit, signal driver.Value
		if f := e.Failure; f != nil {
			class, message, exit, signal = record.Text(string(f.Class)), record.Text(f.Message), int64(f.Exit), record.Text(f.Signal)
		}
		if err := c.exec(endTrial, string(e.State), text.objectives, text.violations, text.metrics,
			class, message, exit, signal, nano(e.At), e.Seq, id); err != nil {
			return err
		}
		if text.params != nil {
			if err := c.exec("UPDATE trials SET params = ?, revision = ? WHERE id = ?", text.params, int64(l.revision), id); err != nil {
				return err
			}
		}
		return b.endAttempt(l, e, string(e.State))
	}
	return nil
}

// startsNew reports whether the second event starts the trial that the first
// makes.
func startsNew(a, b *study.Event) bool {
	return a.Kind == study.EventQueued && b.Kind == study.EventStarted && a.Trial == b.Trial
}

// report keeps what was measured. At a step that was reported before, the new
// metrics join the old ones.
func (b *batch) report(l *live, e *study.Event, metrics driver.Value) error {
	last, known := l.steps[e.Trial]
	if !known || e.Step <= last { // the step may be there
		var old study.Metrics
		var names record.Names
		found, err := b.w.conn.one(context.Background(), func(r row) (err error) {
			if !r.null(0) {
				if old, err = record.ParseMetrics(r.text(0), &names); err != nil {
					return damaged(l.id, e.Trial, "reports.metrics", "%v", err)
				}
			}
			return nil
		}, readReport, l.key, int64(e.Trial), e.Step)
		if err != nil {
			return err
		}
		if found {
			metrics = string(old.With(e.Values).AppendJSON(nil))
		}
	}
	if !known || e.Step > last {
		l.steps[e.Trial] = e.Step
	}
	return b.w.conn.exec(insertReport, l.key, int64(e.Trial), e.Step, metrics, int64(e.Attempt), nano(e.At))
}

// endAttempt notes the end of the newest attempt, if it is still running.
func (b *batch) endAttempt(l *live, e *study.Event, outcome string) error {
	if e.Attempt == 0 {
		return nil
	}
	var failure driver.Value
	if e.Failure != nil {
		failure = string(record.AppendFailure(nil, e.Failure))
	}
	return b.w.conn.exec(endAttempt, nano(e.At), outcome, failure, e.Paid, l.key, int64(e.Trial), int64(e.Attempt))
}

// nano returns t as a column holds it: NULL for the zero time.
func nano(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return record.Nano(t)
}

// countsJSON returns how many trials are in each state, as a person reads it.
func countsJSON(counts map[study.State]int) string {
	b := []byte{'{'}
	for _, state := range study.States {
		if n := counts[state]; n > 0 {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = strconv.AppendQuote(b, string(state))
			b = append(b, ':')
			b = strconv.AppendInt(b, int64(n), 10)
		}
	}
	return string(append(b, '}'))
}

// orNull returns a text as it is stored where none is NULL.
func orNull(s string) driver.Value {
	if s == "" {
		return nil
	}
	return record.Text(s)
}
