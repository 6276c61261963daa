package de

import (
	"math"

	"github.com/afina-hpo/afina/space/value"
	"github.com/afina-hpo/afina/study"
	"github.com/afina-hpo/afina/study/setting"
	"github.com/afina-hpo/afina/suggest"
)

// The variants and the ways to weigh successes.
const (
	variantLShade = "lshade"
	variantPBest  = "pbest1bin"
	variantRand   = "rand1bin"

	weightsRank        = "rank"
	weightsImprovement = "improvement"
)

// minMembers is how many members the operators need: a target and three
// others.
const minMembers = 4

var settings = []setting.Setting{
	{Name: "variant", Kind: setting.String, Default: value.String(variantLShade), Options: []string{variantLShade, variantPBest, variantRand},
		Doc: "L-SHADE, which adapts F and CR and shrinks its population; current-to-pbest/1/bin; or rand/1/bin."},
	{Name: "population", Kind: setting.Int, Min: minMembers, Max: 100_000,
		Doc: "Members at the start; default the root of the budget per 10,000 trials and parameter times 18 per parameter (other variants: 10 per parameter, at most a twentieth of the budget), at least 10; without a budget 5 per parameter within 20 and 100."},
	{Name: "min_population", Kind: setting.Int, Default: value.Int(4), Min: minMembers, Max: 100_000,
		Doc: "Members at the end of the budget, of lshade."},
	{Name: "f", Kind: setting.Float, Default: value.Float(0.5), Min: 0.01, Max: 1,
		Doc: "Scale of differences; of lshade, where its adaptation starts."},
	{Name: "cr", Kind: setting.Float, Default: value.Float(0.5), Min: 0, Max: 1,
		Doc: "Probability that a parameter is taken from the mutant and not from the target; of lshade, where its adaptation starts."},
	{Name: "p", Kind: setting.Float, Default: value.Float(0.11), Min: 0.001, Max: 1,
		Doc: "Part of the population that counts as best in current-to-pbest."},
	{Name: "archive", Kind: setting.Float, Default: value.Float(2.6), Min: 0, Max: 10,
		Doc: "Size of the archive of replaced members over that of the population, of lshade and pbest1bin."},
	{Name: "memory", Kind: setting.Int, Default: value.Int(6), Min: 1, Max: 1000,
		Doc: "Entries of the memory of successful F and CR, of lshade."},
	{Name: "weights", Kind: setting.String, Default: value.String(weightsRank), Options: []string{weightsRank, weightsImprovement},
		Doc: "Whether successes are weighed by the members overtaken or by the improvement of the objective, as in the paper; of lshade."},
}

// options are the settings with everything decided that does not depend on the
// space.
type options struct {
	variant  string
	given    int // population; 0: by the space and the budget
	least    int
	f, cr    float64
	p        float64
	archive  float64
	memory   int
	improves bool // weigh by improvement
	budget   int
}

func newOptions(p suggest.Problem, v setting.Values) (options, error) {
	var o options
	if p.Objectives > 1 {
		return o, study.Errorf(study.Invalid, "use the algorithm nsga",
			"the algorithm de has one objective, and the study has %d", p.Objectives)
	}
	whole := func(name string) int {
		k, _ := v.Get(settings, name).AsInt() // 0 where absent
		return int(k)
	}
	number := func(name string) float64 { return v.Get(settings, name).AsFloat() }
	o.variant, _ = v.Get(settings, "variant").AsString()
	o.given, o.least, o.memory = whole("population"), whole("min_population"), whole("memory")
	o.f, o.cr, o.p, o.archive = number("f"), number("cr"), number("p"), number("archive")
	weights, _ := v.Get(settings, "weights").AsString()
	o.improves = weights == weightsImprovement
	o.budget = p.Trials
	if o.given > 0 && o.variant == variantLShade && o.least > o.given {
		return o, study.Errorf(study.Invalid, "lower min_population or raise population",
			"min_population is %d and population %d, but the population can only shrink", o.least, o.given)
	}
	return o, nil
}

// initial returns the size of the first population in a space of d parameters
// with more than one value. That of lshade is the paper's 18 per parameter for
// the paper's 10,000 evaluations per parameter, and shrinks with the root of
// the budget: half of what is missing is saved on members and half on
// generations.
func (o *options) initial(d int) int {
	if o.given > 0 {
		return o.given
	}
	n := 0
	switch {
	case o.budget == 0:
		n = min(max(5*d, 20), 100)
	case o.variant == variantLShade:
		n = min(18*d, int(0.18*math.Sqrt(float64(d)*float64(o.budget))))
	default:
		n = min(10*d, o.budget/20)
	}
	n = max(n, 10)
	if o.variant == variantLShade {
		n = max(n, o.least)
	}
	return n
}

// size returns the size of a population that was first at the start, after so
// many trials have ended: equation 10 of Tanabe and Fukunaga 2014.
func (o *options) size(first, ended int) int {
	if o.variant != variantLShade || o.budget == 0 || o.least >= first {
		return first
	}
	share := min(float64(ended)/float64(o.budget), 1)
	return int(float64(share*float64(o.least-first)) + float64(first) + 0.5)
}

// best returns how many of n members count as best.
func (o *options) best(n int) int {
	return min(max(int(o.p*float64(n)+0.5), 2), n)
}
