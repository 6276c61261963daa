package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/afina-hpo/afina/store/sqlite"
	"github.com/afina-hpo/afina/store/storetest"
	"github.com/afina-hpo/afina/study"
)

var kills = flag.Int("kills", 200, "how often TestKill kills afina at a random instant")

// tortured is a study of trials that take a millisecond, four at a time. What
// a trial prints is its parameter, so that a result that got into the wrong
// hands shows; and it keeps a ledger of its own, by which an attempt that ran
// unrecorded, or twice, shows. The program's own word is in no ledger of
// afina's.
const tortured = `
name: tortured
command: [sh, -c, 'echo "$2" >> ledger && echo "loss=$1"', trial, "{x}", "{trial.id}"]
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
search: { algorithm: random, seed: 11, parallel: 4 }
stop: { trials: 1000000 }
retry: { max: 0, on: [lost], max_consecutive_failed: 0 }
`

// victim is a study that is killed again and again, with everything that was
// acknowledged.
type victim struct {
	*place
	acked map[int]string // "state loss" by trial, as the event line said it
	start map[string]bool
	lives int
	early int // lives that ended before anything was acknowledged
}

func newVictim(t testing.TB) *victim {
	v := &victim{place: newPlace(t), acked: map[int]string{}, start: map[string]bool{}}
	v.write(t, "study.yaml", tortured)
	return v
}

// line is what a line of run --json may hold.
type line struct {
	Event   string             `json:"event"`
	Number  int                `json:"number"`
	Attempt int                `json:"attempt"`
	State   string             `json:"state"`
	Values  map[string]float64 `json:"values"`
	Status  string             `json:"status"`
}

// note keeps what a line acknowledges. No trial may end twice, in any life.
func (v *victim) note(t testing.TB, text []byte) {
	var l line
	if err := json.Unmarshal(text, &l); err != nil {
		t.Fatalf("life %d printed %q: %v", v.lives, text, err)
	}
	switch l.Event {
	case "started":
		v.start[fmt.Sprint(l.Number, "-", l.Attempt)] = true
	case "ended":
		if before, twice := v.acked[l.Number]; twice {
			t.Fatalf("trial %d ended twice: first %s, in life %d %s", l.Number, before, v.lives, text)
		}
		v.acked[l.Number] = fmt.Sprint(l.State, " ", l.Values["loss"])
	}
}

// live lets afina run once more and follows its acknowledgements until it is
// dead. When kill is called it has printed the number of lines that it is
// given.
func (v *victim) live(t testing.TB, fault string, kill func(cmd *exec.Cmd, lines int), args ...string) *os.ProcessState {
	t.Helper()
	v.lives++
	cmd := v.command(t, append([]string{"run", "study.yaml", "--json"}, args...)...)
	cmd.Env = append(cmd.Env, faultVariable+"="+fault)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	before := len(v.acked)
	r := bufio.NewReader(out)
	for n := 0; ; n++ {
		kill(cmd, n)
		// What was printed before the end counts, a piece of a line does not.
		text, err := r.ReadBytes('\n')
		if err != nil {
			if err != io.EOF && !errors.Is(err, fs.ErrClosed) {
				t.Fatal(err)
			}
			break
		}
		v.note(t, text)
	}
	if len(v.acked) == before {
		v.early++
	}
	if err := cmd.Wait(); err != nil && cmd.ProcessState.ExitCode() > 0 {
		t.Fatalf("life %d ended by itself: %v\n%s", v.lives, err, errs.String())
	}
	return cmd.ProcessState
}

