// Package memory keeps studies in the memory of the process, for tests, for
// studies that are embedded in a program, and for trying things out.
//
// It is not a cache of anything: when the process ends, everything is gone.
// Its one idea is that a study is its events. Transactions go through the same
// gate as in every other store and are appended to a slice; a study that is
// loaded is folded from it. Asking for a trial and telling its result costs a
// few microseconds.
package memory

import (
	"context"
	"iter"
	"sort"
	"sync"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/internal/gate"
	"github.com/afina-hpo/afina/study"
)

// Store is a [store.Store] in memory. It is safe for concurrent use.
type Store struct {
	mu      sync.Mutex
	closed  bool
	studies map[string]*kept
	names   map[string]bool
}

// kept is one study.
type kept struct {
	def      *study.Definition
	gate     *gate.Study
	epoch    int64
	events   []*study.Event // never changed, only appended to
	requests map[string]store.Receipt
}

var _ store.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{studies: make(map[string]*kept), names: make(map[string]bool)}
}

// lock takes the lock unless ctx has ended or the store is closed.
func (s *Store) lock(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return study.Errorf(study.Unavailable, "", "the store is closed")
	}
	return nil
}

// find returns a study; the lock is held.
func (s *Store) find(id string) (*kept, error) {
	k := s.studies[id]
	if k == nil {
		return nil, study.Errorf(study.NotFound, "", "there is no study %q", id)
	}
	return k, nil
}

// Create implements [store.Store].
func (s *Store) Create(ctx context.Context, def *study.Definition) error {
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.mu.Unlock()
	if s.studies[def.ID] != nil {
		return study.Errorf(study.Conflict, "", "there is a study with the id %q already", def.ID)
	}
	if s.names[def.Name] {
		return study.Errorf(study.Conflict, "resume it, or choose another name", "there is a study called %q already", def.Name)
	}
	s.names[def.Name] = true
	s.studies[def.ID] = &kept{
		def:      def,
		gate:     gate.New(gate.Head{ID: def.ID, Name: def.Name, Space: def.Space}),
		requests: make(map[string]store.Receipt),
	}
	return nil
}

// Studies implements [store.Store].
func (s *Store) Studies(ctx context.Context) ([]store.Summary, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	list := make([]store.Summary, 0, len(s.studies))
	for _, k := range s.studies {
		list = append(list, store.Summary{
			ID: k.def.ID, Name: k.def.Name, Created: k.def.Created,
			Status: k.gate.Status, Trials: k.gate.Counts(),
		})
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if !a.Created.Equal(b.Created) {
			return a.Created.Before(b.Created)
		}
		return a.ID < b.ID
	})
	return list, nil
}

// Claim implements [store.Store]. Holder is not kept: nobody outside the
// process could ask for it.
func (s *Store) Claim(ctx context.Context, id, _ string) (int64, error) {
	if err := s.lock(ctx); err != nil {
		return 0, err
	}
	defer s.mu.Unlock()
	k, err := s.find(id)
	if err != nil {
		return 0, err
	}
	k.epoch++
	return k.epoch, nil
}

// Append implements [store.Store].
func (s *Store) Append(ctx context.Context, txs []store.Tx) ([]store.Receipt, error) {
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.mu.Unlock()
	receipts := make([]store.Receipt, len(txs))
	for i := range txs {
		receipts[i] = s.apply(&txs[i])
	}
	return receipts, nil
}

func (s *Store) apply(tx *store.Tx) store.Receipt {
	k, err := s.find(tx.Study)
	if err != nil {
		return store.Receipt{Err: err}
	}
	if tx.Epoch != k.epoch || k.epoch == 0 {
		return store.Receipt{Err: gate.Stale(tx.Study, tx.Epoch, k.epoch)}
	}
	if tx.Request != "" {
		if r, ok := k.requests[tx.Request]; ok {
			r.Duplicate = true
			return r
		}
	}
	r := store.Receipt{First: k.gate.Seq + 1}
	if err := k.gate.Apply(tx.Events); err != nil {
		return store.Receipt{Err: err}
	}
	r.Last = k.gate.Seq
	for i, e := range tx.Events {
		e.Seq = r.First + int64(i)
	}
	k.events = append(k.events, tx.Events...)
	if tx.Request != "" {
		k.requests[tx.Request] = r
	}
	return r
}

// events returns the events of a study above after, and its definition.
func (s *Store) events(ctx context.Context, id string, after int64) ([]*study.Event, *study.Definition, error) {
	if err := s.lock(ctx); err != nil {
		return nil, nil, err
	}
	defer s.mu.Unlock()
	k, err := s.find(id)
	if err != nil {
		return nil, nil, err
	}
	n := int64(len(k.events))
	return k.events[min(max(after, 0), n):n:n], k.def, nil
}

// Load implements [store.Store]. The cost is that of folding all events.
func (s *Store) Load(ctx context.Context, id string) (*study.Log, error) {
	events, def, err := s.events(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	log := study.NewLog(def)
	for _, e := range events {
		mine := *e // a fold numbers its events, and others may be folding them too
		if err := log.Apply(&mine); err != nil {
			return nil, study.Errorf(study.Internal, "", "event %d of study %q cannot be folded: %v", e.Seq, id, err)
		}
	}
	return log, nil
}

// Events implements [store.Store]. It yields what had happened when it began.
func (s *Store) Events(ctx context.Context, id string, after int64) iter.Seq2[*study.Event, error] {
	return func(yield func(*study.Event, error) bool) {
		events, _, err := s.events(ctx, id, after)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, e := range events {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			mine := *e
			if !yield(&mine, nil) {
				return
			}
		}
	}
}

// Close forgets everything.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.studies, s.names = nil, nil
	return nil
}
