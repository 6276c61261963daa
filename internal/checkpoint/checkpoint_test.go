package checkpoint_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/internal/checkpoint"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/study"
)

func first(trial int) study.Assignment {
	return study.Assignment{Ticket: study.Ticket{Trial: trial, Attempt: 1}}
}

func resumed(trial int, step float64) study.Assignment {
	return study.Assignment{Ticket: study.Ticket{Trial: trial, Attempt: 2}, Resume: step, Keep: true}
}

func copyOf(trial, from int, step float64) study.Assignment {
	a := first(trial)
	a.Resume, a.Copy = step, &study.Copy{Trial: from, Step: step}
	return a
}

func prepare(t *testing.T, s *checkpoint.Shelf, as ...study.Assignment) {
	t.Helper()
	for _, a := range as {
		if err := s.Prepare(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
}

// write is a program that writes its checkpoint.
func write(t *testing.T, h home.Home, trial int, name, text string) {
	t.Helper()
	path := filepath.Join(h.Checkpoint(trial), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

// tree returns what is in a folder, by path.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		name, _ := filepath.Rel(dir, path)
		switch {
		case e.IsDir():
			got[name] = "folder"
		case e.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			got[name] = "link to " + target
			return err
		default:
			text, err := os.ReadFile(path)
			got[name] = string(text)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func want(t *testing.T, h home.Home, trial int, want map[string]string) {
	t.Helper()
	if diff := cmp.Diff(want, tree(t, h.Checkpoint(trial))); diff != "" {
		t.Errorf("checkpoint of trial %d (-want +got):\n%s", trial, diff)
	}
}

func TestCopy(t *testing.T) {
	h := home.Home{Dir: t.TempDir()}
	s := checkpoint.NewShelf(h)
	prepare(t, s, first(0))
	write(t, h, 0, "model/weights", "three")
	write(t, h, 0, "step", "3")
	if err := os.Symlink("model/weights", filepath.Join(h.Checkpoint(0), "best")); err != nil {
		if runtime.GOOS == "windows" {
			t.Skip("needs the right to make links")
		}
		t.Fatal(err)
	}
	old := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	if err := os.Chtimes(filepath.Join(h.Checkpoint(0), "step"), old, old); err != nil {
		t.Fatal(err)
	}
	three := map[string]string{"model": "folder", "model/weights": "three", "step": "3", "best": "link to model/weights"}

	prepare(t, s, copyOf(1, 0, 3))
	want(t, h, 1, three)
	info, err := os.Stat(filepath.Join(h.Checkpoint(1), "step"))
	if err != nil || !info.ModTime().Equal(old) {
		t.Errorf("the copy's time is %v, %v", info.ModTime(), err)
	}
	// What either does now does not show in the other.
	write(t, h, 0, "step", "4")
	write(t, h, 1, "model/weights", "mine")
	want(t, h, 0, map[string]string{"model": "folder", "model/weights": "three", "step": "4", "best": "link to model/weights"})
	// A second attempt goes on with what the first has left.
	prepare(t, s, copyOf(1, 0, 3))
	want(t, h, 1, map[string]string{"model": "folder", "model/weights": "mine", "step": "3", "best": "link to model/weights"})
}

// A copy begins with what was there at the pause, also where the other trial
// has gone on.
func TestCopyOfWhatHasGoneOn(t *testing.T) {
	h := home.Home{Dir: t.TempDir()}
	s := checkpoint.NewShelf(h)
	prepare(t, s, first(0))
	for step, text := range []string{1: "1", 2: "2", 3: "3", 4: "4", 5: "5"} {
		if step == 0 {
			continue
		}
		write(t, h, 0, "step", text) // and the pause
		prepare(t, s, resumed(0, float64(step)), resumed(0, float64(step)))
	}
	write(t, h, 0, "step", "6")
	prepare(t, s, copyOf(1, 0, 5), copyOf(2, 0, 3))
	want(t, h, 1, map[string]string{"step": "5"})
	want(t, h, 2, map[string]string{"step": "3"})
	gone := &checkpoint.GoneError{}
	if err := s.Prepare(t.Context(), copyOf(3, 0, 1)); !errors.As(err, &gone) || gone.Error() != "trial 3 begins with the checkpoint of trial 0 at step 1, which is not there" {
		t.Errorf("a checkpoint that is long gone: %v", err)
	}
	if err := s.Prepare(t.Context(), copyOf(9, 7, 1)); !errors.As(err, &gone) {
		t.Errorf("a trial that never ran: %v", err)
	}
}

// Killed while it copied, it begins again.
func TestPartOfACopy(t *testing.T) {
	h := home.Home{Dir: t.TempDir()}
	s := checkpoint.NewShelf(h)
	prepare(t, s, first(0))
	write(t, h, 0, "a", "1")
	write(t, h, 0, "b", "2")
	if err := os.MkdirAll(h.Checkpoint(1)+".part", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(h.Checkpoint(1)+".part", "a"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	prepare(t, s, copyOf(1, 0, 3))
	want(t, h, 1, map[string]string{"a": "1", "b": "2"})
	if _, err := os.Stat(h.Checkpoint(1) + ".part"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the part is left behind: %v", err)
	}
}

// Copies and the trial that they are of may start at the same moment.
func TestCopiesBesideTheirSource(t *testing.T) {
	h := home.Home{Dir: t.TempDir()}
	s := checkpoint.NewShelf(h)
	prepare(t, s, first(0))
	write(t, h, 0, "a", "3")
	write(t, h, 0, "b", "3")
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			if n == 4 { // it runs on as soon as it may
				if err := s.Prepare(t.Context(), resumed(0, 3)); err != nil {
					t.Error(err)
				}
				for _, name := range []string{"a", "b"} {
					if err := os.WriteFile(filepath.Join(h.Checkpoint(0), name), []byte("4"), 0o600); err != nil {
						t.Error(err)
					}
				}
				return
			}
			if err := s.Prepare(t.Context(), copyOf(n+1, 0, 3)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for n := range 8 {
		if n != 4 {
			want(t, h, n+1, map[string]string{"a": "3", "b": "3"})
		}
	}
}

// When the study is interrupted nothing is left half.
func TestInterrupted(t *testing.T) {
	h := home.Home{Dir: t.TempDir()}
	s := checkpoint.NewShelf(h)
	prepare(t, s, first(0))
	write(t, h, 0, "a", "1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Prepare(ctx, copyOf(1, 0, 3)); !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	if _, err := os.Stat(h.Checkpoint(1)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("half a checkpoint is there: %v", err)
	}
	prepare(t, s, copyOf(1, 0, 3))
	want(t, h, 1, map[string]string{"a": "1"})
}
