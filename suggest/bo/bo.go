// Package bo is Bayesian optimisation with Gaussian processes: a process
// predicts the loss of a configuration and how sure that is, and the
// configuration that promises the largest improvement runs next.
//
// Use it where a trial costs seconds or more and there are up to some hundreds
// of them, in every kind of space: mixed, conditional, with constraints, with
// crashes, with several objectives. It is the main part of the default search
// (package portfolio). J. Mockus, V. Tiesis and A. Zilinskas 1978; D. R. Jones,
// M. Schonlau and W. J. Welch, "Efficient global optimization of expensive
// black-box functions", J. Global Optimization 13, 455-492, 1998.
//
// The one idea: most of what decides how good such a search is happens before
// and around the process, not in it. Losses are mapped so that a process can
// learn them, hyperparameters are averaged over while data cannot tell them
// apart, and conditional parameters are part of the one distance, so that no
// parameter is ever drawn blindly.
//
// # Losses
//
// Each of several maps (package num/warp) is fitted to the losses, a process is
// fitted to what it gives, and the map is taken under which the process
// predicts each loss best from the others: the largest leave-one-out predictive
// density of the losses themselves. The choice is made anew whenever the trials
// have grown by a third.
//
// # Process
//
// See package num/gp for the kernel. A number is a coordinate in [0, 1] on its
// own scale, a choice is compared for equality, and for each condition there is
// a coordinate that says whether it holds; a number that does not exist stands
// in the middle. The length scales have the dimension-scaled prior of Hvarfner
// et al. 2024, with the mode 0.7 farther out on the logarithm. Numbers may be
// bent (Kumaraswamy): a little once there are enough trials, and as far as it
// takes where that predicts the trials clearly better (shape.go). From three
// trials more than there are numbers each with many values may have an effect of
// its own, a parabola. While trials are few the predictions are averaged over
// the mode and draws of the hyperparameters from a Laplace approximation.
//
// Hyperparameters are fitted after every trial up to 24, then after every
// third, and past 60 after every twentieth part. Between that, and for trials
// that are running, rows are appended to the factor. From 250 trials on they
// are fitted to the better third and the newest of them, and past 500 the same
// holds for the process itself.
//
// # What is maximised
//
// The logarithm of the expected improvement ([special.LogEI]; S. Ament et al.
// 2023) on the best predicted mean of what was tried, averaged over the
// hyperparameters; in a share of the trials the lower confidence bound, which
// explores more; and in another share inside a trust region as in TuRBO
// (D. Eriksson et al. 2019). Outcome constraints have processes of their own,
// and so has whether a configuration succeeds at all: the logarithms of the
// probabilities are added. With several objectives it is the logarithm of the
// expected hypervolume improvement (package num/ehvi) from a reference that is
// drawn, or is what the study's thresholds say, or beyond four objectives a
// random scalarisation of the lower confidence bounds (R. Zhang and D. Golovin
// 2020).
//
// It is searched over draws from the prior and steps around the best trials,
// without what has been tried. The best of them by the first vector of
// hyperparameters are compared by all, and the best of those are improved by
// turns: numbers along the gradient, choices and whole numbers value by value,
// so that every candidate stands on values that exist. The work is bounded by
// counts and never by the clock.
//
// # Earlier studies
//
// A study that starts warm has a process for each earlier one. What that
// predicts, times a weight, is the mean that this study's process starts from,
// where that predicts its trials clearly better; see the file earlier.go.
//
// # Several at once
//
// A trial that has not ended counts as one that ended with the mean predicted
// for it ("kriging believer", D. Ginsbourger, R. Le Riche and L. Carraro 2010):
// its surroundings have nothing to promise any more. Values that are drawn, and
// pure exploration, can be set instead; both measured worse.
package bo

import (
	"github.com/afina-hpo/afina/num/warp"
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
	"github.com/afina-hpo/afina/suggest/qmc"
)

// Method returns the description of Bayesian optimisation.
func Method() suggest.Method {
	return suggest.Method{
		Name:     "bo",
		Version:  "4",
		Doc:      "Fits Gaussian processes and takes the largest expected improvement; for up to some hundred costly trials in any space (Jones, Schonlau and Welch 1998; Ament et al. 2023).",
		Settings: settings,
		New:      newSuggester,
	}
}

// warpAuto is the choice of the map by predictive density.
const warpAuto = "auto"

// maps are the kinds that are compared.
var maps = []warp.Kind{warp.Identity, warp.Log, warp.YeoJohnson, warp.HalfRank, warp.HalfRankLog}

