// Package qmc is search by quasi-random points: a scrambled Sobol sequence,
// which covers the space far more evenly than independent draws do.
//
// It is a drop-in for random search wherever trials do not depend on results:
// for first looks, for sensitivity studies, and as the start of a
// model-based search. It is not adaptive. The points come from package num/qmc
// (Sobol 1967; direction numbers of Joe and Kuo 2008; scrambling after Owen
// 1995 and Burley 2020).
//
// The one idea: trial n gets the n-th point of the sequence that satisfies the
// constraints, which is a function of the seed, the space and n alone. So any
// number of workers share one sequence without talking to each other, and a
// restart goes on where it was.
//
// # What is skipped
//
// Points that violate a constraint are passed over: the allowed points of a
// low-discrepancy sequence cover the allowed region evenly. After
// [space.MaxDraws] refused points in a row the sequence counts as ended, and
// the trials from there on are drawn at random as by package random. In a
// finite space a point whose configuration the history already holds is
// replaced by a random draw among those that it does not. Trials that
// somebody else proposed (enqueued ones, the default) use up the point of
// their number.
//
// Where a define-by-run space grows, the known parameters keep the coordinates
// they had and each new one gets the next; with constraints, which point
// belongs to which trial is counted anew.
package qmc

import (
	"context"
	"errors"

	sobol "github.com/afina-hpo/afina/num/qmc"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/internal/distinct"
)

// Method returns the description of quasi-random search.
func Method() suggest.Method {
	return suggest.Method{
		Name:    "qmc",
		Version: "1",
		Doc:     "Covers the space evenly with a scrambled Sobol sequence; better than random search for the same use (Owen 1995; Joe and Kuo 2008).",
		New: func(suggest.Problem, setting.Values) (suggest.Suggester, error) {
			return &suggester{}, nil
		},
	}
}

type suggester struct {
	picker distinct.Picker
	seq    *sequence
}

// Suggest implements [suggest.Suggester]. Without constraints the time for a
// configuration is proportional to the number of parameters; with them the
// points passed over are paid for once in a process.
func (s *suggester) Suggest(ctx context.Context, r suggest.Request) ([]suggest.Proposal, error) {
	sp := r.History.Space
	if n := sp.Len(); n > sobol.MaxDim {
		return nil, study.Errorf(study.Invalid, "use the algorithm random",
			"quasi-random search has at most %d dimensions, and the space has %d parameters", sobol.MaxDim, n)
	}
	if s.seq == nil || s.seq.space != sp || s.seq.seed != r.Seed {
		seq, err := newSequence(sp, r.Seed)
		if err != nil {
			return nil, err
		}
		s.seq = seq
	}
	s.picker.Begin(r.History, r.Beside...)
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		c, ok, err := s.seq.at(ctx, r.First+i)
		if err != nil {
			return nil, err
		}
		if !ok || !s.picker.Take(c) {
			c, err = s.picker.Draw(ctx, r.Rand(i))
		}
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

// sequence is the allowed points of one space and seed.
type sequence struct {
	space *space.Space
	seed  uint64
	sobol *sobol.Sobol // nil in a space without parameters
	point []float64

	// index[n] is the n-th allowed point, as far as it is known; every point
	// below next has been looked at. Unused without constraints.
	index []uint64
	next  uint64
	ended bool // too many refused in a row: there are no more
}

func newSequence(sp *space.Space, seed uint64) (*sequence, error) {
	q := &sequence{space: sp, seed: seed}
	if sp.Len() == 0 {
		return q, nil
	}
	var err error
	q.sobol, err = sobol.NewSobol(sp.Len(), seed)
	q.point = make([]float64, sp.Len())
	return q, err
}

// at returns the n-th allowed configuration, or false where the sequence has
// ended before it.
func (q *sequence) at(ctx context.Context, n int) (space.Config, bool, error) {
	if len(q.space.Spec().Constraints) == 0 {
		return q.decode(uint64(n)), true, ctx.Err()
	}
	refused := 0
	for len(q.index) <= n && !q.ended {
		if q.next&255 == 0 {
			if err := ctx.Err(); err != nil {
				// Forget the gap walked so far, so that it is measured whole.
				q.next -= uint64(refused)
				return space.Config{}, false, err
			}
		}
		c := q.decode(q.next)
		switch {
		case q.space.Feasible(c):
			q.index = append(q.index, q.next)
			refused = 0
		default:
			refused++
			q.ended = refused == space.MaxDraws
		}
		q.next++
	}
	if err := ctx.Err(); err != nil {
		return space.Config{}, false, err
	}
	if n >= len(q.index) {
		return space.Config{}, false, nil
	}
	return q.decode(q.index[n]), true, nil
}

func (q *sequence) decode(i uint64) space.Config {
	if q.sobol == nil {
		return q.space.Decode(nil)
	}
	return q.space.Decode(q.sobol.Point(i, q.point))
}

// Start returns the first points of a model-based search: the Sobol point of
// the i-th number of r, drawn at random where there is none or p has it
// already.
func Start(ctx context.Context, design suggest.Suggester, r suggest.Request, i int, p *distinct.Picker) (suggest.Proposal, error) {
	const note = `{"by":"sobol"}`
	if d := r.History.Space.Len(); d > 0 && d <= sobol.MaxDim {
		one := r
		one.N, one.First = 1, r.First+i
		ps, err := design.Suggest(ctx, one)
		if err != nil {
			return suggest.Proposal{}, err
		}
		// It knows nothing of the other configurations of this request.
		if len(ps) == 1 && p.Take(ps[0].Config) {
			ps[0].Note = note
			return ps[0], nil
		}
	}
	c, err := p.Draw(ctx, r.Rand(i))
	return suggest.Proposal{Config: c, Note: note}, err
}
