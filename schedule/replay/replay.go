package replay

import (
	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

var settings = []setting.Setting{
	{Name: "plan", Kind: setting.String,
		Doc: "the schedule of values, as afina export --schedule writes it"},
	{Name: "times", Kind: setting.Int, Default: value.Int(1), Min: 1, Max: 1_000_000,
		Doc: "how often it is run, each time with other seeds"},
}

// Method returns the description of the scheduler.
func Method() schedule.Method {
	return schedule.Method{
		Name:     "replay",
		Version:  "1",
		Doc:      "Runs a schedule of values that population-based training has found, or that was written by hand.",
		Rungs:    true,
		Copies:   true,
		Settings: settings,
		New:      newScheduler,
	}
}

func newScheduler(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
	times, _ := v.Get(settings, "times").AsInt()
	s := &scheduler{times: int(times)}
	text, given := v["plan"]
	if !given {
		return s, nil // described, not used: it starts nothing
	}
	plan, _ := text.AsString()
	read, err := schedule.ParsePlan(plan)
	if err == nil {
		s.configs, err = read.Configs(p.Space)
	}
	if err != nil {
		return nil, &study.Error{Code: study.Invalid, Message: "the schedule to replay", Err: err, Hint: "afina export --schedule writes one"}
	}
	for _, step := range read.Steps {
		s.at = append(s.at, step.At)
	}
	if f := p.Fidelity; f != nil {
		s.last = f.Max
		if at := s.at[len(s.at)-1]; f.Max > 0 && at >= f.Max {
			return nil, study.Errorf(study.Invalid, "raise fidelity.max", "the schedule to replay goes on to step %v, and a trial has %v steps", at, f.Max)
		}
	}
	return s, nil
}

type scheduler struct {
	times   int
	at      []float64
	configs []space.Config
	last    float64 // of the fidelity; 0: unknown
}

// until returns where the i-th step of the plan ends.
func (s *scheduler) until(i int) float64 {
	if i+1 < len(s.at) {
		return s.at[i+1]
	}
	return s.last
}

// Judge pauses a trial that has come to the next step of the plan.
func (s *scheduler) Judge(_ *study.History, t *study.Trial) study.Verdict {
	begun := 0.0
	if t.Copy != nil {
		begun = t.Copy.Step
	}
	at := t.LastStep()
	if t.Bracket > 0 && s.index(at) > s.index(begun) && (s.last == 0 || at < s.last) {
		return study.VerdictPause
	}
	return study.VerdictContinue
}

// index returns which step of the plan holds at a step of a trial.
func (s *scheduler) index(at float64) int {
	i := 0
	for i+1 < len(s.at) && s.at[i+1] <= at {
		i++
	}
	return i
}

// Next starts the chains, and goes on with those that have come to a step.
// The time is proportional to the number of trials.
func (s *scheduler) Next(h *study.History) schedule.Order {
	if len(s.at) == 0 {
		return schedule.Order{Action: schedule.Done}
	}
	newest := make([]*study.Trial, s.times) // of each chain
	for t := range h.All() {
		if t.Bracket > 0 && t.Bracket <= s.times {
			newest[t.Bracket-1] = t
		}
	}
	busy := false
	for i, t := range newest {
		switch {
		case t == nil:
			return schedule.Order{Config: s.configs[0], Until: s.until(0), Bracket: i + 1, CopyFrom: -1}
		case t.State == study.Paused:
			k := s.index(t.LastStep())
			return schedule.Order{Config: s.configs[k], CopyFrom: t.Number, From: t.LastStep(), Until: s.until(k), Bracket: i + 1}
		}
		busy = busy || !t.State.Ended()
	}
	if busy {
		return schedule.Order{Action: schedule.Wait}
	}
	return schedule.Order{Action: schedule.Done}
}
