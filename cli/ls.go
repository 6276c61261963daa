package cli

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/afina-hpo/afina/analyze"
	"github.com/afina-hpo/afina/internal/home"
	"github.com/afina-hpo/afina/internal/present"
	"github.com/afina-hpo/afina/server/lines"
	"github.com/afina-hpo/afina/study"
)

func (x *app) lsCommand() *cobra.Command {
	var state string
	c := &cobra.Command{
		Use:   "ls [STUDY]",
		Short: "List the studies of this folder, or the trials of one",
		Args:  argCount(0, 1, "at most one study"),
		RunE: func(c *cobra.Command, args []string) error {
			if len(args) == 0 {
				return x.lsStudies(c)
			}
			log, _, err := x.load(c.Context(), args[0])
			if err != nil {
				return err
			}
			return x.lsTrials(log, state)
		},
	}
	c.Flags().StringVar(&state, "state", "", "only trials in this state: queued, running, paused, complete, pruned, failed, infeasible, cancelled")
	return c
}

func (x *app) lsTrials(log *study.Log, state string) error {
	if state != "" && !knownState(state) {
		return study.Errorf(study.Invalid, "states: "+strings.Join(stateNames(), ", "), "there is no state %q", state)
	}
	h := log.Book.History()
	list := lines.Trials(h)
	if state != "" {
		kept := list.Trials[:0]
		for _, t := range list.Trials {
			if string(t.State) == state {
				kept = append(kept, t)
			}
		}
		list.Trials = kept
	}
	if x.json {
		x.printJSON(list)
		return nil
	}
	head := []string{">trial", "state"}
	for _, o := range h.Objectives {
		head = append(head, ">"+o.Metric)
	}
	head = append(head, ">time", "configuration")
	best := analyze.Best(h)
	var rows [][]string
	for _, t := range list.Trials {
		full := h.Trial(t.Number)
		row := []string{fmt.Sprint(t.Number), string(t.State)}
		if full.Failure != nil {
			row[1] += " (" + string(full.Failure.Class) + ")"
		}
		if t.Violates {
			row[1] += " (violates)"
		}
		if best != nil && best.Number == t.Number && len(h.Objectives) == 1 {
			row[1] += " best"
		}
		for _, o := range h.Objectives {
			cell := ""
			if v, ok := t.Values.Get(o.Metric); ok {
				cell = short(v)
			}
			row = append(row, cell)
		}
		cell := ""
		if d := present.Duration(full); d > 0 {
			cell = round(d)
		}
		rows = append(rows, append(row, cell, clean(t.Params.String())))
	}
	table(x.Out, head, rows)
	return nil
}

func knownState(s string) bool {
	for _, n := range stateNames() {
		if n == s {
			return true
		}
	}
	return false
}

func stateNames() []string {
	var names []string
	for _, s := range study.States {
		names = append(names, string(s))
	}
	return names
}

// listedStudy is a study in the list of a folder.
type listedStudy struct {
	Name   string              `json:"name"`
	Status study.Status        `json:"status"`
	Trials map[study.State]int `json:"trials"`
	Best   *present.Best       `json:"best,omitempty"`
	Store  string              `json:"store"`
	Error  string              `json:"error,omitempty"`
}

func (x *app) lsStudies(c *cobra.Command) error {
	studies := []listedStudy{}
	for _, name := range studyNames(".") {
		h := home.At(".", name)
		s := listedStudy{Name: name, Store: filepath.ToSlash(h.DB())}
		log, _, err := x.load(c.Context(), h.Dir)
		if err != nil {
			s.Error = err.Error()
		} else {
			s.Status, s.Trials = log.Status, count(log.Book.History())
			if b := analyze.Best(log.Book.History()); b != nil && len(log.Def.Objectives) == 1 {
				s.Best = &present.Best{Number: b.Number, Params: b.Config, Values: present.Values(log.Book.History(), b)}
			}
		}
		studies = append(studies, s)
	}
	if x.json {
		x.printJSON(struct {
			Studies []listedStudy `json:"studies"`
		}{studies})
		return nil
	}
	if len(studies) == 0 {
		fmt.Fprintf(x.Out, "no studies below ./%s; start one with: afina run study.yaml\n", home.Root)
		return nil
	}
	var rows [][]string
	for _, s := range studies {
		if s.Error != "" {
			rows = append(rows, []string{s.Name, "unreadable: " + s.Error, "", ""})
			continue
		}
		best := ""
		if s.Best != nil && len(s.Best.Values) > 0 {
			best = fmt.Sprintf("%s %s (#%d)", s.Best.Values[0].Name, short(s.Best.Values[0].Value), s.Best.Number)
		}
		rows = append(rows, []string{s.Name, string(s.Status), counts(s.Trials), best})
	}
	table(x.Out, []string{"study", "status", "trials", "best"}, rows)
	return nil
}

// count returns how many trials of h are in each state.
func count(h *study.History) map[study.State]int {
	n := map[study.State]int{}
	for t := range h.All() {
		n[t.State]++
	}
	return n
}

// counts returns the numbers of trials by state in words.
func counts(n map[study.State]int) string {
	var parts []string
	for _, s := range study.States {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	if len(parts) == 0 {
		return "none yet"
	}
	return strings.Join(parts, ", ")
}