// audit opens what is left and demands that it is whole, and that it is what
// was acknowledged.
func (v *victim) audit(t testing.TB) (trials, attempts int) {
	t.Helper()
	path := filepath.Join(v.dir, ".afina", "tortured", "study.db")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && len(v.acked) == 0 {
		return 0, 0 // killed before it could do anything
	}
	s, err := sqlite.Open(t.Context(), path, sqlite.Options{}) // as the next afina would
	if err != nil {
		t.Fatalf("after life %d: open: %v", v.lives, err)
	}
	defer s.Close()
	if err := s.Integrity(t.Context()); err != nil {
		t.Fatalf("after life %d: %v", v.lives, err)
	}
	list, err := s.Studies(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(list) == 0 && len(v.acked) == 0 {
		return 0, 0
	}
	if len(list) != 1 {
		t.Fatalf("after life %d there are %d studies", v.lives, len(list))
	}
	log, err := s.Load(t.Context(), list[0].ID)
	if err != nil {
		t.Fatalf("after life %d: %v", v.lives, err)
	}
	// The fold of the events is the state, and no trial ends twice in it.
	fold, ends := study.NewLog(log.Def), map[int]int{}
	for e, err := range s.Events(t.Context(), list[0].ID, 0) {
		if err != nil {
			t.Fatal(err)
		}
		if err := fold.Apply(e); err != nil {
			t.Fatalf("after life %d: event %d: %v", v.lives, e.Seq, err)
		}
		if e.Kind == study.EventEnded {
			ends[e.Trial]++
		}
	}
	if d := storetest.DiffLogs(fold, log); d != "" {
		t.Fatalf("after life %d the tables differ from the events (-fold +load):\n%s", v.lives, d)
	}
	for n := range log.Book.Len() {
		tr := log.Book.Trial(n)
		if tr == nil {
			t.Fatalf("after life %d: there is no trial %d of %d", v.lives, n, log.Book.Len())
		}
		if ends[n] > 1 {
			t.Fatalf("after life %d: trial %d ended %d times", v.lives, n, ends[n])
		}
		for _, a := range tr.Attempts {
			v.start[fmt.Sprint(n, "-", a.Number)] = true
		}
		attempts += len(tr.Attempts)
		if tr.State == study.Complete {
			if x, _ := tr.Config.Get("x"); x.Text() != fmt.Sprint(tr.Values[0]) {
				t.Fatalf("after life %d: trial %d has loss %v, but its program printed %s", v.lives, n, tr.Values[0], x.Text())
			}
		}
	}
	for n, want := range v.acked {
		tr := log.Book.Trial(n)
		if tr == nil {
			t.Fatalf("after life %d: trial %d was acknowledged (%s) and is lost", v.lives, n, want)
		}
		loss, _ := tr.Metrics.Get("loss")
		if got := fmt.Sprint(tr.State, " ", loss); got != want {
			t.Fatalf("after life %d: trial %d was acknowledged as %q and is %q", v.lives, n, want, got)
		}
	}
	return log.Book.Len(), attempts
}

// finish lets the study run to an end, and looks at everything once more.
func (v *victim) finish(t testing.TB) (trials int) {
	t.Helper()
	so, _ := v.audit(t)
	v.live(t, "", func(*exec.Cmd, int) {}, "--trials", strconv.Itoa(so+12))
	v.nothingLeft(t)
	trials, _ = v.audit(t)
	if len(v.acked) == 0 {
		t.Error("nothing was ever acknowledged: nothing was tested")
	}
	complete := 0
	for _, tr := range v.trials(t, "tortured") {
		switch tr.State {
		case "complete":
			complete++
		case "cancelled":
		default:
			t.Errorf("trial %d is %s (%s: %s) at the end", tr.Number, tr.State, tr.Class, tr.Message)
		}
	}
	if complete < so+12 {
		t.Errorf("%d trials are complete, want %d", complete, so+12)
	}
	v.checkLedger(t)
	return trials
}

// checkLedger compares the programs' own ledger with the study's: each attempt
// ran once at most, and none that is not on record.
func (v *victim) checkLedger(t testing.TB) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(v.dir, "ledger"))
	if err != nil {
		t.Fatal(err)
	}
	ran := map[string]int{}
	for id := range strings.FieldsSeq(string(text)) {
		_, attempt, ok := strings.Cut(id, "-")
		if !ok || !v.start[attempt] {
			t.Errorf("attempt %s ran and is not on record", id)
		}
		if ran[id]++; ran[id] > 1 {
			t.Errorf("attempt %s ran %d times", id, ran[id])
		}
	}
}

