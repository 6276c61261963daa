// Package checkpoint looks after the checkpoint folders of a study's trials:
// it makes them, lets the folder of a trial that is a copy begin with another
// trial's, and keeps the folder of a paused trial as it was for those that may
// still be copied from it.
//
// It does not know what a checkpoint is: files are the program's own. The one
// idea is that a folder appears under its name only when it is whole and on
// disk: it is put together under another name and renamed, so that a process
// that is killed at any moment leaves the folder, or none, and the next
// attempt puts it together again.
//
// A [Shelf] is used by whoever runs the trials of a study, a worker or the
// library, before each attempt. Copies share the disk's blocks where the file
// system can (Btrfs, XFS).
package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/study"
)

// kept is how many checkpoints of earlier pauses are kept of a trial: one is
// needed by copies that are about to start, the others by such whose first
// attempt was lost.
const kept = 3

// Shelf is the checkpoint folders of one study. Its methods are safe for
// concurrent use; one process at a time may use the folders of a study.
type Shelf struct {
	home home.Home

	mu    sync.Mutex
	locks map[int]*sync.Mutex // of trials
}

// NewShelf returns the checkpoints below h.
func NewShelf(h home.Home) *Shelf { return &Shelf{home: h, locks: map[int]*sync.Mutex{}} }

// lock keeps others from the folders of a trial until the function that it
// returns is called.
func (s *Shelf) lock(trial int) func() {
	s.mu.Lock()
	l := s.locks[trial]
	if l == nil {
		l = new(sync.Mutex)
		s.locks[trial] = l
	}
	s.mu.Unlock()
	l.Lock()
	return l.Unlock
}

// GoneError says that the checkpoint which a copy is to begin with is not
// there any more. Another try finds no more.
type GoneError struct {
	Trial int
	From  study.Copy
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("trial %d begins with the checkpoint of trial %d at step %v, which is not there", e.Trial, e.From.Trial, e.From.Step)
}

// Prepare makes the checkpoint folder of the trial that a names as its next
// attempt is to find it. It must be called before the program starts. The time
// is that of copying, where there is something to copy; the end of ctx cuts
// that short.
func (s *Shelf) Prepare(ctx context.Context, a study.Assignment) error {
	dir := s.home.Checkpoint(a.Trial)
	if a.Copy != nil {
		if there, err := exists(dir); there || err != nil {
			return err
		}
		return s.copy(ctx, a.Trial, *a.Copy)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("make the checkpoint folder: %w", err)
	}
	if a.Keep {
		defer s.lock(a.Trial)()
		return s.keep(ctx, a.Trial, a.Resume)
	}
	return nil
}

// copy lets a trial begin with the checkpoint of another. While it reads, the
// other trial cannot go on: its Prepare waits.
func (s *Shelf) copy(ctx context.Context, trial int, from study.Copy) error {
	defer s.lock(from.Trial)()
	for _, source := range []string{s.keptAt(from.Trial, from.Step), s.home.Checkpoint(from.Trial)} {
		there, err := exists(source)
		if err != nil {
			return err
		}
		if there {
			return assemble(ctx, source, s.home.Checkpoint(trial))
		}
		// What was kept is older than the present folder. With other pauses
		// kept and not this one, the present folder has gone on since.
		if list, err := s.list(from.Trial); err != nil {
			return err
		} else if len(list) > 0 && list[len(list)-1].step > from.Step {
			break
		}
	}
	return &GoneError{trial, from}
}

// keep keeps the folder of a trial as it is at step, unless it is kept
// already, and forgets the oldest.
func (s *Shelf) keep(ctx context.Context, trial int, step float64) error {
	to := s.keptAt(trial, step)
	there, err := exists(to)
	if err != nil {
		return err
	}
	if !there {
		if err := assemble(ctx, s.home.Checkpoint(trial), to); err != nil {
			return err
		}
	}
	list, err := s.list(trial)
	if err != nil {
		return err
	}
	for _, old := range list[:max(0, len(list)-kept)] {
		if err := os.RemoveAll(old.path); err != nil {
			return fmt.Errorf("forget an old checkpoint: %w", err)
		}
	}
	return nil
}

// keptPrefix is before the step in the name of a folder that is kept.
const keptPrefix = "checkpoint-at-"

func (s *Shelf) keptAt(trial int, step float64) string {
	return filepath.Join(s.home.Trial(trial), keptPrefix+strconv.FormatFloat(step, 'g', -1, 64))
}

// pause is a folder that is kept.
type pause struct {
	step float64
	path string
}

// list returns what is kept of a trial, by step.
func (s *Shelf) list(trial int) ([]pause, error) {
	dir := s.home.Trial(trial)
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var list []pause
	for _, e := range entries {
		text, ok := strings.CutPrefix(e.Name(), keptPrefix)
		if !ok {
			continue
		}
		if step, err := strconv.ParseFloat(text, 64); err == nil {
			list = append(list, pause{step, filepath.Join(dir, e.Name())})
		}
	}
	slices.SortFunc(list, func(a, b pause) int {
		switch {
		case a.step < b.step:
			return -1
		case a.step > b.step:
			return 1
		}
		return 0
	})
	return list, nil
}

func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// partSuffix is behind the name of a folder that is being put together.
const partSuffix = ".part"

// assemble makes folder to a copy of from, whole or not at all.
func assemble(ctx context.Context, from, to string) error {
	part := to + partSuffix
	err := os.RemoveAll(part) // of a process that was killed
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = copyTree(ctx, from, part)
	}
	if err == nil {
		err = os.Rename(part, to)
	}
	if err == nil {
		err = syncDir(filepath.Dir(to))
	}
	if err != nil {
		return fmt.Errorf("copy a checkpoint: %w", err)
	}
	return nil
}

// copyTree copies a folder with what is in it: folders, files, and symbolic
// links as they are. Anything else (sockets, devices) is no checkpoint. Times
// are kept, because programs look for the newest file.
func copyTree(ctx context.Context, from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	if err := os.Mkdir(to, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		a, b := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		switch {
		case e.IsDir():
			err = copyTree(ctx, a, b)
		case e.Type()&fs.ModeSymlink != 0:
			var target string
			if target, err = os.Readlink(a); err == nil {
				err = os.Symlink(target, b)
			}
		case e.Type().IsRegular():
			err = copyFile(ctx, a, b)
		}
		if err != nil {
			return err
		}
	}
	if err := syncDir(to); err != nil {
		return err
	}
	if err := os.Chtimes(to, info.ModTime(), info.ModTime()); err != nil {
		return err
	}
	return os.Chmod(to, info.Mode().Perm()|0o700)
}

// chunk is how many bytes are copied before a look at whether to go on.
const chunk = 64 << 20

func copyFile(ctx context.Context, from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() // it was only read
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o600)
	if err != nil {
		return err
	}
	// Between two files this asks the kernel (copy_file_range), which shares
	// blocks where the file system can.
	for err == nil {
		if err = ctx.Err(); err == nil {
			_, err = io.CopyN(out, in, chunk)
		}
	}
	if err == io.EOF {
		err = out.Sync()
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}
