package sqlite

import (
	"context"
	"strings"

	"github.com/afina-hpo/afina/study"
)

// Integrity reads the whole file and reports damage: of the database, and of
// studies whose tables cannot be read. It takes time in proportion to the size
// of the file and disturbs nobody.
func (s *Store) Integrity(ctx context.Context) error {
	var found []string
	err := s.readers.do(ctx, func(c *conn) error {
		err := c.query(ctx, func(r row) error {
			if text := r.text(0); text != "ok" {
				found = append(found, text)
			}
			return nil
		}, "PRAGMA integrity_check(20)")
		if err != nil {
			return err
		}
		return quickCheck(ctx, c)
	})
	if err != nil {
		return explain("check", s.path, err)
	}
	if len(found) > 0 {
		return study.Errorf(study.Internal, "restore a copy, or save what can be read with the sqlite3 program's .recover", "%s is damaged: %s", s.path, strings.Join(found, "; "))
	}
	list, err := s.Studies(ctx)
	if err != nil {
		return err
	}
	for _, sum := range list {
		if _, err := s.Load(ctx, sum.ID); err != nil {
			return err
		}
	}
	return nil
}
