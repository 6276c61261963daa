package harvest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Tail follows a metrics file that a program appends to. It is driven by
// calls of Poll, in whatever rhythm suits the caller, and needs no watcher of
// the operating system. A Tail is for one goroutine.
//
// A file ending in .csv or .tsv is CSV, one ending in .json, .jsonl or .ndjson
// is JSON lines; any other is read in the Reader's format, which for
// FormatAuto recognises both by content.
//
// The file may be missing at first, be replaced (the old one is read to its
// end first), be truncated, or be rewritten from the start; then reading starts
// anew and values come again, with the same names and steps.
type Tail struct {
	r      *Reader
	path   string
	stream *Stream
	file   *os.File
	offset int64
	head   []byte // the first bytes of the file, to notice that it is another
	closed bool
	buf    []byte
}

// headSize is how much of a file's beginning is compared.
const headSize = 256

// Tail makes a Tail. The file is not opened before the first Poll.
func (r *Reader) Tail(path string) *Tail {
	t := &Tail{r: r, path: path, buf: make([]byte, 64<<10)}
	t.restart()
	return t
}

// restart forgets all that earlier lines said.
func (t *Tail) restart() {
	f := t.r.opts.Format
	switch strings.ToLower(filepath.Ext(t.path)) {
	case ".csv", ".tsv":
		f = FormatCSV
	case ".json", ".jsonl", ".ndjson":
		f = FormatJSON
	}
	t.stream = t.r.stream(filepath.Base(t.path), f)
	t.offset, t.head = 0, t.head[:0]
}

var errTailClosed = errors.New("harvest: poll of a closed metrics file")

// Poll reads what was written since the last call. It returns ctx's error if
// that ends first; what was read until then is kept. A file that does not
// exist (yet, or any more) is no error.
func (t *Tail) Poll(ctx context.Context) error {
	if t.closed {
		return errTailClosed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	info, err := os.Stat(t.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if t.file == nil {
			return nil
		}
		// Moved away: the writer may still hold it. Keep reading it.
		return t.read(ctx)
	case err != nil:
		return fmt.Errorf("read metrics file: %w", err)
	case !info.Mode().IsRegular():
		return fmt.Errorf("read metrics file %q: it is a %s, not a regular file: give the path of a file that the program appends to", t.path, kind(info.Mode()))
	}
	if t.file != nil {
		open, err := t.file.Stat()
		if err != nil {
			return fmt.Errorf("read metrics file: %w", err)
		}
		if os.SameFile(open, info) {
			return t.read(ctx)
		}
		if err := t.read(ctx); err != nil {
			return err
		}
		if err := t.leave(); err != nil {
			return err
		}
	}
	file, err := os.Open(t.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read metrics file: %w", err)
	}
	t.file = file
	return t.read(ctx)
}

func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "directory"
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	}
	return "device"
}

// leave ends the reading of a file that was replaced.
func (t *Tail) leave() error {
	err := errors.Join(t.stream.Close(), t.file.Close())
	t.file = nil
	t.restart()
	if err != nil {
		return fmt.Errorf("close metrics file: %w", err)
	}
	return nil
}

// read reads the open file to the size it has now; a faster writer must not
// keep us here.
func (t *Tail) read(ctx context.Context) error {
	info, err := t.file.Stat()
	if err != nil {
		return fmt.Errorf("read metrics file: %w", err)
	}
	same, err := t.unchanged()
	if err != nil {
		return err
	}
	if info.Size() < t.offset || !same {
		// What stood unfinished at the end is gone or was never meant.
		t.stream.drop()
		if err := t.stream.Close(); err != nil {
			return err
		}
		t.restart()
	}
	for t.offset < info.Size() {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := t.file.ReadAt(t.buf[:min(int64(len(t.buf)), info.Size()-t.offset)], t.offset)
		if n > 0 {
			if room := headSize - len(t.head); room > 0 {
				t.head = append(t.head, t.buf[:min(n, room)]...)
			}
			t.offset += int64(n)
			if _, err := t.stream.Write(t.buf[:n]); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil // truncated meanwhile; the next Poll sees it
		}
		if err != nil {
			return fmt.Errorf("read metrics file: %w", err)
		}
	}
	return nil
}

// unchanged reports whether the file still begins as it did: a program that
// opens it anew for writing may have made it longer than it was between two
// polls, and then its size tells nothing.
func (t *Tail) unchanged() (bool, error) {
	if len(t.head) == 0 {
		return true, nil
	}
	n, err := t.file.ReadAt(t.buf[:len(t.head)], 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read metrics file: %w", err)
	}
	return bytes.Equal(t.buf[:n], t.head), nil
}

// Close reads an unfinished last line and closes the file. Call Poll once
// more before, after the program has ended. Closing again does nothing.
func (t *Tail) Close() error {
	if t.closed {
		return nil
	}
	t.closed = true
	err := t.stream.Close()
	if t.file != nil {
		err = errors.Join(err, t.file.Close())
		t.file = nil
	}
	if err != nil {
		return fmt.Errorf("close metrics file: %w", err)
	}
	return nil
}
