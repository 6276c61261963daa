package main

import (
	"slices"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/bench/run"
)

// suiteTasks returns the tasks of the suite called name, which exists.
func suiteTasks(name string) []string {
	for _, s := range problem.Suites {
		if s.Name == name {
			return s.Tasks
		}
	}
	return nil
}

// warmed adds to each job the same one from three earlier studies: one that
// helps, of the task's kin, and two that mislead.
func warmed(lib *problem.Library, jobs []run.Job, tasks, kin []string, trials int) ([]run.Job, error) {
	var out []run.Job
	for _, j := range jobs {
		out = append(out, j)
		i := slices.Index(tasks, j.Problem.Name())
		if i < 0 {
			continue
		}
		like, bend := j.Problem, run.Aside
		if kin[i] != "" {
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
