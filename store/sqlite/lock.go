package sqlite

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/afina-hpo/afina/study"
)

// Holder is the process that has a store open for writing.
type Holder struct {
	PID     int       `json:"pid"`
	Host    string    `json:"host"`
	Started time.Time `json:"started"`
	// Address is where the holder takes orders, "" where it does not; see
	// [Store.SetControl].
	Address string `json:"address,omitempty"`
}

// String says who holds the store, and since when.
func (h Holder) String() string {
	if h.PID == 0 {
		return "a process that has not said its name yet"
	}
	return fmt.Sprintf("process %d on %s, since %s", h.PID, h.Host, h.Started.Local().Format("2006-01-02 15:04:05"))
}

// ReadHolder returns the process that has the store at path open for writing,
// and false where there is none. It disturbs nobody.
func ReadHolder(path string) (Holder, bool, error) {
	path, err := resolve(path)
	if err != nil {
		return Holder{}, false, err
	}
	f, err := os.Open(lockPath(path))
	if errors.Is(err, fs.ErrNotExist) {
		return Holder{}, false, nil
	}
	if err != nil {
		return Holder{}, false, fmt.Errorf("read holder of %s: %w", path, err)
	}
	defer f.Close()
	free, err := tryLock(f, false)
	if err != nil {
		return Holder{}, false, fmt.Errorf("read holder of %s: %w", path, err)
	}
	if free { // closing the file gives the lock back
		return Holder{}, false, nil
	}
	return readHolder(f), true, nil
}

func lockPath(path string) string { return path + ".lock" }

// readHolder reads the lock file; what cannot be read is left zero, because
// the holder may be writing it just now.
func readHolder(f *os.File) Holder {
	var h Holder
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<16))
	if err != nil || json.Unmarshal(b, &h) != nil {
		return Holder{}
	}
	return h
}

// lock is the right to write a store. The operating system takes it from a
// process that dies, so it is never stale.
type lock struct {
	mu     sync.Mutex
	file   *os.File
	holder Holder
}

// acquire takes the lock of the store at path or fails with [study.Conflict].
func acquire(path, address string) (*lock, error) {
	f, err := os.OpenFile(lockPath(path), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, study.Errorf(study.Unavailable, "check that the folder can be written", "lock %s: %v", path, err)
	}
	for try := 0; ; try++ {
		ok, err := tryLock(f, true)
		if err != nil {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if ok {
			break
		}
		if try < 5 { // somebody may be looking who the holder is
			time.Sleep(5 * time.Millisecond)
			continue
		}
		h := readHolder(f)
		f.Close()
		return nil, study.Errorf(study.Conflict, "stop it, or open the store for reading", "%s is in use by %s", path, h)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "this host"
	}
	l := &lock{file: f, holder: Holder{PID: os.Getpid(), Host: host, Started: time.Now(), Address: address}}
	if err := l.write(); err != nil {
		l.release()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return l, nil
}

func (l *lock) setAddress(address string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.holder.Address = address
	return l.write()
}

func (l *lock) write() error {
	b, err := json.Marshal(l.holder)
	if err != nil {
		return err
	}
	if _, err := l.file.WriteAt(b, 0); err != nil {
		return err
	}
	return l.file.Truncate(int64(len(b)))
}

// release gives the lock back. The file stays, because another process may
// be waiting for this very file.
func (l *lock) release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.file.Truncate(0), l.file.Close())
}
