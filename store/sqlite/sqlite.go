package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/study"
)

// Options are what a store can be told. The zero Options are right for nearly
// everybody.
type Options struct {
	// Control is where the process takes orders, for [ReadHolder]; see
	// [Store.SetControl].
	Control string
	// AllowNetworkFS opens a store on a network file system, at the risk of
	// damage.
	AllowNetworkFS bool
	// Fault is called by the writer at each of [Faults]; an error has the
	// same effect as a failure of the disk at that point. It is for tests.
	Fault func(point string) error

	filesystem filesystem // nil: the host's
}

// Store is a [store.Store] in a file. It is safe for concurrent use.
type Store struct {
	path    string
	lock    *lock   // nil: for reading only
	writer  *writer // nil: for reading only
	readers readers
	once    sync.Once
	err     error // of Close
}

var _ store.Store = (*Store)(nil)

// Open opens the store at path for writing and makes it, with its folder,
// where there is none. It fails with [study.Conflict] where another process, or
// another part of this one, has it open for writing.
func Open(ctx context.Context, path string, o Options) (_ *Store, err error) {
	path, err = resolve(path)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, study.Errorf(study.Unavailable, "give a path that can be written", "make the folder of the store: %v", err)
	}
	if err := o.check(dir); err != nil {
		return nil, err
	}
	held, err := acquire(path, o.Control)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			held.release() // the first error is the one to tell
		}
	}()
	// Made here and not by SQLite, which would let the group and others read.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, study.Errorf(study.Unavailable, "check the permissions of the file and its folder", "open store: %v", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	w, err := startWriter(ctx, path, o.Fault)
	if err != nil {
		return nil, explain("open store", path, err)
	}
	return &Store{path: path, lock: held, writer: w, readers: readers{dsn: readDSN(path)}}, nil
}

// OpenReadOnly opens the store at path for reading, beside a process that
// writes it or after one that has died. [Store.Create], [Store.Claim] and
// [Store.Append] fail. It fails with [study.NotFound] where there is no file.
func OpenReadOnly(ctx context.Context, path string, o Options) (*Store, error) {
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, study.Errorf(study.NotFound, "", "there is no store at %s", path)
	} else if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	if err := o.check(filepath.Dir(path)); err != nil {
		return nil, err
	}
	s := &Store{path: path, readers: readers{dsn: readDSN(path)}}
	if err := s.checkVersion(ctx); err != nil {
		s.Close()
		return nil, explain("open store", path, err)
	}
	return s, nil
}

func (o *Options) check(dir string) error {
	if o.AllowNetworkFS {
		return nil
	}
	of := o.filesystem
	if of == nil {
		of = hostFilesystem
	}
	return checkLocal(dir, of)
}

// checkVersion refuses a file that this afina cannot read.
func (s *Store) checkVersion(ctx context.Context) error {
	list, err := migrations(schema, "schema")
	if err != nil {
		return err
	}
	return s.readers.do(ctx, func(c *conn) error {
		v, err := version(ctx, c)
		switch {
		case err != nil:
			return err
		case v > len(list):
			return tooNew(v, len(list))
		case v == 0: // none, which also an empty file has
			return study.Errorf(study.NotFound, "name a study, its folder or the study.db there", "there is no study in it")
		case v < len(list):
			return study.Errorf(study.Unavailable, "open it once for writing: afina run or afina serve does", "the store has the old schema version %d", v)
		}
		return nil
	})
}

// resolve returns the one path by which locks know the file.
func resolve(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("open store: %w", err)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real, nil
	}
	if dir, err := filepath.EvalSymlinks(filepath.Dir(abs)); err == nil {
		return filepath.Join(dir, filepath.Base(abs)), nil
	}
	return abs, nil // the folder is still to be made
}

// Path returns the path of the file.
func (s *Store) Path() string { return s.path }

// SetControl publishes where this process takes orders, for [ReadHolder].
func (s *Store) SetControl(address string) error {
	if s.lock == nil {
		return errReadOnly()
	}
	if err := s.lock.setAddress(address); err != nil {
		return fmt.Errorf("publish the address: %w", err)
	}
	return nil
}

func errReadOnly() error {
	return study.Errorf(study.Invalid, "", "the store is open for reading only")
}

// Create implements [store.Store].
func (s *Store) Create(ctx context.Context, def *study.Definition) error {
	if s.writer == nil {
		return errReadOnly()
	}
	text, err := def.MarshalJSON()
	if err != nil {
		return study.Errorf(study.Invalid, "", "study %q cannot be stored: %v", def.Name, err)
	}
	return s.writer.do(ctx, func(b *batch) error { return b.create(def, string(text)) })
}

// Claim implements [store.Store].
func (s *Store) Claim(ctx context.Context, id, holder string) (int64, error) {
	if s.writer == nil {
		return 0, errReadOnly()
	}
	var epoch int64
	err := s.writer.do(ctx, func(b *batch) (err error) {
		epoch, err = b.claim(id, holder)
		return err
	})
	return epoch, err
}

// Append implements [store.Store]. Where ctx ends before the writer has taken
// the transactions, none of them is applied and the error is that of ctx;
// after that Append waits for the commit, a matter of milliseconds.
func (s *Store) Append(ctx context.Context, txs []store.Tx) ([]store.Receipt, error) {
	if s.writer == nil {
		return nil, errReadOnly()
	}
	return s.writer.append(ctx, txs)
}

// Close waits for what is being written, and gives the file to the next
// owner. Further calls return what the first did.
func (s *Store) Close() error {
	s.once.Do(func() {
		s.err = s.readers.close()
		if s.writer != nil {
			// The writer is last to leave the file: that moves the log of the
			// database into it and removes the files beside it.
			s.err = errors.Join(s.err, s.writer.close(), s.lock.release())
		}
	})
	return s.err
}
