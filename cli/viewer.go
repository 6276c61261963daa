package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

type engineView = engine.View

// viewer shows a study while it runs: on a terminal one block that is redrawn
// in place, elsewhere plain lines, with --json one event a line.
type viewer struct {
	x     *app
	flags runFlags
	home  home.Home
	path  string // of the database
	tty   bool
	color bool
	width int
	slots int
	// comparing: there is to be a final comparison and no search.
	comparing bool

	mu      sync.Mutex
	drawn   int // lines of the block on the screen
	last    engineView
	lastSay time.Time // of the newest plain summary line
	def     *study.Definition
	best    float64
	hasBest bool
}

func (x *app) newViewer(f runFlags, h home.Home, path string) *viewer {
	v := &viewer{x: x, flags: f, home: h, path: path, lastSay: time.Now(), width: 80}
	if out, ok := x.Out.(*os.File); ok && !x.json && !f.quiet {
		termName, _ := x.lookupEnv("TERM")
		v.tty = term.IsTerminal(int(out.Fd())) && termName != "dumb"
		_, noColor := x.lookupEnv("NO_COLOR")
		v.color = v.tty && !noColor
	}
	return v
}

// every is how often the study is looked at.
func (v *viewer) every() time.Duration {
	if v.tty {
		return 150 * time.Millisecond
	}
	return time.Second
}

// say prints a line about the run as a whole.
func (v *viewer) say(format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.line(v.x.Err, fmt.Sprintf(format, args...))
}

// line prints a line above the block. The caller holds mu.
func (v *viewer) line(w io.Writer, text string) {
	if v.x.json && w == v.x.Out {
		return
	}
	v.erase()
	fmt.Fprintln(w, text)
	v.redraw()
}

// warn prints a remark about one trial.
func (v *viewer) warn(trial int, message string) {
	if trial < 0 {
		v.say("%s", clean(message))
		return
	}
	v.say("trial %d: %s", trial, clean(message))
}

func (v *viewer) starting(def *study.Definition) {
	v.def = def
	if !v.flags.quiet {
		v.say("study %s: %s, search %s, schedule %s, seed %d, %s at once", def.Name, goals(def), def.Search.Name, def.Schedule.Name, def.Seed, plural(def.Parallel, "trial"))
		for _, e := range def.Earlier {
			v.say("warm start from %s: %s", e.Name, learnedFrom(&e, def))
		}
	}
}

func (v *viewer) resuming(log *study.Log) {
	v.def = log.Def
	h := log.Book.History()
	if best := analyze.Best(h); best != nil {
		v.best, v.hasBest = best.Values[0], true
	}
	if v.flags.quiet {
		return
	}
	if v.comparing {
		v.say("study %s, %s: its best configurations run again", log.Def.Name, counts(count(h)))
		return
	}
	v.say("study %s goes on: %s after %s; --new starts over", log.Def.Name, counts(count(h)), round(log.Spent))
}

func goals(def *study.Definition) string {
	parts := make([]string, len(def.Objectives))
	for i, o := range def.Objectives {
		parts[i] = string(o.Goal) + " " + o.Metric
	}
	return strings.Join(parts, ", ")
}

// running returns how many trials run.
func (v *viewer) running(e *engine.Engine) int {
	view, err := e.View(context.Background())
	if err != nil {
		return 0
	}
	return len(view.Leases)
}

// eventLine is one line of run --json.
type eventLine struct {
	Event   string        `json:"event"`
	Number  int           `json:"number"`
	Attempt int           `json:"attempt,omitempty"`
	State   study.State   `json:"state,omitempty"`
	Params  *space.Config `json:"params,omitempty"`
	Step    *float64      `json:"step,omitempty"`
	Values  study.Metrics `json:"values,omitempty"`
	Class   study.Class   `json:"class,omitempty"`
	Message string        `json:"message,omitempty"`
	Resume  *float64      `json:"resume_step,omitempty"`
	Until   float64       `json:"until_step,omitempty"`
	Copy    *study.Copy   `json:"copy,omitempty"`
	Paid    float64       `json:"paid,omitempty"`
	At      time.Time     `json:"at"`
}

// observe prints what has happened. It is called by the engine with events
// that are durable.
func (v *viewer) observe(events []*study.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, e := range events {
		switch {
		case v.x.json:
			v.observeJSON(e)
		case v.flags.quiet:
		default:
			v.observeText(e)
		}
	}
}

func (v *viewer) observeJSON(e *study.Event) {
	if e.Kind == study.EventStatus || e.Kind == study.EventRedefined || e.Kind == study.EventExtended {
		return
	}
	l := eventLine{
		Event: string(e.Kind), Number: e.Trial, Attempt: e.Attempt, State: e.State, Values: e.Values,
		Until: e.Until, Copy: e.Copy, Paid: e.Paid, At: e.At,
	}
	if e.Kind == study.EventQueued {
		l.Params = &e.Config
	}
	if e.Kind == study.EventReported {
		l.Step = &e.Step
	}
	if e.Kind == study.EventGranted {
		l.Resume = &e.Resume
	}
	if e.Failure != nil {
		l.Class, l.Message = e.Failure.Class, e.Failure.Message
	}
	v.x.printJSON(l)
}

