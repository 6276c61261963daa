package worker

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/afina-hpo/afina/internal/home"
)

// defaultLogLimit is how much of an attempt's output is kept, in bytes, where
// the study does not say.
const defaultLogLimit = 16 << 20

// logFile keeps the output of one attempt: the first half of its limit as it
// comes, in a plain file that can be read meanwhile, and of the rest the last
// half, in memory. When the attempt ends both are compressed into one file; of
// an attempt that was cut off the plain file remains.
type logFile struct {
	path string

	mu      sync.Mutex
	file    *os.File // nil until the first byte
	head    int64    // bytes written to file
	limit   int64    // of head
	rest    tail
	dropped int64
	failed  error
}

func newLog(path string, limit int64) *logFile {
	if limit <= 0 {
		limit = defaultLogLimit
	}
	l := &logFile{path: path, limit: limit / 2}
	l.rest.limit = int(limit / 2)
	return l
}

// Write keeps p. It is safe for concurrent use.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(p)
	if room := l.limit - l.head; room > 0 && l.failed == nil {
		if l.file == nil {
			l.file, l.failed = os.OpenFile(l.path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
		}
		if l.failed == nil {
			part := p[:min(int64(n), room)]
			_, l.failed = l.file.Write(part)
			l.head += int64(len(part))
			p = p[len(part):]
		}
		if l.failed != nil {
			return n, l.failed
		}
	}
	l.dropped += l.rest.add(p)
	return n, nil
}

// Close compresses the log. Without output there is none.
func (l *logFile) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return l.failed
	}
	f := l.file
	l.file = nil
	if err := f.Close(); err != nil {
		return err
	}
	packed := l.path + home.LogSuffix
	if err := l.pack(packed); err != nil {
		return errors.Join(err, os.Remove(packed))
	}
	return os.Remove(l.path)
}

func (l *logFile) pack(path string) (err error) {
	in, err := os.Open(l.path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	z, err := gzip.NewWriterLevel(out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	if _, err := io.Copy(z, in); err != nil {
		return err
	}
	if l.dropped > 0 {
		fmt.Fprintf(z, "\n… %d bytes left out …\n", l.dropped)
	}
	if _, err := z.Write(l.rest.bytes()); err != nil {
		return err
	}
	return z.Close()
}

// tail is a writer that remembers the last limit bytes. It is for one
// goroutine.
type tail struct {
	limit int
	buf   []byte // a ring once it is full
	next  int    // where the oldest byte is, when full
}

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.add(p)
	return len(p), nil
}

// add keeps p and returns how many older bytes it pushed out.
func (t *tail) add(p []byte) (dropped int64) {
	if len(p) >= t.limit {
		dropped = int64(len(t.buf) + len(p) - t.limit)
		t.buf = append(t.buf[:0], p[len(p)-t.limit:]...)
		t.next = 0
		return dropped
	}
	if room := t.limit - len(t.buf); room > 0 {
		n := min(room, len(p))
		t.buf = append(t.buf, p[:n]...)
		p = p[n:]
	}
	dropped = int64(len(p))
	for len(p) > 0 {
		n := copy(t.buf[t.next:], p)
		t.next = (t.next + n) % t.limit
		p = p[n:]
	}
	return dropped
}

func (t *tail) bytes() []byte {
	return append(append([]byte(nil), t.buf[t.next:]...), t.buf[:t.next]...)
}

// String returns what is remembered.
func (t *tail) String() string { return string(t.bytes()) }

// sharedTail is a tail that takes two streams, each written by a goroutine of
// its own.
type sharedTail struct {
	mu   sync.Mutex
	tail tail
}

// Write never fails.
func (s *sharedTail) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tail.Write(p)
}

// String returns what is remembered of both streams.
func (s *sharedTail) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tail.String()
}
