package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/internal/gate"
	"github.com/afina-hpo/afina/store/internal/record"
	"github.com/afina-hpo/afina/study"
)

// keyBits is how far the number of a study lies above that of a trial or event
// in a key.
const keyBits = 40

// live is what the writer knows of a study that is written.
type live struct {
	key      int64
	id       string
	epoch    int64
	gate     *gate.Study
	def      *study.Definition // with the space as it was at first
	revision int               // of the present space
	// steps is the last step reported by trials that have not ended and have
	// reported since the study was opened.
	steps map[int]float64
	dirty bool // has a place in batch.touched
}

// entry is a transaction with what was prepared of it.
type entry struct {
	tx   *store.Tx
	rows []textRow
	err  error
}

// textRow is the columns of one event that are text.
type textRow struct {
	data       string       // events.data
	params     driver.Value // of queued and ended
	metrics    driver.Value // of reported and ended
	objectives driver.Value // of ended
	violations driver.Value // of ended
}

func newEntry(tx *store.Tx) entry {
	t := entry{tx: tx, rows: make([]textRow, len(tx.Events))}
	var buf []byte
	text := func(b []byte) driver.Value { buf = b; return string(b) }
	for i, e := range tx.Events {
		r := &t.rows[i]
		b, err := record.AppendEvent(buf[:0], e)
		if err != nil {
			t.err = study.Errorf(study.Invalid, "", "an event %s cannot be stored: %v", e.Kind, err)
			return t
		}
		buf = b
		r.data = string(b)
		if !e.Config.IsZero() {
			r.params = text(e.Config.AppendJSON(buf[:0]))
		}
		if e.Values != nil {
			r.metrics = text(e.Values.AppendJSON(buf[:0]))
		}
		if e.Objectives != nil {
			r.objectives = text(record.AppendFloats(buf[:0], e.Objectives))
		}
		if e.Violations != nil {
			r.violations = text(record.AppendFloats(buf[:0], e.Violations))
		}
	}
	return t
}

// batch is one transaction of the database while it is written.
type batch struct {
	w       *writer
	touched []*live
}

// create adds a study.
func (b *batch) create(def *study.Definition, text string) error {
	var id string
	found, err := b.w.conn.one(context.Background(), func(r row) error { id = r.text(0); return nil },
		"SELECT id FROM studies WHERE id = ? OR name = ? LIMIT 1", def.ID, def.Name)
	switch {
	case err != nil:
		return err
	case found && id == def.ID:
		return refuse(study.Conflict, "", "there is a study with the id %q already", def.ID)
	case found:
		return refuse(study.Conflict, "resume it, or choose another name", "there is a study called %q already", def.Name)
	}
	return b.w.conn.exec("INSERT INTO studies (id, name, created, definition) VALUES (?, ?, ?, ?)",
		def.ID, def.Name, nano(def.Created), text)
}

// claim makes holder the owner of a study.
func (b *batch) claim(id, holder string) (int64, error) {
	l, err := b.find(id)
	if concernsStudy(err) {
		return 0, &refusal{err}
	}
	if err != nil {
		return 0, err
	}
	if l == nil {
		return 0, refuse(study.NotFound, "", "there is no study %q", id)
	}
	l.epoch++
	return l.epoch, b.w.conn.exec("UPDATE studies SET epoch = ?, owner = ? WHERE study = ?", l.epoch, record.Text(holder), l.key)
}

// find returns the study called id, or nil. What is known of it is read once.
func (b *batch) find(id string) (*live, error) {
	if l := b.w.live[id]; l != nil {
		return l, nil
	}
	ctx := context.Background()
	h, err := readHead(ctx, b.w.conn, id)
	if h == nil || err != nil {
		return nil, err
	}
	l := &live{key: h.key, id: id, epoch: h.epoch, def: h.def, revision: len(h.spaces) - 1, steps: make(map[int]float64)}
	l.gate = gate.New(gate.Head{
		ID: h.def.ID, Name: h.def.Name, Seq: h.seq, Space: h.spaces[l.revision],
		Status: h.status, Reason: h.reason, Spent: h.spent,
	})
	attempts := make(map[int64]int)
	err = b.w.conn.query(ctx, func(r row) error {
		attempts[r.int(0)] = int(r.int(1))
		return nil
	}, "SELECT trial, max(attempt) FROM attempts WHERE study = ? GROUP BY trial", l.key)
	if err != nil {
		return nil, err
	}
	err = b.w.conn.query(ctx, func(r row) error {
		n := r.int(0)
		if n != int64(l.gate.Len()) {
			return damaged(id, l.gate.Len(), "number", "the trial is missing")
		}
		if !l.gate.Add(study.State(r.text(1)), attempts[n]) {
			return damaged(id, int(n), "state", "%q is no state", r.text(1))
		}
		return nil
	}, "SELECT number, state FROM trials WHERE id BETWEEN ? AND ? ORDER BY id", l.key<<keyBits, (l.key+1)<<keyBits-1)
	if err != nil {
		return nil, err
	}
	b.w.live[id] = l
	return l, nil
}

// concernsStudy reports whether err is about one study: damage there is no
// reason to give up the others.
func concernsStudy(err error) bool {
	_, ok := errors.AsType[*study.Error](err)
	return ok
}

// apply writes one transaction or refuses it in its receipt.
func (b *batch) apply(t *entry) (store.Receipt, error) {
	no := func(err error) (store.Receipt, error) { return store.Receipt{Err: err}, nil }
	tx := t.tx
	l, err := b.find(tx.Study)
	if concernsStudy(err) {
		return no(err)
	}
	switch {
	case err != nil:
		return store.Receipt{}, err
	case l == nil:
		return no(study.Errorf(study.NotFound, "", "there is no study %q", tx.Study))
	case tx.Epoch != l.epoch || l.epoch == 0:
		return no(gate.Stale(tx.Study, tx.Epoch, l.epoch))
	case t.err != nil:
		return no(t.err)
	}
	if tx.Request != "" {
		r := store.Receipt{Duplicate: true}
		found, err := b.w.conn.one(context.Background(), func(got row) error {
			r.First, r.Last = got.int(0), got.int(1)
			return nil
		}, "SELECT first, last FROM requests WHERE study = ? AND request = ?", l.key, tx.Request)
		if found || err != nil {
			return r, err
		}
	}
	r := store.Receipt{First: l.gate.Seq + 1}
	if err := l.gate.Apply(tx.Events); err != nil {
		return no(err)
	}
	r.Last = l.gate.Seq
	if !l.dirty {
		l.dirty = true
		b.touched = append(b.touched, l)
	}
	for i, e := range tx.Events {
		e.Seq = r.First + int64(i)
		if err := b.write(l, tx.Events, i, &t.rows[i]); err != nil {
			return r, err
		}
	}
	if tx.Request != "" {
		err = b.w.conn.exec("INSERT INTO requests VALUES (?, ?, ?, ?)", l.key, tx.Request, r.First, r.Last)
	}
	return r, err
}

// finish writes what is kept once a study.
func (b *batch) finish() error {
	for _, l := range b.touched {
		l.dirty = false
		g := l.gate
		err := b.w.conn.exec("UPDATE studies SET seq = ?, status = ?, reason = ?, spent = ?, counts = ? WHERE study = ?",
			g.Seq, string(g.Status), record.Text(g.Reason), int64(g.Spent), countsJSON(g.Counts()), l.key)
		if err != nil {
			return err
		}
	}
	return nil
}
