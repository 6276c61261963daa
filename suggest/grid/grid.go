// Package grid is exhaustive search: every combination of a few levels of each
// parameter, each exactly once.
//
// It suits two or three parameters with few values, tables for a paper, and
// spaces of choices that are to be tried out completely. With more continuous
// parameters it wastes trials on repeated values; use qmc or random there.
//
// The one idea: the next proposals are the first points, in the grid's order,
// that the history does not hold. Nothing needs to be remembered, so restarts,
// configurations added by hand and any number of workers leave no gap and no
// duplicate.
//
// # Levels
//
// A choice, a bool and a parameter with a step take all their values, because
// that is what the user wrote down (a step with more than [MaxSteps] values
// counts as none). An int takes all its values where they are at most twice
// the setting points: leaving out fewer than half would only leave uneven
// gaps. Any other number takes as many levels as points says, evenly spaced on
// its scale from its low to its high bound; with a normal or log-normal prior
// they are instead the middles of equally probable intervals, because the
// bounds are far out in the tails there. Levels of a float are rounded to 12
// significant digits.
//
// Conditional parameters are combined only where they are active, and points
// that violate a constraint are left out.
package grid

import (
	"context"

	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

var settings = []setting.Setting{
	{Name: "points", Kind: setting.Int, Default: value.Int(5), Min: 1, Max: 10_000,
		Doc: "levels of a continuous parameter, or of an int with more than twice as many values"},
	{Name: "order", Kind: setting.String, Default: value.String("lexical"), Options: []string{"lexical", "random"},
		Doc: "lexical: the last parameter changes fastest; random: shuffled by the study's seed, so that a part of the grid is a fair sample of it (at most 100000 points)"},
}

// Method returns the description of grid search.
func Method() suggest.Method {
	return suggest.Method{
		Name:     "grid",
		Version:  "1",
		Doc:      "Tries every combination of a few levels of each parameter once; for two or three parameters or small sets of choices.",
		Settings: settings,
		New: func(_ suggest.Problem, v setting.Values) (suggest.Suggester, error) {
			points, _ := v.Get(settings, "points").AsInt()
			order, _ := v.Get(settings, "order").AsString()
			return &suggester{points: int(points), shuffle: order == "random"}, nil
		},
	}
}

type suggester struct {
	points  int
	shuffle bool

	held   distinct.Keys
	last   *study.History
	space  *space.Space
	seed   uint64
	source source
	// front is the points taken from source that the history did not hold at
	// the last request, in the grid's order. Everything taken from source and
	// not in front is in the history for good.
	front []space.Config
}

// source yields the points of a grid in order.
type source interface {
	// next returns false after the last point.
	next(ctx context.Context) (space.Config, bool, error)
}

// Suggest implements [suggest.Suggester]. In an open space that still has
// trials running the end of the grid is not the end of the study, because they
// may reveal more of it.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	h := r.History
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.source == nil || !h.Continues(s.last) || h.Space != s.space || r.Seed != s.seed {
		if err := s.restart(ctx, h.Space, r.Seed); err != nil {
			return nil, err
		}
	}
	s.last, s.seed = h, r.Seed
	s.held.Begin(h)
	kept := s.front[:0]
	for _, c := range s.front {
		if !s.held.Held(c) {
			kept = append(kept, c)
		}
	}
	clear(s.front[len(kept):])
	s.front = kept
	beside := make(map[string]bool, len(r.Beside))
	for _, c := range r.Beside {
		beside[c.Key()] = true
	}
	for len(s.front) < r.N+len(beside) {
		c, ok, err := s.source.next(ctx)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if !s.held.Held(c) {
			s.front = append(s.front, c)
		}
	}
	out := make([]suggest.Proposal, 0, r.N)
	for _, c := range s.front {
		if len(out) < r.N && !beside[c.Key()] {
			out = append(out, suggest.Proposal{Config: c})
		}
	}
	if len(out) == r.N || h.Space.Open() && (len(out) > 0 || h.OpenLen()+len(beside) > 0) {
		return out, nil
	}
	return out, suggest.ErrExhausted
}

// restart begins the grid of sp anew.
func (s *suggester) restart(ctx context.Context, sp *space.Space, seed uint64) error {
	s.source, s.space, s.front = nil, sp, nil
	walk := newOdometer(sp, levels(sp, s.points))
	if !s.shuffle {
		s.source = walk
		return nil
	}
	list, err := shuffled(ctx, walk, seed)
	if err != nil {
		return err
	}
	s.source = list
	return nil
}
