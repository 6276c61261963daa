package distinct

import (
	"context"
	"errors"

	"github.com/afina-hpo/afina/suggest"
)

// Each answers r with one proposal after the other: propose makes the i-th,
// and took hears of it before the next. It ends early where propose has
// nothing left or ctx has ended, as [suggest.Suggester] says.
func Each(ctx context.Context, r suggest.Request, propose func(i int) (suggest.Proposal, error), took func(suggest.Proposal)) ([]suggest.Proposal, error) {
	out := make([]suggest.Proposal, 0, r.N)
	for i := range r.N {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, err := propose(i)
		if errors.Is(err, suggest.ErrExhausted) {
			return out, err
		}
		if err != nil {
			return nil, err
		}
		took(p)
		out = append(out, p)
	}
	return out, nil
}
