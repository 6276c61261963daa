// Package manual is the search that proposes nothing: a study tries the
// configurations that somebody gives it and no other.
//
// It is not where those configurations are kept or checked; the engine runs
// enqueued configurations and the default before it asks any suggester, and
// for this method there is nothing after them. Use it to compare a handful of
// settings by hand with the bookkeeping of a study around them.
package manual

import (
	"context"

	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// Method returns the description of the manual search.
func Method() suggest.Method {
	return suggest.Method{
		Name:    "manual",
		Version: "1",
		Doc:     "Tries only the configurations given by hand; for comparing a few of them.",
		New: func(suggest.Problem, setting.Values) (suggest.Suggester, error) {
			return suggester{}, nil
		},
	}
}

type suggester struct{}

// Suggest returns nothing and [suggest.ErrExhausted].
func (suggester) Suggest(context.Context, suggest.Request) ([]suggest.Proposal, error) {
	return nil, suggest.ErrExhausted
}
