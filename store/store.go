// Package store is the contract of everything that keeps studies.
//
// What is kept is the ordered log of a study's events and, beside it, tables
// that a person can query. A [Store] accepts events in transactions: all of
// one or none, in order, durable when [Store.Append] returns. Three rules make
// it safe for many writers that may die, pause or repeat themselves at any
// instant:
//
//   - A study has one owner at a time. [Store.Claim] makes the caller the
//     owner and gives it an epoch; transactions of an older epoch are refused
//     with [study.Fenced], so an owner that was paused and wakes up changes
//     nothing.
//   - An event must be allowed by [study.Log.Check]: above all, what carries
//     an old attempt number is fenced off, and an ended trial stays as it is.
//   - A transaction may carry a request id. A second one with the same id is
//     not applied again; its receipt points at the first.
//
// Package storetest holds every store to this contract; memory and sqlite
// below this package are stores.
package store

import (
	"context"
	"iter"
	"time"

	"github.com/afina-hpo/afina/study"
)

// Tx is one transaction on one study.
type Tx struct {
	Study string // id
	Epoch int64  // from Claim
	// Request makes the transaction idempotent; "" does not.
	Request string
	// Events are applied in order. The store sets their Seq and keeps them:
	// they must not be changed after the call.
	Events []*study.Event
}

// Receipt is the answer to one transaction.
type Receipt struct {
	// First and Last are the sequence numbers of its events.
	First, Last int64
	// Duplicate says that the transaction's request id was there before:
	// nothing was applied, and First and Last are those of the first time.
	Duplicate bool
	// Err says why the transaction was refused; the others of the batch are
	// not concerned.
	Err error
}

// Summary is a study as a list shows it.
type Summary struct {
	ID      string
	Name    string
	Created time.Time
	Status  study.Status
	Trials  map[study.State]int
}

// Store keeps studies. Its methods are safe for concurrent use.
type Store interface {
	// Create adds a study to which nothing has happened. It fails with
	// [study.Conflict] where there is one of that id or name.
	Create(ctx context.Context, def *study.Definition) error

	// Studies lists the studies, oldest first.
	Studies(ctx context.Context) ([]Summary, error)

	// Claim makes holder (a text for people: host and pid) the owner of the
	// study and returns its epoch, larger than all before.
	Claim(ctx context.Context, id, holder string) (epoch int64, err error)

	// Append applies transactions, of one study or several, with one sync
	// where it can, and returns a receipt for each. They are durable when it
	// returns. An error says that nothing is known to be durable: the store
	// is not usable any more, and the caller must stop acknowledging.
	Append(ctx context.Context, txs []Tx) ([]Receipt, error)

	// Load returns a study with everything that has happened to it, or an
	// error with code [study.NotFound].
	Load(ctx context.Context, id string) (*study.Log, error)

	// Events yields the events of a study with a sequence number above after,
	// in order. Loading them all into a new [study.Log] gives what Load
	// returns.
	Events(ctx context.Context, id string, after int64) iter.Seq2[*study.Event, error]

	// Close frees the store. What was acknowledged stays.
	Close() error
}
