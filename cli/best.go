package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/launch/command"
	"github.com/afina-hpo/afina/server/lines"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
)

func (x *app) bestCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "best [STUDY]",
		Short: "Print the best configuration, as a command line to copy",
		Long: `Print the best configuration: the complete trial with the best value that
violates no outcome constraint. With several objectives, print every trial that
no other beats; in a study with contexts, the best of each context.

The best of many measurements is partly luck. Where the search algorithm models
the objective, the value that it expects of the best is printed with its
standard error, and the trial of which it expects the best, if that is another.
In a study with a fidelity, so is the trial that has not come to its end and
would end best, as predicted from those that went on from where it is.`,
		Args: argCount(0, 1, "at most one study"),
		RunE: func(c *cobra.Command, args []string) error {
			ref := ""
			if len(args) == 1 {
				ref = args[0]
			}
			log, h, err := x.load(c.Context(), ref)
			if err != nil {
				return err
			}
			past, of := log.Book.History(), x.believer(log.Def)
			believe := func(c space.Config) (mean, se []float64, ok bool) { return of(past, c) }
			if x.json {
				best, err := lines.Best(past, believe)
				if err != nil {
					return err
				}
				x.printJSON(best)
				return nil
			}
			return x.printBest(log.Def, past, h, believe)
		},
	}
}

// printBest prints the best trial or the front.
func (x *app) printBest(def *study.Definition, h *study.History, hm home.Home, believe analyze.Belief) error {
	front := analyze.Front(h)
	if len(front) == 0 {
		if f, ok := analyze.Foreseen(h); ok {
			return study.Errorf(study.NotFound, fmt.Sprintf("its values: afina show %s %d", def.Name, f.Trial.Number),
				"no trial is complete yet; of those on the way %s", foreseen(def, h, f))
		}
		return study.Errorf(study.NotFound, "", "no trial is complete yet")
	}
	if len(h.Objectives) > 1 {
		head := []string{">trial"}
		for _, o := range h.Objectives {
			head = append(head, ">"+o.Metric)
		}
		var rows [][]string
		for _, t := range front {
			row := []string{fmt.Sprint(t.Number)}
			for _, v := range t.Values {
				row = append(row, short(v))
			}
			rows = append(rows, append(row, clean(t.Config.String())))
		}
		fmt.Fprintf(x.Out, "%s that no other beats:\n", plural(len(front), "trial"))
		table(x.Out, append(head, "configuration"), rows)
		return nil
	}
	if analyze.Contextual(h.Space) {
		x.printContexts(def, h, believe)
		return nil
	}
	best := analyze.Best(h)
	o := h.Objectives[0]
	fmt.Fprintf(x.Out, "best: %s %s (trial %d%s)\n", o.Metric, short(best.Values[0]), best.Number, took(best))
	x.printConfig(best.Config)
	if best.Copy != nil {
		fmt.Fprintf(x.Out, "these are its values from %s %s on; what came before is in afina export --schedule\n", stepName(def), short(best.Copy.Step))
	}
	other := x.evidence(def, h, best, believe)
	if f, ok := analyze.Foreseen(h); ok && f.Trial.Number != best.Number && f.Trial.State != study.Complete {
		fmt.Fprintf(x.Out, "by prediction %s\n", foreseen(def, h, f))
	}
	if finer := analyze.Finer(h); finer != "" {
		fmt.Fprintf(x.Out, "%s searches more finely than the space says: %s; log: true (low end) or reverse_log: true (high end) in the study file would say so from the first trial on\n", def.Search.Name, finer)
	}
	if winner := x.verdict(def, h); winner != nil {
		if !winner.Config.Equal(best.Config) {
			fmt.Fprintf(x.Out, "its configuration:\n")
			x.printConfig(winner.Config)
		}
		if line := bestLine(def, hm, winner); line != "" {
			fmt.Fprintf(x.Out, "\nrun it again:\n  %s\n", line)
		}
		return nil
	}
	if base := defaultTrial(h); base != nil {
		x.compare(o, base, best)
	}
	if line := bestLine(def, hm, best); line != "" {
		fmt.Fprintf(x.Out, "\nrun it again:\n  %s\n", line)
	}
	if other != nil {
		if line := bestLine(def, hm, other); line != "" {
			fmt.Fprintf(x.Out, "or trial %d:\n  %s\n", other.Number, line)
		}
	}
	return nil
}

func (x *app) printConfig(c space.Config) {
	for p, v := range c.All() {
		note := ""
		if !p.Default.IsAbsent() && p.Default != v {
			note = "   (default " + p.Default.Text() + ")"
		}
		fmt.Fprintf(x.Out, "  %s = %s%s\n", p.Name, clean(v.Text()), note)
	}
}

