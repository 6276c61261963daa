package afina

import (
	"context"
	"errors"
)

// Objective is what [Optimize] calls for every trial: it asks t for parameters,
// does the work, and returns the value to make small (or large, with
// [Maximize]).
//
// An error ends the trial: [ErrPruned] as pruned, [ErrInfeasible] as a
// configuration that cannot be used, any other as failed; none of them ends the
// study. A value that is not finite and a panic make the trial failed too. With
// [Parallel] several calls run at once.
type Objective func(t *Trial) (float64, error)

// MultiObjective is an [Objective] with several values, in the order in which
// [Minimize] and [Maximize] name them.
type MultiObjective func(t *Trial) ([]float64, error)

// Errors that an objective returns, alone or wrapped.
var (
	// ErrPruned says that the trial ended early because [Trial.ShouldStop]
	// said so.
	ErrPruned = errors.New("the trial was ended early")
	// ErrInfeasible says that the configuration cannot be used, for no fault
	// of the program: it does not fit into memory, its parameters exclude each
	// other.
	ErrInfeasible = errors.New("the configuration is infeasible")
)

// Errors of a study.
var (
	// ErrEnded is returned by [Study.Ask] when there is nothing more to try:
	// a bound is reached, or the search space is exhausted.
	ErrEnded = errors.New("the study has ended")
	// ErrNoResult is returned, alone or wrapped, where a study ended without a
	// single complete trial.
	ErrNoResult = errors.New("no trial completed")
	// ErrDefinition is wrapped by the error of an objective that asks for
	// parameters in a way that cannot work: one name with two definitions, an
	// empty range, a parameter that a declared space does not have. It ends
	// the study, because it is a mistake in the program.
	ErrDefinition = errors.New("wrong use of parameters")
)

// defaultTrials bounds [Optimize] and [OptimizeAll] where no option does.
const defaultTrials = 50

// Optimize tunes objective and returns the best trial. The search space is
// what the objective asks for. It ends after 50 trials unless an option
// bounds it otherwise.
//
// When ctx ends, trials that are running are told to stop, what is known is
// kept, and Optimize returns the best trial so far together with the error of
// ctx. The result is nil only beside an error: where no trial completed it is
// [ErrNoResult].
func Optimize(ctx context.Context, objective Objective, options ...Option) (*Result, error) {
	s, err := Open(ctx, nil, append([]Option{atMost(defaultTrials)}, options...)...)
	if err != nil {
		return nil, err
	}
	best, err := s.Optimize(ctx, objective)
	return best, errors.Join(err, s.Close())
}

// OptimizeAll is [Optimize] for several objectives, which [Minimize] and
// [Maximize] name. It returns the trials that no other beats in every
// objective, in order of number.
func OptimizeAll(ctx context.Context, objective MultiObjective, options ...Option) ([]Result, error) {
	s, err := Open(ctx, nil, append([]Option{atMost(defaultTrials)}, options...)...)
	if err != nil {
		return nil, err
	}
	front, err := s.OptimizeAll(ctx, objective)
	return front, errors.Join(err, s.Close())
}
