package cli

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/server/lines"
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

// progress is how far the study is along the budget that will end it first.
type progress struct {
	part float64
	text string
	eta  string
}

// progressOf finds the budget that binds: the one of which the largest part is
// used.
func progressOf(v engineView, slots int) progress {
	stop := v.Definition.Stop
	ended := v.History.EndedLen()
	if p, ok := finalProgress(v.History, slots); ok {
		return p
	}
	p := progress{text: plural(ended, "trial") + " ended", part: -1}
	if stop.Trials > 0 {
		p = progress{
			part: float64(ended) / float64(stop.Trials),
			text: fmt.Sprintf("trials %d/%d", ended, stop.Trials),
			eta:  eta(v.History, stop.Trials-ended, slots),
		}
	}
	if stop.Time > 0 {
		limit := time.Duration(stop.Time)
		if part := float64(v.Spent) / float64(limit); part > p.part {
			left := max(0, limit-v.Spent)
			p = progress{part: part, text: fmt.Sprintf("time %s of %s, %s", round(v.Spent), round(limit), plural(ended, "trial")), eta: "ETA " + round(left)}
		}
	}
	if c := v.Definition.Cost; stop.Cost > 0 && c != nil {
		sum := 0.0
		for t := range v.History.All() {
			x, _ := c.Of(t)
			sum += x
		}
		if part := sum / stop.Cost; part > p.part {
			p = progress{part: part, text: fmt.Sprintf("cost %s of %s, %s", short(sum), short(stop.Cost), plural(ended, "trial"))}
		}
	}
	if stop.Resource > 0 {
		spent, _ := analyze.Spent(v.History)
		if part := spent.Paid / stop.Resource; part > p.part {
			p = progress{part: part, text: fmt.Sprintf("%s of %s, %s", short(spent.Paid), units(v.Definition, stop.Resource), plural(ended, "trial"))}
		}
	}
	p.part = max(0, p.part)
	return p
}

// finalProgress is how far the final comparison is, false where none is under
// way.
func finalProgress(h *study.History, slots int) (progress, bool) {
	left := 0
	for t := range h.Open() {
		if t.Final() {
			left++
		}
	}
	if left == 0 {
		return progress{}, false
	}
	all := 0
	for t := range h.All() {
		if t.Final() {
			all++
		}
	}
	return progress{
		part: float64(all-left) / float64(all), text: fmt.Sprintf("final comparison, runs %d/%d", all-left, all),
		eta: eta(h, left, slots),
	}, true
}

// eta estimates when n more trials will have ended, with an interval of about
// 90 %: from the durations of the trials so far, pruned ones included, their
// spread, and the doubt about their mean. Below three it is unknown.
func eta(h *study.History, n, slots int) string {
	if n <= 0 {
		return ""
	}
	var ds []float64
	for i := max(0, h.EndedLen()-500); i < h.EndedLen(); i++ {
		if d := present.Duration(h.Ended(i)); d > 0 {
			ds = append(ds, d.Seconds())
		}
	}
	if len(ds) < 3 {
		return "ETA unknown"
	}
	mean, ss := 0.0, 0.0
	for _, d := range ds {
		mean += d / float64(len(ds))
	}
	for _, d := range ds {
		ss += (d - mean) * (d - mean)
	}
	sd := math.Sqrt(ss / float64(len(ds)-1))
	total := float64(n) * mean / float64(slots)
	err := 1.645 * math.Sqrt(float64(n)*sd*sd+float64(n*n)*sd*sd/float64(len(ds))) / float64(slots)
	seconds := func(s float64) string { return round(time.Duration(max(0, s) * float64(time.Second))) }
	return fmt.Sprintf("ETA %s (%s to %s)", seconds(total), seconds(total-err), seconds(total+err))
}

// finish prints how the study came out.
func (v *viewer) finish(view engineView, believe analyze.Belief) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.erase()
	v.tty = false
	h, def := view.History, view.Definition
	if v.x.json {
		v.x.printJSON(v.summary(view, believe))
		return
	}
	w := v.x.Out
	fmt.Fprintf(w, "study %s has %s: %s; %s in %s\n", def.Name, ended(view.Status), view.Reason, counts(count(h)), round(view.Spent))
	if line := spent(def, h); line != "" {
		fmt.Fprintln(w, line)
	}
	if view.Status == study.StatusFailed {
		v.why(view)
	}
	if view.Status != study.StatusFailed {
		v.failures(h)
	}
	if view.Best >= 0 {
		fmt.Fprintln(w)
		if err := v.x.printBest(def, h, v.home, believe); err != nil {
			fmt.Fprintln(w, err)
		}
	}
	fmt.Fprintf(w, "\nthe study is in %s\n", filepath.ToSlash(v.path))
	ref := v.ref()
	next := fmt.Sprintf("afina best %[1]s   afina ls %[1]s   afina show %[1]s N   afina export %[1]s", ref)
	if view.Status == study.StatusStopped || view.Status == study.StatusFailed {
		command := "run"
		if v.comparing {
			command = "compare"
		}
		next = "the same afina " + command + " goes on   " + next
	} else if outOfTrials(def, h) {
		next += fmt.Sprintf("   more: afina run … --trials %d", 2*def.Stop.Trials)
	}
	fmt.Fprintln(w, "next: "+next)
}

