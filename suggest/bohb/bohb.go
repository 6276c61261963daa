package bohb

import (
	"context"
	"errors"
	"strconv"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/cube"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
	"github.com/afina-hpo/afina/suggest/internal/level"
)

var settings = []setting.Setting{
	{Name: "top_percent", Kind: setting.Float, Default: value.Float(15), Min: 0.1, Max: 99,
		Doc: "Part of the trials of a level that counts as good, in percent."},
	{Name: "min_points", Kind: setting.Int, Default: value.Int(0), Min: 0, Max: 100_000,
		Doc: "Least number of trials of a density; where it is less than the number of parameters and one, it is that."},
	{Name: "candidates", Kind: setting.Int, Default: value.Int(64), Min: 1, Max: 100_000,
		Doc: "Candidates drawn around good trials, of which the best is proposed."},
	{Name: "random_fraction", Kind: setting.Float, Default: value.Float(1. / 3), Min: 0, Max: 1,
		Doc: "How often a configuration is drawn from the prior instead."},
	{Name: "bandwidth_factor", Kind: setting.Float, Default: value.Float(3), Min: 0.01, Max: 1000,
		Doc: "How much wider numbers are drawn than the good density is."},
	{Name: "min_bandwidth", Kind: setting.Float, Default: value.Float(1e-3), Min: 1e-9, Max: 1,
		Doc: "Least bandwidth, as a part of the range."},
}

// Method returns the description of BOHB's search.
func Method() suggest.Method {
	return suggest.Method{
		Name: "bohb", Version: "1", Schedule: "hyperband", Settings: settings,
		Doc: "Kernel densities of good and bad trials at the largest resource of which enough is known, for a scheduler with rungs (Falkner et al. 2018).",
		New: func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			if p.Objectives > 1 {
				return nil, study.Errorf(study.Invalid, "use the algorithm tpe",
					"the algorithm bohb has one objective, and the study has %d", p.Objectives)
			}
			whole := func(name string) int {
				n, _ := v.Get(settings, name).AsInt()
				return int(n)
			}
			number := func(name string) float64 { return v.Get(settings, name).AsFloat() }
			return &suggester{o: options{
				top: number("top_percent") / 100, points: whole("min_points"), candidates: whole("candidates"),
				random: number("random_fraction"), widen: number("bandwidth_factor"), least: number("min_bandwidth"),
			}}, nil
		},
	}
}

// options are the settings.
type options struct {
	top        float64
	points     int
	candidates int
	random     float64
	widen      float64
	least      float64
}

type suggester struct {
	o      options
	picker distinct.Picker
	levels level.Table
	cube   *cube.Cube
	free   []int // parameters with more than one value
	model  *model
	of     *study.History // what model was made of
	seed   uint64
}

// Suggest implements [suggest.Suggester]. The time for a configuration is
// proportional to the number of candidates, of trials on a level, and of
// parameters. Running trials that have reported count as what they had.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.follow(r)
	s.picker.Begin(r.History, r.Beside...)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rng := r.Rand(i)
		if s.model != nil && rng.Float64() >= s.o.random {
			if c, gain, ok := s.model.propose(&s.o, rng, s.allowed); ok {
				out = append(out, suggest.Proposal{Config: c, Note: s.model.note(gain)})
				continue
			}
		}
		c, err := s.picker.Draw(ctx, rng)
		if errors.Is(err, suggest.ErrExhausted) {
			return out, err
		}
		if err != nil {
			return nil, err
		}
		out = append(out, suggest.Proposal{Config: c, Note: `{"random":true}`})
	}
	return out, nil
}

// allowed takes a configuration where it may be proposed.
func (s *suggester) allowed(c space.Config) bool {
	return s.cube.Space().Feasible(c) && s.picker.Take(c)
}

// follow brings the model up to date.
func (s *suggester) follow(r suggest.Request) {
	h := r.History
	if s.of == h && s.seed == r.Seed {
		return
	}
	if s.cube == nil || s.cube.Space() != h.Space {
		s.cube, s.free = cube.New(h.Space), nil
		for i := range s.cube.Len() {
			if s.cube.Levels(i) != 1 {
				s.free = append(s.free, i)
			}
		}
	}
	s.levels.Follow(h)
	s.of, s.seed, s.model = h, r.Seed, nil
	if len(s.free) == 0 {
		return
	}
	least := max(s.o.points, len(s.free)+1)
	for k := s.levels.Len() - 1; k >= 0; k-- {
		if places := s.levels.At(k); len(places) >= least+2 {
			good, bad := split(len(places), least, s.o.top)
			s.model = newModel(s, places[:good], places[len(places)-bad:])
			s.model.step, s.model.trials = s.levels.Step(k), len(places)
			return
		}
	}
}

// split returns how many of n trials are good, and how many bad: equation 3 of
// the paper.
func split(n, least int, top float64) (good, bad int) {
	good = max(least, int(top*float64(n)+1e-9))
	return good, max(least, n-good)
}

// note says what a proposal rests on: the step of the level, how many trials
// were good of how many there, and the logarithm of the ratio of the densities.
func (m *model) note(gain float64) string {
	b := append(make([]byte, 0, 80), `{"log_ratio":`...)
	b = strconv.AppendFloat(b, gain, 'g', 6, 64)
	b = append(b, `,"good":`...)
	b = strconv.AppendInt(b, int64(len(m.good.data)), 10)
	b = append(b, `,"of":`...)
	b = strconv.AppendInt(b, int64(m.trials), 10)
	if m.step < inf {
		b = append(b, `,"step":`...)
		b = strconv.AppendFloat(b, m.step, 'g', -1, 64)
	}
	return string(append(b, '}'))
}
