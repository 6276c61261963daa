// Package afina tunes anything that can be written as a Go function: the
// hyperparameters of a model, the settings of a database, the constants of a
// heuristic. It is the front door for Go programs; the command afina tunes
// other programs with the same engine, stores and algorithms.
//
// It holds no algorithms of its own and next to no logic: search and schedule
// methods, the engine and the stores are packages of their own, and this one
// puts them together for the common cases.
//
// # Define by run
//
// The shortest use is one call. The objective asks its [Trial] for parameters
// where it needs them, so that the search space is simply what the program
// does: a loop makes as many parameters as it has rounds, and what stands in a
// branch exists only there.
//
//	best, err := afina.Optimize(ctx, func(t *afina.Trial) (float64, error) {
//		lr := t.Float("lr", 1e-5, 1e-1, afina.Log())
//		var units []int
//		for i := range t.Int("layers", 1, 4) {
//			units = append(units, t.Int(fmt.Sprintf("units%d", i), 16, 256, afina.Log()))
//		}
//		momentum := 0.0
//		if t.Choice("optimizer", "sgd", "adam") == "sgd" {
//			momentum = t.Float("momentum", 0, 0.99, afina.Default(0.9))
//		}
//		return train(lr, units, momentum)
//	}, afina.Trials(100), afina.Parallel(4))
//
// A parameter is defined by the first call that names it and keeps that
// definition for the whole study: what a search algorithm has learnt of a
// range means nothing in another one. A call that differs in range, scale or
// choices is an [ErrDefinition], which ends the study. Where a range depends on
// something else, ask for a fraction in [0, 1] and scale it, or give each range
// a name of its own.
//
// A trial keeps the parameters that it asked for, and no others, whatever the
// search algorithm had proposed.
//
// # Ending trials early
//
// An objective that reports how it is getting on can be told that it is not
// worth going on, if a scheduler is chosen to do so:
//
//	for epoch := 1; epoch <= 30; epoch++ {
//		t.Report(float64(epoch), model.Train())
//		if t.ShouldStop() {
//			return 0, afina.ErrPruned
//		}
//	}
//
// with the option afina.Schedule("median").
//
// # Declared spaces, ask and tell
//
// Where the space is known beforehand it can be declared, with conditions and
// constraints, which helps every search algorithm; and where the program has a
// loop of its own, or the trials run elsewhere, it can ask for trials and tell
// their results:
//
//	s, err := afina.Open(ctx, afina.Space{
//		afina.Float("lr", 1e-5, 1e-1, afina.Log(), afina.Default(1e-3)),
//		afina.Choice("optimizer", []string{"sgd", "adam"}, afina.Default("adam")),
//		afina.Float("momentum", 0, 0.99, afina.Default(0.9), afina.When("optimizer", "sgd")),
//	}, afina.Trials(50))
//	…
//	t, err := s.Ask(ctx)
//	…
//	err = s.Tell(t, loss)
//
// Both ways go together: [Study.Optimize] runs an objective on a declared
// space, and [Study.Ask] works on an open one.
//
// # What goes wrong
//
// One bad trial never ends a study. An error, a panic or a value that is not
// finite makes the trial failed, and the next one starts; ten failures in a
// row end the study with an error (see [MaxFailures]). [ErrPruned] and
// [ErrInfeasible] are no failures. What does end a study at once are mistakes
// in the use of this package, and a store that cannot be written.
//
// # Interruption and durability
//
// When the context ends, running trials are told by [Trial.Context] and
// [Trial.ShouldStop]; Optimize waits for them and returns the best trial so far
// together with the context's error. With [Store] everything is kept in a file
// as it happens, and the same program started again goes on, after a crash
// too: trials that had not ended run again under their own numbers.
//
// # The same again
//
// With [Seed] and one trial at a time, a study gives the same trials on every
// machine, in one run or in several. With [Parallel] the declared space keeps
// that promise for the algorithms that do not look at results (qmc, random,
// grid). In an open space only random does: there each value is drawn from a
// stream named after the seed, the trial's number and the parameter, while
// other algorithms propose values for the parameters that happen to be known
// when a trial starts.
package afina
