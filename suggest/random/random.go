// Package random is random search: every configuration is drawn from the
// prior, independently of all results.
//
// It is the baseline that every other method has to beat, the best choice
// where very many trials run at once, and a good one for a first look at a
// space. J. Bergstra and Y. Bengio, "Random search for hyper-parameter
// optimization", JMLR 13, 281–305, 2012, say why it beats a grid: where few of
// many parameters matter, a grid repeats the same few values of them.
//
// The one idea: the draw for trial n uses the random stream of (seed, n) and
// nothing else, so the order of asking, the number of workers and restarts
// change nothing. Only in a finite space does the history matter, because no
// configuration is proposed twice there.
package random

import (
	"context"
	"errors"

	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

// Method returns the description of random search.
func Method() suggest.Method {
	return suggest.Method{
		Name:    "random",
		Version: "1",
		Doc:     "Draws every configuration from the prior; the baseline, and good for very many parallel trials (Bergstra and Bengio 2012).",
		New: func(suggest.Problem, setting.Values) (suggest.Suggester, error) {
			return &suggester{}, nil
		},
	}
}

type suggester struct{ picker distinct.Picker }

// Suggest implements [suggest.Suggester]. The time for a configuration is
// proportional to the number of parameters, over the share of the space that
// the constraints allow.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	s.picker.Begin(r.History, r.Beside...)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		c, err := s.picker.Draw(ctx, r.Rand(i))
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
