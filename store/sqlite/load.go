package sqlite

import (
	"context"
	"encoding/json"
	"math"
	"sort"
	"time"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/store"
	"github.com/afina-hpo/afina/store/internal/record"
	"github.com/afina-hpo/afina/study"
)

const (
	selectTrials = `SELECT number, state, params, objectives, violations, metrics, failure, message, exit, signal,
		method, version, seen, seen_ended, stream, note, resume, until, bracket, not_before, created, ended, ended_seq, revision, copy_of, copy_step, fixed
		FROM trials WHERE id BETWEEN ? AND ? ORDER BY id`
	selectAttempts = `SELECT trial, attempt, worker, ref, started, ended, outcome, failure, paid
		FROM attempts WHERE study = ? ORDER BY trial, attempt`
	selectReports = `SELECT trial, step, metrics, at, attempt FROM reports WHERE study = ? ORDER BY trial, step`
)

// damaged is the error for a row that cannot be what was written.
func damaged(id string, trial int, column, format string, args ...any) error {
	e := study.Errorf(study.Internal, "restore a copy of the store", "study %q, trial %d, column %s: ", id, trial, column)
	e.Message += study.Errorf(study.Internal, "", format, args...).Message
	return e
}

// Studies implements [store.Store].
func (s *Store) Studies(ctx context.Context) ([]store.Summary, error) {
	list := []store.Summary{}
	err := s.readers.do(ctx, func(c *conn) error {
		return c.query(ctx, func(r row) error {
			sum := store.Summary{ID: r.text(0), Name: r.text(1), Created: r.time(2), Status: study.Status(r.text(3)), Trials: map[study.State]int{}}
			if err := json.Unmarshal([]byte(r.text(4)), &sum.Trials); err != nil {
				return study.Errorf(study.Internal, "restore a copy of the store", "study %q, column counts: %v", sum.ID, err)
			}
			list = append(list, sum)
			return nil
		}, "SELECT id, name, created, status, counts FROM studies ORDER BY created, id")
	})
	if err != nil {
		return nil, explain("list studies of", s.path, err)
	}
	return list, nil
}

// Load implements [store.Store]. It reads the tables of trials, attempts and
// reports, whatever the number of events that led to them.
func (s *Store) Load(ctx context.Context, id string) (*study.Log, error) {
	var log *study.Log
	err := s.readers.do(ctx, func(c *conn) (err error) {
		log, err = load(ctx, c, id)
		return err
	})
	if err != nil {
		return nil, explain("load a study from", s.path, err)
	}
	return log, nil
}

// loader puts a study together.
type loader struct {
	id     string
	spaces []*space.Space // by revision
	read   record.Reader
	trials []*study.Trial
	ended  []end
}

// end is the place of a trial in the order in which trials ended.
type end struct {
	seq   int64
	trial int
}

func load(ctx context.Context, c *conn, id string) (*study.Log, error) {
	h, err := readHead(ctx, c, id)
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, study.Errorf(study.NotFound, "", "there is no study %q", id)
	}
	h.def.Space = h.spaces[len(h.spaces)-1]
	log := study.NewLog(h.def)
	log.Seq, log.Status, log.Reason, log.Spent = h.seq, h.status, h.reason, h.spent
	l := &loader{id: id, spaces: h.spaces}
	key := h.key
	if err := c.query(ctx, l.trial, selectTrials, key<<keyBits, (key+1)<<keyBits-1); err != nil {
		return nil, err
	}
	if err := c.query(ctx, l.attempt, selectAttempts, key); err != nil {
		return nil, err
	}
	if err := c.query(ctx, l.report, selectReports, key); err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, err
	}
	l.fill(log.Book)
	return log, nil
}

// fill puts the trials into an empty book so that they end in their order. No
// trial is put before it must be: the book looks for an ended trial among the
// open ones, and so they stay few.
func (l *loader) fill(book *study.Book) {
	sort.Slice(l.ended, func(i, j int) bool { return l.ended[i].seq < l.ended[j].seq })
	open := &study.Trial{State: study.Queued} // stands in for trials yet to end
	putUpTo := func(n int) {
		for book.Len() < n {
			t := l.trials[book.Len()]
			if t.State.Ended() {
				open.Number = t.Number
				t = open
			}
			book.Put(t)
		}
	}
	for _, e := range l.ended {
		putUpTo(e.trial + 1)
		book.Put(l.trials[e.trial])
	}
	putUpTo(len(l.trials))
}

