// Package rbf is search with radial basis functions, in the manner of IBM's
// RBFOpt: a spline goes through the losses of all trials, and the next trial
// is where it is low, or where it could be low without bending too much, or
// where nothing is known, in a fixed cycle from global to local.
//
// Use it for expensive, smooth, mostly numeric objectives of up to some twenty
// parameters and some hundreds of trials. H.-M. Gutmann, "A radial basis
// function method for global optimization", J. Global Optim. 19, 201–227,
// 2001; R. Regis and C. Shoemaker, "A stochastic radial basis function method
// for the global optimization of expensive functions", INFORMS J. Comput. 19,
// 497–509, 2007; A. Costa and G. Nannicini, "RBFOpt: an open-source library
// for black-box optimization with costly function evaluations", Math. Prog.
// Comp. 10, 597–629, 2018.
//
// The one idea: a spline has no hyperparameters to be fitted, so a suggestion
// costs one linear system; what a Gaussian process says by its variance is
// said by the distance from what is known, and the weight of that is not
// learned but takes turns.
//
// # The spline
//
// Cubic or thin plate, with a tail of degree one, in the unit cube; see spline
// for the linear algebra. A choice of C values takes C coordinates, 1/√2 in
// one of them, so that two different choices are a distance of 1 apart; a bool
// takes one; a parameter that does not exist stands in the middle. Which of
// the two splines, and whether with a ridge against noise, is chosen again
// after every cycle of results by the error of leave-one-out predictions,
// counted in ranks among the best 70 %.
//
// # The cycle
//
// After a Latin hypercube of one trial more than there are parameters, the
// trials take turns by their number: κ global steps, a local step, a refining
// step. Global step h minimises w·(1 - distance) + s, both scaled to [0, 1]
// among the candidates, where w falls from 0.8 to 0.05 (Regis and Shoemaker), or
// with search gutmann (s - f*)²/P², where P² is the power function and the
// target f* rises from far below the spline's minimum to the minimum itself.
// The local step minimises s; where that promises too little it becomes a
// global step of small weight in a box around the best trial. The refining
// step minimises s in a box that halves with every cycle without improvement;
// after three of these it is a global step instead. After 100 results without
// improvement the search starts anew with another hypercube and keeps but the
// best trial.
//
// # Departures from RBFOpt
//
// The subproblems are solved by candidates (draws, perturbations of the best,
// some generations of crossover) and by compass search, never by a
// mixed-integer solver. The initial points need not be affinely independent:
// the tail does without the slopes that they do not determine. The step
// belongs to the trial's number, not to the order of results, so that any
// number of workers walk through one cycle. The refining step uses the spline
// instead of a linear model of its own. Noise is met by the ridge, not by a
// second, exact evaluation. Failed trials, and those that violate an outcome
// constraint, count as the worst loss, which the spline needs to turn away;
// trials that have not ended only keep others at a distance (with gutmann they
// count as what the spline says). At most max_points trials are in the spline,
// the best and the newest.
package rbf

import (
	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// Method returns the description of search with radial basis functions.
func Method() suggest.Method {
	return suggest.Method{
		Name:     "rbf",
		Version:  "1",
		Doc:      "Interpolates the losses by radial basis functions and takes turns between global and local steps, as RBFOpt does; for expensive smooth objectives with few parameters (Gutmann 2001; Costa and Nannicini 2018).",
		Settings: settings,
		New:      newSuggester,
	}
}

// Values of the settings that are texts.
const (
	auto          = "auto"
	kernelCubic   = "cubic"
	kernelThin    = "thin-plate"
	searchMSRSM   = "msrsm"
	searchGutmann = "gutmann"
	noiseNone     = "none"
)

var settings = []setting.Setting{
	{Name: "startup", Kind: setting.Int, Min: 1, Max: 10_000,
		Doc: "Trials of the Latin hypercube that every start begins with; by default one more than there are parameters, at most 50 and at most a third of the budget."},
	{Name: "search", Kind: setting.String, Default: value.String(searchMSRSM), Options: []string{searchMSRSM, searchGutmann},
		Doc: "What a global step minimises: a weighted sum of spline and closeness, or Gutmann's bumpiness."},
	{Name: "kernel", Kind: setting.String, Default: value.String(auto), Options: []string{auto, kernelCubic, kernelThin},
		Doc: "The radial function; auto: the one with the smaller leave-one-out error."},
	{Name: "noise", Kind: setting.String, Default: value.String(auto), Options: []string{auto, noiseNone},
		Doc: "Whether the spline may miss the losses (auto: where that lowers the leave-one-out error), or goes through them."},
	{Name: "globals", Kind: setting.Int, Default: value.Int(5), Min: 1, Max: 100,
		Doc: "Global steps of a cycle."},
	{Name: "refine", Kind: setting.Bool, Default: value.Bool(true),
		Doc: "Whether a cycle ends with a refining step around the best trial."},
	{Name: "restart", Kind: setting.Int, Default: value.Int(100), Min: 0, Max: 1_000_000,
		Doc: "Results without improvement after which the search starts anew; 0: never."},
	{Name: "candidates", Kind: setting.Int, Default: value.Int(600), Min: 20, Max: 100_000,
		Doc: "Points that a step begins with."},
	{Name: "max_points", Kind: setting.Int, Default: value.Int(300), Min: 10, Max: 3000,
		Doc: "Most trials in the spline; the time grows with the third power."},
}

// options is the settings, read.
type options struct {
	startup, plan int
	gutmann       bool
	kernels       []kernel
	ridges        []float64 // relative to the size of the matrix
	globals       int
	refine        bool
	restart       int
	candidates    int
	maxPoints     int
}

func newSuggester(p suggest.Problem, v setting.Values) (suggest.Suggester, error) {
	if p.Objectives > 1 {
		return nil, study.Errorf(study.Invalid, "use nsga or tpe, or weigh the objectives into one",
			"the algorithm rbf takes one objective, and the study has %d", p.Objectives)
	}
	number := func(name string) int { return int(v.Get(settings, name).AsFloat()) }
	text := func(name string) string { return v.Get(settings, name).Text() }
	o := options{
		plan: p.Trials, gutmann: text("search") == searchGutmann,
		kernels: []kernel{cubic, thinPlate}, ridges: []float64{0, 1e-3, 3e-2},
		globals: number("globals"), restart: number("restart"),
		candidates: number("candidates"), maxPoints: number("max_points"),
	}
	o.refine, _ = v.Get(settings, "refine").AsBool()
	switch text("kernel") {
	case kernelCubic:
		o.kernels = o.kernels[:1]
	case kernelThin:
		o.kernels = o.kernels[1:]
	}
	if text("noise") == noiseNone {
		o.ridges = o.ridges[:1]
	}
	if s := v.Get(settings, "startup"); !s.IsAbsent() {
		o.startup = int(s.AsFloat())
	}
	return &suggester{o: o}, nil
}

// design returns how many trials a start begins with in a space of n
// parameters.
func (o *options) design(n int) int {
	if o.startup > 0 {
		return o.startup
	}
	k := min(n+1, 50)
	if o.plan > 0 {
		k = min(k, max(o.plan/3, 2))
	}
	return max(k, 2)
}

// cycle returns the number of steps of a cycle.
func (o *options) cycle() int {
	if o.refine {
		return o.globals + 2
	}
	return o.globals + 1
}
