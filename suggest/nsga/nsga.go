package nsga

import (
	"context"
	"errors"
	"strconv"

	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

// suggester is either algorithm: they differ in who survives alone.
type suggester struct {
	population population
	breeder    breeder
	picker     distinct.Picker
}

// Suggest implements [suggest.Suggester]. The time for a configuration is
// proportional to the number of parameters; each result adds its share of one
// selection in a generation, which depends on the population alone.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s.population.update(r.History, r.Seed)
	s.breeder.enter(r.History.Space)
	s.picker.Begin(r.History, r.Beside...)
	fit := len(s.population.parents) >= smallest && r.History.Space.Len() > 0
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		stream := r.Rand(i)
		if fit {
			if c, mates, ok := s.breeder.breed(r.History, &s.population, r.First+i, stream, s.picker.Take); ok {
				out = append(out, suggest.Proposal{Config: c, Note: s.note(mates)})
				continue
			}
		}
		c, err := s.picker.Draw(ctx, stream)
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

// note says which generation a child is of, and the trials of its parents.
func (s *suggester) note(mates []int) string {
	b := make([]byte, 0, 64)
	b = append(b, `{"generation":`...)
	b = strconv.AppendInt(b, int64(s.population.generation), 10)
	b = append(b, `,"parents":[`...)
	for k, m := range mates {
		if k > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(s.population.parents[m].trial), 10)
	}
	return string(append(b, "]}"...))
}