var settings = []setting.Setting{
	{Name: "startup", Kind: setting.Int, Min: 1, Max: 100_000,
		Doc: "Trials before the model decides; by default half the number of parameters and three, at most a third of the budget, and twice that where trials have steps."},
	{Name: "warp", Kind: setting.String, Default: value.String(warpAuto), Options: warpNames(),
		Doc: "How losses are mapped before they are learned; auto: as predicts them best."},
	{Name: "bend", Kind: setting.Bool, Default: value.Bool(true),
		Doc: "Whether the scales of numbers are learned, too, by the warp of Kumaraswamy."},
	{Name: "effects", Kind: setting.Bool, Default: value.Bool(true),
		Doc: "Whether each number with many values may do something by itself, of second degree, beside what all of them do together."},
	{Name: "trend", Kind: setting.Bool, Default: value.Bool(false),
		Doc: "Whether noise may grow with the loss, where that predicts the trials better."},
	{Name: "ensemble", Kind: setting.Int, Default: value.Int(4), Min: 0, Max: 100,
		Doc: "Draws of the hyperparameters that predictions are averaged over, up to 60 trials."},
	{Name: "explore", Kind: setting.Float, Default: value.Float(0.3), Min: 0, Max: 1,
		Doc: "Share of the trials that minimise the lower confidence bound."},
	{Name: "sample", Kind: setting.Float, Default: value.Float(0), Min: 0, Max: 1,
		Doc: "Share of the trials that minimise a draw from what is predicted (Thompson)."},
	{Name: "pending", Kind: setting.String, Default: value.String(pendingMean), Options: []string{pendingMean, pendingDraw, pendingExplore},
		Doc: "How trials that run count: as ended with the mean predicted, or with a draw from what is predicted; explore: while any runs, trials go where least is known."},
	{Name: "local", Kind: setting.Float, Default: value.Float(0.2), Min: 0, Max: 1,
		Doc: "Share of the other trials that stay in the trust region."},
	{Name: "prior", Kind: setting.Float, Min: 0, Max: 10_000,
		Doc: "How long priors and weights are believed: their log-density times this, divided by the trials that have ended, is added to what is maximised; by default a tenth of the budget of trials, or 10; 0: they are the scale of the search for ever."},
	{Name: "cooling", Kind: setting.Bool, Default: value.Bool(false),
		Doc: "Whether trials that cost less are preferred, the more the more is left, where the study ends by time or money."},
	{Name: "candidates", Kind: setting.Int, Default: value.Int(200), Min: 10, Max: 100_000,
		Doc: "Draws from the prior, and as many steps around the best trials, that the acquisition is looked at for."},
	{Name: "starts", Kind: setting.Int, Default: value.Int(4), Min: 1, Max: 1000,
		Doc: "Local searches for the largest acquisition."},
}

func warpNames() []string {
	names := []string{warpAuto}
	for _, k := range maps {
		names = append(names, k.String())
	}
	return names
}

// How much work a fit of the hyperparameters may be.
const (
	fitEvaluations = 25
	fitStarts      = 2
)

// beliefDefault is how long priors are believed where the budget is unknown:
// as that of a hundred trials.
const beliefDefault = 10

// options is the settings, read.
type options struct {
	startup        int // 0: chosen by space and budget
	trials         int // the budget; 0: unknown
	warps          []warp.Kind
	bend           bool
	effects        bool
	trend          bool
	ensemble       int
	explore, local float64
	sample         float64
	pending        string
	candidates     int
	starts         int
	several        bool // objectives
	earlier        []study.Earlier
	belief         float64
}

func newSuggester(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
	number := func(name string) float64 { return v.Get(settings, name).AsFloat() }
	o := options{
		warps: maps, ensemble: int(number("ensemble")),
		sample: number("sample"), pending: v.Get(settings, "pending").Text(),
		explore: number("explore"), local: number("local"),
		candidates: int(number("candidates")), starts: int(number("starts")),
		several: p.Objectives > 1, earlier: p.Earlier, trials: p.Trials,
	}
	o.effects, _ = v.Get(settings, "effects").AsBool()
	o.bend, _ = v.Get(settings, "bend").AsBool()
	o.trend, _ = v.Get(settings, "trend").AsBool()
	for _, k := range maps {
		if k.String() == v.Get(settings, "warp").Text() {
			o.warps = []warp.Kind{k}
		}
	}
	if s := v.Get(settings, "startup"); !s.IsAbsent() {
		o.startup = int(s.AsFloat())
	}
	o.belief = beliefDefault
	if p.Trials > 0 {
		o.belief = float64(p.Trials) / 10
	}
	if b := v.Get(settings, "prior"); !b.IsAbsent() {
		o.belief = b.AsFloat()
	}
	design, err := qmc.Method().New(p, nil)
	if err != nil {
		return nil, err
	}
	s := &suggester{o: o, design: suggest.Holding(design)}
	if cool, _ := v.Get(settings, "cooling").AsBool(); cool {
		s.model.costs.budget, s.model.costs.trials = p.Budget, p.Trials
	}
	return s, nil
}

// design is how many trials come before the model decides.
func (o *options) design(params int, steps bool) int {
	if o.startup > 0 {
		return o.startup
	}
	return suggest.Startup(params, o.trials, steps)
}
