package cli

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/server/lines"
	"github.com/afina-hpo/afina/study"
)

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
