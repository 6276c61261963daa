package sqlite

import (
	"context"
	"errors"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/afina-hpo/afina/study"
)

// explain turns an error of SQLite into one that says what to do. Op is what
// was tried.
func explain(op, path string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	if _, ok := errors.AsType[*study.Error](err); ok {
		return err
	}
	code, hint := study.Internal, ""
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case lib.SQLITE_FULL:
			code, hint = study.Unavailable, "the disk is full; free some space and start again: everything acknowledged is kept"
		case lib.SQLITE_READONLY, lib.SQLITE_PERM, lib.SQLITE_AUTH:
			code, hint = study.Unavailable, "the file or its folder cannot be written; change its permissions, or give another path"
		case lib.SQLITE_CANTOPEN:
			code, hint = study.Unavailable, "check that the folder exists and can be written"
		case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
			code, hint = study.Unavailable, "another program holds the file; only afina may write it"
		case lib.SQLITE_IOERR:
			code, hint = study.Unavailable, "the disk reports an error; look at the system's log, then start again"
		case lib.SQLITE_NOTADB:
			code, hint = study.Invalid, "give the path of an afina store, or of a new file"
		case lib.SQLITE_CORRUPT:
			hint = "the file is damaged; restore a copy, or save what can be read with the sqlite3 program's .recover"
		}
	}
	return &study.Error{Code: code, Message: op + " " + path, Hint: hint, Err: err}
}
