package cli

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/study"
)

func (x *app) compareCommand() *cobra.Command {
	f := runFlags{}
	final := study.Final{Top: 3, Runs: 5, Now: true}
	c := &cobra.Command{
		Use:   "compare [STUDY]",
		Short: "Run the best configurations and the default again, and say whether tuning has helped",
		Long: `Run the best configurations of a study and its default again, each so often and
with the same seeds, and say which is the best and whether it is better than the
default. The search ends as it is; afina run goes on with it.

The best of many measurements is partly luck, and the more were made the larger
is that part. Runs that are made afterwards have not been selected: their mean is
what the configuration gives. A study file says the same by final: { top: 3,
runs: 5 }; then every search ends so. What was run already is not run again, so
the same command goes on after an interruption, and shows the result when it is
complete.`,
		Args: argCount(0, 1, "at most one study"),
		RunE: func(c *cobra.Command, args []string) error {
			ref := ""
			if len(args) == 1 {
				ref = args[0]
			}
			if final.Top < 1 || final.Runs < 2 {
				return usageError{study.Errorf(study.Invalid, "", "--top must be at least 1 and --runs at least 2: one run tells nothing of luck")}
			}
			given := c.Flags().Changed("top") || c.Flags().Changed("runs")
			return x.compareAgain(c.Context(), ref, final, given, f)
		},
	}
	fl := c.Flags()
	fl.IntVar(&final.Top, "top", final.Top, "how many of the best configurations")
	fl.IntVar(&final.Runs, "runs", final.Runs, "how often each, and the default")
	fl.IntVarP(&f.parallel, "parallel", "j", 0, "trials at once (default: as the study says)")
	fl.BoolVarP(&f.quiet, "quiet", "q", false, "print the end only")
	fl.BoolVarP(&f.verbose, "verbose", "v", false, "print every trial")
	return c
}

// compareAgain opens a study for its final comparison and nothing else.
func (x *app) compareAgain(ctx context.Context, ref string, final study.Final, given bool, f runFlags) (err error) {
	h, err := x.find(ref)
	if err != nil {
		return err
	}
	path := db(h, ref)
	if err := checkParallel(f.parallel); err != nil {
		return err
	}
	h.Dir = nearby(h.Dir)
	s, err := x.OpenStore(ctx, path, x.allowFS)
	if err != nil {
		return err
	}
	log, err := loadOnly(ctx, s)
	if err != nil {
		return errors.Join(err, s.Close())
	}
	def := *log.Def
	if def.Command == nil {
		err := study.Errorf(study.Invalid, "add final: { top: 3, runs: 5 } to its file, or Final in the library, and ask for trials", "study %q has no command to run", def.Name)
		return errors.Join(err, s.Close())
	}
	if analyze.Best(log.Book.History()) == nil {
		return errors.Join(study.Errorf(study.NotFound, "", "no trial is complete yet"), s.Close())
	}
	if old := log.Def.Final; old != nil && !given {
		final.Top, final.Runs = old.Top, old.Runs
	}
	def.Final = &final
	if f.parallel > 0 {
		def.Parallel = f.parallel
	}
	v := x.newViewer(f, h, path)
	v.comparing = true
	v.resuming(log)
	return x.pursue(ctx, s, &def, true, h, v)
}

// verdict prints the outcome of the final comparison, and returns the trial
// whose configuration it is for, nil where there was none.
func (x *app) verdict(def *study.Definition, h *study.History) *study.Trial {
	v, ok := analyze.Judge(h)
	if !ok {
		return nil
	}
	o := h.Objectives[0]
	runs := 0
	for _, f := range v.Finalists {
		runs = max(runs, f.Runs)
	}
	fmt.Fprintf(x.Out, "\nfinal comparison: up to %s of each configuration, with the same seeds", plural(runs, "run"))
	if v.Waiting > 0 {
		fmt.Fprintf(x.Out, "; %s to come", plural(v.Waiting, "run"))
	}
	fmt.Fprintln(x.Out)
	head := []string{">trial", ">in the search", ">mean of its runs", ">gain over the default", ""}
	var rows [][]string
	for i, f := range v.Finalists {
		row := []string{fmt.Sprint(f.Trial.Number), "", "none ended", "", ""}
		if !math.IsNaN(f.Search) {
			row[1] = short(f.Search)
		}
		if f.Runs > 0 {
			row[2] = within(f.Mean, f.SE)
		}
		if v.Base >= 0 && !f.Default && f.Pairs > 0 {
			row[3] = gainInterval(f)
		}
		switch {
		case f.Default:
			row[4] = "the default"
		case i == v.Raw:
			row[4] = "best value measured"
		}
		rows = append(rows, row)
	}
	table(x.Out, head, rows)
	if v.Winner < 0 {
		fmt.Fprintln(x.Out, "no run has come to its end")
		return nil
	}
	w := v.Finalists[v.Winner]
	if v.Raw >= 0 {
		if r := v.Finalists[v.Raw]; r.Runs > 0 && o.Better(r.Search, r.Mean) {
			fmt.Fprintf(x.Out, "the best value measured, %s, is %.3g better than the mean of that configuration's runs: that much was luck\n", short(r.Search), math.Abs(r.Search-r.Mean))
		}
	}
	switch v.Answer {
	case analyze.Helped:
		fmt.Fprintf(x.Out, "tuning has helped: trial %d is better than the default by %s\n", w.Trial.Number, gainInterval(w))
	case analyze.Harmed:
		fmt.Fprintf(x.Out, "tuning has not helped: the default is at least as good (gain %s)\n", gainInterval(w))
	case analyze.Unclear:
		fmt.Fprintf(x.Out, "cannot tell whether tuning has helped: trial %d gains %s over the default; more runs tell more (afina compare --runs %d)\n", w.Trial.Number, gainInterval(w), 2*max(runs, 2))
	case analyze.NoDefault:
		fmt.Fprintf(x.Out, "trial %d is the best; whether tuning has helped cannot be said, as there is no default configuration\n", w.Trial.Number)
	}
	return w.Trial
}

// gainInterval returns what a finalist gains over the default.
func gainInterval(f analyze.Finalist) string {
	if math.IsNaN(f.Low) {
		return fmt.Sprintf("%.3g", f.Gain)
	}
	return fmt.Sprintf("%.3g (%.3g to %.3g)", f.Gain, f.Low, f.High)
}
