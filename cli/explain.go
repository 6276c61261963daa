package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/engine"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest/warm"
)

func (x *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain [STUDY] N",
		Short: "Say why trial N was tried, and whether it came out as predicted",
		Long: `Say why trial N was tried: what proposed it and what that knew, what it
predicted and what came, what ran at the time, and the earlier trials that are
most alike.

What the search algorithm noted with its proposal is shown as it is. Where it
noted no prediction and models the objective, its belief is worked out again
from the trials that it knew then.`,
		Args: argCount(1, 2, "a study and a trial number"),
		RunE: func(c *cobra.Command, args []string) error {
			log, _, t, err := x.loadTrial(c.Context(), args)
			if err != nil {
				return err
			}
			h := log.Book.History()
			e := analyze.Explain(h, t, x.believer(log.Def))
			if x.json {
				x.printJSON(makeExplained(h, t, e))
				return nil
			}
			x.explain(log.Def, h, t, e)
			return nil
		},
	}
}

// explained is what explain --json prints.
type explained struct {
	present.Trial
	Origin *study.Origin `json:"origin,omitempty"`
	// Note is what the algorithm said, as JSON, where it is any.
	Note      json.RawMessage             `json:"note,omitempty"`
	Predicted map[string]present.Estimate `json:"predicted,omitempty"`
	// From says whether the algorithm noted the prediction at the time or it
	// was worked out now: "note" or "model".
	From    string        `json:"predicted_from,omitempty"`
	Gain    *float64      `json:"gain,omitempty"`
	Seen    int           `json:"seen"`
	Ended   int           `json:"seen_ended"`
	Best    *int          `json:"best_then,omitempty"`
	Running []int         `json:"running_then"`
	Nearest []nearbyTrial `json:"nearest"`
}

// nearbyTrial is an earlier trial and how far it is.
type nearbyTrial struct {
	present.Trial
	Distance float64 `json:"distance"`
}

func makeExplained(h *study.History, t *study.Trial, e analyze.Explanation) explained {
	out := explained{
		Trial: present.MakeTrial(h, t), Origin: t.Origin, Gain: e.Gain,
		Seen: e.Seen.Len(), Ended: e.Seen.EndedLen(), Running: []int{}, Nearest: []nearbyTrial{},
	}
	if t.Origin != nil && json.Valid([]byte(t.Origin.Note)) {
		out.Note = json.RawMessage(t.Origin.Note)
	}
	if e.Mean != nil {
		out.Predicted = present.MakeEstimate(h, e.Mean, withError(e))
		out.From = "model"
		if e.Noted {
			out.From = "note"
		}
	}
	if e.Best != nil {
		out.Best = &e.Best.Number
	}
	for _, r := range e.Running {
		out.Running = append(out.Running, r.Number)
	}
	for _, n := range e.Nearest {
		out.Nearest = append(out.Nearest, nearbyTrial{present.MakeTrial(h, n.Trial), n.Distance})
	}
	return out
}

// withError returns the errors of a prediction, NaN where none were given.
func withError(e analyze.Explanation) []float64 {
	if e.SE != nil {
		return e.SE
	}
	se := make([]float64, len(e.Mean))
	for i := range se {
		se[i] = math.NaN()
	}
	return se
}

