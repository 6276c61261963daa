package sqlite_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/store/storetest"
	"github.com/afina-hpo/afina/study"
)

func open(t *testing.T, path string) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func wantCode(t *testing.T, err error, code study.Code, words ...string) {
	t.Helper()
	if got := study.CodeOf(err); got != code {
		t.Fatalf("error %v has code %q, want %q", err, got, code)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
}

// appendTo runs trials first to last-1 of a study, each in a transaction.
func appendTo(t *testing.T, s *sqlite.Store, def *study.Definition, first, last int) {
	t.Helper()
	epoch, err := s.Claim(t.Context(), def.ID, "test")
	if err != nil {
		t.Fatal(err)
	}
	for i := first; i < last; i++ {
		rs, err := s.Append(t.Context(), []store.Tx{txOf(def, epoch, i)})
		if err != nil || rs[0].Err != nil {
			t.Fatalf("append: %+v, %v", rs, err)
		}
	}
}

func TestOddPaths(t *testing.T) {
	for _, name := range []string{"a b.db", "50%.db", "a?mode=ro", "a#b.db", "größe.db", "a&b=c.db", "%41.db", "'quoted\".db"} {
		t.Run(name, func(t *testing.T) {
			if runtime.GOOS == "windows" && strings.ContainsAny(name, `?"`) {
				t.Skip("no such names on Windows")
			}
			path := filepath.Join(t.TempDir(), "new", "folder", name)
			s := open(t, path)
			if err := s.Create(t.Context(), storetest.Definition("a")); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Load(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("the store is elsewhere: %v", err)
			}
		})
	}
}

func TestModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has other permissions")
	}
	dir := filepath.Join(t.TempDir(), "afina")
	s := open(t, filepath.Join(dir, "a.db"))
	if err := s.Create(t.Context(), storetest.Definition("a")); err != nil {
		t.Fatal(err)
	}
	want := map[string]fs.FileMode{"": 0o700, "a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600, "a.db.lock": 0o600}
	for name, mode := range want {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != mode {
			t.Errorf("%q has mode %o, want %o", name, got, mode)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "a.db-wal")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the log is still there after Close: %v", err)
	}
}

func TestHeld(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if _, held, err := sqlite.ReadHolder(path); held || err != nil {
		t.Fatalf("holder of nothing: %v, %v", held, err)
	}
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{Control: "unix:/run/a.sock"})
	if err != nil {
		t.Fatal(err)
	}
	h, held, err := sqlite.ReadHolder(path)
	if !held || err != nil || h.PID != os.Getpid() || h.Address != "unix:/run/a.sock" || h.Started.IsZero() || h.Host == "" {
		t.Fatalf("holder %+v, %v, %v", h, held, err)
	}
	if err := s.SetControl("127.0.0.1:1"); err != nil {
		t.Fatal(err)
	}
	if h, _, _ := sqlite.ReadHolder(path); h.Address != "127.0.0.1:1" || h.PID != os.Getpid() {
		t.Errorf("holder after SetControl: %+v", h)
	}
	// Neither this process nor another may open it, by whatever path.
	_, err = sqlite.Open(t.Context(), path, sqlite.Options{})
	wantCode(t, err, study.Conflict, fmt.Sprint("process ", os.Getpid()), h.Host, "since")
	link := filepath.Join(t.TempDir(), "link.db")
	if err := os.Symlink(path, link); err == nil {
		_, err = sqlite.Open(t.Context(), link, sqlite.Options{})
		wantCode(t, err, study.Conflict)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), victim+"="+path)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprint("is in use by process ", os.Getpid())) {
		t.Errorf("another process opened the store: %v\n%s", err, out)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, held, err := sqlite.ReadHolder(path); held || err != nil {
		t.Errorf("holder after Close: %v, %v", held, err)
	}
	open(t, path)
}

func TestReadOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	_, err := sqlite.OpenReadOnly(t.Context(), path, sqlite.Options{})
	wantCode(t, err, study.NotFound)
	s := open(t, path)
	def := storetest.Definition("a")
	if err := s.Create(t.Context(), def); err != nil {
		t.Fatal(err)
	}
	ro, err := sqlite.OpenReadOnly(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ro.Close()
	appendTo(t, s, def, 0, 5)
	log, err := ro.Load(t.Context(), "a")
	if err != nil || log.Book.Len() != 5 {
		t.Fatalf("a reader sees %v, %v", log, err)
	}
	wantCode(t, ro.Create(t.Context(), storetest.Definition("b")), study.Invalid, "reading only")
	_, err = ro.Claim(t.Context(), "a", "x")
	wantCode(t, err, study.Invalid)
	_, err = ro.Append(t.Context(), []store.Tx{txOf(def, 1, 5)})
	wantCode(t, err, study.Invalid)
	wantCode(t, ro.SetControl("x"), study.Invalid)
	// A reader in the middle of a study does not stop the writer.
	n := 0
	for _, err := range ro.Events(t.Context(), "a", 0) {
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			appendTo(t, s, def, 5, 10)
		}
		n++
	}
	if n == 0 {
		t.Error("no events")
	}
	// And it goes on when the writer has left.
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if log, err = ro.Load(t.Context(), "a"); err != nil || log.Book.Len() != 10 {
		t.Fatalf("after the writer has left a reader sees %v, %v", log, err)
	}
	if err := ro.Integrity(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestFaults(t *testing.T) {
	broken := errors.New("the disk is on fire")
	for _, point := range sqlite.Faults() {
		t.Run(point, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.db")
			fail := false
			s, err := sqlite.Open(t.Context(), path, sqlite.Options{Fault: func(at string) error {
				if fail && at == point {
					return broken
				}
				return nil
			}})
			if err != nil {
				t.Fatal(err)
			}
			def := storetest.Definition("a")
			if err := s.Create(t.Context(), def); err != nil {
				t.Fatal(err)
			}
			appendTo(t, s, def, 0, 3)
			epoch, err := s.Claim(t.Context(), "a", "test")
			if err != nil {
				t.Fatal(err)
			}
			fail = true
			for range 2 { // and it stays so, although the disk works again
				rs, err := s.Append(t.Context(), []store.Tx{txOf(def, epoch, 3)})
				if !errors.Is(err, broken) || rs != nil {
					t.Fatalf("append on a broken disk: %+v, %v", rs, err)
				}
				fail = false
			}
			if err := s.Create(t.Context(), storetest.Definition("b")); !errors.Is(err, broken) {
				t.Errorf("create on a broken disk: %v", err)
			}
			if _, err := s.Claim(t.Context(), "a", "x"); !errors.Is(err, broken) {
				t.Errorf("claim on a broken disk: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			want := 3
			if point == sqlite.FaultAcknowledge {
				want = 4 // durable, though nobody was told
			}
			log, err := open(t, path).Load(t.Context(), "a")
			if err != nil || log.Book.Len() != want {
				t.Errorf("%d trials, want %d: %v", log.Book.Len(), want, err)
			}
		})
	}
}

func TestUnusable(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("this is no database\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.Open(t.Context(), text, sqlite.Options{})
	wantCode(t, err, study.Invalid, text)
	_, err = sqlite.OpenReadOnly(t.Context(), text, sqlite.Options{})
	wantCode(t, err, study.Invalid, text)
	_, err = sqlite.Open(t.Context(), filepath.Join(text, "a.db"), sqlite.Options{})
	wantCode(t, err, study.Unavailable)
	if os.Geteuid() != 0 && runtime.GOOS != "windows" { // root may write everywhere
		locked := filepath.Join(dir, "locked")
		if err := os.Mkdir(locked, 0o500); err != nil {
			t.Fatal(err)
		}
		_, err = sqlite.Open(t.Context(), filepath.Join(locked, "a.db"), sqlite.Options{})
		wantCode(t, err, study.Unavailable)
	}
}

// An empty file is an empty database to SQLite, and no old store.
func TestReadOnlyOfAnEmptyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "empty.db")
	if err := os.WriteFile(path, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := sqlite.OpenReadOnly(t.Context(), path, sqlite.Options{})
	if study.CodeOf(err) != study.NotFound || !strings.Contains(err.Error(), "there is no study in it") {
		t.Errorf("error %v", err)
	}
}
