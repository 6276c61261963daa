package cmaes

import (
	"context"
	"errors"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

func settings() []setting.Setting {
	return []setting.Setting{
		{Name: "variant", Kind: setting.String, Default: value.String("auto"), Options: []string{"auto", "full", "separable"},
			Doc: "Whether dependencies between parameters are learned (full) or each by itself, which is faster and needs fewer trials (separable); auto: full up to 100 parameters."},
		{Name: "restart", Kind: setting.String, Default: value.String("ipop"), Options: []string{"none", "ipop", "bipop"},
			Doc: "What follows when the search has converged: nothing, a run with twice the population, or that alternating with small runs."},
		{Name: "population", Kind: setting.Int, Min: 4, Max: maxLambda,
			Doc: "Trials a generation; default: 4 + 3 ln(parameters), rounded down."},
		{Name: "sigma0", Kind: setting.Float, Default: value.Float(0.25), Min: 1e-6, Max: 1,
			Doc: "Standard deviation at the start, where every parameter is one unit wide."},
		{Name: "lr_adaptation", Kind: setting.Bool, Default: value.Bool(false),
			Doc: "Adapts the learning rates to noise and to many local minima; slower where there are none."},
		{Name: "warm_start", Kind: setting.Bool, Default: value.Bool(true),
			Doc: "Starts in the region of the best tenth of the results that the study has already, if they are at least 20."},
		{Name: "margin", Kind: setting.Bool, Default: value.Bool(true),
			Doc: "Keeps neighbouring values of ints and steps probable; off: they are rounded floats."},
	}
}

// Method returns the description of CMA-ES.
func Method() suggest.Method {
	list := settings()
	return suggest.Method{
		Name:     "cmaes",
		Version:  "1",
		Doc:      "Learns a distribution of good configurations from ranks alone; for continuous and integer parameters, hundreds of trials or more, many at once (Hansen 2016, Hamano et al. 2025).",
		Settings: list,
		New: func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			if p.Objectives > 1 {
				return nil, study.Errorf(study.Invalid, "use nsga, or make one objective of them", "cmaes takes one objective, not %d", p.Objectives)
			}
			o := options{sigma: v.Get(list, "sigma0").AsFloat()}
			o.variant, _ = v.Get(list, "variant").AsString()
			o.restart, _ = v.Get(list, "restart").AsString()
			o.adapt, _ = v.Get(list, "lr_adaptation").AsBool()
			o.warm, _ = v.Get(list, "warm_start").AsBool()
			o.margin, _ = v.Get(list, "margin").AsBool()
			if i, ok := v.Get(list, "population").AsInt(); ok {
				o.population = int(i)
			}
			if o.adapt && o.variant == "separable" {
				return nil, study.Errorf(study.Invalid, "drop one of the two settings", "cmaes adapts learning rates of the full variant only")
			}
			return &suggester{fold: fold{options: o}}, nil
		},
	}
}

type suggester struct {
	fold   fold
	picker distinct.Picker
}

// Suggest implements [suggest.Suggester]. With n parameters a proposal takes
// n² operations and a generation about 10 n³; a history that the suggester has
// not seen is replayed once.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	f := &s.fold
	if err := f.advance(ctx, r.History, r.Seed); err != nil {
		return nil, err
	}
	f.begin()
	s.picker.Begin(r.History, r.Beside...)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		rng := r.Rand(i)
		var c space.Config
		if f.draft.draw(f.layout, f.model, rng, f.once, func(d *draft) bool {
			c = r.History.Space.Decode(d.u)
			return r.History.Space.Feasible(c) && s.picker.Take(c)
		}) {
			out = append(out, suggest.Proposal{Config: c, Note: f.note})
			continue
		}
		c, err := s.picker.Draw(ctx, rng)
		if errors.Is(err, suggest.ErrExhausted) {
			return out, err
		}
		if err != nil {
			return nil, err
		}
		out = append(out, suggest.Proposal{Config: c})
	}
	return out, nil
}
