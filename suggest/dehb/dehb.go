package dehb

import (
	"context"
	"errors"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

var settings = []setting.Setting{
	{Name: "f", Kind: setting.Float, Default: value.Float(0.5), Min: 0.01, Max: 2,
		Doc: "Scale of differences."},
	{Name: "cr", Kind: setting.Float, Default: value.Float(0.5), Min: 0, Max: 1,
		Doc: "Probability that a parameter is taken from the mutant and not from the target."},
	{Name: "population", Kind: setting.Int, Min: 4, Max: 100_000,
		Doc: "Members of the population of every step; default as many as Hyperband's bracket that begins there has trials (without a fidelity 5 per parameter within 20 and 100)."},
	{Name: "reduction", Kind: setting.Float, Default: value.Float(3), Min: 1.5, Max: 100,
		Doc: "The scheduler's reduction, from which the sizes of the populations follow."},
}

// Method returns the description of DEHB's search.
func Method() suggest.Method {
	return suggest.Method{
		Name: "dehb", Version: "1", Schedule: "dehb", Settings: settings,
		Doc: "Differential evolution with a population at every rung, which learns from the one below; for training that can be cut short and many trials (Awad et al. 2021).",
		New: func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			if p.Objectives > 1 {
				return nil, study.Errorf(study.Invalid, "use the algorithm nsga2",
					"the algorithm dehb has one objective, and the study has %d", p.Objectives)
			}
			number := func(name string) float64 { return v.Get(settings, name).AsFloat() }
			given, _ := v.Get(settings, "population").AsInt() // 0 where absent
			return &suggester{populations: populations{o: options{
				f: number("f"), cr: number("cr"), given: int(given), reduction: number("reduction"), trials: p.Trials,
			}}}, nil
		},
	}
}

// options are the settings, and the study's budget of trials.
type options struct {
	f, cr     float64
	given     int // population; 0: by the step
	reduction float64
	trials    int
}

type suggester struct {
	populations
	picker  distinct.Picker
	breeder breeder
}

// Suggest implements [suggest.Suggester]. The time for a configuration is
// proportional to the number of parameters and the sizes of two populations; a
// request costs that of the open trials besides.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.follow(r.History)
	s.picker.Begin(r.History, r.Beside...)
	step := r.Until
	if end := s.end(); step <= 0 || step > end {
		step = end
	}
	size := s.size(step)
	members := s.members(step, size)
	founders := len(members) + s.coming(step) + len(r.Beside)
	s.breeder.begin(s, r, step, members)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rng := r.Rand(i)
		if len(members) > 0 && founders >= size {
			if child, ok := s.breeder.breed(rng, s.picker.Take); ok {
				child.Until = r.Until
				out = append(out, child)
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
		founders++
		out = append(out, suggest.Proposal{Config: c, Note: note{Step: finite(step), Family: -1}.String(), Until: r.Until})
	}
	return out, nil
}
