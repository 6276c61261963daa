package de

import (
	"context"
	"errors"

	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

// Method returns the description of differential evolution.
func Method() suggest.Method {
	return suggest.Method{
		Name:     "de",
		Version:  "1",
		Doc:      "Differential evolution with success-history adaptation and a shrinking population; for numeric and mixed spaces with many cheap trials (L-SHADE, Tanabe and Fukunaga 2014).",
		Settings: settings,
		New: func(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			o, err := newOptions(p, v)
			if err != nil {
				return nil, err
			}
			s := &suggester{}
			s.population.o = &o
			s.breeder.p = &s.population
			return s, nil
		},
	}
}

type suggester struct {
	picker     distinct.Picker
	population population
	breeder    breeder
}

// Suggest implements [suggest.Suggester]. The time for a configuration is
// proportional to the number of parameters and the size of the population; a
// request costs that of the open trials besides.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	p := &s.population
	p.update(r.History, r.Seed)
	s.picker.Begin(r.History, r.Beside...)
	strangers := p.count() + len(r.Beside)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		random := r.Rand(i)
		if n := len(p.members); n >= minMembers && n+strangers >= p.size {
			if child, ok := s.breeder.breed(random, s.picker.Take); ok {
				out = append(out, child)
				continue
			}
		}
		c, err := s.picker.Draw(ctx, random)
		if errors.Is(err, suggest.ErrExhausted) {
			return out, err
		}
		if err != nil {
			return nil, err
		}
		strangers++
		out = append(out, suggest.Proposal{Config: c})
	}
	return out, nil
}
