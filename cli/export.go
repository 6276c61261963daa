package cli

import (
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
)

func (x *app) exportCommand() *cobra.Command {
	var format, output string
	c := &cobra.Command{
		Use:   "export [STUDY]",
		Short: "Write all trials as CSV, or with all reports as JSON lines",
		Long: `Write every trial of a study: as CSV, one row a trial with a column for each
parameter, objective and time; or as JSON lines, one object a trial with its
reports and attempts, which loses nothing.`,
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
	c.Flags().StringVarP(&output, "output", "o", "", "file to write (default: standard output)")
	return c
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
