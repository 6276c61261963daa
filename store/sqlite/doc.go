// Package sqlite keeps studies in one SQLite file on a local disk. It is the
// store that afina uses unless told otherwise.
//
// It is not a server: one process at a time has the file open for writing, and
// holds an operating-system lock that names it; see [Holder]. Any number of
// processes may read beside it, with [OpenReadOnly] or with the sqlite3
// program; docs/store-schema.md describes the tables.
//
// Its one idea is a single writer. A goroutine owns the only connection that
// writes. It takes every transaction that has come in while the last commit
// was being synced, decides with a gate in memory which of them may be
// applied, writes those in one transaction of the database, syncs once, and
// then answers all. Nobody waits for a timer, and a hundred callers pay for
// one sync. Because the gate decides before anything is written, a
// transaction never has to be undone half way; if writing or syncing fails, no
// assumption about the file holds any more, and the store refuses everything
// until it is opened again.
//
// Every event is kept in order in the table events, and the tables beside it
// (trials, attempts, reports) are written in the same commit, so that a study
// can be loaded without folding its past and can be queried by a person.
package sqlite