// evidence prints what speaks for the best trial beside its value, and the
// trial of which the search algorithm expects more; it returns that, nil where
// there is none.
func (x *app) evidence(def *study.Definition, h *study.History, best *study.Trial, believe analyze.Belief) *study.Trial {
	o := h.Objectives[0]
	if m := analyze.RunsOf(h, best.Config); m.Runs > 1 {
		fmt.Fprintf(x.Out, "this configuration was run %d times: %s %s on average\n", m.Runs, o.Metric, within(m.Mean, m.SE()))
	}
	i, ok := analyze.ByEvidence(h, believe)
	if !ok {
		x.judged(def, h)
		return x.byRuns(h, best)
	}
	if i.Trial.Config.Equal(best.Config) {
		fmt.Fprintf(x.Out, "%s expects %s %s of it, the best of all trials\n", def.Search.Name, o.Metric, within(i.Believed, i.BelievedSE))
		return nil
	}
	if mean, se, ok := believe(best.Config); ok {
		fmt.Fprintf(x.Out, "%s expects %s %s of it: the best of many is partly luck\n", def.Search.Name, o.Metric, within(mean[0], se[0]))
	}
	runs := ""
	if i.Runs > 1 {
		runs = fmt.Sprintf(" on average of %d runs", i.Runs)
	}
	fmt.Fprintf(x.Out, "it expects the best of trial %d: %s %s, measured %s%s\n", i.Trial.Number, o.Metric, within(i.Believed, i.BelievedSE), short(i.Mean), runs)
	x.printConfig(i.Trial.Config)
	return i.Trial
}

// judged says by what the best was chosen where no model's word is weighed, and
// most trials were not run to their end.
func (x *app) judged(def *study.Definition, h *study.History) {
	n := count(h)
	if n[study.Pruned]+n[study.Paused] == 0 {
		return
	}
	switch whole := n[study.Complete]; {
	case def.Fidelity.Sampled():
		fmt.Fprintf(x.Out, "judged by its mean over all %s, among %s that ran them all\n", plural(int(def.Fidelity.Max), stepName(def)), plural(whole, "trial"))
	case def.Fidelity != nil:
		fmt.Fprintf(x.Out, "judged by what it measured at its end, among %s that got there, and not by a prediction\n", plural(whole, "trial"))
	}
}

// foreseen says which trial on the way is expected to end best.
func foreseen(def *study.Definition, h *study.History, f analyze.Forecast) string {
	return fmt.Sprintf("trial %d, %s at %s %s, would end best: %s %s", f.Trial.Number, f.Trial.State,
		stepName(def), short(f.Trial.LastStep()), h.Objectives[0].Metric, within(f.Expected, f.SD))
}

// byRuns prints the trial whose configuration has the best mean of its runs,
// where some have several; it returns that, nil where it is the best, too.
func (x *app) byRuns(h *study.History, best *study.Trial) *study.Trial {
	m, ok := analyze.ByRuns(h)
	if !ok || m.Trial.Config.Equal(best.Config) {
		return nil
	}
	mean := short(m.Mean)
	if m.Runs > 1 {
		mean = within(m.Mean, m.SE())
	}
	fmt.Fprintf(x.Out, "the best of many is partly luck: by the mean of %s trial %d is the best: %s %s\n", plural(m.Runs, "run"), m.Trial.Number, h.Objectives[0].Metric, mean)
	x.printConfig(m.Trial.Config)
	return m.Trial
}

// within returns a value with its standard error.
func within(x, se float64) string { return fmt.Sprintf("%s ± %.2g", short(x), se) }

func took(t *study.Trial) string {
	if d := present.Duration(t); d > 0 {
		return ", " + round(d)
	}
	return ""
}

// defaultTrial returns the complete trial of the default configuration, or
// nil.
func defaultTrial(h *study.History) *study.Trial {
	for t := range h.All() {
		if t.State == study.Complete && t.Origin != nil && t.Origin.Method == engine.MethodDefault {
			return t
		}
	}
	return nil
}

// compare prints the best beside the default. One run of each is no proof:
// the best of many is partly luck, which is said.
func (x *app) compare(o study.Objective, base, best *study.Trial) {
	if base.Number == best.Number {
		fmt.Fprintf(x.Out, "the default configuration is still the best: tuning has not helped yet\n")
		return
	}
	b, d := best.Values[0], base.Values[0]
	gain := ""
	if d != 0 {
		gain = fmt.Sprintf(" (%+.1f %%)", 100*(b-d)/abs(d))
	}
	fmt.Fprintf(x.Out, "default: %s %s (trial %d); best against default %+.4g%s, one run each\n", o.Metric, short(d), base.Number, b-d, gain)
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}

// bestLine returns the command of t as a line to copy, "" where the study has
// no command.
func bestLine(def *study.Definition, hm home.Home, t *study.Trial) string {
	if def.Command == nil {
		return ""
	}
	tmpl, err := command.Parse(def.Command.Argv, def.Command.Shell)
	if err != nil {
		return ""
	}
	derived, err := def.Space.Derive(t.Config)
	if err != nil {
		return ""
	}
	attempt := max(1, len(t.Attempts))
	line, err := tmpl.Line(command.Trial{
		Study: def.Name, StudyDir: hm.Marker(), ID: fmt.Sprintf("%s-%d-%d", def.ID, t.Number, attempt), Number: t.Number, Attempt: attempt,
		Dir:  home.Absolute(hm.Attempt(t.Number, attempt)), // no checkpoint: it is to run from the start
		Seed: t.Seed(def.Seed), Config: t.Config, Derived: derived,
	})
	if err != nil {
		return ""
	}
	return line
}

// since says how long ago at was.
func since(at, now time.Time) string { return round(max(0, now.Sub(at))) + " ago" }
