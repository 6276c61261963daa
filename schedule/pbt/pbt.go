package pbt

import (
	"math"

	"github.com/afina-hpo/afina/schedule"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
)

// Settings returns the settings of every method with a population.
func Settings() []setting.Setting {
	return []setting.Setting{
		{Name: "population", Kind: setting.Int, Default: value.Int(20), Min: 2, Max: 10_000,
			Doc: "how many trials train side by side"},
		{Name: "interval", Kind: setting.Float, Min: 0, Max: 1e15,
			Doc: "steps between two comparisons; a tenth of the largest step where nothing is set, or 0"},
		{Name: "quantile", Kind: setting.Float, Default: value.Float(0.2), Min: 0, Max: 0.5,
			Doc: "the part of the population that is replaced at a comparison, and that it is replaced from"},
		{Name: "quorum", Kind: setting.Float, Default: value.Float(1), Min: 0, Max: 1,
			Doc: "the part of the population that must have come to a step before a member goes on from it; less keeps more workers busy"},
	}
}

var settings = append(Settings(),
	setting.Setting{Name: "resample", Kind: setting.Float, Default: value.Float(0.25), Min: 0, Max: 1,
		Doc: "how probably a copy's value is drawn anew instead of changed"},
	setting.Setting{Name: "factor", Kind: setting.Float, Default: value.Float(1.2), Min: 1, Max: 100,
		Doc: "a value grows by this factor, or shrinks by as much"},
)

// Method returns the description of population-based training.
func Method() schedule.Method {
	return schedule.Method{
		Name:     "pbt",
		Version:  "1",
		Doc:      "Trains a population whose worst go on as changed copies of the best; finds a schedule of values (Jaderberg et al. 2017).",
		Rungs:    true,
		Copies:   true,
		Settings: settings,
		New: func(p schedule.Problem, v setting.Values) (schedule.Scheduler, error) {
			resample := v.Get(settings, "resample").AsFloat()
			factor := v.Get(settings, "factor").AsFloat()
			return New("population-based training", p, v, func(h *study.History, of *study.Trial, _ float64, n int) space.Config {
				return Perturb(h.Space, of.Config, resample, factor, study.Stream(p.Seed, n, purpose))
			})
		},
	}
}

// purpose names the random stream of copies: whose they are, and how changed.
const purpose = "pbt"

// Explore returns the configuration of a new trial, number n, that goes on as
// a copy of trial of from step at. It must be a function of its arguments and
// return a configuration that the space allows.
type Explore func(h *study.History, of *study.Trial, at float64, n int) space.Config

// New returns a scheduler with a population, whose copies explore changes. The
// values are those of [Settings]. Name is what the method is called in errors.
func New(name string, p schedule.Problem, v setting.Values, explore Explore) (schedule.Scheduler, error) {
	if n := len(p.Objectives); n != 1 {
		return nil, study.Errorf(study.Invalid, "tune one objective, with the others as outcome constraints",
			"%s orders trials by one objective, and the study has %d", name, n)
	}
	if p.Fidelity == nil || !(p.Fidelity.Max > 0) {
		return nil, study.Errorf(study.Invalid, "add fidelity: { step: epoch, max: 100 }",
			"%s needs to know how many steps a trial has", name)
	}
	list := Settings()
	size, _ := v.Get(list, "population").AsInt()
	s := &population{
		table: table{size: int(size)},
		size:  int(size), trials: p.Trials, last: p.Fidelity.Max, seed: p.Seed, explore: explore,
		interval: p.Fidelity.Max / 10,
		quantile: v.Get(list, "quantile").AsFloat(),
		quorum:   v.Get(list, "quorum").AsFloat(),
	}
	if s.interval > 1 { // epochs, rounds: whole ones
		s.interval = math.Round(s.interval)
	}
	if x, ok := v["interval"]; ok && x.AsFloat() > 0 {
		s.interval = x.AsFloat()
	}
	if p.Trials > 0 && p.Trials < s.size {
		return nil, study.Errorf(study.Invalid, "set population to a smaller number, or bound the study otherwise: copies are trials, too",
			"a study of %d trials has no population of %d", p.Trials, s.size)
	}
	return s, nil
}
