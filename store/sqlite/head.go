package sqlite

import (
	"context"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

// head is what the tables say of a study as a whole.
type head struct {
	key    int64
	epoch  int64
	def    *study.Definition // with the first of spaces
	spaces []*space.Space    // by revision
	since  []int64           // the event from which each holds
	seq    int64
	status study.Status
	reason string
	spent  time.Duration
}

// readHead reads the head of the study called id; nil where there is none.
func readHead(ctx context.Context, c *conn, id string) (*head, error) {
	var h *head
	bad := func(column string, err error) error {
		return study.Errorf(study.Internal, "restore a copy of the store", "study %q, column %s: %v", id, column, err)
	}
	_, err := c.one(ctx, func(r row) error {
		h = &head{
			key: r.int(0), epoch: r.int(1), seq: r.int(3), status: study.Status(r.text(4)),
			reason: r.text(5), spent: time.Duration(r.int(6)), def: new(study.Definition),
		}
		if err := h.def.UnmarshalJSON([]byte(r.text(2))); err != nil {
			return bad("definition", err)
		}
		h.spaces, h.since = []*space.Space{h.def.Space}, []int64{0}
		return nil
	}, "SELECT study, epoch, definition, seq, status, reason, spent FROM studies WHERE id = ?", id)
	if h == nil || err != nil {
		return nil, err
	}
	err = c.query(ctx, func(r row) error {
		s, err := space.Parse([]byte(r.text(1)))
		if err != nil {
			return bad("spaces.space", err)
		}
		if r.int(0) != int64(len(h.spaces)) {
			return study.Errorf(study.Internal, "restore a copy of the store", "study %q: revision %d of the space is missing", id, len(h.spaces))
		}
		h.spaces, h.since = append(h.spaces, s), append(h.since, r.int(2))
		return nil
	}, "SELECT revision, space, seq FROM spaces WHERE study = ? ORDER BY revision", h.key)
	if err != nil {
		return nil, err
	}
	return h, nil
}

// spaceAfter returns the space in which the events behind event seq happen.
func (h *head) spaceAfter(seq int64) *space.Space {
	i := len(h.since) - 1
	for i > 0 && h.since[i] > seq {
		i--
	}
	return h.spaces[i]
}
