package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/config"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/study"
)

func (x *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check STUDY.yaml",
		Short: "Read a study file and say what it means, without running anything",
		Long: `Read a study file as run does and say what it means: every mistake with its
place, what is odd, what is tuned, what ends it, what the earlier studies give
that it starts warm from, and the command of the trial that runs the defaults.

Nothing is run and nothing is written. The exit status is 2 where the file is
wrong.`,
		Args: argCount(1, 1, "a study file"),
		RunE: func(c *cobra.Command, args []string) error {
			got, err := config.Load(args[0], x.tables(), x.lookupEnv)
			if err != nil {
				return err
			}
			return x.check(c.Context(), got)
		},
	}
}

// checked is what check --json prints.
type checked struct {
	Study       string         `json:"study"`
	Objectives  string         `json:"objectives"`
	Search      string         `json:"search"`
	Schedule    string         `json:"schedule"`
	Parallel    int            `json:"parallel"`
	Parameters  []checkedParam `json:"parameters"`
	Constraints int            `json:"constraints"`
	Outcomes    int            `json:"outcomes"`
	Ends        []string       `json:"ends"`
	Earlier     []string       `json:"earlier,omitempty"`
	Command     string         `json:"command,omitempty"`
	Warnings    []string       `json:"warnings"`
}

// checkedParam is a parameter and what it is, in the words of a study file.
type checkedParam struct {
	Name string `json:"name"`
	Is   string `json:"is"`
}

func (x *app) check(ctx context.Context, got *config.Result) error {
	def := got.Definition
	if err := x.takeEarlier(ctx, def); err != nil {
		return err
	}
	out := checked{
		Study: def.Name, Objectives: goals(def), Search: def.Search.Name, Schedule: def.Schedule.Name, Parallel: def.Parallel,
		Constraints: len(def.Space.Spec().Constraints), Outcomes: len(def.Outcomes), Ends: ends(def), Warnings: []string{},
	}
	for i := range def.Space.Params() {
		p := def.Space.Param(i)
		out.Parameters = append(out.Parameters, checkedParam{p.Name, config.Describe(p)})
	}
	for i := range def.Earlier {
		out.Earlier = append(out.Earlier, def.Earlier[i].Name+": "+learnedFrom(&def.Earlier[i], def))
	}
	if c, ok := def.Space.Default(); ok {
		out.Command = bestLine(def, home.At(def.Dir, def.Name), &study.Trial{Config: c})
	}
	for _, w := range got.Warnings {
		out.Warnings = append(out.Warnings, w.Error())
	}
	if x.json {
		x.printJSON(out)
		return nil
	}
	w := x.Out
	fmt.Fprintf(w, "study %s: %s, search %s, schedule %s, %s at once\n", out.Study, out.Objectives, out.Search, out.Schedule, plural(out.Parallel, "trial"))
	for _, p := range out.Parameters {
		fmt.Fprintf(w, "  %s: %s\n", p.Name, clean(p.Is))
	}
	if out.Constraints+out.Outcomes > 0 {
		fmt.Fprintf(w, "%s on parameters, %d on reported metrics\n", plural(out.Constraints, "constraint"), out.Outcomes)
	}
	for _, e := range out.Earlier {
		fmt.Fprintf(w, "warm start from %s\n", clean(e))
	}
	if len(out.Ends) == 0 {
		out.Ends = []string{"it is interrupted: stop: says no bound"}
	}
	fmt.Fprintf(w, "ends when %s\n", strings.Join(out.Ends, ", or "))
	if out.Command != "" {
		fmt.Fprintf(w, "the defaults run as\n  %s\n", out.Command)
	}
	for _, text := range out.Warnings {
		fmt.Fprintf(w, "warning: %s\n", clean(text))
	}
	return nil
}

// ends says in words what ends a study.
func ends(def *study.Definition) []string {
	list := []string{}
	add := func(told bool, format string, args ...any) {
		if told {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	s := def.Stop
	add(s.Trials > 0, "%s ended", pluralHave(s.Trials, "trial"))
	add(s.Time > 0, "%s are over", round(time.Duration(s.Time)))
	if s.Target != nil {
		add(true, "%s reaches %s", def.Objectives[0].Metric, short(*s.Target))
	}
	add(s.NoImprovement > 0, "%s brought no improvement", plural(s.NoImprovement, "trial"))
	add(s.Improvement > 0, "one more trial is expected to gain less than %s", short(s.Improvement))
	if l := s.Regret; l != nil {
		bound := "the noise"
		if !l.Auto {
			bound = short(l.Value)
		}
		add(true, "nothing is likely to be better by more than %s", bound)
	}
	add(s.Resource > 0, "%s are spent", units(def, s.Resource))
	add(s.Cost > 0, "the cost of %s is reached", short(s.Cost))
	return list
}

// pluralHave is plural with the verb.
func pluralHave(n int, what string) string {
	if n == 1 {
		return plural(n, what) + " has"
	}
	return plural(n, what) + " have"
}