// observeText prints improvements and problems; with -v every trial.
func (v *viewer) observeText(e *study.Event) {
	switch e.Kind {
	case study.EventQueued:
		if v.flags.verbose && e.Copy != nil {
			v.line(v.x.Out, fmt.Sprintf("trial %d begins as a copy of trial %d at %s %s", e.Trial, e.Copy.Trial, stepName(v.def), short(e.Copy.Step)))
		}
	case study.EventPaused:
		if v.flags.verbose {
			v.line(v.x.Out, fmt.Sprintf("trial %d is paused after %s", e.Trial, units(v.def, e.Paid)))
		}
	case study.EventRequeued:
		if e.Failure.Class != study.ClassPreempted {
			v.line(v.x.Out, fmt.Sprintf("trial %d will be tried again: %s", e.Trial, clean(e.Failure.String())))
		}
	case study.EventEnded:
		switch {
		case e.State == study.Failed:
			v.line(v.x.Out, fmt.Sprintf("trial %d failed: %s", e.Trial, clean(e.Failure.String())))
		case e.State == study.Complete && len(v.def.Objectives) == 1 && v.improves(e):
			v.best, v.hasBest = e.Objectives[0], true
			v.line(v.x.Out, fmt.Sprintf("trial %d: %s %s, the best so far", e.Trial, v.def.Objectives[0].Metric, short(e.Objectives[0])))
		case v.flags.verbose && e.Objectives != nil:
			v.line(v.x.Out, fmt.Sprintf("trial %d %s: %s", e.Trial, e.State, values(v.def, e.Objectives)))
		case v.flags.verbose:
			v.line(v.x.Out, fmt.Sprintf("trial %d %s", e.Trial, e.State))
		}
	}
}

func (v *viewer) improves(e *study.Event) bool {
	for _, viol := range e.Violations {
		if !(viol <= 0) {
			return false
		}
	}
	return !v.hasBest || v.def.Objectives[0].Better(e.Objectives[0], v.best)
}

func values(def *study.Definition, xs []float64) string {
	parts := make([]string, len(xs))
	for i, o := range def.Objectives {
		parts[i] = o.Metric + " " + short(xs[i])
	}
	return strings.Join(parts, ", ")
}

// draw shows where the study stands.
func (v *viewer) draw(view engineView) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = view
	if view.Best >= 0 && len(view.Definition.Objectives) == 1 {
		v.best, v.hasBest = view.History.Trial(view.Best).Values[0], true
	}
	switch {
	case v.tty:
		v.erase()
		v.redraw()
	case !v.x.json && !v.flags.quiet && time.Since(v.lastSay) >= time.Minute:
		v.lastSay = time.Now()
		fmt.Fprintln(v.x.Out, strings.Join(v.block(false)[:1], ""))
	}
}

// erase takes the block off the screen. The caller holds mu.
func (v *viewer) erase() {
	if v.drawn > 0 {
		fmt.Fprintf(v.x.Out, "\x1b[%dA\x1b[J", v.drawn)
		v.drawn = 0
	}
}

// redraw puts the block on the screen. The caller holds mu.
func (v *viewer) redraw() {
	if !v.tty || v.last.History == nil {
		return
	}
	if out, ok := v.x.Out.(*os.File); ok {
		if w, _, err := term.GetSize(int(out.Fd())); err == nil && w > 20 {
			v.width = w
		}
	}
	var b strings.Builder
	block := v.block(true)
	for _, l := range block {
		b.WriteString(l + "\n")
	}
	io.WriteString(v.x.Out, b.String())
	v.drawn = len(block)
}

// block returns the lines that show where the study stands: progress, counts
// and best, and one line a running trial.
func (v *viewer) block(bar bool) []string {
	view := v.last
	def, h := view.Definition, view.History
	n := count(h)
	p := progressOf(view, max(1, v.slots))
	head := def.Name
	if bar {
		head += "  " + drawBar(p.part, 20)
	}
	head += "  " + p.text
	if p.eta != "" {
		head += "  " + p.eta
	}
	what := []string{}
	for _, s := range []study.State{study.Running, study.Complete, study.Pruned, study.Failed, study.Infeasible, study.Paused} {
		if n[s] > 0 {
			what = append(what, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	if view.Best >= 0 {
		t := h.Trial(view.Best)
		if len(def.Objectives) == 1 {
			what = append(what, v.bold("best "+short(t.Values[0]))+fmt.Sprintf(" (#%d, %s)", t.Number, since(t.Ended, view.Now)))
		}
	}
	if !bar {
		return []string{head + "  " + strings.Join(what, ", ")}
	}
	out := []string{v.cut(head), v.cut(strings.Join(what, "  "))}
	if view.Ending != "" {
		out = append(out, v.cut("ending: "+view.Ending))
	}
	for _, l := range view.Leases {
		t := h.Trial(l.Trial)
		text := fmt.Sprintf("  #%-5d %6s", l.Trial, round(view.Now.Sub(l.Started)))
		if k := len(t.Reports); k > 0 {
			r := t.Reports[k-1]
			text += "  step " + short(r.Step)
			for _, m := range r.Values {
				text += "  " + m.Name + " " + short(m.Value)
			}
		} else {
			text += "  " + clean(t.Config.String())
		}
		out = append(out, v.cut(text))
	}
	return out
}

func (v *viewer) bold(s string) string {
	if v.color {
		return "\x1b[1m" + s + "\x1b[0m"
	}
	return s
}

// cut shortens a line to the screen, colours not counted.
func (v *viewer) cut(s string) string {
	if utf8.RuneCountInString(s) <= v.width-1 || strings.Contains(s, "\x1b") && utf8.RuneCountInString(s) <= v.width+7 {
		return s
	}
	r := []rune(strings.NewReplacer("\x1b[1m", "", "\x1b[0m", "").Replace(s))
	return string(r[:min(len(r), v.width-2)]) + "…"
}

func drawBar(part float64, width int) string {
	full := int(math.Round(part * float64(width)))
	full = max(0, min(width, full))
	return strings.Repeat("█", full) + strings.Repeat("░", width-full)
}
