package sqlite

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/afina-hpo/afina/study"
)

//go:embed schema/*.sql
var schema embed.FS

// applicationID marks the file as an afina store; the schema sets it.
const applicationID = 1095125326

// migrations returns the scripts in dir of files, by version from 1. Their
// names are numbers.
func migrations(files fs.FS, dir string) ([]string, error) {
	entries, err := fs.ReadDir(files, dir) // sorted by name
	if err != nil {
		return nil, err
	}
	var list []string
	for _, e := range entries {
		n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ".sql"))
		if err != nil || n != len(list)+1 {
			return nil, fmt.Errorf("migration %q is not number %d", e.Name(), len(list)+1)
		}
		text, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, string(text))
	}
	return list, nil
}

// version returns the version of the schema, 0 for an empty file. A file of
// another program is an error.
func version(ctx context.Context, c *conn) (int, error) {
	app, tables, v := int64(0), int64(0), int64(0)
	get := func(n *int64, query string) error {
		_, err := c.one(ctx, func(r row) error { *n = r.int(0); return nil }, query)
		return err
	}
	if err := get(&app, "PRAGMA application_id"); err != nil {
		return 0, err
	}
	if err := get(&tables, "SELECT count(*) FROM sqlite_schema"); err != nil {
		return 0, err
	}
	switch {
	case app == 0 && tables == 0:
		return 0, nil
	case app != applicationID:
		return 0, study.Errorf(study.Invalid, "give the path of an afina store, or of a new file", "the file is a database of another program")
	}
	err := get(&v, "SELECT max(version) FROM versions")
	return int(v), err
}

// tooNew is the refusal of a store that a later afina has written.
func tooNew(have, known int) error {
	return study.Errorf(study.Invalid, "upgrade afina, or use another store", "the store has schema version %d, and this afina knows versions up to %d", have, known)
}

// migrate brings the schema to the last version, each step in a transaction of
// its own: a process that dies in between leaves one version or the next.
func migrate(ctx context.Context, c *conn, list []string) error {
	have, err := version(ctx, c)
	if err != nil {
		return err
	}
	if have > len(list) {
		return tooNew(have, len(list))
	}
	for v := have + 1; v <= len(list); v++ {
		if err := step(c, v, list[v-1]); err != nil {
			return fmt.Errorf("bring the store to schema version %d: %w", v, err)
		}
	}
	return nil
}

func step(c *conn, v int, text string) (err error) {
	if err := c.script("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			// The first error is the one to tell.
			_ = c.script("ROLLBACK")
		}
	}()
	if v == 1 {
		if err := c.script("CREATE TABLE versions (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL) STRICT"); err != nil {
			return err
		}
	}
	if err := c.script(text); err != nil {
		return err
	}
	if err := c.exec("INSERT INTO versions VALUES (?, ?)", int64(v), time.Now().UnixNano()); err != nil {
		return err
	}
	return c.script("COMMIT")
}
