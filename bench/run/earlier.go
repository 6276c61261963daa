package run

import (
	"context"
	"fmt"

	"github.com/afina-hpo/afina/bench/problem"
	"github.com/afina-hpo/afina/space"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/suggesttest"
	"github.com/afina-hpo/afina/suggest/warm"
)

// Earlier is an earlier study that a run starts warm from: a search of its
// own on a problem with the same parameters.
type Earlier struct {
	// Label is appended to the peer's.
	Label   string
	Problem problem.Problem
	// Bend changes what the earlier study measured.
	Bend   Bend
	Trials int
}

// Bend is how an earlier study differs from its problem.
type Bend string

// The bends: none; the optimum is a little aside; it is at the other end of
// every number; and what is bad is taken for good.
const (
	Straight Bend = ""
	Aside    Bend = "aside"
	Mirrored Bend = "mirrored"
	Negated  Bend = "negated"
)

// aside is by how much of every number's range the optimum is moved.
const aside = 0.05

// moved returns c as the earlier study sees it.
func (b Bend) moved(s *space.Space, c space.Config) space.Config {
	if b != Aside && b != Mirrored {
		return c
	}
	x := s.Encode(c, nil)
	for i := range x {
		if p := s.Param(i); !p.IsNumeric() && !p.Ordered {
			continue
		}
		if b == Mirrored {
			x[i] = 1 - x[i]
			continue
		}
		if x[i] += aside; x[i] > 1 {
			x[i] = 2 - x[i]
		}
	}
	return s.Decode(x)
}

// earlierSeed keeps an earlier study's seeds apart from those of the runs.
const earlierSeed = 1_000_000

// take runs the earlier study with the method of j and returns what a study of
// j's problem can learn from it.
func (e *Earlier) take(ctx context.Context, j Job) (study.Earlier, error) {
	p := e.Problem
	s, err := j.Method.Method.New(suggest.Problem{Objectives: len(p.Objectives()), Parallel: 1, Trials: e.Trials}, j.Method.Settings)
	if err != nil {
		return study.Earlier{}, err
	}
	seed := earlierSeed + j.Seed
	var broken error
	result, err := suggesttest.Drive(ctx, s, suggesttest.Setup{
		Space: p.Space(), Objectives: p.Objectives(), Seed: seed, Trials: e.Trials,
		Evaluate: func(n int, c space.Config) suggesttest.Outcome {
			o, err := p.Evaluate(e.Bend.moved(p.Space(), c), 0, study.Stream(seed, n, problem.PurposeNoise))
			if err != nil || o.Crashed {
				if err != nil && broken == nil {
					broken = err
				}
				return suggesttest.Outcome{State: study.Failed}
			}
			if e.Bend == Negated {
				for k := range o.Values {
					o.Values[k] = -o.Values[k]
				}
			}
			return suggesttest.Outcome{Values: o.Values, Violations: o.Violations}
		},
	})
	if err == nil {
		err = broken
	}
	if err != nil {
		return study.Earlier{}, fmt.Errorf("run the earlier study on %s: %w", p.Name(), err)
	}
	return warm.Take(result.Log.Def, result.Log.Book.History(), &study.Definition{Space: j.Problem.Space(), Objectives: j.Problem.Objectives()})
}