// explain prints an explanation for people.
func (x *app) explain(def *study.Definition, h *study.History, t *study.Trial, e analyze.Explanation) {
	w := x.Out
	field := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	field("trial", "%d of study %s, %s", t.Number, def.Name, t.State)
	x.printConfig(t.Config)
	field("made by", "%s", x.maker(t.Origin))
	if name, trial, ok := warm.Of(t.Origin); ok {
		field("taken from", "%s", earlierTrial(def, name, trial))
	}
	if o := t.Origin; o != nil && o.Fixed != "" {
		field("fixed", "%s", clean(o.Fixed))
	}
	knew := fmt.Sprintf("%s, %d of them ended", plural(e.Seen.Len(), "trial"), e.Seen.EndedLen())
	if e.Best != nil && len(h.Objectives) == 1 {
		knew += fmt.Sprintf("; the best was trial %d with %s %s", e.Best.Number, h.Objectives[0].Metric, short(e.Best.Values[0]))
	}
	if e.Seen.Len() == 0 {
		knew = "nothing yet"
	}
	field("knowing", "%s", knew)
	if len(e.Running) > 0 {
		names := make([]string, len(e.Running))
		for i, r := range e.Running {
			names[i] = fmt.Sprint(r.Number)
		}
		field("beside", "%s %s, running then", plainly(len(names), "trial"), strings.Join(names, ", "))
	}
	x.prediction(h, t, e, field)
	notes := e.Notes
	if _, _, ok := warm.Of(t.Origin); ok {
		notes = nil // it was said above
	}
	for _, n := range notes {
		name := n.Key
		if name == "" {
			name = "note"
		}
		field(clean(name), "%s", clean(plainJSON(n.Value)))
	}
	if len(e.Nearest) == 0 {
		return
	}
	fmt.Fprintln(w, "\nearlier trials most like it")
	head := []string{">trial", ">distance"}
	for _, o := range h.Objectives {
		head = append(head, ">"+o.Metric)
	}
	var rows [][]string
	for _, n := range e.Nearest {
		row := []string{fmt.Sprint(n.Trial.Number), fmt.Sprintf("%.3g", n.Distance)}
		for _, v := range n.Trial.Values {
			row = append(row, short(v))
		}
		rows = append(rows, append(row, clean(n.Trial.Config.String())))
	}
	table(w, append(head, "configuration"), rows)
}

// maker says what made a trial.
func (x *app) maker(o *study.Origin) string {
	if o == nil {
		return "nothing that was recorded"
	}
	switch o.Method {
	case engine.MethodDefault:
		return "the defaults, which are tried first"
	case engine.MethodEnqueued:
		return "the study file, which enqueues it"
	case engine.MethodAdded:
		return "a person, who added it"
	}
	if o.Version == "" {
		return "the scheduler " + o.Method
	}
	return fmt.Sprintf("the search algorithm %s (version %s)", o.Method, o.Version)
}

// prediction prints what was predicted beside what came, by objective.
func (x *app) prediction(h *study.History, t *study.Trial, e analyze.Explanation, field func(name, format string, args ...any)) {
	if e.Mean != nil {
		parts := make([]string, len(e.Mean))
		for i, o := range h.Objectives {
			parts[i] = o.Metric + " " + short(e.Mean[i])
			if e.SE != nil {
				parts[i] = o.Metric + " " + within(e.Mean[i], e.SE[i])
			}
		}
		how := ""
		if !e.Noted {
			how = "   (the mean, worked out now from what was known then)"
		}
		field("predicted", "%s%s", strings.Join(parts, ", "), how)
	}
	switch {
	case t.Failure != nil:
		field("came", "%s", clean(t.Failure.String()))
	case len(t.Values) > 0:
		parts := make([]string, len(t.Values))
		for i, o := range h.Objectives {
			parts[i] = o.Metric + " " + short(t.Values[i]) + surprise(o, t.Values[i], e, i)
		}
		field("came", "%s", strings.Join(parts, ", "))
	}
	if e.Gain != nil {
		field("gain", "%s expected over the best", short(*e.Gain))
	}
}

// surprise says how far a value is from what was predicted: in standard errors
// of a measurement where that was noted, else, as the error of a belief is that
// of the mean and knows no noise, as it is.
func surprise(o study.Objective, x float64, e analyze.Explanation, i int) string {
	if e.SE == nil || !(e.SE[i] > 0) {
		return ""
	}
	word := "worse"
	if o.Better(x, e.Mean[i]) {
		word = "better"
	}
	if !e.Noted {
		return fmt.Sprintf(" (%.2g %s)", math.Abs(x-e.Mean[i]), word)
	}
	z := (x - e.Mean[i]) / e.SE[i]
	return fmt.Sprintf(" (%.1f standard errors %s)", math.Abs(z), word)
}

// plainJSON returns a value of a note as people read it: a text without its
// quotes, a number as numbers are printed, anything else as it is.
func plainJSON(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) == nil {
		return s
	}
	var f float64
	if json.Unmarshal(raw, &f) == nil && !bytes.Equal(raw, []byte("null")) {
		return value.FormatFloat(f)
	}
	return string(raw)
}

// plainly returns what, in the plural where there are several.
func plainly(n int, what string) string {
	if n == 1 {
		return what
	}
	return what + "s"
}
