// Package forest is sequential model-based search with a random forest, in the
// manner of SMAC: a forest predicts the loss of a configuration and how sure
// that is, and the configuration with the largest expected improvement runs
// next.
//
// Use it for mixed, conditional and categorical spaces, for losses with jumps,
// and for long studies, where a Gaussian process is too slow or too smooth. F.
// Hutter, H. Hoos, K. Leyton-Brown, "Sequential model-based optimization for
// general algorithm configuration", LION 5, 507–523, 2011; M. Lindauer et al.,
// "SMAC3: a versatile Bayesian optimization package for hyperparameter
// optimization", JMLR 23(54), 2022.
//
// The one idea: a forest needs no distance between configurations. It splits
// choices by subsets, and a parameter that does not exist is a value of its
// own, so the space's tree needs no encoding at all; see package num/forest.
//
// # A suggestion
//
// The first trials are the points of a scrambled Sobol sequence (package
// suggest/qmc). Of the later ones a share is drawn from the prior, because no
// model is right everywhere. For each of the others the forest is fitted to
// the losses, and the logarithm of the expected improvement on the best
// predicted mean ([special.LogEI]; Jones, Schonlau and Welch 1998, Ament et
// al. 2023) is maximised: over draws from the prior, then by local search from
// the best of these and from the best trials. A step of the local search goes
// to the best neighbour; neighbours differ in one parameter (four normal
// draws around a number, every other choice) and in those that only exist
// because of it.
//
// # Values
//
// Losses are cut off above, so that one diverged trial does not take all
// splits, and put on a logarithmic scale of their distance from the best where
// that makes them less skewed. Both leave the order of the good ones as it
// is, and neither depends on the unit of the loss or on a constant added to
// it. A pruned trial counts as its last value, but as no better than the
// median of the complete ones.
//
// Crashes are learned, not invented: failed and infeasible trials, and those
// that violate an outcome constraint, train a second forest whose prediction,
// the probability that a trial succeeds, multiplies the improvement. Failures
// that are the machine's and not the configuration's do not count.
//
// # Several at once
//
// A trial that has not ended counts as one that ended with the mean that the
// forest predicts for it (the "kriging believer" of Ginsbourger, Le Riche and
// Carraro 2010), or with the worst loss (their "constant liar"). The
// believed losses are predicted by the forest of the ended trials alone, so
// that it does not matter whether configurations are asked for together or
// one by one.
//
// # Departures from SMAC
//
// Choices are split by subsets, where SMAC's trees since version 2.3 take their
// numbers for sizes; what a node has not seen goes to a random side instead of
// always to the same; a tenth of the trials is random instead of a fifth; the
// expected improvement is that of the transformed loss; failures are learned
// apart; the believer has no counterpart; and there are no instances and no
// races. From 2000 trials on the forest is grown anew only after every so many
// results (one in a thousand), as SMAC does after eight.
package forest

import (
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/qmc"
)

// Method returns the description of search with a random forest.
func Method() suggest.Method {
	return suggest.Method{
		Name:     "forest",
		Version:  "1",
		Doc:      "Fits a random forest and takes the largest expected improvement, as SMAC does; for mixed, conditional and categorical spaces (Hutter, Hoos and Leyton-Brown 2011).",
		Settings: settings,
		New:      newSuggester,
	}
}

// How the losses are transformed before they are learned.
const (
	transformAuto = "auto"
	transformNone = "none"
	transformLog  = "log"
)

// What a trial that has not ended counts as.
const (
	pendingBeliever = "believer"
	pendingWorst    = "worst"
)

var settings = []setting.Setting{
	{Name: "startup", Kind: setting.Int, Min: 1, Max: 100_000,
		Doc: "Trials from the Sobol sequence before the model decides; by default two for every parameter and two more, at most 50 and at most a quarter of the budget."},
	{Name: "random", Kind: setting.Float, Default: value.Float(0.1), Min: 0, Max: 1,
		Doc: "Share of the later trials that are drawn from the prior."},
	{Name: "trees", Kind: setting.Int, Default: value.Int(10), Min: 1, Max: 1000,
		Doc: "Trees of the forest."},
	{Name: "min_leaf", Kind: setting.Int, Default: value.Int(1), Min: 1, Max: 1000,
		Doc: "Least number of trials in a leaf; more for noisy objectives."},
	{Name: "columns", Kind: setting.Float, Default: value.Float(1), Min: 0.01, Max: 1,
		Doc: "Share of the parameters that a split chooses from."},
	{Name: "split", Kind: setting.String, Default: value.String("random"), Options: []string{"random", "best"},
		Doc: "Whether a split is the best of one random threshold a parameter (extremely randomized trees) or the best of all."},
	{Name: "candidates", Kind: setting.Int, Default: value.Int(1000), Min: 10, Max: 1_000_000,
		Doc: "Draws from the prior that the expected improvement is computed for."},
	{Name: "starts", Kind: setting.Int, Default: value.Int(10), Min: 1, Max: 1000,
		Doc: "Local searches, half of them from the best trials."},
	{Name: "transform", Kind: setting.String, Default: value.String(transformAuto), Options: []string{transformAuto, transformNone, transformLog},
		Doc: "Whether the loss is learned on a logarithmic scale; auto: where that makes it less skewed."},
	{Name: "pending", Kind: setting.String, Default: value.String(pendingBeliever), Options: []string{pendingBeliever, pendingWorst},
		Doc: "What a trial that has not ended counts as: the predicted mean, or the worst loss."},
}

// options is the settings, read.
type options struct {
	startup         int // 0: chosen by the space
	random, columns float64
	trees, minLeaf  int
	candidates      int
	starts          int
	randomSplit     bool
	transform, liar string
	plan            int // trials of the budget, 0: unknown
}

func newSuggester(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
	if p.Objectives > 1 {
		return nil, study.Errorf(study.Invalid, "use nsga or tpe, or weigh the objectives into one",
			"the algorithm forest takes one objective, and the study has %d", p.Objectives)
	}
	number := func(name string) int { return int(v.Get(settings, name).AsFloat()) }
	text := func(name string) string { return v.Get(settings, name).Text() }
	o := options{
		random: v.Get(settings, "random").AsFloat(), columns: v.Get(settings, "columns").AsFloat(),
		trees: number("trees"), minLeaf: number("min_leaf"),
		candidates: number("candidates"), starts: number("starts"),
		randomSplit: text("split") == "random", transform: text("transform"), liar: text("pending"),
		plan: p.Trials,
	}
	if s := v.Get(settings, "startup"); !s.IsAbsent() {
		o.startup = int(s.AsFloat())
	}
	design, err := qmc.Method().New(p, nil)
	if err != nil {
		return nil, err
	}
	return &suggester{o: o, design: design}, nil
}

// design returns how many trials come from the Sobol sequence in a space of n
// parameters.
func (o *options) design(n int) int {
	if o.startup > 0 {
		return o.startup
	}
	k := min(2*(n+1), 50)
	if o.plan > 0 {
		k = min(k, max(o.plan/4, 3))
	}
	return k
}
