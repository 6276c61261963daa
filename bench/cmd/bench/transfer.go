package main

import (
	"slices"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
)

// warmed adds to each job the same one from three earlier studies: one that
// helps, of the task's kin, and two that mislead. Kin stands for the first of
// the tasks; those behind have none but themselves.
func warmed(lib *problem.Library, jobs []run.Job, tasks, kin []string, trials int) ([]run.Job, error) {
	var out []run.Job
	for _, j := range jobs {
		out = append(out, j)
		like, bend := j.Problem, run.Aside
		if i := slices.Index(tasks, j.Problem.Name()); i < len(kin) && kin[i] != "" {
			var err error
			if like, err = lib.Open(kin[i]); err != nil {
				return nil, err
			}
			bend = run.Straight
		}
		for _, e := range []run.Earlier{
			{Label: "kin", Problem: like, Bend: bend},
			{Label: "mirrored", Problem: j.Problem, Bend: run.Mirrored},
			{Label: "negated", Problem: j.Problem, Bend: run.Negated},
		} {
			e.Trials = trials
			warm := j
			warm.Earlier = &e
			out = append(out, warm)
		}
	}
	return out, nil
}