// outOfTrials reports whether the bound of trials is used up, so that a larger
// one would let the study go on.
func outOfTrials(def *study.Definition, h *study.History) bool {
	ended := 0
	for t := range h.All() {
		if t.State.Ended() && t.State != study.Cancelled && !t.Final() {
			ended++
		}
	}
	return def.Stop.Trials > 0 && ended >= def.Stop.Trials
}

// units returns a number of units of a study's resource.
func units(def *study.Definition, n float64) string {
	if n == 1 {
		return "1 " + stepName(def)
	}
	return short(n) + " " + stepName(def) + "s"
}

// stepName is what a study calls a step.
func stepName(def *study.Definition) string {
	if def.Fidelity != nil && def.Fidelity.Step != "" {
		return def.Fidelity.Step
	}
	return "step"
}

// spent says what a study has spent and what its scheduler saved, "" where it
// ended no trial early.
func spent(def *study.Definition, h *study.History) string {
	s, ok := analyze.Spent(h)
	switch {
	case !ok:
		return ""
	case s.Full == 0 && def.Fidelity == nil:
		return ""
	case s.Full == 0:
		return units(def, s.Paid) + " in all"
	case s.Paid == s.Full:
		return ""
	case s.Saved < 0:
		return fmt.Sprintf("%s, where every trial trained to its end would have taken %s: trials were started over", units(def, s.Paid), short(s.Full))
	case def.Fidelity == nil && count(h)[study.Pruned] == 0:
		return "" // trials of different lengths
	}
	return fmt.Sprintf("%s instead of %s: %.0f %% saved by pruning", units(def, s.Paid), short(s.Full), 100*s.Saved)
}

// ref is how the user names this study to other commands.
func (v *viewer) ref() string {
	switch {
	case v.flags.store != "":
		return v.path
	case filepath.ToSlash(v.home.Dir) == home.Root+"/"+v.def.Name:
		return v.def.Name
	case v.flags.file != "" && v.flags.name == "":
		return v.flags.file
	}
	return filepath.ToSlash(v.home.Dir)
}

func ended(s study.Status) string {
	switch s {
	case study.StatusFailed:
		return "failed"
	case study.StatusStopped:
		return "stopped"
	}
	return "ended"
}

// why shows the end of the log of the last trial that failed.
func (v *viewer) why(view engineView) {
	h := view.History
	for i := h.EndedLen() - 1; i >= 0; i-- {
		t := h.Ended(i)
		if t.State != study.Failed {
			continue
		}
		var d present.Detail
		addLog(&d, v.home, t)
		fmt.Fprintf(v.x.Out, "\ntrial %d failed: %s\n", t.Number, clean(t.Failure.String()))
		if d.LogTail != "" {
			for _, l := range strings.Split(d.LogTail, "\n") {
				fmt.Fprintln(v.x.Out, "  | "+clean(l))
			}
		}
		return
	}
}

// failures counts the failed trials by class, the most frequent first.
func (v *viewer) failures(h *study.History) {
	n := map[study.Class]int{}
	example := map[study.Class]*study.Trial{}
	for t := range h.All() {
		if t.State == study.Failed {
			n[t.Failure.Class]++
			example[t.Failure.Class] = t
		}
	}
	classes := make([]study.Class, 0, len(n))
	for c := range n {
		classes = append(classes, c)
	}
	slices.SortFunc(classes, func(a, b study.Class) int {
		if n[a] != n[b] {
			return n[b] - n[a]
		}
		return strings.Compare(string(a), string(b))
	})
	for _, c := range classes {
		fmt.Fprintf(v.x.Out, "  failed by %s: %d, such as trial %d (%s)\n", c, n[c], example[c].Number, clean(example[c].Failure.Message))
	}
}

func (v *viewer) summary(view engineView, believe analyze.Belief) summary {
	h, def := view.History, view.Definition
	s := summary{
		Event: "summary", Study: def.Name, Status: view.Status, Reason: view.Reason,
		Trials: count(h), Spent: view.Spent.Seconds(), Store: filepath.ToSlash(v.path),
	}
	if best, err := lines.Best(h, believe); err == nil {
		s.Best = best
	}
	if r, ok := analyze.Spent(h); ok {
		s.Resource = &r
	}
	if t := defaultTrial(h); t != nil {
		d := present.MakeTrial(h, t)
		s.Default = &d
	}
	if view.Best >= 0 && len(h.Objectives) == 1 {
		best := h.Trial(view.Best)
		if f, ok := analyze.Judge(h); ok && f.Winner >= 0 {
			best = f.Finalists[f.Winner].Trial
		}
		s.Command = bestLine(def, v.home, best)
	}
	return s
}
