package tpe

import (
	"math"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// The flavours: sets of defaults.
const (
	flavourAfina    = "afina"
	flavourWatanabe = "watanabe"
	flavourOptuna5  = "optuna5"
)

// How the trials of the good set are weighed.
const (
	weightsUniform     = "uniform"
	weightsImprovement = "improvement"
	weightsRecent      = "recent"
)

// settings lists what can be set. Those without a default take it from the
// flavour.
var settings = []setting.Setting{
	{Name: "flavour", Kind: setting.String, Default: value.String(flavourAfina), Options: []string{flavourAfina, flavourWatanabe, flavourOptuna5},
		Doc: "Where the other defaults come from: afina's own measurements, the recommendations of Watanabe 2023, or Optuna 5."},
	{Name: "n_startup_trials", Kind: setting.Int, Min: 0, Max: 100_000,
		Doc: "Trials without a model first; default 6 (others: 10)."},
	{Name: "n_ei_candidates", Kind: setting.Int, Min: 1, Max: 10_000,
		Doc: "Candidates drawn from the good density, of which the best is proposed; default 24."},
	{Name: "prior_weight", Kind: setting.Float, Min: 1e-3, Max: 1000,
		Doc: "Weight of the prior in units of an average trial; default 1."},
	{Name: "consider_magic_clip", Kind: setting.Bool,
		Doc: "Whether bandwidths have a lower limit that falls with the number of trials; default true."},
	{Name: "magic_clip_factor", Kind: setting.Float, Min: 0, Max: 10,
		Doc: "That limit is this times a power of the number of trials n, as a part of the range; default 1."},
	{Name: "magic_clip_exponent", Kind: setting.Float, Min: 0, Max: 10,
		Doc: "The power is n+2 to the minus this; default 0.7, n being all trials (watanabe: 2, optuna5: 1, n being those in the density)."},
	{Name: "min_bandwidth", Kind: setting.Float, Min: 1e-6, Max: 1,
		Doc: "The limit never falls below this part of the range; default 0.01 (watanabe: 0.03)."},
	{Name: "cell_bandwidth", Kind: setting.Float, Min: 0, Max: 10,
		Doc: "Least bandwidth of numbers and ordered choices of up to 32 values, in mean distances between values; default 0.5 (others: 0)."},
	{Name: "consider_endpoints", Kind: setting.Bool,
		Doc: "Whether the ends of the range count as neighbours when bandwidths are chosen; default false (watanabe: true)."},
	{Name: "multivariate", Kind: setting.Bool,
		Doc: "Whether parameters are modelled jointly; default true (optuna5: for one objective)."},
	{Name: "group", Kind: setting.Bool,
		Doc: "Whether conditional parameters that exist together are modelled jointly, given the values they depend on (optuna5: independently of them); default true (optuna5: false)."},
	{Name: "constant_liar", Kind: setting.Bool,
		Doc: "Whether running trials count as bad ones, so that workers spread out; default true."},
	{Name: "good_share", Kind: setting.Float, Min: 0.001, Max: 0.999,
		Doc: "Part of the trials that counts as good; default 0.15 (optuna5: 0.1)."},
	{Name: "good_max", Kind: setting.Int, Min: 1, Max: 1_000_000,
		Doc: "Most trials that count as good; default 25 for one objective, unlimited for several."},
	{Name: "weights", Kind: setting.String, Options: []string{weightsUniform, weightsImprovement, weightsRecent},
		Doc: "Weights of the trials: uniform; good ones by improvement (several objectives: by hypervolume contribution); or the older ones less; default improvement (optuna5: recent)."},
	{Name: "crash_region", Kind: setting.Bool,
		Doc: "Whether failed and infeasible trials count as bad, so that the region they fail in is avoided; default true (optuna5: false)."},
	{Name: "branch_exploration", Kind: setting.Float, Min: 0, Max: 1,
		Doc: "How often parameters on which others depend are drawn from the prior, so that no branch of the space is given up early; default 0.25 (others: 0)."},
	{Name: "refine", Kind: setting.Int, Min: 0, Max: 1000,
		Doc: "Rounds of local search that start at the best candidate; default 0."},
	{Name: "max_kernels", Kind: setting.Int, Min: 16, Max: 1_000_000,
		Doc: "Most trials in a density; of more a fixed pseudo-random part is used; default 10240 over the number of parameters within 256 and 1024 (optuna5: 4096)."},
}

// options are the settings with everything decided.
type options struct {
	flavour      string
	startup      int
	candidates   int
	priorWeight  float64
	magicClip    bool
	clipFactor   float64
	clipExponent float64
	// clipAll: the limit of the bandwidths follows the number of all trials,
	// so that it is the same for good and bad ones and in every branch.
	clipAll      bool
	minBandwidth float64
	// cellBandwidth is the least bandwidth in units of an average cell.
	cellBandwidth float64
	endpoints     bool
	// centred: the prior's centre counts as a neighbour too.
	centred      bool
	multivariate bool
	group        bool
	liar         bool
	goodShare    float64
	goodMax      int
	weights      string
	crash        bool
	branches     float64
	refine       int
	maxKernels   int // 0: by the number of parameters
	objectives   int
}

// newOptions decides what v leaves open.
func newOptions(p suggest.Problem, v setting.Values) options {
	o := options{
		startup: 6, candidates: 24, priorWeight: 1,
		magicClip: true, clipFactor: 1, clipExponent: 0.7, clipAll: true, minBandwidth: 0.01, cellBandwidth: 0.5, centred: true,
		multivariate: true, group: true, liar: true, goodShare: 0.15, goodMax: 25, weights: weightsImprovement,
		crash: true, branches: 0.25, objectives: p.Objectives,
	}
	o.flavour, _ = v.Get(settings, "flavour").AsString()
	if o.flavour != flavourAfina {
		o.startup, o.clipAll, o.cellBandwidth, o.branches = 10, false, 0, 0
	}
	switch o.flavour {
	case flavourWatanabe:
		o.clipExponent, o.minBandwidth, o.endpoints = 2, 0.03, true
	case flavourOptuna5:
		o.clipExponent, o.minBandwidth, o.centred = 1, 0.01, false
		o.multivariate, o.group = p.Objectives <= 1, false
		o.goodShare, o.weights, o.crash, o.maxKernels = 0.1, weightsRecent, false, 4096
	}
	if p.Objectives > 1 {
		o.goodMax = math.MaxInt
	}
	for name, to := range map[string]any{
		"n_startup_trials": &o.startup, "n_ei_candidates": &o.candidates, "prior_weight": &o.priorWeight,
		"consider_magic_clip": &o.magicClip, "magic_clip_factor": &o.clipFactor, "magic_clip_exponent": &o.clipExponent, "min_bandwidth": &o.minBandwidth, "cell_bandwidth": &o.cellBandwidth,
		"consider_endpoints": &o.endpoints, "multivariate": &o.multivariate, "group": &o.group,
		"constant_liar": &o.liar, "good_share": &o.goodShare, "good_max": &o.goodMax, "weights": &o.weights,
		"crash_region": &o.crash, "branch_exploration": &o.branches, "refine": &o.refine, "max_kernels": &o.maxKernels,
	} {
		given, ok := v[name]
		if !ok {
			continue
		}
		switch to := to.(type) {
		case *int:
			k, _ := given.AsInt()
			*to = int(k)
		case *float64:
			*to = given.AsFloat()
		case *bool:
			*to, _ = given.AsBool()
		case *string:
			*to, _ = given.AsString()
		}
	}
	return o
}

// good returns how many of n trials count as good.
func (o *options) good(n int) int {
	// The share is taken off by a hair, so that 0.1 of 250 is 25 and not, by
	// rounding, 26.
	return min(int(math.Ceil(o.goodShare*float64(n)-1e-9)), o.goodMax)
}

// narrowest returns the least bandwidth in a density of n of all trials.
func (o *options) narrowest(n, all int) float64 {
	if !o.magicClip {
		return 1e-12
	}
	if o.clipAll {
		n = all
	}
	limit := o.clipFactor * math.Pow(float64(n+2), -o.clipExponent)
	if o.clipAll {
		// In steps of an eighth of an octave, so that not every trial changes
		// the bandwidths of all the others.
		limit = math.Exp2(math.Round(8*math.Log2(limit)) / 8)
	}
	return math.Min(math.Max(o.minBandwidth, limit), 1)
}

// kernels returns the most trials in a density over d parameters.
func (o *options) kernels(d int) int {
	if o.maxKernels > 0 {
		return o.maxKernels
	}
	return min(max(10240/max(d, 1), 256), 1024)
}
