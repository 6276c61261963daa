package cli

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

func (x *app) exportCommand() *cobra.Command {
	var format, output string
	var plan bool
	trial := -1
	c := &cobra.Command{
		Use:   "export [STUDY]",
		Short: "Write all trials as CSV, or with all reports as JSON lines",
		Long: `Write every trial of a study: as CSV, one row a trial with a column for each
parameter, objective and time; or as JSON lines, one object a trial with its
reports and attempts, which loses nothing.

With --schedule, write instead the schedule of values that led to the best trial
of population-based training, for afina run --replay.`,
		Args: argCount(0, 1, "at most one study"),
		RunE: func(c *cobra.Command, args []string) (err error) {
			ref := ""
			if len(args) == 1 {
				ref = args[0]
			}
			if x.json {
				format = "jsonl"
			}
			log, _, err := x.load(c.Context(), ref)
			if err != nil {
				return err
			}
			var planned []byte // before a file is made for it
			switch {
			case plan:
				if planned, err = planOf(log, trial); err != nil {
					return err
				}
			case trial >= 0:
				return usageError{study.Errorf(study.Invalid, "afina show prints one trial", "--trial is for --schedule")}
			}
			var w io.Writer = x.Out
			if output != "" && output != "-" {
				f, err := os.Create(output)
				if err != nil {
					return study.Errorf(study.Invalid, "", "write %s: %v", output, err)
				}
				defer func() {
					if e := f.Close(); err == nil {
						err = e
					}
				}()
				w = f
			}
			if plan {
				_, err := w.Write(planned)
				return err
			}
			switch format {
			case "csv":
				return exportCSV(w, log)
			case "jsonl":
				return exportLines(w, log)
			}
			return study.Errorf(study.Invalid, "use csv or jsonl", "there is no format %q", format)
		},
	}
	c.Flags().StringVar(&format, "format", "csv", "csv or jsonl")
	c.Flags().BoolVar(&plan, "schedule", false, "write the schedule of values that led to the best trial")
	c.Flags().IntVar(&trial, "trial", -1, "with --schedule: the schedule that led to this trial")
	c.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	return c
}

// planOf returns what led to a trial, or with -1 to the best, as text.
func planOf(log *study.Log, number int) ([]byte, error) {
	h := log.Book.History()
	t := analyze.Best(h)
	if number >= 0 {
		if t = log.Book.Trial(number); t == nil {
			return nil, study.Errorf(study.NotFound, "", "there is no trial %d; the study has %d", number, h.Len())
		}
	}
	if t == nil {
		return nil, study.Errorf(study.NotFound, "name one with --trial", "no trial is complete yet")
	}
	p := schedule.PlanOf(h, t)
	p.Study = log.Def.Name
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write schedule: %w", err)
	}
	return append(text, '\n'), nil
}

func exportLines(w io.Writer, log *study.Log) error {
	h := log.Book.History()
	for t := range h.All() {
		if _, err := fmt.Fprintf(w, "%s\n", present.Line(present.MakeDetail(h, log.Def.Seed, t))); err != nil {
			return err
		}
	}
	return nil
}

func exportCSV(w io.Writer, log *study.Log) error {
	h := log.Book.History()
	out := csv.NewWriter(w)
	head := []string{"number", "state", "class", "method", "attempts", "started", "seconds"}
	repeats := false
	for t := range h.All() {
		if _, repeats = t.Repeats(); repeats {
			head = append(head, "repeat_of")
			break
		}
	}
	for _, o := range h.Objectives {
		head = append(head, o.Metric)
	}
	for _, p := range h.Space.Params() {
		head = append(head, "param:"+p.Name)
	}
	if err := out.Write(head); err != nil {
		return err
	}
	for t := range h.All() {
		row := []string{fmt.Sprint(t.Number), string(t.State), "", "", fmt.Sprint(len(t.Attempts)), "", value.FormatFloat(present.Duration(t).Seconds())}
		if t.Failure != nil {
			row[2] = string(t.Failure.Class)
		}
		if t.Origin != nil {
			row[3] = t.Origin.Method
		}
		if len(t.Attempts) > 0 {
			row[5] = t.Attempts[0].Started.UTC().Format(time.RFC3339Nano)
		}
		if repeats {
			of := ""
			if r, ok := t.Repeats(); ok {
				of = fmt.Sprint(r.Of)
			}
			row = append(row, of)
		}
		values := present.Values(h, t)
		for _, o := range h.Objectives {
			cell := ""
			if v, ok := values.Get(o.Metric); ok {
				cell = value.FormatFloat(v)
			}
			row = append(row, cell)
		}
		for i := range h.Space.Params() {
			row = append(row, t.Config.At(i).Text())
		}
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}
