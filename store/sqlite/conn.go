package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// conn is one connection with its prepared statements. It goes to the driver
// without database/sql, whose locks and conversions would double the cost of
// a small statement. It is not safe for concurrent use.
type conn struct {
	c     driver.Conn
	stmts map[string]driver.Stmt
	args  []driver.NamedValue
}

// dsn returns the driver's name of the file at path with settings.
func dsn(path string, settings ...string) string {
	p := filepath.ToSlash(path)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p // C:/x
	}
	u := url.URL{Scheme: "file", Path: p, RawQuery: strings.Join(settings, "&")}
	return u.String()
}

func dial(ctx context.Context, dsn string) (*conn, error) {
	connector, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	c, err := connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	return &conn{c: c, stmts: make(map[string]driver.Stmt)}, nil
}

func (c *conn) close() error {
	for _, s := range c.stmts {
		s.Close() // fails only as its last run did
	}
	return c.c.Close()
}

func (c *conn) prepare(query string, args []driver.Value) (driver.Stmt, []driver.NamedValue, error) {
	s := c.stmts[query]
	if s == nil {
		var err error
		if s, err = c.c.Prepare(query); err != nil {
			return nil, nil, err
		}
		c.stmts[query] = s
	}
	c.args = c.args[:0]
	for i, a := range args {
		c.args = append(c.args, driver.NamedValue{Ordinal: i + 1, Value: a})
	}
	return s, c.args, nil
}

// exec runs a statement, which is prepared once.
func (c *conn) exec(query string, args ...driver.Value) error {
	s, named, err := c.prepare(query, args)
	if err != nil {
		return err
	}
	// Not to be interrupted: half a transaction is of no use.
	_, err = s.(driver.StmtExecContext).ExecContext(context.Background(), named)
	return err
}

// script runs statements that are needed once.
func (c *conn) script(text string) error {
	_, err := c.c.(driver.ExecerContext).ExecContext(context.Background(), text, nil)
	return err
}

// query calls f with every row; the row is valid during the call only.
func (c *conn) query(ctx context.Context, f func(row) error, query string, args ...driver.Value) (err error) {
	s, named, err := c.prepare(query, args)
	if err != nil {
		return err
	}
	rows, err := s.(driver.StmtQueryContext).QueryContext(ctx, named)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	r := make(row, len(rows.Columns()))
	for n := 0; ; n++ {
		switch err := rows.Next(r); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
		if n%1024 == 1023 && ctx.Err() != nil {
			return ctx.Err()
		}
		if err := f(r); err != nil {
			return err
		}
	}
}

// one is query for a statement that gives one row or none.
func (c *conn) one(ctx context.Context, f func(row) error, query string, args ...driver.Value) (found bool, err error) {
	err = c.query(ctx, func(r row) error {
		if found {
			return fmt.Errorf("more than one row of %s", query)
		}
		found = true
		return f(r)
	}, query, args...)
	return found, err
}

// row is one row of a result. Its accessors give the zero value for NULL; the
// tables are STRICT, so a column has no other type than it should.
type row []driver.Value

func (r row) null(i int) bool { return r[i] == nil }

func (r row) text(i int) string {
	s, _ := r[i].(string)
	return s
}

func (r row) int(i int) int64 {
	n, _ := r[i].(int64)
	return n
}
