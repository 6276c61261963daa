package sqlite

import (
	"context"
	"iter"

	"github.com/afina-hpo/afina/store/internal/gate"
	"github.com/afina-hpo/afina/store/internal/record"
	"github.com/afina-hpo/afina/study"
)

// page is how many events are read at once. Between pages no transaction is
// open, so that a slow consumer never keeps the log of the database from
// being folded into its file.
const page = 1024

const selectEvents = `SELECT id, kind, at, trial, attempt, data FROM events WHERE id > ? AND id < ? ORDER BY id LIMIT ?`

// Events implements [store.Store]. It yields what happens while it runs, too.
func (s *Store) Events(ctx context.Context, id string, after int64) iter.Seq2[*study.Event, error] {
	return func(yield func(*study.Event, error) bool) {
		var read record.Reader
		after := min(max(after, 0), gate.MaxEvents)
		for {
			events, err := s.page(ctx, id, after, &read)
			if err != nil {
				yield(nil, explain("read events from", s.path, err))
				return
			}
			for _, e := range events {
				if !yield(e, nil) {
					return
				}
			}
			if len(events) < page {
				return
			}
			after = events[len(events)-1].Seq
		}
	}
}

// page reads the next events.
func (s *Store) page(ctx context.Context, id string, after int64, read *record.Reader) ([]*study.Event, error) {
	events := make([]*study.Event, 0, 64)
	err := s.readers.do(ctx, func(c *conn) error {
		h, err := readHead(ctx, c, id)
		if err != nil {
			return err
		}
		if h == nil {
			return study.Errorf(study.NotFound, "", "there is no study %q", id)
		}
		key := h.key
		read.Use(h.spaceAfter(after))
		return c.query(ctx, func(r row) error {
			e := &study.Event{
				Seq: r.int(0) - key<<keyBits, Kind: study.Kind(read.Names.Share(r.text(1))), At: r.time(2),
				Trial: int(r.int(3)), Attempt: int(r.int(4)),
			}
			if want := after + 1 + int64(len(events)); e.Seq != want {
				return study.Errorf(study.Internal, "restore a copy of the store", "study %q: event %d is missing", id, want)
			}
			if err := read.Event(r.text(5), e); err != nil {
				return study.Errorf(study.Internal, "restore a copy of the store", "study %q, event %d, column data: %v", id, e.Seq, err)
			}
			if e.Kind == study.EventExtended && e.Space != nil {
				read.Use(e.Space)
			}
			events = append(events, e)
			return nil
		}, selectEvents, key<<keyBits|after, (key+1)<<keyBits, int64(page))
	})
	return events, err
}
