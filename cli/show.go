package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/warm"
)

// logTailLines is how many lines of a trial's log show prints.
const logTailLines = 20

func (x *app) showCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show [STUDY] N",
		Short: "Show everything about one trial",
		Args:  argCount(1, 2, "a study and a trial number"),
		RunE: func(c *cobra.Command, args []string) error {
			log, h, t, err := x.loadTrial(c.Context(), args)
			if err != nil {
				return err
			}
			d := present.MakeDetail(log.Book.History(), log.Def.Seed, t)
			addLog(&d, h, t)
			if x.json {
				x.printJSON(d)
				return nil
			}
			x.show(log, d)
			return nil
		},
	}
}

// addLog adds the end of the newest log there is.
func addLog(d *present.Detail, h home.Home, t *study.Trial) {
	for i := len(t.Attempts) - 1; i >= 0; i-- {
		text, path, err := readLog(h, t.Number, t.Attempts[i].Number)
		if err != nil {
			continue
		}
		lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
		if n := len(lines); n > logTailLines {
			lines = lines[n-logTailLines:]
		}
		d.Log, d.LogTail = path, strings.Join(lines, "\n")
		return
	}
}

func (x *app) show(log *study.Log, d present.Detail) {
	w := x.Out
	field := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	field("trial", "%d of study %s", d.Number, log.Def.Name)
	state := string(d.State)
	if d.Class != "" {
		state += " (" + string(d.Class) + ")"
	}
	field("state", "%s", state)
	if d.Message != "" {
		field("why", "%s", clean(d.Message))
	}
	for _, m := range d.Values {
		field(m.Name, "%s", short(m.Value))
	}
	if !d.Feasible {
		field("feasible", "no: it violates an outcome constraint")
	}
	if o := d.Origin; o != nil {
		text := o.Method
		if o.Version != "" {
			text += fmt.Sprintf(" (version %s, seeing %d trials, %d of them ended)", o.Version, o.Seen, o.SeenEnded)
		}
		field("made by", "%s", text)
		if name, trial, ok := warm.Of(o); ok {
			field("taken from", "%s", earlierTrial(log.Def, name, trial))
		}
		if o.Fixed != "" {
			field("fixed", "%s", clean(o.Fixed))
		}
	}
	if c := d.Copy; c != nil {
		field("copy of", "trial %d, at %s %s", c.Trial, stepName(log.Def), short(c.Step))
	}
	if r := d.Repeat; r != nil {
		field("repeat of", "trial %d, run %d", r.Of, r.Run)
	}
	if h := log.Book.History(); len(h.Objectives) == 1 {
		if m := analyze.RunsOf(h, d.Params); m.Runs > 1 {
			field("runs", "%d of this configuration: %s %s on average", m.Runs, h.Objectives[0].Metric, within(m.Mean, m.SE()))
		}
	}
	field("seed", "%d", d.Seed)
	if d.Seconds > 0 {
		field("time", "%s in %d attempts", round(time.Duration(d.Seconds*float64(time.Second))), len(d.Attempts))
	}
	if d.Paid > 0 {
		text := units(log.Def, d.Paid)
		if f := log.Def.Fidelity; f != nil {
			text += fmt.Sprintf(", of %s for a whole training", short(f.Max))
		}
		field("resource", "%s", text)
	}
	fmt.Fprintln(w, "\nparameters")
	for p, v := range d.Params.All() {
		note := ""
		if !p.Default.IsAbsent() && p.Default != v {
			note = "   (default " + p.Default.Text() + ")"
		}
		fmt.Fprintf(w, "  %s = %s%s\n", p.Name, clean(v.Text()), note)
	}
	for _, dv := range log.Def.Space.Deriveds() {
		if v, ok := d.Derived[dv.Name]; ok {
			fmt.Fprintf(w, "  %s = %s   (derived)\n", dv.Name, clean(v.Text()))
		}
	}
	if len(d.Attempts) > 0 {
		fmt.Fprintln(w, "\nattempts")
		var rows [][]string
		for _, a := range d.Attempts {
			row := []string{fmt.Sprint(a.Number), a.Worker, a.Started.Local().Format("2006-01-02 15:04:05"), "", a.Outcome, ""}
			if !a.Ended.IsZero() {
				row[3] = round(a.Ended.Sub(a.Started))
			}
			if a.Failure != nil {
				row[5] = clean(a.Failure.String())
			}
			rows = append(rows, row)
		}
		table(w, []string{">no", "worker", "started", ">time", "outcome", "why"}, rows)
	}
	if len(d.Reports) > 0 {
		fmt.Fprintln(w, "\nreports")
		x.showReports(d.Reports, study.OrderOf(log.Def))
	}
	if d.LogTail != "" {
		fmt.Fprintf(w, "\nlog (%s)\n", d.Log)
		for _, line := range strings.Split(d.LogTail, "\n") {
			fmt.Fprintln(w, "  "+clean(line))
		}
	}
}

// showReports prints the reports, of many the first and last ones, and of
// samples which each was.
func (x *app) showReports(reports []study.Report, samples *study.SampleOrder) {
	const most = 30
	for i, r := range reports {
		if len(reports) > most && i == most/2 {
			fmt.Fprintf(x.Out, "  … %d more (afina show --json has them all) …\n", len(reports)-most)
		}
		if len(reports) > most && i >= most/2 && i < len(reports)-most/2 {
			continue
		}
		if name := samples.Name(r.Step); name != "" {
			fmt.Fprintf(x.Out, "  %s (%s):", short(r.Step), clean(name))
		} else {
			fmt.Fprintf(x.Out, "  %s:", short(r.Step))
		}
		for _, m := range r.Values {
			fmt.Fprintf(x.Out, " %s=%s", m.Name, short(m.Value))
		}
		fmt.Fprintln(x.Out)
	}
}
