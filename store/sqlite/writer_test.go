package sqlite_test

import (
	"context"
	"errors"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/store/storetest"
	"github.com/afina-hpo/afina/study"
)

// TestQueue holds the writer in a commit and looks at who comes meanwhile: all
// of them share the next commit, and who gives up in time leaves no trace.
func TestQueue(t *testing.T) {
	const waiting = 10
	var hold chan struct{} // nil: not held; set while the writer is idle
	held := make(chan struct{})
	commits := 0
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "a.db"), sqlite.Options{Fault: func(at string) error {
		if at == sqlite.FaultCommit {
			commits++
		}
		if at == sqlite.FaultBegin && hold != nil {
			wait := hold
			hold = nil
			close(held)
			<-wait
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	def := storetest.Definition("a")
	if err := s.Create(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	epoch, err := s.Claim(t.Context(), "a", "test")
	if err != nil {
		t.Fatal(err)
	}
	status := func() []store.Tx {
		return []store.Tx{{Study: "a", Epoch: epoch, Events: []*study.Event{{Kind: study.EventStatus, Status: study.StatusRunning}}}}
	}
	release := make(chan struct{})
	hold, commits = release, 0

	var wg sync.WaitGroup
	results := make(chan error, waiting+1)
	send := func(ctx context.Context) {
		wg.Go(func() {
			rs, err := s.Append(ctx, status())
			if err == nil {
				err = rs[0].Err
			}
			results <- err
		})
	}
	late, cancelLate := context.WithCancel(t.Context())
	send(late)
	<-held
	cancelLate() // the writer has it: it will be applied, and its caller told
	for range waiting {
		send(t.Context())
	}
	// One that gives up while the writer is held. Whether it was queued at that
	// moment or not: it is not applied.
	early, cancelEarly := context.WithCancel(t.Context())
	gaveUp := make(chan error, 1)
	wg.Go(func() {
		_, err := s.Append(early, status())
		gaveUp <- err
	})
	for sqlite.Waiting(s) < waiting+1 { // they arrive soon; the test has a deadline
		runtime.Gosched()
	}
	cancelEarly()
	if err := <-gaveUp; !errors.Is(err, context.Canceled) {
		t.Errorf("a call that gave up: %v", err)
	}
	close(release)
	wg.Wait()
	close(results)
	for err := range results {
		if err != nil {
			t.Errorf("append: %v", err)
		}
	}
	if commits != 2 {
		t.Errorf("%d calls took %d commits, want 2", waiting+1, commits)
	}
	log, err := s.Load(t.Context(), "a")
	if err != nil || log.Seq != waiting+1 {
		t.Errorf("%d events, want %d: %v", log.Seq, waiting+1, err)
	}
}

// TestCloseWhileWriting closes a store that is being written: every call is
// answered, and what was acknowledged is there.
func TestCloseWhileWriting(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	acked := make([]int, callers)
	var wg, begun sync.WaitGroup
	for k := range callers {
		def := studyOf(k)
		if err := s.Create(t.Context(), def); err != nil {
			t.Fatal(err)
		}
		epoch, err := s.Claim(t.Context(), def.ID, "test")
		if err != nil {
			t.Fatal(err)
		}
		begun.Add(1)
		wg.Go(func() {
			for i := 0; ; i++ {
				rs, err := s.Append(context.Background(), []store.Tx{txOf(def, epoch, i)})
				if i == 0 {
					begun.Done()
				}
				if err != nil {
					if study.CodeOf(err) != study.Unavailable {
						t.Errorf("append to a store that closes: %v", err)
					}
					return
				}
				if rs[0].Err != nil {
					t.Errorf("append: %v", rs[0].Err)
					return
				}
				acked[k]++
			}
		})
	}
	begun.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	s = open(t, path)
	for k, n := range acked {
		log, err := s.Load(t.Context(), studyOf(k).ID)
		if err != nil || log.Book.Len() != n || n == 0 {
			t.Errorf("study %d has %d trials, and %d were acknowledged: %v", k, log.Book.Len(), n, err)
		}
	}
}