// livesPerStudy is how often one study is killed before it may end and another
// begins, so that a study's first moments are hit, too.
const livesPerStudy = 20

// TestKill kills all of afina at random instants, from the first moments to
// the thick of it, and starts it again with the same command until the study
// has ended: no result that was acknowledged is lost or changed, none is there
// twice, and no process is left. The seed is fixed; the instants are the
// machine's.
func TestKill(t *testing.T) {
	n := *kills
	if testing.Short() {
		n = min(n, 20)
	}
	began := time.Now()
	rng := rand.New(rand.NewPCG(20, 26))
	lives, early, acked, stored := 0, 0, 0, 0
	for lives < n {
		v := newVictim(t)
		for range min(livesPerStudy, n-lives) {
			byTime := rng.IntN(2) == 0
			after := time.Duration(rng.IntN(150_000)) * time.Microsecond
			lines := 1 + rng.IntN(100)
			var timer *time.Timer
			state := v.live(t, "", func(cmd *exec.Cmd, seen int) {
				switch {
				case byTime && seen == 0:
					timer = time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
				case !byTime && seen == lines:
					_ = cmd.Process.Kill() // fails only where it has ended, which is seen below
				}
			})
			if timer != nil {
				timer.Stop()
			}
			if ws, ok := state.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() {
				t.Fatalf("life %d was not killed: %v", v.lives, state)
			}
			if rng.IntN(2) == 0 { // else afina itself finds what is left first
				v.audit(t)
			}
		}
		stored += v.finish(t)
		lives, early, acked = lives+v.lives-1, early+v.early, acked+len(v.acked)
	}
	if early == lives {
		t.Error("every life ended before anything was acknowledged")
	}
	t.Logf("%d kills (%d before anything new was acknowledged), %d results acknowledged, %d trials stored, 0 lost, 0 changed, 0 twice, in %v on %d cores",
		lives, early, acked, stored, time.Since(began).Round(time.Second), runtime.NumCPU())
}

// TestKillAtCommit kills afina at each boundary of a commit: the first, which
// makes the study, and later ones.
func TestKillAtCommit(t *testing.T) {
	for _, point := range sqlite.Faults() {
		t.Run(point, func(t *testing.T) {
			v := newVictim(t)
			for _, nth := range []int{1, 2, 3, 4, 5, 8, 13, 40} {
				state := v.live(t, fmt.Sprint(point, " ", nth), func(*exec.Cmd, int) {})
				if ws, ok := state.Sys().(syscall.WaitStatus); !ok || !ws.Signaled() {
					t.Fatalf("afina was not killed at %s %d: %v", point, nth, state)
				}
				v.audit(t)
			}
			v.finish(t)
		})
	}
}

// served is a study that is asked for and told.
const served = `
name: served
objective: { minimize: loss }
parameters:
  x: { float: [0, 1] }
search: { algorithm: random, seed: 5 }
`

// client talks to afina serve --stdio.
type client struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

func (p *place) serve(t testing.TB, fault string) *client {
	t.Helper()
	cmd := p.command(t, "serve", "--stdio", "served.yaml", "--store", "served.db")
	cmd.Env = append(cmd.Env, faultVariable+"="+fault)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return &client{t, cmd, in, bufio.NewReader(out)}
}

// errDead says that the server was killed before it answered.
var errDead = errors.New("no answer")

// send sends a line. A server that is dead does not take it, which shows in
// the answer.
func (c *client) send(line string) { _, _ = io.WriteString(c.in, line+"\n") }

// receive decodes the next answer.
func (c *client) receive(val any) error {
	text, err := c.out.ReadBytes('\n')
	if err != nil {
		return errDead
	}
	if err := json.Unmarshal(text, val); err != nil {
		c.t.Fatalf("answer %q: %v", text, err)
	}
	return nil
}

type answer struct {
	OK     bool `json:"ok"`
	Trials []struct {
		Number int                `json:"number"`
		State  string             `json:"state"`
		Params map[string]float64 `json:"params"`
		Values map[string]float64 `json:"values"`
	} `json:"trials"`
	Error *struct {
		Code, Message string
	} `json:"error"`
}

