package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/storetest"
	"github.com/afina-hpo/afina/study"
)

// seed makes a store with one study of three trials and returns its path: one
// ended, one running with a report, one requeued.
func seed(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	s, err := Open(context.Background(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	def := storetest.Definition("a")
	if err := s.Create(context.Background(), def); err != nil {
		t.Fatal(err)
	}
	epoch, err := s.Claim(context.Background(), "a", "test")
	if err != nil {
		t.Fatal(err)
	}
	u := make([]float64, def.Space.Len())
	var events []*study.Event
	for n := range 3 {
		for i := range u {
			u[i] = float64(n+1) / 10
		}
		events = append(events,
			&study.Event{Kind: study.EventQueued, At: def.Created, Trial: n, Config: def.Space.Decode(u), Origin: &study.Origin{Method: "m"}},
			&study.Event{Kind: study.EventStarted, At: def.Created, Trial: n, Attempt: 1, Worker: "w"},
			&study.Event{Kind: study.EventReported, At: def.Created, Trial: n, Attempt: 1, Step: 1, Values: study.Metrics{{Name: "loss", Value: float64(n)}}})
	}
	events = append(events,
		&study.Event{Kind: study.EventEnded, At: def.Created.Add(1500e6), Trial: 0, Attempt: 1, State: study.Complete,
			Objectives: []float64{0.5}, Violations: []float64{-1}, Values: study.Metrics{{Name: "loss", Value: 0.5}}},
		&study.Event{Kind: study.EventRequeued, At: def.Created, Trial: 2, Attempt: 1, Failure: &study.Failure{Class: study.ClassLost}})
	rs, err := s.Append(context.Background(), []store.Tx{{Study: "a", Epoch: epoch, Events: events}})
	if err != nil || rs[0].Err != nil {
		t.Fatal(err, rs)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// edit changes a store behind its back.
func edit(t testing.TB, path, script string) {
	t.Helper()
	c, err := dial(context.Background(), dsn(path))
	if err != nil {
		t.Fatal(err)
	}
	if err := c.script(script); err != nil {
		t.Fatal(err)
	}
	if err := c.close(); err != nil {
		t.Fatal(err)
	}
}

func TestDamage(t *testing.T) {
	tests := []struct {
		name, script string
		words        []string
	}{
		{"params", `UPDATE trials SET params = '{"lr":' WHERE number = 1`, []string{"trial 1", "params"}},
		{"params of another space", `UPDATE trials SET params = '{"depth":3}' WHERE number = 1`, []string{"trial 1", "params", "depth"}},
		{"params out of range", `UPDATE trials SET params = json_set(params, '$.lr', 7) WHERE number = 1`, []string{"trial 1", "params", "lr"}},
		{"revision", `UPDATE trials SET revision = 3 WHERE number = 1`, []string{"trial 1", "revision"}},
		{"objectives", `UPDATE trials SET objectives = '[1,]' WHERE number = 0`, []string{"trial 0", "objectives"}},
		{"violations", `UPDATE trials SET violations = '{}' WHERE number = 0`, []string{"trial 0", "violations"}},
		{"metrics", `UPDATE trials SET metrics = '{"loss":"high"}' WHERE number = 0`, []string{"trial 0", "metrics", "high"}},
		{"state", `UPDATE trials SET state = 'asleep' WHERE number = 1`, []string{"trial 1", "state", "asleep"}},
		{"state without attempt", `UPDATE trials SET state = 'running' WHERE number = 2`, []string{"trial 2", "state"}},
		{"end without event", `UPDATE trials SET ended_seq = NULL WHERE number = 0`, []string{"trial 0", "ended_seq"}},
		{"event without end", `UPDATE trials SET ended_seq = 4 WHERE number = 1`, []string{"trial 1", "ended_seq"}},
		{"missing trial", `DELETE FROM trials WHERE number = 1`, []string{"trial 1", "missing"}},
		{"missing last trial", `DELETE FROM trials WHERE number = 2`, []string{"trial 2", "no such trial"}},
		{"missing attempt", `UPDATE attempts SET attempt = 2 WHERE trial = 2`, []string{"trial 2", "attempt 1 is missing"}},
		{"attempt failure", `UPDATE attempts SET failure = 'lost' WHERE trial = 2`, []string{"trial 2", "attempts.failure"}},
		{"report metrics", `UPDATE reports SET metrics = '[]' WHERE trial = 1`, []string{"trial 1", "reports.metrics"}},
		{"report of nothing", `UPDATE reports SET trial = 9 WHERE trial = 1`, []string{"trial 9", "reports"}},
		{"definition", `UPDATE studies SET definition = '{}'`, []string{`"a"`, "definition"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := seed(t)
			edit(t, path, test.script)
			s, err := OpenReadOnly(t.Context(), path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, err = s.Load(t.Context(), "a")
			if study.CodeOf(err) != study.Internal {
				t.Fatalf("load: %v", err)
			}
			if err := s.Integrity(t.Context()); study.CodeOf(err) != study.Internal {
				t.Errorf("the check of the whole file found %v", err)
			}
			for _, w := range append(test.words, `study "a"`) {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
}

func TestDamagedEvents(t *testing.T) {
	for name, script := range map[string]string{
		"data":    `UPDATE events SET data = '{"params":{"lr":"x"}}' WHERE seq = 4`,
		"field":   `UPDATE events SET data = '{"colour":1}' WHERE seq = 4`,
		"missing": `DELETE FROM events WHERE seq = 4`,
	} {
		t.Run(name, func(t *testing.T) {
			path := seed(t)
			edit(t, path, script)
			s, err := Open(t.Context(), path, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			var last error
			for _, err := range s.Events(t.Context(), "a", 0) {
				last = err
			}
			if study.CodeOf(last) != study.Internal || !strings.Contains(last.Error(), "event 4") {
				t.Errorf("events ended with %v", last)
			}
		})
	}
	t.Run("cut off", func(t *testing.T) {
		path := seed(t)
		edit(t, path, `DELETE FROM events WHERE seq = (SELECT max(seq) FROM events)`)
		if _, err := Open(t.Context(), path, Options{}); study.CodeOf(err) != study.Internal || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("open: %v", err)
		}
	})
}

// TestViews asks what docs/store-schema.md says can be asked.
func TestViews(t *testing.T) {
	path := seed(t)
	c, err := dial(t.Context(), readDSN(path))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for query, want := range map[string]string{
		"SELECT study, number, value FROM best":                                     "study a|0|0.5",
		"SELECT study, trial, step, value FROM metrics WHERE name = 'loss'":         "study a|0|1|0,study a|1|1|1,study a|2|1|2",
		"SELECT count(*), count(DISTINCT name) FROM params WHERE trial < 2":         "19|10",
		"SELECT state, seconds, created_at FROM results WHERE number = 0":           "complete|1.5|2026-03-29T01:59:59.123Z",
		"SELECT kind, trial, attempt FROM history WHERE seq > 9":                    "ended|0|1,requeued|2|1",
		"SELECT name, counts ->> '$.complete', counts ->> '$.running' FROM studies": "study a|1|1",
		"SELECT worker, outcome, failure ->> 'class' FROM attempts WHERE trial = 2": "w|requeued|lost",
		"SELECT feasible, method FROM results WHERE number = 0":                     "1|m",
		"SELECT max(version) FROM versions":                                         "3",
		"SELECT number FROM trials WHERE study = 1 AND state = 'queued'":            "2",
	} {
		var rows []string
		err := c.query(t.Context(), func(r row) error {
			var cells []string
			for _, v := range r {
				cells = append(cells, fmt.Sprint(v))
			}
			rows = append(rows, strings.Join(cells, "|"))
			return nil
		}, query)
		if err != nil {
			t.Errorf("%s: %v", query, err)
		} else if got := strings.Join(rows, ","); got != want {
			t.Errorf("%s\ngives %q, want %q", query, got, want)
		}
	}
}

func TestNewerSchema(t *testing.T) {
	path := seed(t)
	edit(t, path, "INSERT INTO versions VALUES (99, 0)")
	_, err := Open(t.Context(), path, Options{})
	if study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), "99") || !strings.Contains(err.Error(), "upgrade") {
		t.Errorf("open: %v", err)
	}
	if _, err = OpenReadOnly(t.Context(), path, Options{}); study.CodeOf(err) != study.Invalid {
		t.Errorf("open for reading: %v", err)
	}
}

func TestForeignDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	edit(t, path, "CREATE TABLE songs (title TEXT)")
	_, err := Open(t.Context(), path, Options{})
	if study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), "another program") {
		t.Errorf("open: %v", err)
	}
}

// TestMigrate takes a store through versions that do not exist yet.
func TestMigrate(t *testing.T) {
	files := fstest.MapFS{"s/0001.sql": {Data: []byte("PRAGMA application_id = 1095125326; CREATE TABLE a (x);")}}
	c, err := dial(t.Context(), dsn(filepath.Join(t.TempDir(), "a.db")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	at := func(want int) {
		t.Helper()
		if v, err := version(t.Context(), c); v != want || err != nil {
			t.Fatalf("version %d, %v; want %d", v, err, want)
		}
	}
	run := func() error {
		list, err := migrations(files, "s")
		if err != nil {
			return err
		}
		return migrate(t.Context(), c, list)
	}
	at(0)
	for range 2 { // the second time there is nothing to do
		if err := run(); err != nil {
			t.Fatal(err)
		}
		at(1)
	}
	// One that fails half way leaves nothing.
	files["s/0002.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE b (x); CREATE TABLE a (x);")}
	if err := run(); err == nil {
		t.Fatal("no error")
	}
	at(1)
	files["s/0002.sql"] = &fstest.MapFile{Data: []byte("CREATE TABLE b (x);")}
	files["s/0003.sql"] = &fstest.MapFile{Data: []byte("ALTER TABLE b ADD COLUMN y;")}
	if err := run(); err != nil {
		t.Fatal(err)
	}
	at(3)
	delete(files, "s/0002.sql")
	if err := run(); err == nil {
		t.Error("a gap between migrations went unnoticed")
	}
}

// TestMigratePaid takes a store of version 1 to the newest: what attempts have
// used is worked out from their reports.
func TestMigratePaid(t *testing.T) {
	path := seed(t)
	edit(t, path, `
		ALTER TABLE trials DROP COLUMN fixed;
		ALTER TABLE trials DROP COLUMN copy_of;
		ALTER TABLE trials DROP COLUMN copy_step;
		ALTER TABLE attempts DROP COLUMN paid;
		DELETE FROM versions WHERE version > 1;
		-- trial 2 was lost at step 3, and its second attempt went on to step 8
		INSERT INTO reports SELECT study, 2, 3, metrics, 1, at FROM reports WHERE trial = 2;
		UPDATE trials SET state = 'paused' WHERE number = 2;
		INSERT INTO attempts SELECT study, 2, 2, worker, ref, started, ended, 'paused', NULL FROM attempts WHERE trial = 2;
		INSERT INTO reports SELECT study, 2, 4, metrics, 2, at FROM reports WHERE trial = 2 AND step = 3;
		INSERT INTO reports SELECT study, 2, 8, metrics, 2, at FROM reports WHERE trial = 2 AND step = 3`)
	if _, err := OpenReadOnly(t.Context(), path, Options{}); study.CodeOf(err) != study.Unavailable {
		t.Errorf("a store of an old version is read: %v", err)
	}
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	log, err := s.Load(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	for trial, want := range [][]float64{{1}, {0}, {3, 5}} { // trial 1 is still running
		tr := log.Book.Trial(trial)
		for i, a := range tr.Attempts {
			if a.Paid != want[i] {
				t.Errorf("attempt %d of trial %d has paid %v, want %v", a.Number, trial, a.Paid, want[i])
			}
		}
		if tr.Copy != nil {
			t.Errorf("trial %d is a copy of %d", trial, tr.Copy.Trial)
		}
	}
	if paid := log.Book.Trial(1).Paid(); paid != 1 {
		t.Errorf("the running trial has paid %v", paid)
	}
}

func TestNetworkFilesystem(t *testing.T) {
	var asked []string
	nfs := func(dir string) (string, bool, error) {
		asked = append(asked, dir)
		return "NFS", true, nil
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "a.db")
	_, err := Open(t.Context(), path, Options{filesystem: nfs})
	if study.CodeOf(err) != study.Invalid || !strings.Contains(err.Error(), "NFS") || !strings.Contains(err.Error(), "local disk") {
		t.Errorf("open: %v", err)
	}
	if real, err := filepath.EvalSymlinks(dir); err != nil || !slices.Equal(asked, []string{real}) {
		t.Errorf("asked about %q", asked)
	}
	s, err := Open(t.Context(), path, Options{filesystem: nfs, AllowNetworkFS: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(t.Context(), path, Options{filesystem: nfs}); study.CodeOf(err) != study.Invalid {
		t.Errorf("open for reading: %v", err)
	}
}

// TestDamageIsOneStudys damages one of two studies: the other goes on.
func TestDamageIsOneStudys(t *testing.T) {
	path := seed(t)
	edit(t, path, `UPDATE trials SET state = 'asleep' WHERE number = 1`)
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Claim(t.Context(), "a", "x"); study.CodeOf(err) != study.Internal || !strings.Contains(err.Error(), "asleep") {
		t.Errorf("claim: %v", err)
	}
	if err := s.Create(t.Context(), storetest.Definition("b")); err != nil {
		t.Fatal(err)
	}
	epoch, err := s.Claim(t.Context(), "b", "x")
	if err != nil {
		t.Fatal(err)
	}
	rs, err := s.Append(t.Context(), []store.Tx{
		{Study: "a", Epoch: 1, Events: []*study.Event{{Kind: study.EventQueued, Trial: 3}}},
		{Study: "b", Epoch: epoch, Events: []*study.Event{{Kind: study.EventQueued}}},
	})
	if err != nil || study.CodeOf(rs[0].Err) != study.Internal || rs[1].Err != nil {
		t.Errorf("append: %+v, %v", rs, err)
	}
}

// TestDiskFull bounds the file, which SQLite reports like a full disk.
func TestDiskFull(t *testing.T) {
	path := seed(t)
	s, err := Open(t.Context(), path, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	epoch, err := s.Claim(t.Context(), "a", "x")
	if err != nil {
		t.Fatal(err)
	}
	before, err := s.Load(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	err = s.writer.do(t.Context(), func(b *batch) error {
		return b.w.conn.query(context.Background(), func(row) error { return nil }, "PRAGMA max_page_count = 1")
	})
	if err != nil {
		t.Fatal(err)
	}
	huge := &study.Event{Kind: study.EventStatus, Status: study.StatusStopped, Reason: strings.Repeat("x", 1<<20)}
	small := &study.Event{Kind: study.EventStatus, Status: study.StatusStopped}
	for _, e := range []*study.Event{huge, small} {
		_, err = s.Append(t.Context(), []store.Tx{{Study: "a", Epoch: epoch, Events: []*study.Event{e}}})
		if study.CodeOf(err) != study.Unavailable || !strings.Contains(err.Error(), "disk is full") {
			t.Fatalf("append: %v", err)
		}
	}
	after, err := s.Load(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	if d := storetest.DiffLogs(before, after); d != "" {
		t.Errorf("what was there before (-) is not what is there now (+):\n%s", d)
	}
}
