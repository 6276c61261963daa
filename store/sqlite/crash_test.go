package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/store/storetest"
	"github.com/afina-hpo/afina/study"
)

// victim is the environment variable by which the test binary becomes a
// process that is to be killed: the path of the store it writes.
const (
	victim      = "AFINA_TEST_VICTIM"
	victimFault = "AFINA_TEST_VICTIM_FAULT" // "point n": dies at the n-th call there
)

func TestMain(m *testing.M) {
	if path := os.Getenv(victim); path != "" {
		if err := write(path, os.Getenv(victimFault)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// callers is how many goroutines of the victim append at once, each to a study
// of its own.
const callers = 4

func studyOf(k int) *study.Definition { return storetest.Definition(fmt.Sprint("s", k)) }

// txOf returns transaction i of a study: it makes and starts a trial and ends
// the one before. All of it is there, or nothing.
func txOf(def *study.Definition, epoch int64, i int) store.Tx {
	events := asked(def, i)
	if i > 0 {
		events = append(events, told(i-1)...)
	}
	return store.Tx{Study: def.ID, Epoch: epoch, Request: strconv.Itoa(i), Events: events}
}

// write appends for ever and prints a line for each transaction that was
// acknowledged: the study and the number of the transaction.
func write(path, fault string) error {
	ctx := context.Background()
	var o sqlite.Options
	if point, count, ok := strings.Cut(fault, " "); ok {
		n, err := strconv.Atoi(count)
		if err != nil {
			return err
		}
		o.Fault = func(at string) error { // called by one goroutine
			if at == point {
				if n--; n == 0 {
					kill()
				}
			}
			return nil
		}
	}
	s, err := sqlite.Open(ctx, path, o)
	if err != nil {
		return err
	}
	var print sync.Mutex
	failed := make(chan error, callers)
	for k := range callers {
		log, err := s.Load(ctx, studyOf(k).ID)
		if err != nil {
			return err
		}
		epoch, err := s.Claim(ctx, log.Def.ID, "victim")
		if err != nil {
			return err
		}
		go func() {
			for i := log.Book.Len(); ; i++ {
				rs, err := s.Append(ctx, []store.Tx{txOf(log.Def, epoch, i)})
				if err == nil {
					err = rs[0].Err
				}
				if err != nil {
					failed <- err
					return
				}
				print.Lock()
				fmt.Println(k, i)
				print.Unlock()
			}
		}()
	}
	return <-failed
}

// kill ends this process as kill -9 does.
func kill() {
	p, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = p.Kill()
	}
	if err != nil {
		panic(err)
	}
	select {} // until the signal arrives
}

// murder runs a victim on the store at path and kills it after so many
// acknowledgements, or lets the fault kill it. It returns the last transaction
// acknowledged of each study, -1 for none.
func murder(t *testing.T, path, fault string, after int) [callers]int {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), victim+"="+path, victimFault+"="+fault)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	acked := [callers]int{}
	for k := range acked {
		acked[k] = -1
	}
	lines := bufio.NewReader(out)
	for n := 0; ; n++ {
		if n == after && fault == "" {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		// What was printed before the end counts, a piece of a line does not.
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		var k, i int
		if _, err := fmt.Sscan(line, &k, &i); err != nil {
			t.Fatalf("victim printed %q", line)
		}
		acked[k] = i
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() > 0 {
		t.Fatalf("the victim ended by itself: %v", err)
	}
	return acked
}

// autopsy opens what a victim left and demands everything that was
// acknowledged, nothing by halves, and a file without damage.
func autopsy(t *testing.T, path string, acked [callers]int) {
	t.Helper()
	if _, held, err := sqlite.ReadHolder(path); held || err != nil {
		t.Fatalf("a dead process holds the store: %v", err)
	}
	ro, err := sqlite.OpenReadOnly(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatalf("open for reading: %v", err)
	}
	before, err := ro.Load(t.Context(), "s0")
	if err != nil {
		t.Fatalf("load for reading: %v", err)
	}
	if err := ro.Close(); err != nil {
		t.Fatal(err)
	}
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer s.Close()
	for k := range callers {
		def := studyOf(k)
		log, err := s.Load(t.Context(), def.ID)
		if err != nil {
			t.Fatal(err)
		}
		if k == 0 {
			if d := storetest.DiffLogs(before, log); d != "" {
				t.Fatalf("readers saw something else (-reader +writer):\n%s", d)
			}
		}
		n := log.Book.Len()
		if n <= acked[k] {
			t.Fatalf("study %d has %d transactions; number %d was acknowledged", k, n, acked[k])
		}
		if n > acked[k]+2 && acked[k] >= 0 {
			t.Fatalf("study %d has %d transactions, though only %d were sent", k, n, acked[k]+2)
		}
		if n > 0 && log.Book.EndedLen() != n-1 {
			t.Fatalf("study %d has %d trials, of which %d ended: half a transaction", k, n, log.Book.EndedLen())
		}
		fold := study.NewLog(def)
		for e, err := range s.Events(t.Context(), def.ID, 0) {
			if err != nil {
				t.Fatal(err)
			}
			if err := fold.Apply(e); err != nil {
				t.Fatal(err)
			}
		}
		if d := storetest.DiffLogs(fold, log); d != "" {
			t.Fatalf("tables differ from the log (-fold +load):\n%s", d)
		}
		if n > 0 { // requests are as durable as what they did
			epoch, err := s.Claim(t.Context(), def.ID, "test")
			if err != nil {
				t.Fatal(err)
			}
			rs, err := s.Append(t.Context(), []store.Tx{txOf(def, epoch, n-1)})
			if err != nil || !rs[0].Duplicate {
				t.Fatalf("the last request is not known: %+v, %v", rs, err)
			}
		}
	}
	if err := s.Integrity(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func prepare(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k := range callers {
		if err := s.Create(t.Context(), studyOf(k)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCrash kills a process that writes, at moments nobody chose, and looks at
// what it leaves; the next process goes on from there.
func TestCrash(t *testing.T) {
	path := prepare(t)
	rng := rand.New(rand.NewPCG(7, 40))
	kills := 40
	if testing.Short() {
		kills = 5
	}
	total := 0
	for range kills {
		acked := murder(t, path, "", rng.IntN(60))
		autopsy(t, path, acked)
		for _, n := range acked {
			total += n + 1
		}
	}
	if total == 0 {
		t.Error("nothing was ever acknowledged: nothing was tested")
	}
}

// TestCrashAtFault kills the process at each boundary of a commit.
func TestCrashAtFault(t *testing.T) {
	for _, point := range sqlite.Faults() {
		t.Run(point, func(t *testing.T) {
			path := prepare(t)
			for _, nth := range []int{1, 2, 5, 11} {
				autopsy(t, path, murder(t, path, fmt.Sprint(point, " ", nth), 0))
			}
		})
	}
}