// trial reads one row of the table trials.
func (l *loader) trial(r row) error {
	n := len(l.trials)
	bad := func(column, format string, args ...any) error { return damaged(l.id, n, column, format, args...) }
	if r.int(0) != int64(n) {
		return bad("number", "the trial is missing; the next is %d", r.int(0))
	}
	t := &study.Trial{
		Number: n, State: study.State(l.read.Names.Share(r.text(1))),
		Resume: r.real(16), Until: r.real(17), Bracket: int(r.int(18)),
		NotBefore: r.time(19), Created: r.time(20), Ended: r.time(21),
	}
	var err error
	if !r.null(2) {
		rev := r.int(23)
		if rev < 0 || rev >= int64(len(l.spaces)) {
			return bad("revision", "the space has no revision %d", rev)
		}
		l.read.Use(l.spaces[rev])
		if t.Config, err = l.read.Config(r.text(2)); err != nil {
			return bad("params", "%v", err)
		}
	}
	if !r.null(3) {
		if t.Values, err = record.ParseFloats(r.text(3)); err != nil {
			return bad("objectives", "%v", err)
		}
	}
	if !r.null(4) {
		if t.Violations, err = record.ParseFloats(r.text(4)); err != nil {
			return bad("violations", "%v", err)
		}
	}
	if !r.null(5) {
		if t.Metrics, err = record.ParseMetrics(r.text(5), &l.read.Names); err != nil {
			return bad("metrics", "%v", err)
		}
	}
	if !r.null(6) {
		t.Failure = &study.Failure{
			Class: study.Class(l.read.Names.Share(r.text(6))), Message: r.text(7),
			Exit: int(r.int(8)), Signal: l.read.Names.Share(r.text(9)),
		}
	}
	if !r.null(10) {
		t.Origin = l.read.Origins.Share(study.Origin{
			Method: l.read.Names.Share(r.text(10)), Version: l.read.Names.Share(r.text(11)),
			Seen: int(r.int(12)), SeenEnded: int(r.int(13)), Stream: int(r.int(14)), Note: r.text(15),
			Fixed: l.read.Names.Share(r.text(26)),
		})
	}
	if !r.null(24) {
		if t.Copy = (&study.Copy{Trial: int(r.int(24)), Step: r.real(25)}); t.Copy.Trial < 0 || t.Copy.Trial >= n {
			return bad("copy_of", "trial %d cannot be copied", t.Copy.Trial)
		}
	}
	switch t.State {
	case study.Queued, study.Running, study.Paused:
		if !r.null(22) {
			return bad("ended_seq", "a trial that is %s has ended", t.State)
		}
	default:
		if !t.State.Ended() {
			return bad("state", "%.40q is no state", string(t.State))
		}
		if r.null(22) {
			return bad("ended_seq", "missing, though the trial is %s", t.State)
		}
		l.ended = append(l.ended, end{r.int(22), n})
	}
	l.trials = append(l.trials, t)
	return nil
}

// find returns the trial that a row of another table belongs to.
func (l *loader) find(n int64, table string) (*study.Trial, error) {
	if n < 0 || n >= int64(len(l.trials)) {
		return nil, damaged(l.id, int(n), table+".trial", "there is no such trial")
	}
	return l.trials[n], nil
}

// attempt reads one row of the table attempts.
func (l *loader) attempt(r row) error {
	t, err := l.find(r.int(0), "attempts")
	if err != nil {
		return err
	}
	a := study.Attempt{
		Number: int(r.int(1)), Worker: l.read.Names.Share(r.text(2)), Ref: r.text(3),
		Started: r.time(4), Ended: r.time(5), Outcome: l.read.Names.Share(r.text(6)), Paid: r.real(8),
	}
	if a.Number != len(t.Attempts)+1 {
		return damaged(l.id, t.Number, "attempts.attempt", "attempt %d is missing; the next is %d", len(t.Attempts)+1, a.Number)
	}
	if !r.null(7) {
		if a.Failure, err = record.ParseFailure(r.text(7), &l.read.Names); err != nil {
			return damaged(l.id, t.Number, "attempts.failure", "%v", err)
		}
	}
	t.Attempts = append(t.Attempts, a)
	return nil
}

// report reads one row of the table reports.
func (l *loader) report(r row) error {
	t, err := l.find(r.int(0), "reports")
	if err != nil {
		return err
	}
	p := study.Report{Step: r.real(1), At: r.time(3), Attempt: int(r.int(4))}
	if !r.null(2) {
		if p.Values, err = record.ParseMetrics(r.text(2), &l.read.Names); err != nil {
			return damaged(l.id, t.Number, "reports.metrics", "%v", err)
		}
	}
	t.Reports = append(t.Reports, p)
	return nil
}

// check finds states that no sequence of events leads to.
func (l *loader) check() error {
	for _, t := range l.trials {
		running := false
		for i, a := range t.Attempts {
			if running = a.Outcome == ""; running && i+1 < len(t.Attempts) {
				return damaged(l.id, t.Number, "attempts.outcome", "attempt %d runs, though there is a newer one", a.Number)
			}
		}
		if running != (t.State == study.Running) {
			return damaged(l.id, t.Number, "state", "%s does not fit the attempts", t.State)
		}
	}
	return nil
}

// time returns a column that [nano] wrote.
func (r row) time(i int) time.Time {
	if r.null(i) {
		return time.Time{}
	}
	return time.Unix(0, r.int(i)).UTC()
}

// real returns a number whose NaN is NULL.
func (r row) real(i int) float64 {
	switch x := r[i].(type) {
	case float64:
		return x
	case int64: // SQLite may hand out a whole number as one
		return float64(x)
	}
	return math.NaN()
}
