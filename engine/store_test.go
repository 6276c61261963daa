package engine

import (
	"context"
	"sync"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/memory"
)

// fakeStore is a memory store whose Append waits for a token while gate is
// set, and fails when broken is.
type fakeStore struct {
	*memory.Store
	gate chan struct{}

	mu      sync.Mutex
	broken  error
	appends int
	events  int
}

func (s *fakeStore) Append(ctx context.Context, txs []store.Tx) ([]store.Receipt, error) {
	if s.gate != nil {
		<-s.gate
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appends++
	for _, tx := range txs {
		s.events += len(tx.Events)
	}
	if s.broken != nil {
		return nil, s.broken
	}
	return s.Store.Append(ctx, txs)
}

func (s *fakeStore) counts() (appends, events int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.appends, s.events
}

// fail makes every Append from now on fail.
func (s *fakeStore) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = err
}