// bookkeeper is a client's own ledger.
type bookkeeper struct {
	acked, sent map[int]float64 // told, with and without an answer
}

// work asks and tells until the server dies, or n trials are told.
func (b *bookkeeper) work(c *client, n int) {
	t := c.t
	// What was told without an answer is told again: it may have had effect.
	for number, x := range b.sent {
		c.send(fmt.Sprintf(`{"op":"tell","number":%d,"values":{"loss":%g}}`, number, x))
		var a answer
		if c.receive(&a) != nil {
			return
		}
		if !a.OK {
			t.Fatalf("told trial %d again: %+v", number, a.Error)
		}
		b.acked[number] = x
		delete(b.sent, number)
	}
	for told := 0; told < n; {
		c.send(`{"op":"ask","n":2}`)
		var a answer
		if c.receive(&a) != nil {
			return
		}
		if a.Error != nil || len(a.Trials) == 0 {
			t.Fatalf("asked, and got %+v", a)
		}
		for _, tr := range a.Trials {
			if _, twice := b.acked[tr.Number]; twice {
				t.Fatalf("trial %d, whose result was acknowledged, is handed out again", tr.Number)
			}
			b.sent[tr.Number] = tr.Params["x"]
			c.send(fmt.Sprintf(`{"op":"tell","number":%d,"values":{"loss":%g}}`, tr.Number, tr.Params["x"]))
		}
		for _, tr := range a.Trials {
			var a answer
			if c.receive(&a) != nil {
				return
			}
			if !a.OK {
				t.Fatalf("told trial %d: %+v", tr.Number, a.Error)
			}
			b.acked[tr.Number] = tr.Params["x"]
			delete(b.sent, tr.Number)
			told++
		}
	}
}

// check compares the ledger with what the server knows.
func (b *bookkeeper) check(c *client) {
	c.send(`{"op":"trials"}`)
	var a answer
	if err := c.receive(&a); err != nil {
		c.t.Fatal(err)
	}
	got := map[int]float64{}
	for i, tr := range a.Trials {
		if tr.Number != i {
			c.t.Fatalf("trial %d stands where %d should", tr.Number, i)
		}
		if tr.State == "complete" {
			got[tr.Number] = tr.Values["loss"]
		}
	}
	for number, x := range b.sent { // may or may not have arrived
		if y, ok := got[number]; ok && y == x {
			delete(got, number)
		}
	}
	if diff := cmp.Diff(b.acked, got); diff != "" {
		c.t.Fatalf("results (-acknowledged +stored):\n%s", diff)
	}
}

// TestKillServe kills afina serve while a client asks and tells: results that
// were acknowledged are there after the restart, and telling the others again
// is no error.
func TestKillServe(t *testing.T) {
	n := max(4, *kills/5)
	if testing.Short() {
		n = 6
	}
	p := newPlace(t)
	p.write(t, "served.yaml", served)
	rng := rand.New(rand.NewPCG(30, 26))
	b := &bookkeeper{acked: map[int]float64{}, sent: map[int]float64{}}
	faults := sqlite.Faults()
	for life := range n {
		fault := ""
		if life%2 == 0 {
			fault = fmt.Sprint(faults[rng.IntN(len(faults))], " ", 5+rng.IntN(30))
		}
		c := p.serve(t, fault)
		b.check(c)
		timer := time.AfterFunc(time.Duration(rng.IntN(60_000))*time.Microsecond, func() {
			if fault == "" {
				_ = c.cmd.Process.Kill()
			}
		})
		b.work(c, 1<<30)
		timer.Stop()
		if err := c.cmd.Wait(); err == nil || c.cmd.ProcessState.ExitCode() > 0 {
			t.Fatalf("life %d ended by itself: %v", life, err)
		}
	}
	c := p.serve(t, "")
	b.check(c)
	b.work(c, 4)
	b.check(c)
	if err := c.in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if len(b.acked) < n {
		t.Errorf("only %d results were acknowledged in %d lives: too little was tested", len(b.acked), n)
	}
	t.Logf("%d kills, %d results acknowledged, 0 lost", n, len(b.acked))
}
